"""Commands of ``python -m quietline.web``."""
