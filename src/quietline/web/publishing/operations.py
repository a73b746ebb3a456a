"""All writing of entries: list, change terms, withdraw. Each is one transaction with its change and its leaf."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction

from quietline.errors import ConflictError
from quietline.registers import canonical_terms
from quietline.web.base.statements import run
from quietline.web.proofs.models import Leaf
from quietline.web.proofs.operations import new_leaf, write_leaves
from quietline.web.publishing.models import Change, Entry, Feed, Register
from quietline.web.publishing.queries import imported_since, standing_entry

if TYPE_CHECKING:
    from datetime import date, datetime

__all__ = ["end_entry", "found_register", "list_number", "new_reference", "open_feed", "prove_registers"]

_OF_LINE = (Entry.Assurance.CODE, Entry.Assurance.CALL)
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0/O, 1/I/L, U: read out over the telephone


def new_reference(prefix: str = "QL") -> str:
    """Make a reference for people: 8 characters of 30, about 6.6e11 of them; unique by the table's constraint."""
    value, text = secrets.randbelow(len(_ALPHABET) ** 8), ""
    for _ in range(8):
        value, place = divmod(value, len(_ALPHABET))
        text += _ALPHABET[place]
    return f"{prefix}-{text[:4]}-{text[4:]}"


# what is named is given by _added(); the rows of an import lie below the entries and count as standing
_ADD = """
WITH added AS (
    INSERT INTO publishing_entry (register_id, key, since_date, terms, assurance, reference, listed_at, end_reason)
    SELECT %(register)s, %(key)s, %(since)s, %(terms)s, %(assurance)s, %(reference)s, %(at)s, ''
    WHERE NOT EXISTS (
        SELECT 1 FROM publishing_imported i JOIN publishing_import b ON b.id = i.bulk_id
        WHERE b.register_id = %(register)s AND i.key = %(key)s
        AND NOT EXISTS (SELECT 1 FROM publishing_entry e WHERE e.register_id = %(register)s AND e.key = %(key)s)
    )
    ON CONFLICT DO NOTHING RETURNING id
)
INSERT INTO publishing_change (
    register_id, operation, entry_id, projection, key, since_date, terms, assurance, reference, at
)
SELECT %(register)s, 'add', added.id, '', %(key)s, %(since)s, %(terms)s, %(assurance)s, %(reference)s, %(at)s
FROM added RETURNING entry_id, id
"""


def found_register(*, code: str, kind: str, title: str, country: str, at: datetime, owner_id: int | None = None) -> Register:
    """Make a register, with its feed of all numbers."""
    with transaction.atomic():
        register = Register.objects.create(
            code=code, kind=kind, title=title, country=country, owner_id=owner_id, created_at=at
        )
        open_feed(register=register, projection="all", at=at)
        write_leaves("register", [register], at=at)
    return register


def prove_registers(*, at: datetime) -> int:
    """Write the leaves of registers that have none, since an earlier release founded them; give how many there were.

    For the start of the sequencer, which is alone. Nothing happens where all have theirs.
    """
    proven = Leaf.objects.filter(kind="register").values("record")
    with transaction.atomic():
        registers = list(Register.objects.exclude(pk__in=proven).order_by("pk"))
        write_leaves("register", registers, at=at)
    return len(registers)


def open_feed(*, register: Register, projection: str, at: datetime) -> Feed:
    """Begin to publish a projection of a register; where that is done already, nothing changes."""
    feed, _ = Feed.objects.get_or_create(register=register, projection=projection, defaults={"opened_at": at})
    return feed


def list_number(
    *, register: Register, key: int, since_date: date, terms: str, assurance: str, at: datetime, may_narrow: bool = True
) -> Entry:
    """Let a number stand in a register from now on, on these terms.

    Where it stands already on the same terms, the entry stays as it is. Where it stands on others, that entry ends and
    another begins with the same since-day; so it does where the line itself confirms what was listed without it.

    Args:
        register: where it shall stand.
        key: the number.
        since_date: the day from which it stands, on the clock of the number's place; ignored where it stands already.
        terms: what the entry covers; empty covers everything. See :func:`quietline.registers.canonical_terms`.
        assurance: one of :class:`Entry.Assurance`.
        at: now.
        may_narrow: whether terms of an entry that stands may be replaced. Who has proven less than the line itself can
            only add protection: the entry then loses its terms, or stays as it is.

    Raises:
        ValueError: the terms cannot be read.
    """
    terms = canonical_terms(terms)
    entry = _added(register, key, since_date, terms, assurance, at)
    if entry is not None:
        return entry
    for _ in range(3):
        try:
            with transaction.atomic():
                return _listed(register, key, since_date, terms, assurance, at, may_narrow=may_narrow)
        except IntegrityError:  # somebody listed the same number, or drew the same reference, at this very moment
            continue
    raise ConflictError("The entry was being changed by somebody else.", advice="Try again.")


def _added(register: Register, key: int, since_date: date, terms: str, assurance: str, at: datetime) -> Entry | None:
    """Add a number that does not stand there yet, in as few statements as can be; None where it does.

    On a busy day nearly every listing goes this way, and each statement counts.
    """
    entry = Entry(
        register=register,
        key=key,
        since_date=since_date,
        terms=terms,
        assurance=assurance,
        reference=new_reference(),
        listed_at=at,
    )
    change = Change(
        register=register,
        operation=Change.Operation.ADD.value,
        entry=entry,
        key=key,
        since_date=since_date,
        terms=terms,
        assurance=assurance,
        reference=entry.reference,
        at=at,
    )
    named: dict[str, Any] = {"register": register.pk, "key": key, "since": since_date, "terms": terms, "at": at}
    with transaction.atomic(savepoint=False):
        added = run(_ADD, named | {"assurance": assurance, "reference": entry.reference})
        if not added:
            return None
        entry.pk, change.pk = added[0]
        change.entry_id = entry.pk
        write_leaves("change", [change], at=at)
    return entry


def _listed(
    register: Register, key: int, since_date: date, terms: str, assurance: str, at: datetime, *, may_narrow: bool
) -> Entry:
    old = standing_entry(register, key, lock=True)
    operation = Change.Operation.ADD
    # what was listed by an e-mail, say, and is confirmed by the line itself now, says so from now on
    is_proven = register.kind == Register.Kind.DO_NOT_CALL and assurance in _OF_LINE
    if old is not None:
        if not may_narrow and terms:
            terms = old.terms
        if old.terms == terms and not (is_proven and old.assurance not in _OF_LINE):
            return old
        since_date, operation = old.since_date, Change.Operation.ALTER
        old.ended_at, old.end_reason = at, Entry.EndReason.CHANGED
        old.save(update_fields=["ended_at", "end_reason"])
    elif (taken_over := imported_since(register, key)) is not None:
        if not may_narrow:
            terms = ""
        if not terms and not is_proven:
            return _taken_over(register, key, taken_over, at)
        since_date, operation = taken_over, Change.Operation.ALTER
    entry = Entry.objects.create(
        register=register,
        key=key,
        since_date=since_date,
        terms=terms,
        assurance=assurance,
        reference=new_reference(),
        listed_at=at,
    )
    _record(Change(register=register, operation=operation, entry=entry, key=key, since_date=since_date, terms=terms, at=at))
    return entry


def end_entry(*, register: Register, key: int, reason: str, at: datetime) -> Entry | None:
    """Let a number stand in a register no longer; None where it did not.

    Args:
        register: where it stands.
        key: the number.
        reason: one of :class:`Entry.EndReason`.
        at: now.

    Raises:
        ConflictError: the entry was being changed by others, each time that this was tried.
    """
    for _ in range(3):
        try:
            with transaction.atomic():
                return _ended(register, key, reason, at)
        except IntegrityError:  # it came with an import, and somebody gave it an entry of its own at this very moment
            continue
    raise ConflictError("The entry was being changed by somebody else.", advice="Try again.")


def _ended(register: Register, key: int, reason: str, at: datetime) -> Entry | None:
    entry = standing_entry(register, key, lock=True)
    if entry is None:
        taken_over = imported_since(register, key)
        if taken_over is None:
            return None
        entry = _taken_over(register, key, taken_over, at)
    entry.ended_at, entry.end_reason = at, reason
    entry.save(update_fields=["ended_at", "end_reason"])
    _record(Change(register=register, operation=Change.Operation.WITHDRAW, entry=entry, key=key, at=at))
    return entry


def _taken_over(register: Register, key: int, since_date: date, at: datetime) -> Entry:
    """Give a number that came with an import an entry of its own; it stood there already, so nothing changes.

    Raises:
        IntegrityError: somebody else gave it one at this very moment.
    """
    entry = Entry.objects.create(
        register=register,
        key=key,
        since_date=since_date,
        assurance=Entry.Assurance.IMPORT,
        reference=new_reference(),
        listed_at=at,
    )
    if Entry.objects.filter(register=register, key=key).exclude(pk=entry.pk).exists():  # one that has ended since as well
        raise IntegrityError("the number was given an entry at this very moment")
    return entry


def _record(change: Change) -> None:
    """Write a change and its leaf, with what its entry says besides."""
    if (entry := change.entry) is not None:
        change.assurance, change.reference = entry.assurance, entry.reference
        change.end_reason = entry.end_reason if change.operation == Change.Operation.WITHDRAW else ""
    change.save(force_insert=True)
    new_leaf("change", change, at=change.at).save(force_insert=True)
