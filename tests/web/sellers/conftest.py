"""Organisations on every stage of the way, and their people."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest

from web.sellers.common import AT, PASSWORD, PDF
from web.signing import open_browser


@pytest.fixture(autouse=True)
def _room(settings):
    settings.ROOT_URLCONF = "web.sellers.addresses"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the slowness is not what is tested


@pytest.fixture
def enter(db):
    """Make people and organisations; by the platform itself, as the demonstration does."""
    from quietline.web.accounts import operations, people
    from quietline.web.accounts.models import Organisation
    from quietline.web.sellers import certifying, documents, profiles
    from quietline.web.sellers.models import Joining

    def applied(
        name="Evergreen Windows", kind="seller", *, legal_id="12-3456789", steps=("profile", "proofs", "certificate")
    ):
        made = operations.found_organisation(kind=Organisation.Kind(kind), name=name, country="US", by=None, at=AT)
        Joining.objects.create(organisation=made)
        if "profile" in steps:
            said = profiles.Said(
                legal_name=name, country="US", legal_id=legal_id, address="1 Quiet Street\nDover",
                email="office@example.org", sells="Windows.", exempt_ground="charity" if kind == "exempt" else "",
                exempt_reason="We ask for gifts only." if kind == "exempt" else "",
            )  # fmt: skip
            profiles.save_profile(organisation=made, said=said, by=None, at=AT)
        if "proofs" in steps:
            kinds = ("registration", "exemption") if kind == "exempt" else ("registration",)
            for number, kind_of_proof in enumerate(kinds):
                source = io.BytesIO(PDF + f"%{made.code}{number}\n%%EOF\n".encode())
                documents.add_document(
                    organisation=made, kind=kind_of_proof, name="extract.pdf", source=source, by=None, at=AT
                )  # fmt: skip
        if "certificate" in steps:
            certifying.certify(organisation=made, by=None, at=AT)
        return made

    def organisation(name="Evergreen Windows", kind="seller", *, certified=True, **more):
        if kind in {"seller", "telemarketer", "exempt"}:
            made = applied(name, kind, **more, steps=("profile", "certificate") if certified else ("profile",))
        else:
            made = operations.found_organisation(kind=Organisation.Kind(kind), name=name, country="US", by=None, at=AT)
        operations.verify_organisation(organisation=made, by=None, at=AT)
        return made

    def person(name, organisation, role):
        email = f"{name.split(maxsplit=1)[0].lower()}@example.org"
        made = people.enter_person(email=email, name=name, password=PASSWORD)
        operations.grant_role(person=made, organisation=organisation, role=role, by=None, at=AT)
        return made

    return SimpleNamespace(applied=applied, organisation=organisation, person=person)


@pytest.fixture
def seller(enter):
    return enter.organisation()


@pytest.fixture
def representative(enter, seller):
    return enter.person("Ada Example", seller, "representative")


@pytest.fixture
def telemarketer(enter):
    return enter.organisation("Busy Lines", "telemarketer", legal_id="77")


@pytest.fixture
def caller(enter, telemarketer):
    return enter.person("Tim Example", telemarketer, "representative")


@pytest.fixture
def operator(enter):
    return enter.organisation("Northtel", "operator")


@pytest.fixture
def clerk(enter, operator):
    return enter.person("Olga Example", operator, "operator")


@pytest.fixture
def supervisor(enter):
    return enter.person("Sam Shah", enter.organisation("Office for Quiet Lines", "authority"), "supervisor")


@pytest.fixture
def browser():
    """Open a browser in which somebody is signed in, staff with a second factor."""
    return open_browser
