"""Say what machine this is, so that a figure can be read."""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("quietline", "numpy", "duckdb", "polars", "pyroaring", "pyarrow", "phonenumbers")
_WRITTEN = 512 << 20


def describe(directory: Path) -> dict[str, Any]:
    """Find out about processor, memory, software and the disk under a directory."""
    return {
        "processor": _first("/proc/cpuinfo", "model name", ":") or platform.machine(),
        "processors": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "disk_write_mb_s": round(_disk_write(directory) / 1e6),
        "load_before": round(os.getloadavg()[0], 2),
    }


def lines(machine: dict[str, Any]) -> list[str]:
    """Give it for people."""
    packages = ", ".join(f"{name} {number}" for name, number in machine["packages"].items() if number)
    text = [
        f"{machine['processors']} x {machine['processor']}, {machine['memory_gb']} GB, {machine['system']}",
        f"Python {machine['python']}; {packages}",
        f"disk takes {machine['disk_write_mb_s']:,} MB/s, made durable; load before the run {machine['load_before']}",
    ]
    if machine["load_before"] > 0.5:
        text.append("something else is running: trust the ratios, not the seconds")
    return text


class Others:
    """How much of the processors other programs take from now on."""

    def __init__(self) -> None:
        self._begun = (time.perf_counter(), _all_cpu(), sum(os.times()[:4]))

    def share(self) -> float:
        """Give the share of all processors' time, 0 to 1, that neither was idle nor went to us and what we started."""
        seconds, everybody, ours = self._begun
        processors = os.cpu_count() or 1
        taken = (_all_cpu() - everybody) - (sum(os.times()[:4]) - ours)
        return max(0.0, taken / processors / (time.perf_counter() - seconds))


def _all_cpu() -> float:
    """Seconds that the processors have worked for anybody, since the machine started; 0 where it does not tell."""
    try:
        user, nice, system, _, _, irq, softirq, *_ = map(int, Path("/proc/stat").read_text().split()[1:9])
    except (OSError, ValueError):
        return 0.0
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def _first(file: str, key: str, separator: str) -> str:
    try:
        for line in Path(file).read_text().splitlines():
            if line.startswith(key):
                return line.partition(separator)[2].strip()
    except OSError:
        pass
    return ""


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _disk_write(directory: Path) -> float:
    """Bytes a second, written and made durable."""
    directory.mkdir(parents=True, exist_ok=True)
    path, piece = directory / "out-disk", os.urandom(1 << 20)
    os.sync()
    begun = time.perf_counter()
    with path.open("wb", buffering=0) as file:
        for _ in range(_WRITTEN >> 20):
            file.write(piece)
        os.fsync(file.fileno())
    seconds = time.perf_counter() - begun
    path.unlink()
    return _WRITTEN / seconds
