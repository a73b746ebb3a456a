"""An authority with three officers, two operators with numbers, a seller that calls, a bank that is trusted."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from web.seals.common import ANSWER, AT, DAYS, FIRST, HOURS, LAST, LETTER, ONE, PASSWORD
from web.signing import open_browser


@pytest.fixture(autouse=True)
def _room(settings):
    settings.ROOT_URLCONF = "web.seals.addresses"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the slowness is not what is tested


@pytest.fixture
def enter(db):
    """Make people and organisations; by the platform itself, as the demonstration does."""
    from quietline.web.accounts import operations, people
    from quietline.web.accounts.models import Organisation

    def organisation(name="Northtel", kind="operator", country="US"):
        made = operations.found_organisation(kind=Organisation.Kind(kind), name=name, country=country, by=None, at=AT)
        operations.verify_organisation(organisation=made, by=None, at=AT)
        made.refresh_from_db()
        return made

    def person(name, organisation, role):
        email = f"{name.split(maxsplit=1)[0].lower()}@example.org"
        made = people.enter_person(email=email, name=name, password=PASSWORD)
        operations.grant_role(person=made, organisation=organisation, role=role, by=None, at=AT)
        return made

    return SimpleNamespace(organisation=organisation, person=person)


@pytest.fixture
def office(enter):
    return enter.organisation("Office for Quiet Lines", "authority")


@pytest.fixture
def investigator(enter, office):
    return enter.person("Ines Example", office, "investigator")


@pytest.fixture
def supervisor(enter, office):
    return enter.person("Sun Example", office, "supervisor")


@pytest.fixture
def other_supervisor(enter, office):
    return enter.person("Theo Example", office, "supervisor")


@pytest.fixture
def operator(enter):
    """Holds ..0100 to ..0104."""
    return _with_range(enter.organisation("Northtel"), FIRST, FIRST + 4)


@pytest.fixture
def reseller(enter):
    """Holds ..0105 to ..0199."""
    return _with_range(enter.organisation("City Mobile", "reseller"), FIRST + 5, FIRST + 99)


@pytest.fixture
def clerk(enter, operator):
    return enter.person("Olga Example", operator, "operator")


@pytest.fixture
def seller(enter, operator):
    """Calls from ..0100 to ..0109, confirmed by the operator."""
    made = enter.organisation("Evergreen Windows", "seller")
    _confirm(made, operator, FIRST, LAST)
    return made


@pytest.fixture
def representative(enter, seller):
    return enter.person("Ada Example", seller, "representative")


@pytest.fixture
def propose(investigator):
    """Propose a seal over ..0100 to ..0109."""
    from quietline.web.seals.operations import propose_seal

    def make(**more):
        told = {
            "first_key": FIRST, "last_key": LAST, "country": "US", "subject": "CA-2345-6789", "reason": "nuisance",
            "evidence": ["CP-2222-3333"], "remedy": "identify", "until_at": AT + 180 * DAYS, "by": investigator, "at": AT,
            **more,
        }  # fmt: skip
        return propose_seal(**told)

    return make


@pytest.fixture
def place(propose, supervisor):
    """Propose and place a seal."""
    from quietline.web.seals.operations import confirm_seal

    def make(*, by=supervisor, at=AT, **more):
        return confirm_seal(seal=propose(**more), by=by, at=at)

    return make


@pytest.fixture
def trust(investigator, supervisor):
    """Let numbers of a bank be trusted."""
    from quietline.web.seals.trusting import apply_for_trust, confirm_trust

    def make(first=ONE, last=ONE, *, organisation=None, holder="Savings Bank", at=AT, review=300):
        made = apply_for_trust(
            first_key=first, last_key=last, country="US", kind="bank", holder=holder, evidence="Licence 4711",
            organisation=organisation, by=investigator, at=at,
        )  # fmt: skip
        return confirm_trust(trust=made, review_date=(at + review * DAYS).date(), by=supervisor, at=at)

    return make


@pytest.fixture
def appeal():
    """Appeal against a seal, by mail and with the address confirmed, or by an organisation or line."""
    from quietline.web.seals import appeals

    def make(seal, *, at=AT, organisation=None, proven=None, mail="ben@example.org", confirmed=True, **more):
        known = organisation is not None or proven is not None
        made = appeals.receive(
            subject_kind=more.pop("subject_kind", "seal"), subject=getattr(seal, "reference", seal), words=LETTER,
            language="en", country="US", at=at, organisation=organisation, proven=proven, mail="" if known else mail, **more,
        )  # fmt: skip
        return made if known or not confirmed else appeals.confirm(appeal=made, country="US", zone="UTC", at=at)

    return make


@pytest.fixture
def answer():
    return dict(ANSWER)


@pytest.fixture
def report():
    """Let an operator report what happened to lines."""
    from quietline.web.operators.reporting import ReportedEvent, report_line_events

    def make(operator, *keys, kind="reassigned", at=AT + DAYS, to=""):
        events = [ReportedEvent(reference=f"E{key}{to}", key=key, kind=kind, happened_at=at - HOURS, to=to) for key in keys]
        return report_line_events(operator=operator, events=events, at=at)

    return make


@pytest.fixture
def browser():
    """Open a browser in which somebody is signed in, staff with a second factor."""
    return open_browser


def _with_range(operator, first, last):
    from quietline.web.operators.models import NumberRange

    NumberRange.objects.create(operator=operator, first_key=first, last_key=last, since_date="2020-01-01", source="The plan")
    return operator


def _confirm(organisation, operator, first, last):
    from quietline.web.sellers.models import CallingNumber

    return CallingNumber.objects.create(
        organisation=organisation, operator=operator, first_key=first, last_key=last, from_date="2020-01-01",
        state="confirmed", at=AT,
    )  # fmt: skip
