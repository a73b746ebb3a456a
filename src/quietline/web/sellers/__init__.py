"""Who may call: joining, verification, clients of telemarketers, the numbers they call from."""
