"""Load on the platform: people who list their numbers, and the telephone network that their codes arrive through."""
