"""Results of washes: sealed under a key of their own, read by members of the organisation, forgotten after 30 days."""

from __future__ import annotations

import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from quietline.web.keeping.data_keys import destroy_keys, opened_key
from quietline.web.washing.models import AskedNumbers, DropFile, Wash
from quietline.web.washing.places import forget_wash, incoming_folder, object_path, results_store, washing_folder
from quietline.web.washing.quotas import forget_watched

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

__all__ = ["RESULT_DAYS", "ending_of", "forget_results", "open_result", "part_name", "record_of", "result_name"]

RESULT_DAYS = 30
"""How long results can be fetched."""
_LEFT_OVER = timedelta(days=1)
_SKETCH_KEPT = timedelta(days=800)


def open_result(wash: Wash, part: str) -> Iterator[bytes]:
    """Give a result piece by piece.

    Raises:
        VaultError: while it is read: the file or its key is not what it was, or has been destroyed.
        ObjectMissing: there is no such result.
    """
    key = opened_key(wash.data_key, record_of(wash.pk))
    with results_store().open(object_path(wash.pk, part)) as sealed:
        yield from key.open_stream(sealed, part)


def record_of(pk: object) -> str:
    """Name what a wash's data key belongs to."""
    return f"washing.wash:{pk}"


def result_name(wash: Wash, part: str) -> str:
    """Name a result as it is saved on somebody's computer: after the list, or the wash where that has no name any more."""
    stem = (wash.list_name.rpartition(".")[0] or wash.list_name or str(wash.pk)).removesuffix(".csv")
    return f"{stem}-{part_name(wash, part)}"


def part_name(wash: Wash, part: str) -> str:
    """Name a result by what it is; the private half of a receipt is found beside it by this name."""
    if part in ("clean", "removed"):
        return f"{part}.{ending_of(wash)}"
    return "receipt.json.proofs" if part == "proofs" else f"{part}.json"


def ending_of(wash: Wash) -> str:
    """Give the ending of the lists that come out: workbooks and Parquet stay what they are, all else is text."""
    return wash.list_kind if wash.list_kind in ("xlsx", "parquet") else "csv"


def forget_results(*, at: datetime) -> int:
    """Destroy results whose days are over, key first, and what was left lying; give how many washes that were."""
    over = list(Wash.objects.filter(results_until__lte=at, data_key__wrapped__isnull=False)[:1_000])
    for wash in over:
        with transaction.atomic():
            destroy_keys([wash.data_key_id], at=at)
            Wash.objects.filter(pk=wash.pk).update(list_name="", options={})
        forget_wash(wash.pk)
    _forget_left_over(at)
    return len(over)


def _forget_left_over(at: datetime) -> None:
    """Delete uploads that nobody took, folders without a wash that needs them, and sketches of years long over."""
    oldest = (at - _LEFT_OVER).timestamp()
    for path in incoming_folder().glob("*.part"):
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
    needed = set(Wash.objects.exclude(state__in=[Wash.State.REFUSED, Wash.State.FAILED]).values_list("pk", flat=True))
    names = {str(pk) for pk in needed} | {"incoming"}
    for folder in washing_folder().iterdir():
        if folder.name not in names and folder.stat().st_mtime < oldest:
            shutil.rmtree(folder, ignore_errors=True)
    AskedNumbers.objects.filter(from_date__lt=(at - _SKETCH_KEPT).date()).delete()
    DropFile.objects.filter(seen_at__lt=at - _LEFT_OVER).delete()
    forget_watched(at=at)
