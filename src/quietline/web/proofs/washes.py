"""Is what each wash asked about still there, and as it was sealed? Else a wash could be hidden from "who asked".

Names of tables and columns stand here on purpose, as in :mod:`quietline.web.proofs.entries`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quietline.errors import LedgerError
from quietline.ledger.objects import ObjectMissing
from quietline.web.proofs.imports import sha256_of
from quietline.web.proofs.rows import found_rows

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.ledger.objects import FileStore
    from quietline.web.proofs.findings import Findings

__all__ = ["check_washes"]

# the record's name is part of its key: under the key of another record nothing opens
_GONE = """
SELECT w.id, k.wrapped IS NULL OR k.record <> 'wash:' || w.id
FROM publishing_washset w LEFT JOIN keeping_datakey k ON k.id = w.data_key_id
WHERE w.at >= %s AND (k.wrapped IS NULL OR k.record <> 'wash:' || w.id OR (w.object_path = '' AND w.sealed IS NULL))
ORDER BY w.id
"""
_CHANGED = """
SELECT id FROM publishing_washset
WHERE sealed IS NOT NULL AND sealed_sha256 <> '' AND encode(sha256(sealed), 'hex') <> sealed_sha256 ORDER BY id
"""
_OBJECTS = "SELECT id, object_path, sealed_sha256 FROM publishing_washset WHERE at >= %s AND object_path <> '' ORDER BY id"


def check_washes(objects: FileStore, findings: Findings, *, since: datetime) -> None:
    """Compare the sealed sets of washes with the hashes that their leaves cover.

    Finds ``set-missing`` and ``set-changed``.

    Args:
        objects: where all objects lie.
        findings: what was found is added to them.
        since: washes from this moment on have their sets still; what is older may be forgotten.
    """
    for wash, without_key in found_rows(_GONE, [since]):
        what = "key" if without_key else "sealed set"
        findings.add("set-missing", "wash", wash, f"its {what} is gone before its period is over")
    for (wash,) in found_rows(_CHANGED):
        findings.add("set-changed", "wash", wash, "its sealed set is not the one that its leaf is of")
    for wash, path, wanted in found_rows(_OBJECTS, [since]):
        try:
            hashed = sha256_of(objects, path)
        except ObjectMissing:
            findings.add("set-missing", "wash", wash, "its sealed set is gone before its period is over")
        except (OSError, LedgerError) as error:
            findings.add("set-missing", "wash", wash, f"its sealed set cannot be read ({type(error).__name__})")
        else:
            if wanted not in ("", hashed):
                findings.add("set-changed", "wash", wash, "its sealed set is not the one that its leaf is of")
