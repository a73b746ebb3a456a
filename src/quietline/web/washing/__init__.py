"""Lists washed on the platform: a few numbers, an upload, a program; quotas and receipts."""
