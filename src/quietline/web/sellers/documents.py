"""Proofs: taken in, checked by what they contain, sealed, read and removed."""

from __future__ import annotations

import tempfile
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, NotProvenError, OperationError
from quietline.ledger.objects import FileStore
from quietline.web.accounts.changes import held
from quietline.web.accounts.models import Organisation
from quietline.web.accounts.queries import oversees
from quietline.web.keeping.data_keys import destroy_keys, new_data_key, opened_key, random_record
from quietline.web.proofs.objects import objects_store
from quietline.web.proofs.operations import write_leaves
from quietline.web.sellers.acts import check_manages, prove
from quietline.web.sellers.models import Act, Document
from quietline.web.sellers.queries import manages_in_any_state

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from quietline.web.accounts.models import Person

__all__ = [
    "MOST_BYTES",
    "MOST_DOCUMENTS",
    "SUFFIXES",
    "add_document",
    "documents_of",
    "media_type_of",
    "name_of",
    "read_document",
    "remove_document",
]

MOST_BYTES = 10 * 1024 * 1024
"""Size that one proof may have."""
MOST_DOCUMENTS = 12
"""Proofs that an organisation may have at a time."""
SUFFIXES = {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg"}
"""Kinds of files that are taken, and what their names end with."""
_CONTENT, _NAME = "content", "name"


def documents_of(organisation: Organisation) -> QuerySet[Document]:
    """Give the proofs that an organisation has, the newest first; not those that were removed."""
    found = Document.objects.filter(organisation=organisation, removed_at=None)
    return found.select_related("data_key", "by").order_by("-at", "-pk")


def name_of(document: Document) -> str:
    """Give the name under which a proof was uploaded."""
    if document.sealed_name is None or document.data_key is None or document.data_key.wrapped is None:
        return ""
    return opened_key(document.data_key).open_text(bytes(document.sealed_name), _NAME)


def media_type_of(content: bytes) -> str:
    """Say what a file is by its first and last bytes, whatever its name says; "" where it is nothing that is taken.

    Sources: PNG (ISO/IEC 15948, 5.2 and 11.2), JPEG (ITU-T T.81, B.1.1.3), PDF (ISO 32000-1, 7.5.2 and 7.5.5).
    """
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR" and content.endswith(b"IEND\xaeB`\x82"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff") and content.rstrip(b"\x00").endswith(b"\xff\xd9"):
        return "image/jpeg"
    if content.startswith(b"%PDF-") and b"%%EOF" in content[-2048:]:
        return "application/pdf"
    return ""


def add_document(
    *, organisation: Organisation, kind: str, name: str, source: BinaryIO, by: Person | None, at: datetime
) -> Document:
    """Keep a proof, sealed under a data key of its own.

    Args:
        organisation: whose.
        kind: what it shows, one of :class:`Document.Kind`.
        name: of the file, as uploaded.
        source: the content; not more than ``MOST_BYTES`` is read.
        by: who uploaded it, None for the platform itself.
        at: now.

    Raises:
        NotProvenError: ``by`` does not manage the organisation.
        OperationError: ``proof.kind``, ``proof.size``, ``proof.type``.
        ConflictError: ``proof.many``, ``proof.known`` (the same file is there already).
    """
    check_manages(by, organisation)
    if kind not in Document.Kind.values:
        raise OperationError(_("Say what the file shows."), code="proof.kind")
    content = source.read(MOST_BYTES + 1)
    if not content or len(content) > MOST_BYTES:
        raise OperationError(
            _("The file is empty or larger than 10 MB."), advice=_("Scan it with fewer points."), code="proof.size"
        )
    media_type = media_type_of(content)
    if not media_type:
        raise OperationError(
            _("This file is no PDF, PNG or JPEG."), advice=_("Save it as a PDF and try again."), code="proof.type"
        )
    with transaction.atomic():
        held(organisation)
        digest = sha256(content).hexdigest()
        _check_room(organisation, digest)
        key, opened = new_data_key(random_record("sellers.document"), at=at)
        plain_name = "".join(sign for sign in Path(name.replace("\\", "/")).name if sign.isprintable())[:120]
        row = Document(
            organisation=organisation, kind=kind, media_type=media_type, size_bytes=len(content), content_sha256=digest,
            data_key=key, sealed_name=opened.seal_text(plain_name or "proof", _NAME, pad_to=128),
            object_path=key.record.rpartition(":")[2], by=by, at=at,
        )  # fmt: skip
        row.save(force_insert=True)
        write_leaves("proof-file", [row], at=at)
        with tempfile.NamedTemporaryFile(prefix="quietline-") as sealed:
            for chunk in opened.seal_stream([content], _CONTENT):
                sealed.write(chunk)
            sealed.flush()
            _store().keep_file(row.object_path, Path(sealed.name))
    return row


def read_document(*, document: Document, by: Person, at: datetime) -> bytes:
    """Give the content of a proof: to who manages its organisation, and to who oversees organisations, with a record.

    Raises:
        NotProvenError: ``by`` is neither.
        ConflictError: ``proof.removed``.
        VaultError: it cannot be opened.
    """
    with transaction.atomic():
        if document.removed_at is not None:
            raise ConflictError(_("This proof was removed."), code="proof.removed")
        if not manages_in_any_state(by, document.organisation):
            if not oversees(by):
                raise NotProvenError(_("This proof is not yours to read."), code="proof.no-right")
            prove(Act.Kind.PROOF_READ, document.organisation, subject=document.pk, by=by, at=at)
        with _store().open(document.object_path) as sealed:
            return b"".join(opened_key(document.data_key).open_stream(sealed, _CONTENT))


def remove_document(*, document: Document, by: Person | None, at: datetime) -> None:
    """Remove a proof: its key, its name and its content. That it was there, and its hash, stay in the ledger.

    Raises:
        NotProvenError: ``by`` does not manage the organisation.
        ConflictError: ``proof.removed``; ``proof.relied-on``: the organisation was verified with it.
    """
    check_manages(by, document.organisation)
    with transaction.atomic():
        organisation = held(document.organisation)
        row = Document.objects.select_for_update().get(pk=document.pk)
        if row.removed_at is not None:
            raise ConflictError(_("This proof was removed."), code="proof.removed")
        decided = organisation.decisions.filter(outcome="verified", at__gte=row.at).exists()
        if decided and organisation.state != Organisation.State.CLOSED:
            raise ConflictError(
                _("The authority relied on this proof when it verified the organisation."),
                advice=_("Ask the authority if it has to go."),
                code="proof.relied-on",
            )
        path = row.object_path
        Document.objects.filter(pk=row.pk).update(removed_at=at, sealed_name=None, object_path="")
        destroy_keys([row.data_key_id], at=at)
        prove(Act.Kind.PROOF_REMOVED, organisation, subject=row.pk, by=by, at=at)
        transaction.on_commit(lambda: _store().remove(path))


def _check_room(organisation: Organisation, digest: str) -> None:
    live = documents_of(organisation)
    if live.count() >= MOST_DOCUMENTS:
        raise ConflictError(
            _("There are as many proofs as can be kept."), advice=_("Remove one that is not needed."), code="proof.many"
        )
    if live.filter(content_sha256=digest).exists():
        raise ConflictError(_("This very file is there already."), code="proof.known")


def _store() -> FileStore:
    """Give the store of sealed proofs."""
    return objects_store("sellers")
