"""Registers as the platform keeps them: entries, numbered changes, published files and feeds."""
