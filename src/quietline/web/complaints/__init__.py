"""What people report: calls, who seems to be behind them, and the facts that the platform knows of each."""
