"""Write records: sort out what is on file already, and copy the rest into the table."""

from __future__ import annotations

import os
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models.expressions import RawSQL

from quietline.ledger.merkle import root
from quietline.ledger.receipts import canonical_json
from quietline.web.evidence.models import Batch, ProofText, Record
from quietline.web.evidence.periods import claim_term, honour_terms
from quietline.web.proofs.operations import write_leaves
from quietline.web.publishing.bulk import made

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime

    from quietline.web.accounts.models import Organisation
    from quietline.web.evidence.given import Placed
    from quietline.web.proofs.findings import Findings

__all__ = ["Sorted", "check_batch", "check_batches", "digest_of", "due_of", "sort_out", "write_batch"]

_CHUNK = 10_000
_COLUMNS = (
    "organisation_id", "batch_id", "reference", "kind", "key", "country", "happened_at", "on_date", "form", "channel",
    "holder", "source", "place", "proof", "text_id", "until_date", "due_date", "citation", "settled", "assurance", "salt",
    "digest", "at",
)  # fmt: skip
_COPY = f"COPY evidence_record ({', '.join(_COLUMNS)}) FROM STDIN"


@dataclass(frozen=True, slots=True)
class Sorted:
    """Records, compared with those on file.

    Attributes:
        new: to be written, each once.
        known: how many are on file, or stood there twice.
        clashing: places of those whose reference stands for another record.
    """

    new: list[Placed]
    known: int
    clashing: list[int]


def sort_out(organisation: Organisation, placed: Sequence[Placed]) -> Sorted:
    """Compare records with those on file, and with one another."""
    on_file = _on_file(organisation, placed)
    new: dict[str, Placed] = {}
    known, clashing = 0, []
    for row, one in enumerate(placed):
        old = on_file.get(one.reference) or (_compared(new[one.reference]) if one.reference in new else None)
        if old is None:
            new[one.reference] = one
        elif old == _compared(one):
            known += 1
        else:
            clashing.append(row)
    return Sorted(list(new.values()), known, clashing)


def _on_file(organisation: Organisation, placed: Sequence[Placed]) -> dict[str, tuple[object, ...]]:
    found: dict[str, tuple[object, ...]] = {}
    for start in range(0, len(placed), _CHUNK):
        wanted = [one.reference for one in placed[start : start + _CHUNK]]
        rows = Record.objects.filter(
            organisation=organisation, reference__in=RawSQL("SELECT unnest(%s::text[])", [wanted])
        ).values_list(
            "reference", "kind", "key", "happened_at", "on_date", "form", "channel", "holder", "source", "place", "proof",
            "text__sha256", "until_date",
        )  # fmt: skip
        found |= {reference: (*rest[:10], rest[10] or "", rest[11]) for reference, *rest in rows}
    return found


def _compared(one: Placed) -> tuple[object, ...]:
    given = one.given
    return (
        given.kind, given.key, one.happened_at, one.on_date, given.form, given.channel, given.holder, given.source,
        given.place, given.proof, one.text_sha256, given.until_date,
    )  # fmt: skip


def due_of(kind: str, country: str, on: date, until: date | None) -> tuple[date | None, str]:
    """Say on which last day something follows from a record, and where that is written.

    Of a claim it is the last day on which it counts: the one that was stated with it, where that comes first or the law has
    none for it, else the law's. Of a request to stop it is the last day on which every law on it leaves to honour it.
    """
    if kind == Record.Kind.STOP:
        terms = honour_terms(country, on)
        return (terms[-1].last, terms[-1].citation) if terms else (None, "")
    if kind == Record.Kind.CONSENT and until is not None:
        return until, ""
    term = claim_term(country, kind, on)
    if until is not None and (term.last is None or until < term.last):
        return until, ""
    return term.last, term.citation


def digest_of(salt: bytes, content: Mapping[str, object]) -> bytes:
    """Hash a record: SHA-256 of the canonical JSON of ``[salt, record]``."""
    return sha256(canonical_json([salt.hex(), dict(content)])).digest()


def write_batch(
    organisation: Organisation, placed: Sequence[Placed], *, via: Organisation, by: str, how: str, at: datetime,
    file_sha256: str = "",
) -> Batch:  # fmt: skip
    """Write new records and the batch that they are; runs in the caller's transaction.

    Raises:
        IntegrityError: one of the references is on file.
    """
    texts = _texts(organisation, placed, at)
    rows = list(_rows(organisation, placed, texts, at))
    digests = [bytes(row.digest) for row in rows]
    batch = Batch.objects.create(
        organisation=organisation, via=via, by=by, how=how, count=len(rows), root=root(digests).hex(),
        file_sha256=file_sha256, at=at,
    )  # fmt: skip
    write_leaves("evidence", [batch], at=at)
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for row in rows:
            row.batch_id = batch.pk
            copy.write_row([getattr(row, name) for name in _COLUMNS])
    return batch


def _rows(organisation: Organisation, placed: Sequence[Placed], texts: Mapping[str, int], at: datetime) -> Iterator[Record]:
    for one in placed:
        given = one.given
        due, citation = due_of(given.kind, one.country, one.on_date, given.until_date)
        row = made(
            Record, organisation_id=organisation.pk, batch_id=0, reference=one.reference, kind=str(given.kind),
            key=given.key,
            country=one.country, happened_at=one.happened_at, on_date=one.on_date, form=str(given.form),
            channel=str(given.channel), holder=str(given.holder), source=given.source, place=given.place, proof=given.proof,
            text_id=texts.get(one.text_sha256), until_date=given.until_date, due_date=due, citation=citation[:300],
            settled=due is None, assurance=given.assurance, salt=os.urandom(16), digest=b"", at=at,
        )  # fmt: skip
        row.digest = digest_of(row.salt, row.content)  # type: ignore[arg-type]
        yield row


def _texts(organisation: Organisation, placed: Sequence[Placed], at: datetime) -> dict[str, int]:
    """Give the rows of wordings by hash; new ones are written."""
    wanted = {one.text_sha256: one.given.text for one in placed if one.given.text}
    if not wanted:
        return {}
    ProofText.objects.bulk_create(
        [ProofText(organisation=organisation, sha256=key, text=text, at=at) for key, text in sorted(wanted.items())],
        ignore_conflicts=True, batch_size=1_000,
    )  # fmt: skip
    rows = ProofText.objects.filter(organisation=organisation, sha256__in=list(wanted))
    return dict(rows.values_list("sha256", "pk"))


def check_batches(findings: Findings) -> None:
    """Check every batch; add what does not hold to the findings of ``ledger verify --database``."""
    for batch in Batch.objects.order_by("pk").iterator(chunk_size=_CHUNK):
        if not check_batch(batch):
            findings.add("batch-differs", "evidence", batch.pk, "its records are not those of its root")


def check_batch(batch: Batch) -> bool:
    """Say whether the records of a batch are those that its leaf in the ledger was made of.

    Records that were lawfully erased keep their digest, so the others can still be checked.
    """
    digests = []
    for row in Record.objects.filter(batch=batch).order_by("pk").iterator(chunk_size=_CHUNK):
        if row.salt is not None and digest_of(bytes(row.salt), row.content) != bytes(row.digest):
            return False
        digests.append(bytes(row.digest))
    return len(digests) == batch.count and root(digests).hex() == batch.root
