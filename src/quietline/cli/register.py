"""``quietline register``."""
from __future__ import annotations
