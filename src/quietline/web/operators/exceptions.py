"""Pass on to the operator of a line what its holder said to single firms, so that calls can be decided as they come in.

A person's word to one firm stands in that firm's own registers and reaches no other firm. Besides the firm only the line's
operator has a use for it. Each operator therefore owns a register of kind ``exceptions`` in each country: its own lines
whose holders allowed or refused a firm, with terms such as ``allowed=ql-o-123456-0; refused=ql-o-654321-4``, which are the
account numbers of firms in small letters.
It has a feed like any other register, which nobody but its owner may follow.

What stands there is derived: from the entries that holders made with their line proven, never from what a firm claims, and
from whose line it is today. So it can be derived again at any time, after a crash say, and changes nothing then.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import connection, transaction

from quietline.registers import canonical_terms
from quietline.web.accounts.models import Organisation
from quietline.web.base.logs import log
from quietline.web.evidence.owned import owned_register
from quietline.web.operators.models import ExceptionsRead
from quietline.web.operators.queries import operators_of
from quietline.web.publishing.bulk import end_entries, list_numbers, standing_entries
from quietline.web.publishing.models import Change, Entry, Register

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

__all__ = ["MOST_FIRMS", "MOST_TERMS", "follow_holders", "follow_operators"]

MOST_FIRMS = 200
"""Firms that are passed on for one line; of more, those that were named last."""
MOST_TERMS = 60_000
"""Different sets of firms in one operator's register; a register file holds 65,535. Further lines wait for room."""
_log = log("operators")
_BATCH = 5_000
_SAID = (
    Register.Kind.STOP_REQUESTS, Register.Kind.CONSENTS, Register.Kind.SIGNED_CONSENTS, Register.Kind.ORAL_CONSENTS,
)  # fmt: skip
# a request to stop that a firm handed in as well, later, is still what the holder said
_BY_HOLDER = """
publishing_entry e JOIN publishing_register r ON r.id = e.register_id JOIN accounts_organisation o ON o.id = r.owner_id
WHERE e.ended_at IS NULL AND e.terms = '' AND r.kind = ANY(%(kinds)s) AND (
    e.assurance IN ('code', 'call')
    OR r.kind = 'stop-requests' AND EXISTS (
        SELECT 1 FROM evidence_record d
        WHERE d.organisation_id = r.owner_id AND d.key = e.key AND d.kind = 'stop' AND d.assurance <> ''))
"""
_FIRMS = f"""
SELECT e.key, r.country, o.code, r.kind, e.since_date, e.assurance FROM {_BY_HOLDER} AND e.key = ANY(%(keys)s)
ORDER BY e.key, e.listed_at, e.id
"""  # noqa: S608 - our own words
_LINES = f"""
SELECT e.key FROM {_BY_HOLDER}
UNION SELECT x.key FROM publishing_entry x JOIN publishing_register y ON y.id = x.register_id
WHERE x.ended_at IS NULL AND y.kind = 'exceptions' ORDER BY 1
"""  # noqa: S608 - our own words


@dataclass(slots=True)
class _Said:
    """What the holder of a line said: to which firms, since when, and how the line was proven."""

    country: str
    since_date: date
    assurance: str
    firms: dict[str, str] = field(default_factory=dict)

    @property
    def terms(self) -> str:
        latest = list(self.firms.items())[-MOST_FIRMS:]
        sides = {side: [firm for firm, said in latest if said == side] for side in ("allowed", "refused")}
        return canonical_terms("; ".join(f"{side}={','.join(firms)}" for side, firms in sides.items() if firms))


def follow_holders(*, at: datetime) -> int:
    """Pass on what holders have said since the last time; give how many lines were looked at. A chore."""
    with transaction.atomic():
        read = _read_so_far()
        changes = Change.objects.filter(number__gt=read.number, register__owner__isnull=False, register__kind__in=_SAID)
        rows = list(changes.order_by("number").values_list("number", "key")[:_BATCH])
        if not rows:
            return 0
        keys = sorted({key for _, key in rows if key is not None})
        _settle(keys, at)
        read.number = max(number or 0 for number, _ in rows)
        read.save(update_fields=["number"])
    return len(keys)


def follow_operators(*, at: datetime) -> int:
    """Let exceptions follow lines that went to another operator; give how many lines were looked at. A chore."""
    with connection.cursor() as cursor:
        cursor.execute(_LINES, {"kinds": list(_SAID)})
        keys = [key for (key,) in cursor.fetchall()]
    for start in range(0, len(keys), _BATCH):
        with transaction.atomic():
            _read_so_far()
            _settle(keys[start : start + _BATCH], at)
    return len(keys)


def _read_so_far() -> ExceptionsRead:
    """Give how far the changes have been read, locked: two workers take turns."""
    ExceptionsRead.objects.get_or_create(pk=1)
    return ExceptionsRead.objects.select_for_update().get(pk=1)


def _settle(keys: Sequence[int], at: datetime) -> None:
    """Bring the exceptions of some lines up to date, at whichever operator they stood and should stand."""
    standing = standing_entries(keys, kinds=[Register.Kind.EXCEPTIONS])
    said = _said(keys)
    operators = dict(zip(said, operators_of([(key, at) for key in said]), strict=True))
    ending: list[tuple[Entry, str]] = []
    for entry in standing:
        one = said.get(entry.key)
        if one is None:
            ending.append((entry, Entry.EndReason.WITHDRAWN))
        elif operators[entry.key] != entry.register.owner_id or one.terms != entry.terms:
            ending.append((entry, Entry.EndReason.CHANGED))
        else:
            del said[entry.key]  # stands as it should
    end_entries(ending, at=at)
    beginning: dict[tuple[int, str, str, str], dict[int, date]] = defaultdict(dict)
    for key, one in said.items():
        if (operator := operators[key]) is not None:
            beginning[operator, one.country, one.terms, one.assurance][key] = one.since_date
    owners = Organisation.objects.in_bulk({operator for operator, *_ in beginning})
    rooms: dict[int, set[str]] = {}
    for (operator, country, terms, assurance), days in sorted(beginning.items()):
        register = owned_register(owner=owners[operator], kind=Register.Kind.EXCEPTIONS, country=country, at=at)
        if register.pk not in rooms:
            rooms[register.pk] = _terms_in(register)
        if _has_room(rooms[register.pk], terms):
            list_numbers(register, days, assurance=assurance, at=at, terms=terms)
        else:
            _log.warning("exceptions wait for room", register=register.code, lines=len(days))


def _terms_in(register: Register) -> set[str]:
    return set(Entry.objects.filter(register=register, ended_at=None).values_list("terms", flat=True).distinct())


def _has_room(room: set[str], terms: str) -> bool:
    """Whether one more entry may stand on these terms; then they are in."""
    if terms not in room and len(room) >= MOST_TERMS:
        return False
    room.add(terms)
    return True


def _said(keys: Sequence[int]) -> dict[int, _Said]:
    """Give what holders said that stands now, by line; where a firm is both allowed and refused, it is refused."""
    found: dict[int, _Said] = {}
    with connection.cursor() as cursor:
        cursor.execute(_FIRMS, {"kinds": list(_SAID), "keys": list(keys)})
        for key, country, firm, kind, since_date, assurance in cursor.fetchall():
            one = found.setdefault(key, _Said(country, since_date, assurance))
            is_refused = kind == Register.Kind.STOP_REQUESTS or one.firms.pop(firm, "") == "refused"
            one.firms[firm] = "refused" if is_refused else "allowed"
            one.since_date = min(one.since_date, since_date)
    return found
