"""What a person said, sealed under a data key of the complaint's own; and its erasure by the destruction of that key."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, VaultError
from quietline.web.complaints import stages
from quietline.web.complaints.models import Attachment, Complaint, Report
from quietline.web.keeping.data_keys import destroy_keys, opened_key
from quietline.web.keeping.rings import key_ring
from quietline.web.keeping.sealed_content import open_content, seal_content
from quietline.web.proofs.objects import objects_store

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.ledger.objects import FileStore
    from quietline.vault import DataKey as OpenKey

__all__ = [
    "Said", "erase", "erased", "open_words", "reporter_index", "said_of", "seal_said", "seal_words", "store",
]  # fmt: skip

_SAID = "said"
_WORDS = "answer"


@dataclass(frozen=True, slots=True)
class Said:
    """What the person wrote, as it lies sealed.

    Attributes:
        words: what was said in the call, and what happened.
        who: who the callers said they were; as written.
        promoted: the organisation or product, as written.
        called_as: the name that the telephone showed, or how the number was written.
        mail: where to write to.
        said_when: the day and hour as it was written where it could not be read.
    """

    words: str = ""
    who: str = ""
    promoted: str = ""
    called_as: str = ""
    mail: str = ""
    said_when: str = ""


def seal_said(key: OpenKey, said: Said) -> bytes:
    """Seal what a person said."""
    return seal_content(key, asdict(said), _SAID)[0]


def said_of(complaint: Complaint) -> Said:
    """Open what the person said; who reads it, the caller puts on record.

    Raises:
        VaultError: ``vault.erased`` where it was erased.
    """
    if complaint.sealed is None:
        return Said()
    found = open_content(opened_key(complaint.data_key), complaint.sealed, _SAID)
    known = {field.name for field in fields(Said)}
    return Said(**{name: value for name, value in found.items() if name in known})


def erased(complaint: Complaint) -> bool:
    """Say whether what the person said was erased."""
    return complaint.data_key is not None and complaint.data_key.destroyed_at is not None


def seal_words(complaint: Complaint, words: dict[str, str]) -> bytes | None:
    """Seal what the reporter is told, by language; None where there is nothing to say, or nothing to seal it with."""
    if not any(words.values()) or erased(complaint):
        return None
    return seal_content(opened_key(complaint.data_key), words, _WORDS)[0]


def open_words(complaint: Complaint, sealed: bytes | memoryview | None, language: str) -> str:
    """Open what the reporter was told, in a language or the other where it was written in one only; empty after erasure."""
    if sealed is None or erased(complaint):
        return ""
    try:
        words: dict[str, str] = open_content(opened_key(complaint.data_key), sealed, _WORDS)
    except VaultError:
        return ""
    return words.get(language) or next((text for text in words.values() if text), "")


def reporter_index(key: int) -> bytes:
    """Give the keyed hash of a line, by which reports of one person are recognised without the number."""
    return key_ring().keyed_hash("complaints.reporter", key.to_bytes(8, "big"))


def erase(*, complaint: Complaint, at: datetime) -> None:
    """Erase what the person said, the attachments, the number and all that recognises the person; the row stays.

    The report keeps its calling number, day and area, from which nobody learns who reported; words that were promoted go.
    What leaf the ledger has of the complaint stays valid: nothing that is erased is part of it.

    Raises:
        ConflictError: ``complaint.step`` while somebody works on it: it has to be withdrawn, or answered, first;
            ``complaint.erased`` where it was erased before.
    """
    key = complaint.data_key
    if erased(complaint) or key is None:
        raise ConflictError(_("What was said was erased before."), code="complaint.erased")
    with transaction.atomic():
        stages.take_step(
            complaint, stages.Act.ERASE, by=None, at=at, only_if={"data_key__destroyed_at": None},
            changes={
                "key": None, "reporter_index": None, "sealed": None, "facts": None, "answer_by": "", "knew": [],
                "knew_of": None,
            },
        )  # fmt: skip
        destroy_keys([key.pk], at=at)
        key.refresh_from_db()
        Report.objects.filter(pk=complaint.report_id).update(promoted="", wording=None)
        paths = list(complaint.attachments.exclude(object_path="").values_list("object_path", flat=True))
        Attachment.objects.filter(complaint=complaint, removed_at=None).update(object_path="", removed_at=at)
        for path in paths:
            transaction.on_commit(partial(store().remove, path))


def store() -> FileStore:
    """Give the store of sealed attachments."""
    return objects_store("complaints")
