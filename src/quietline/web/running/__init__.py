"""Processes: what is started, in which order, how it ends, and what it leaves behind (backups)."""
