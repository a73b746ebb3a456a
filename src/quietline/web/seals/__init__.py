"""Lists that operators share: sealed numbers, trusted numbers, and one way to appeal that reaches them all."""
