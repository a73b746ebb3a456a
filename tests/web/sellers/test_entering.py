"""The authority's pages for organisations that do not join by themselves."""

from __future__ import annotations

import pytest

from web.sellers.common import letters, text

pytestmark = pytest.mark.django_db
TOLD = {"kind": "operator", "name": "Northtel", "country": "US", "legal_id": "77-1", "email": "olga@northtel.example"}


def test_a_supervisor_enters_an_operator_and_its_first_clerk_accepts(supervisor, browser, settings):
    from quietline.web.accounts.invitations import link_of
    from quietline.web.accounts.models import Invitation, Organisation

    page = browser(supervisor, second_factor=True)
    shown = text(page.get("/sellers/office/enter/"))
    assert 'value="operator"' in shown
    assert 'value="authority"' not in shown, "that is for administrators"
    answer = page.post("/sellers/office/enter/", TOLD)
    body = Organisation.objects.get(name="Northtel")
    assert answer.url == f"/sellers/office/{body.code}/"
    assert (body.kind, body.state, body.legal_id) == ("operator", "verified", "77-1")
    assert "Invite its first member" in text(page.get(answer.url))
    assert [letter.facts["organisation"] for letter in letters("invitation")] == ["Northtel"]
    stranger = browser()
    link = link_of(Invitation.objects.get())
    stranger.post(link, {"name": "Olga Orr", "password": "a quiet evening at home"})
    assert body.memberships.get().role == "operator"
    assert "Invite its first member" not in text(page.get(answer.url))


def test_what_does_not_fit_is_said_beside_the_field(supervisor, browser, enter):
    page = browser(supervisor, second_factor=True)
    page.post("/sellers/office/enter/", TOLD)
    answer = page.post("/sellers/office/enter/", {**TOLD, "name": "Other"})
    assert answer.status_code == 422
    assert "An organisation with this legal id is known already." in text(answer)
    for wrong in ({"kind": "seller"}, {"kind": "authority"}, {"name": ""}, {"email": "olga"}, {"country": "XX"}):
        assert page.post("/sellers/office/enter/", {**TOLD, "legal_id": "", **wrong}).status_code == 422, wrong


def test_an_administrator_enters_a_further_authority_and_it_stands_in_the_list(enter, supervisor, browser):
    ada = enter.person("Ada Ames", supervisor.memberships.get().organisation, "administrator")
    page = browser(ada, second_factor=True)
    told = {**TOLD, "kind": "authority", "name": "Office of the North", "legal_id": ""}
    case = page.post("/sellers/office/enter/", told).url
    assert "Office of the North" in text(page.get("/sellers/office/"))
    again = f"{case}invite/"
    assert page.get(again).status_code == 200
    assert page.post(again, {"email": "nils@north.example"}).url == case
    assert len(letters("invitation")) == 2


def test_nobody_else_reaches_the_pages(enter, seller, representative, clerk, operator, browser):
    office = enter.organisation("Office", "authority")
    ines = enter.person("Ines Ito", office, "investigator")
    for person in (representative, clerk, ines):
        page = browser(person, second_factor=True)
        for address in ("/sellers/office/enter/", f"/sellers/office/{operator.code}/invite/"):
            assert page.get(address).status_code == 403
            assert page.post(address, TOLD).status_code == 403


def test_where_somebody_acts_already_nobody_is_invited_here(supervisor, clerk, operator, browser):
    page = browser(supervisor, second_factor=True)
    answer = page.post(f"/sellers/office/{operator.code}/invite/", {"email": "x@northtel.example"})
    assert answer.status_code == 422
    assert "Somebody acts for this organisation already" in text(answer)
