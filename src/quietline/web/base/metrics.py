"""Figures for Prometheus; counts and durations, never anything about a person."""

from __future__ import annotations

import os

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

__all__ = [
    "CODES", "CONFIRMED", "COPIES_BEHIND", "COPIES_FAILED", "FEED_LAG", "FILES_FAILED", "HEARTBEAT", "OUTBOX", "REQUESTS",
    "SEQUENCED", "exposition",
]  # fmt: skip

REQUESTS = Histogram(
    "quietline_request_seconds", "Time to answer", ["view", "method", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 10),
)  # fmt: skip
CODES = Counter("quietline_codes", "One-time codes asked for", ["purpose", "outcome"])
CONFIRMED = Counter("quietline_listings_confirmed", "Numbers listed, changed or withdrawn", ["kind"])
HEARTBEAT = Gauge(
    "quietline_heartbeat_seconds", "Since a process was last at work; +Inf where it never was", ["process"],
    multiprocess_mode="mostrecent",
)  # fmt: skip
OUTBOX = Gauge("quietline_outbox_waiting", "Messages that wait to be sent", ["channel"], multiprocess_mode="mostrecent")
SEQUENCED = Counter("quietline_changes_sequenced", "Changes that were given their number")
COPIES_FAILED = Counter(
    "quietline_copies_failed", "Times that a register's copy for washes could not be advanced", ["register"]
)
COPIES_BEHIND = Gauge(
    "quietline_copies_behind", "Registers whose copy for washes is not complete", multiprocess_mode="mostrecent"
)
FILES_FAILED = Counter("quietline_files_failed", "Times that a register's file could not be published", ["register"])
FEED_LAG = Histogram(
    "quietline_feed_seconds", "From a change to the signed feed that holds it", buckets=(0.1, 0.2, 0.5, 1, 2, 5, 30)
)


def exposition() -> bytes:
    """Give the figures of all processes of the platform on this machine, in Prometheus' text form."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
