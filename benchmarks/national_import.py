"""Take over a national register: fifty million numbers with their days, by COPY, into an empty one.

One numbered change, one leaf, one file hash. PostgreSQL is real and waits for its disk; the register file is made first.
Measured are the import itself (check of the file, copy, index, commit) and then the step of the sequencer that publishes it.

    python benchmarks/national_import.py --numbers 50000000
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from quietline.ledger.signing import create_key
from quietline.registers import Entries, Metadata, RegisterBuilder, day_of
from quietline.vault import create_key_ring
from quietline.web.embedded_postgres import EmbeddedPostgres

_CHUNK = 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--numbers", type=int, default=50_000_000, help="numbers in the register")
    parser.add_argument("--folder", type=Path, default=Path("/var/tmp"), help="where database and files are made")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="quietline-import-", dir=given.folder) as folder:
        print(json.dumps(measure(Path(folder), given.numbers), indent=1))


def measure(home: Path, numbers: int) -> dict[str, Any]:
    home.chmod(0o711)
    (home / "keys").mkdir(mode=0o700)
    at = datetime.now(UTC)
    create_key_ring(home / "keys" / "ring", at=at)
    create_key(home / "keys" / "signing.pem", holder="Benchmark", at=at)
    national = home / "national.qlr"
    make_register(national, numbers)
    with EmbeddedPostgres(home / "database") as server:
        os.environ |= {
            "QUIETLINE_MODE": "demonstration",
            "QUIETLINE_HOME": str(home),
            "QUIETLINE_DATABASE_URL": server.url,
            "QUIETLINE_SECRET_KEY": "benchmark " * 6,
            "QUIETLINE_BASE_URL": "http://127.0.0.1",
            "DJANGO_SETTINGS_MODULE": "quietline.web.site.settings",
        }
        return _import(national, numbers)


def make_register(path: Path, numbers: int, *, first: int = 12_000_000_000) -> None:
    """Make a register of numbers that fill half of each block of ten thousand, listed over twenty years."""
    chance = np.random.default_rng(1)
    oldest, newest = day_of(date(2003, 7, 1)), day_of(date(2026, 11, 1))
    with RegisterBuilder() as builder:
        for start in range(0, numbers, _CHUNK):
            places = np.arange(start, min(start + _CHUNK, numbers), dtype=np.uint64)
            keys = np.uint64(first) + places * np.uint64(2)
            since = chance.integers(oldest, newest, len(keys), dtype=np.uint16)
            builder.add(Entries(keys, since=since))
        builder.write(path, Metadata(name="National list", country="US", list_date=date(2026, 11, 20)))


def _import(national: Path, numbers: int) -> dict[str, Any]:
    import django

    django.setup()
    from django.core.management import call_command

    from quietline.web.publishing.importing import import_register
    from quietline.web.publishing.models import Change
    from quietline.web.publishing.operations import found_register
    from quietline.web.publishing.sequencing import Sequencer

    call_command("migrate", verbosity=0)
    register = found_register(code="dnc-us", kind="do-not-call", title="Do not call", country="US", at=datetime.now(UTC))
    began = time.perf_counter()
    import_register(register=register, path=national, source="benchmark", at=datetime.now(UTC))
    imported = time.perf_counter()
    Sequencer().step(at=datetime.now(UTC))
    published = time.perf_counter()
    assert Change.objects.filter(number__isnull=False).count() == 1
    return {
        "numbers": numbers,
        "import_seconds": round(imported - began, 1),
        "numbers_per_second": round(numbers / (imported - began)),
        "to_signed_feed_seconds": round(published - imported, 3),
    }


if __name__ == "__main__":
    main()
