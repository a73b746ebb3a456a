r"""Numbering plans as the kernel reads them: one for each default country.

``plans/plans.bin`` holds them, made by ``python -m quietline.numbering.compile_plans`` and stamped with the
release of libphonenumber that they follow. Another release installed means that its plan is made on the spot
(a fraction of a second instead of a few milliseconds): what Quietline answers is always what the installed
library answers.

``plans.bin``: ``QLPLANS\1``, the length of the index (uint32), the index (JSON: phonenumbers, calling_codes,
world, regions), then zlib streams. ``world`` holds what all plans share, the answers for a plus and a calling
code; a region's stream continues its branches and labels. Everything is little-endian. The kernel's own form
is written down in ``kernel/src/number.c``.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import re
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from quietline.errors import UsageError
from quietline.kernel import _kernel

__all__ = [
    "calling_code",
    "countries",
    "country_code",
    "library_release",
    "plan",
    "plan_blob",
    "plans_release",
]

PACK = Path(__file__).parent / "plans" / "plans.bin"
PACK_MAGIC = b"QLPLANS\1"
PLAN_MAGIC = b"QLPLAN\0\1"
LENGTHS = 20
BRANCH_COLUMNS = 11  # where to go on for each digit, and the height

# What people write for a country, where the ISO code is another one.
_OFTEN_MEANT = {"UK": "GB", "EN": "GB", "USA": "US", "PRC": "CN", "EL": "GR"}


class Part(NamedTuple):
    """The shared part of the plans, or what one region adds to it.

    Attributes:
        first: uint16, shape (2, 20); where to begin, without and with a plus, by the number of digits.
        labels: uint8, shape (labels, 8).
        branches: uint16, shape (branches, 11).
    """

    first: Any
    labels: Any
    branches: Any


def pack_part(part: Part) -> bytes:
    """Return the stream of one part, as ``plans.bin`` holds it."""
    counts = np.array([len(part.labels), len(part.branches)], dtype="<u4")
    # Column by column: the compressor finds more.
    body = part.branches.astype("<u2").T.tobytes()
    return zlib.compress(counts.tobytes() + part.first.astype("<u2").tobytes() + part.labels.tobytes() + body, 9)


def unpack_part(stream: bytes) -> Part:
    """Return the part that a stream of ``plans.bin`` holds."""
    data = zlib.decompress(stream)
    labels, branches = (int(count) for count in np.frombuffer(data, dtype="<u4", count=2))
    first = np.frombuffer(data, dtype="<u2", count=2 * LENGTHS, offset=8).reshape(2, LENGTHS)
    at = 8 + 4 * LENGTHS
    label_table = np.frombuffer(data, dtype=np.uint8, count=8 * labels, offset=at).reshape(labels, 8)
    body = np.frombuffer(data, dtype="<u2", count=BRANCH_COLUMNS * branches, offset=at + 8 * labels)
    return Part(first, label_table, body.reshape(BRANCH_COLUMNS, branches).T)


def assemble(parts: list[Part]) -> bytes:
    """Return the kernel's form of a plan.

    Args:
        parts: the shared part and the region's, or one that holds everything. The last one's ``first``
            counts.
    """
    labels = np.concatenate([part.labels for part in parts])
    branches = np.zeros((sum(len(part.branches) for part in parts), 16), dtype="<u2")
    branches[:, :BRANCH_COLUMNS] = np.concatenate([part.branches for part in parts])
    counts = np.array([len(branches), len(labels)], dtype="<u4")
    head = PLAN_MAGIC + counts.tobytes() + parts[-1].first.astype("<u2").tobytes() + labels.tobytes()
    return bytes(head + bytes(-len(head) % 32) + branches.tobytes())


@functools.cache
def _index() -> tuple[dict[str, Any], int]:
    """Read the index of the pack: itself, and the offset at which the streams begin."""
    with PACK.open("rb") as file:
        if file.read(8) != PACK_MAGIC:
            raise RuntimeError(f"{PACK} is damaged; reinstall quietline")
        size = int.from_bytes(file.read(4), "little")
        return json.loads(file.read(size)), 12 + size


def _stream(place: list[int]) -> bytes:
    start, size = place
    with PACK.open("rb") as file:
        file.seek(_index()[1] + start)
        return file.read(size)


@functools.cache
def library_release() -> str:
    """Return the release of the installed phonenumbers package, without importing it (that takes long)."""
    spec = importlib.util.find_spec("phonenumbers")
    if spec is None or spec.origin is None:
        raise RuntimeError("the phonenumbers package is not installed")
    found = re.search(r"^__version__\s*=\s*[\"']([^\"']+)", Path(spec.origin).read_text("utf-8"), re.MULTILINE)
    return found[1] if found else "unknown"


def plans_release() -> str:
    """Return the release of phonenumbers that the plans in the package were made from."""
    return str(_index()[0]["phonenumbers"])


@functools.cache
def _calling_codes() -> dict[str, int]:
    if library_release() == plans_release():
        return dict(_index()[0]["calling_codes"])
    import phonenumbers

    return {region: phonenumbers.country_code_for_region(region) for region in phonenumbers.SUPPORTED_REGIONS}


def countries() -> tuple[str, ...]:
    """Return the ISO 3166 codes of all countries and territories with a numbering plan, sorted."""
    return tuple(sorted(_calling_codes()))


def country_code(country: str) -> str:
    """Return a country's ISO 3166 code in capitals.

    Args:
        country: two letters, in either case.

    Raises:
        UsageError: no numbering plan goes by this code.
    """
    code = country.strip().upper() if isinstance(country, str) else ""
    if code in _calling_codes():
        return code
    if code in _OFTEN_MEANT:
        advice = f"Write {_OFTEN_MEANT[code]}."
    else:
        advice = "Write its two letters of ISO 3166, such as US, GB, CN, IN or DE."
    raise UsageError(
        f"{country!r} is not the code of a country with a numbering plan.",
        advice=advice,
        code="usage.country",
    )


def calling_code(country: str) -> int:
    """Return the calling code of a country, such as 44 for ``"gb"``.

    Args:
        country: ISO 3166 code, two letters in either case.

    Raises:
        UsageError: no numbering plan goes by this code.
    """
    return _calling_codes()[country_code(country)]


@functools.lru_cache(maxsize=16)
def plan_blob(country: str) -> bytes:
    """Return the plan of a default country in the kernel's form.

    Args:
        country: ISO 3166 code, two letters in either case.

    Raises:
        UsageError: no numbering plan goes by this code.
    """
    code = country_code(country)
    if library_release() != plans_release():
        from quietline.numbering import compile_plans

        return assemble([compile_plans.compile_country(code)])
    index, _ = _index()
    return assemble([unpack_part(_stream(index["world"])), unpack_part(_stream(index["regions"][code]))])


@functools.lru_cache(maxsize=16)
def plan(country: str) -> Any:
    """Return the plan of a default country for the kernel: a capsule for ``kernel.parse_fields``.

    Args:
        country: ISO 3166 code, two letters in either case.

    Raises:
        UsageError: no numbering plan goes by this code.
    """
    return _kernel.plan(plan_blob(country_code(country)))
