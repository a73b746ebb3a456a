"""Make the demonstration country, once."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
from django.db import transaction

from quietline.web.accounts import operations as accounts
from quietline.web.accounts.models import Organisation
from quietline.web.accounts.people import enter_app, enter_person
from quietline.web.base.clock import now
from quietline.web.keeping.models import Read
from quietline.web.lists.canaries import add_canaries
from quietline.web.proofs.operations import write_leaves
from quietline.web.publishing.models import Entry, Register
from quietline.web.publishing.operations import end_entry, found_register, list_number
from quietline.web.publishing.washes import record_wash
from quietline.web.running.demonstration import callers, complaints, history
from quietline.web.running.demonstration.log_ins import PASSWORD, PEOPLE, SECOND_FACTOR
from quietline.web.subscribers.claims import owned_register
from quietline.web.subscribers.models import LineHolder

if TYPE_CHECKING:
    from datetime import date, datetime

__all__ = ["ORGANISATIONS", "make_country"]


@dataclass(frozen=True, slots=True)
class _Body:
    kind: Organisation.Kind
    name: str
    state: str = "verified"


_Kind = Organisation.Kind
ORGANISATIONS = {
    "authority": _Body(_Kind.AUTHORITY, "Office for Quiet Lines"),
    "seller": _Body(_Kind.SELLER, "Brightbath Bathrooms Ltd."),
    "insurer": _Body(_Kind.SELLER, "Hearth & Home Insurance"),
    "telemarketer": _Body(_Kind.TELEMARKETER, "Busylines Call Centre"),
    "suspended": _Body(_Kind.SELLER, "Sunny Roofs Direct", "suspended"),
    "applicant": _Body(_Kind.SELLER, "New Windows Now", "applied"),
    "charity": _Body(_Kind.EXEMPT, "Friends of Rivers"),
    "operator": _Body(_Kind.OPERATOR, "Northtel"),
    "reseller": _Body(_Kind.RESELLER, "City Mobile"),
}
_AREAS = (212, 305, 312, 415, 512, 617, 702, 808)
_TERMS = ("", "", "", "", "channels=voice", "channels=recorded", "categories=1,2; channels=voice", "days=36,37")


def make_country() -> bool:
    """Make the country where there is none yet; whether it was made."""
    if Register.objects.exists():
        return False
    at = now()
    with transaction.atomic():
        registers = {
            country: found_register(
                code=f"dnc-{country.lower()}",
                kind=Register.Kind.DO_NOT_CALL,
                title=title,
                country=country,
                at=at - timedelta(days=400),
            )
            for country, title in (("US", "Do-not-call register"), ("GB", "Preference register"))
        }
        bodies = {key: _organisation(key, body, at) for key, body in ORGANISATIONS.items()}
        _people(bodies, at)
        callers.settle(bodies, at=at)
        _entries(registers, at)
        _claims(bodies, at)
        _acts(bodies, at)
        complaints.make_complaints(bodies, at=at)
        history.make_history(bodies, at=at)
    return True


def _organisation(key: str, body: _Body, at: datetime) -> Organisation:
    made = at - timedelta(days=200)
    organisation = accounts.found_organisation(kind=body.kind, name=body.name, country="US", by=None, at=made)
    callers.introduce(key, organisation, at=made)
    if body.state != "applied":
        accounts.verify_organisation(organisation=organisation, by=None, at=made)
    if body.state == "suspended":
        callers.suspend(organisation, at=at - timedelta(days=9))
    return organisation


def _people(bodies: dict[str, Organisation], at: datetime) -> None:
    from quietline.web.accounts.roles import STAFF

    for log_in in PEOPLE:
        person = enter_person(email=log_in.email, name=log_in.name, password=PASSWORD)
        accounts.grant_role(person=person, organisation=bodies[log_in.organisation], role=log_in.role, by=None, at=at)
        if log_in.role in STAFF:
            enter_app(person=person, secret=SECOND_FACTOR)


def _entries(registers: dict[str, Register], at: datetime) -> None:
    """Entries in every state: whole, with terms, by mail, withdrawn, listed again, disconnected."""
    chance = random.Random(20_261_122)  # noqa: S311 - invented people, the same at each making
    for area in _AREAS:
        for last in range(2, 40):
            key = int(f"1{area}55501{last:02d}")
            listed_at = at - timedelta(days=chance.randrange(1, 390), minutes=chance.randrange(1440))
            _list(
                registers["US"],
                key,
                listed_at,
                terms=chance.choice(_TERMS),
                assurance=chance.choice(("code", "code", "call", "mail")),
            )
            fate = chance.random()
            if fate < 0.06:
                reason = chance.choice((Entry.EndReason.WITHDRAWN, Entry.EndReason.DISCONNECTED, Entry.EndReason.REASSIGNED))
                end_entry(register=registers["US"], key=key, reason=reason, at=listed_at + timedelta(days=1))
                if fate < 0.02:
                    _list(registers["US"], key, at - timedelta(hours=5))
    canaries = [int(f"1{area}55501{last:02d}") for area in _AREAS for last in range(70, 100)]
    add_canaries(register=registers["US"], keys=np.array(canaries, dtype=np.uint64), at=at - timedelta(days=100))
    for last in range(100, 180):
        _list(registers["GB"], 447_700_900_000 + last, at - timedelta(days=chance.randrange(1, 300)))
    _list(registers["US"], 12_125_550_101, at - timedelta(days=60))
    LineHolder.objects.create(key=12_125_550_101, proven_at=at - timedelta(days=60))


def _list(register: Register, key: int, at: datetime, *, terms: str = "", assurance: str = "code") -> None:
    list_number(register=register, key=key, since_date=_day(at), terms=terms, assurance=assurance, at=at)


def _day(at: datetime) -> date:
    return (at - timedelta(hours=5)).date()


def _claims(bodies: dict[str, Organisation], at: datetime) -> None:
    """What firms say: consents and customers, also of the number that the greeting names, and requests to stop."""
    for owner, kind, lasts in (
        ("seller", Register.Kind.CONSENTS, range(1, 60, 3)),
        ("seller", Register.Kind.STOP_REQUESTS, range(2, 60, 7)),
        ("insurer", Register.Kind.CUSTOMERS, range(1, 60, 4)),
        ("telemarketer", Register.Kind.CONSENTS, range(1, 60, 10)),
    ):
        register = owned_register(owner=bodies[owner], kind=kind, country="US", at=at - timedelta(days=100))
        for last in lasts:
            _list(register, 12_125_550_100 + last, at - timedelta(days=last % 50), assurance="owner")


def _acts(bodies: dict[str, Organisation], at: datetime) -> None:
    """Washes and a look by the staff, so that somebody asked."""
    for key, days, count in (("seller", 40, 100), ("telemarketer", 12, 60), ("insurer", 3, 80)):
        keys = np.array(
            [int(f"1{area}55501{last:02d}") for area in _AREAS for last in range(1, 1 + count // 8)], dtype=np.uint64
        )
        client = bodies["seller"].code if key == "telemarketer" else ""
        record_wash(organisation=bodies[key], keys=keys, at=at - timedelta(days=days), client=client)
    read = Read(
        key=12_125_550_101, reader=1, role="investigator", organisation=bodies["authority"].name, purpose="complaint",
        case="QC-2026-0017", at=at - timedelta(days=2),
    )  # fmt: skip
    read.save()
    write_leaves("read", [read], at=read.at)
