"""What all rooms of ``web`` stand on: the clock, logs, metrics, who a client is, limits on abuse."""
