"""Recordings and screenshots: checked by what they contain, bounded, sealed, scanned, and read by their reporter."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from quietline.errors import ConflictError, OperationError, VaultError
from quietline.ledger.objects import ObjectMissing
from quietline.web.base.logs import log
from quietline.web.complaints.models import Attachment, Complaint
from quietline.web.complaints.scanning import ScannerAwayError, Verdict, configured_scanner
from quietline.web.complaints.sealing import store
from quietline.web.keeping.data_keys import opened_key
from quietline.web.proofs.operations import write_leaves
from quietline.web.sellers.documents import media_type_of as document_type_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django_stubs_ext import StrOrPromise

__all__ = [
    "MEDIA", "MOST_BYTES", "MOST_FILES", "Taken", "attach", "check_files", "media_type_of", "read_attachment",
    "scan_waiting",
]  # fmt: skip

MOST_BYTES = 20 * 1024 * 1024
"""Size that one file may have."""
MOST_FILES = 3
"""Files that a report may have."""
MEDIA: dict[str, tuple[str, StrOrPromise]] = {
    "image/png": (".png", gettext_lazy("picture")),
    "image/jpeg": (".jpg", gettext_lazy("picture")),
    "application/pdf": (".pdf", gettext_lazy("document")),
    "audio/wav": (".wav", gettext_lazy("recording")),
    "audio/mpeg": (".mp3", gettext_lazy("recording")),
    "audio/mp4": (".m4a", gettext_lazy("recording")),
    "audio/aac": (".aac", gettext_lazy("recording")),
    "audio/ogg": (".ogg", gettext_lazy("recording")),
    "audio/amr": (".amr", gettext_lazy("recording")),
    "audio/amr-wb": (".awb", gettext_lazy("recording")),
}
"""Kinds of files that are taken: what their names end with, and what people call them."""
_AUDIO_BRANDS = frozenset((b"M4A ", b"M4B ", b"mp42", b"mp41", b"isom", b"iso2", b"3gp4", b"3gp5", b"3gp6", b"qt  "))
_OGG_SOUND = (b"OpusHead", b"\x01vorbis", b"Speex   ", b"\x7fFLAC")
_CONTENT = "attachment"
_MOST_TRIES = 5
_MOST_IN_A_ROW = 3
_SCAN_OF = {Verdict.CLEAN: Attachment.Scan.CLEAN, Verdict.INFECTED: Attachment.Scan.REFUSED}


class Upload(Protocol):
    """What a form hands over, as far as it is needed here."""

    @property
    def size(self) -> int | None:
        """Length in bytes."""
        ...

    def read(self, size: int = -1, /) -> bytes:
        """Read."""
        ...


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that was read and found to be of a kind that is taken."""

    media_type: str
    content: bytes


def media_type_of(content: bytes) -> str:
    """Say what a file is by its bytes, whatever its name says; "" where it is nothing that is taken.

    Sources: PNG, JPEG and PDF as :func:`quietline.web.sellers.documents.media_type_of`; RIFF WAVE (Multimedia Programming
    Interface 1.0, 1991); MPEG audio (ISO/IEC 11172-3, 2.4.2.3) and ID3v2; ISO base media files (ISO/IEC 14496-12, 4.3);
    ADTS (ISO/IEC 13818-7, 6.2); Ogg (RFC 3533, 6) with Opus (RFC 7845), Vorbis or Speex; AMR (RFC 4867, 5).
    """
    found = document_type_of(content)
    if found:
        return found
    if content[:4] == b"RIFF" and content[8:12] == b"WAVE":
        return "audio/wav"
    if content[4:8] == b"ftyp" and content[8:12] in _AUDIO_BRANDS:
        return "audio/mp4"
    if content[:4] == b"OggS" and any(name in content[:128] for name in _OGG_SOUND):
        return "audio/ogg"
    for begin, kind in ((b"#!AMR-WB\n", "audio/amr-wb"), (b"#!AMR\n", "audio/amr")):
        if content.startswith(begin):
            return kind
    return _mpeg_type(content)


def check_files(uploads: Sequence[Upload | BinaryIO]) -> list[Taken]:
    """Read files that came with a form, each at most :data:`MOST_BYTES`, and refuse what is none of the kinds.

    Raises:
        OperationError: ``attachment.many``, ``attachment.size``, ``attachment.type``.
    """
    if len(uploads) > MOST_FILES:
        words = ngettext("A report takes %(most)s file.", "A report takes %(most)s files.", MOST_FILES)
        raise OperationError(words % {"most": MOST_FILES}, advice=_("Choose those that show most."), code="attachment.many")
    taken: list[Taken] = []
    for upload in uploads:
        content = upload.read(MOST_BYTES + 1)
        if not content or len(content) > MOST_BYTES:
            raise OperationError(
                _("A file is empty or larger than 20 MB."), advice=_("Cut it, or save it smaller."), code="attachment.size"
            )
        media_type = media_type_of(content)
        if not media_type:
            raise OperationError(
                _("A file is none of the kinds that are taken."),
                advice=_("Take a picture (PNG, JPEG), a PDF, or a recording (WAV, MP3, M4A, AAC, OGG, AMR)."),
                code="attachment.type",
            )
        taken.append(Taken(media_type, content))
    return taken


def attach(*, complaint: Complaint, files: Sequence[Taken], at: datetime) -> list[Attachment]:
    """Keep files with a complaint, sealed; within the transaction that stores it.

    Scanning may take long, so it is not done here: a file waits for :func:`scan_waiting`, and nobody but its reporter gets
    it before. Where no scanner is set up the row says so.
    """
    scan = Attachment.Scan.NONE if configured_scanner() is None else Attachment.Scan.WAITING
    rows = []
    key = opened_key(complaint.data_key)
    for file in files:
        row = Attachment(
            complaint=complaint, media_type=file.media_type, size_bytes=len(file.content),
            sha256=sha256(file.content).hexdigest(), object_path=uuid4().hex, scan=scan, at=at,
        )  # fmt: skip
        row.save(force_insert=True)
        rows.append(row)
        with tempfile.NamedTemporaryFile(prefix="quietline-") as sealed:
            for chunk in key.seal_stream([file.content], _field(row)):
                sealed.write(chunk)
            sealed.flush()
            store().keep_file(row.object_path, Path(sealed.name))
    write_leaves(Attachment.leaf_kind, rows, at=at)
    return rows


def read_attachment(attachment: Attachment) -> bytes:
    """Open a file; that whoever asks may see it, and that staff's look is on record, is for the caller to see to.

    Raises:
        ConflictError: ``attachment.removed``.
        VaultError: it cannot be opened.
    """
    if not attachment.object_path:
        raise ConflictError(_("This file was removed."), code="attachment.removed")
    with store().open(attachment.object_path) as sealed:
        return b"".join(opened_key(attachment.complaint.data_key).open_stream(sealed, _field(attachment)))


def scan_waiting(at: datetime, *, limit: int = 100) -> int:
    """Scan what waits, what was tried least first; give how many files were dealt with. A chore.

    What the scanner refuses is not kept: its row says that it came and was refused. A file that a scanner gave no answer on
    ``_MOST_TRIES`` times, or that cannot be opened, holds up none of the others: its row says then that it was not scanned.
    """
    scanner = configured_scanner()
    rows = Attachment.objects.filter(scan=Attachment.Scan.WAITING, removed_at=None).select_related("complaint__data_key")
    done = in_a_row = 0
    for row in rows.order_by("scan_tries", "pk")[:limit]:
        try:
            scan = Attachment.Scan.NONE if scanner is None else _SCAN_OF[scanner.scan(read_attachment(row))]
        except ScannerAwayError:
            log("complaints").warning("scanner cannot be reached")
            break
        except (ObjectMissing, VaultError, OSError) as error:
            log("complaints").warning("attachment not scanned", attachment=row.pk, failure=type(error).__name__)
            done += _tried(row)
            in_a_row += 1
            if in_a_row == _MOST_IN_A_ROW:  # it may be the scanner after all, and each may have taken long
                break
            continue
        _settle(row, scan, at)
        done, in_a_row = done + 1, 0
    return done


def _tried(row: Attachment) -> bool:
    """Note that a file could not be scanned; say whether that was the last try."""
    tries = row.scan_tries + 1
    is_last = tries >= _MOST_TRIES
    scan = Attachment.Scan.NONE if is_last else Attachment.Scan.WAITING
    Attachment.objects.filter(pk=row.pk, scan=Attachment.Scan.WAITING).update(scan=scan, scan_tries=tries)
    return is_last


def _settle(row: Attachment, scan: str, at: datetime) -> None:
    with transaction.atomic():
        if scan != Attachment.Scan.REFUSED:
            Attachment.objects.filter(pk=row.pk, scan=Attachment.Scan.WAITING).update(scan=scan)
            return
        path = row.object_path
        Attachment.objects.filter(pk=row.pk).update(scan=scan, object_path="", removed_at=at)
        transaction.on_commit(lambda: store().remove(path))


def _field(row: Attachment) -> str:
    return f"{_CONTENT}:{row.object_path}"


def _mpeg_type(content: bytes) -> str:
    if content.startswith(b"ID3") and len(content) > 10:
        return "audio/mpeg"
    if len(content) < 4 or content[0] != 0xFF:
        return ""
    if content[1] & 0xF6 == 0xF0:  # sync word of ADTS: layer bits are zero
        return "audio/aac"
    is_layer_3 = content[1] & 0xE6 == 0xE2  # eleven bits of sync, layer 01
    has_rate = content[2] >> 4 not in (0, 15) and (content[2] >> 2) & 3 != 3
    return "audio/mpeg" if is_layer_3 and has_rate and (content[1] >> 3) & 3 != 1 else ""
