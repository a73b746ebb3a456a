"""What the authority sees and decides, and what comes of it."""

from __future__ import annotations

import io

import pytest

from quietline.errors import ConflictError, NotProvenError, OperationError
from web.sellers.common import AT, DAYS, PDF, leaves, letters, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(enter):
    from quietline.web.sellers.certifying import submit

    made = enter.applied("New Windows Now", legal_id="99-1")
    submit(organisation=made, by=None, at=AT)
    return made


@pytest.fixture
def nina(enter, waiting):
    return enter.person("Nina Example", waiting, "representative")


def decide(organisation, outcome="verified", *, by=None, at=AT + DAYS, reason="All is there.", remedy="Send it."):
    from quietline.web.sellers.deciding import decide as operation

    remedy = "" if outcome == "verified" else remedy
    return operation(organisation=organisation, outcome=outcome, reason=reason, remedy=remedy, by=by, at=at)


def codes(organisation, at=AT):
    from quietline.web.sellers.checking import findings_of

    return {finding.code: finding.organisations for finding in findings_of(organisation, at=at)}


def test_the_authority_finds_who_waits_reads_a_proof_and_verifies(waiting, nina, supervisor, browser):
    from quietline.web.sellers.models import Act
    from quietline.web.sellers.queries import standing

    page = browser(supervisor, second_factor=True)
    assert "New Windows Now" in text(page.get("/sellers/office/"))
    case = f"/sellers/office/{waiting.code}/"
    shown = text(page.get(case))
    for found in ("1 Quiet Street", "99-1", "nina@example.org", "No other organisation has this legal id", "extract.pdf"):
        assert found in shown
    proof = waiting.documents.get()
    assert page.get(f"{case}proofs/{proof.pk}/").content.startswith(b"%PDF")
    assert Act.objects.filter(act="proof-read", organisation=waiting, subject=proof.pk, by=supervisor).count() == 1
    assert "When the authority read them" in text(browser(nina).get(f"/sellers/of/{waiting.code}/proofs/"))
    assert page.post(case, {"outcome": "verified", "reason": ""}).status_code == 422
    assert page.post(case, {"outcome": "refused", "reason": "No."}).status_code == 422, "a refusal says what can be done"
    assert not standing(waiting, at=AT).in_order
    assert page.post(case, {"outcome": "verified", "reason": "Everything fits."}).status_code == 302
    assert standing(waiting, at=AT).in_order
    waiting.refresh_from_db()
    assert waiting.legal_id == "99-1"
    assert [row.template for row in letters()] == ["seller-decision"]
    assert "in order" in text(browser(nina).get(f"/sellers/of/{waiting.code}/"))
    assert leaves("decision") == 1
    assert page.post(case, {"outcome": "verified", "reason": "Again."}).status_code == 422


@pytest.mark.parametrize("outcome", ["more", "refused"])
def test_reason_and_remedy_reach_the_organisation_which_can_send_it_again_with_something_new(
    waiting, nina, browser, outcome
):
    from quietline.web.sellers.certifying import submit
    from quietline.web.sellers.documents import add_document

    decide(waiting, outcome, reason="The extract is from 2011.", remedy="Send one of this year.")
    shown = text(browser(nina).get(f"/sellers/of/{waiting.code}/"))
    assert "The extract is from 2011." in shown
    assert "Send one of this year." in shown
    assert letters("seller-decision")[0].facts["outcome"] == outcome
    with pytest.raises(ConflictError) as refusal:
        submit(organisation=waiting, by=nina, at=AT + 2 * DAYS)
    assert refusal.value.code == "join.nothing-new"
    source = io.BytesIO(PDF + b"%new\n%%EOF")
    add_document(organisation=waiting, kind="registration", name="b.pdf", source=source, by=nina, at=AT + 2 * DAYS)
    assert submit(organisation=waiting, by=nina, at=AT + 2 * DAYS).state == "waiting"


def test_suspension_takes_effect_at_once_and_says_why(seller, representative, supervisor, browser):
    from quietline.web.sellers.acting import check_may_act

    page, own = browser(supervisor, second_factor=True), browser(representative)
    check_may_act(seller, at=AT)
    address = f"/sellers/office/{seller.code}/suspend/"
    assert page.post(address, {"reason": "214 calls to listed numbers."}).status_code == 422
    answer = page.post(address, {"reason": "214 calls to listed numbers.", "remedy": "Hand in your call logs."})
    assert answer.status_code == 302
    with pytest.raises(NotProvenError) as refusal:
        check_may_act(seller, at=AT)  # the object still says that it is verified
    assert refusal.value.code == "organisation.suspended"
    shown = text(own.get(f"/sellers/of/{seller.code}/"))
    assert "214 calls to listed numbers." in shown
    assert "Hand in your call logs." in shown
    assert letters("seller-decision")[0].facts["outcome"] == "suspended"
    assert own.post(f"/sellers/of/{seller.code}/numbers/", {"first": "+12125550123"}).status_code == 422
    assert page.post(f"/sellers/office/{seller.code}/reinstate/", {"reason": "The logs are in."}).status_code == 302
    check_may_act(seller, at=AT)
    assert page.post(f"/sellers/office/{seller.code}/reinstate/", {"reason": "Again."}).status_code == 422


def test_only_who_oversees_decides_and_nobody_about_their_own(waiting, nina, enter, supervisor, browser):
    from quietline.web.accounts.operations import grant_role
    from quietline.web.sellers import deciding

    investigator = enter.person("Ines Ito", supervisor.memberships.get().organisation, "investigator")
    for person in (nina, investigator):
        with pytest.raises(NotProvenError):
            decide(waiting, by=person)
        with pytest.raises(NotProvenError):
            deciding.place_bar(what="name", value="A", reason="B", by=person, at=AT)
    page = browser(investigator, second_factor=True)
    for path in ("", "bars/", "organisations.csv", f"{waiting.code}/", f"{waiting.code}/suspend/"):
        assert page.get(f"/sellers/office/{path}").status_code == 403, path
    grant_role(person=supervisor, organisation=waiting, role="downloader", by=None, at=AT)
    with pytest.raises(NotProvenError) as refusal:
        decide(waiting, by=supervisor)
    assert refusal.value.code == "decision.own"


@pytest.mark.parametrize(("one", "other", "same"), [
    ("12-3456789", "123456789", True), ("12-3456789", " 12 345 6789 ", True), ("00123", "123", True),
    ("ab-12", "AB12", True), ("１２3", "123", True), ("123", "1234", False), ("", "", False),
])  # fmt: skip
def test_the_same_legal_id_is_found_however_it_is_spelt(enter, one, other, same):
    first = enter.applied("One", legal_id=one)
    second = enter.applied("Two", legal_id=other)
    assert ("legal-id.duplicate" in codes(second)) == same
    if same:
        assert codes(second)["legal-id.duplicate"] == (first.code,)


def test_a_legal_id_that_the_authority_entered_itself_is_found_too(enter):
    from quietline.web.accounts.models import Organisation
    from quietline.web.accounts.operations import found_organisation

    old = found_organisation(kind=Organisation.Kind.SELLER, name="Old", country="US", legal_id="12 34", by=None, at=AT)
    assert codes(enter.applied("New", legal_id="1234"))["legal-id.duplicate"] == (old.code,)
    assert "legal-id.missing" in codes(enter.applied("None", legal_id=""))


def test_two_organisations_are_never_verified_under_one_legal_id(enter):
    from quietline.web.sellers.certifying import submit

    for name in ("One", "Two"):
        made = enter.applied(name, legal_id="12-34")
        submit(organisation=made, by=None, at=AT)
        if name == "One":
            decide(made)
    with pytest.raises(ConflictError) as refusal:
        decide(made)
    assert refusal.value.code == "decision.duplicate"
    made.refresh_from_db()
    assert (made.state, made.joining.state) == ("applied", "waiting"), "nothing of the decision stays"
    assert leaves("decision") == 1


def test_earlier_sanctions_of_the_same_firm_and_the_same_people_are_shown(enter, seller, representative, waiting):
    from quietline.web.accounts.operations import grant_role
    from quietline.web.sellers.deciding import suspend

    assert codes(waiting)["sanction.none"] == ()
    grant_role(person=representative, organisation=waiting, role="downloader", by=None, at=AT)
    assert codes(waiting)["people.shared"] == (seller.code,)
    suspend(organisation=seller, reason="Bad.", remedy="Be good.", by=None, at=AT)
    assert codes(waiting)["sanction.people"] == (seller.code,)
    again = enter.applied("Evergreen Again", legal_id="123456789")
    assert codes(again)["sanction.legal-id"] == (seller.code,)


def test_the_same_file_as_proof_of_two_organisations_is_shown(enter):
    from quietline.web.sellers.documents import add_document

    one, two = enter.applied("One", legal_id="1"), enter.applied("Two", legal_id="2")
    for made in (one, two):
        add_document(organisation=made, kind="other", name="a", source=io.BytesIO(PDF), by=None, at=AT)
    assert codes(two)["proof.shared"] == (one.code,)


def test_a_barred_legal_id_stops_its_organisation_at_once_and_for_as_long_as_it_is_barred(seller, waiting):
    from quietline.web.sellers import deciding
    from quietline.web.sellers.queries import standing

    place = {"what": "legal-id", "country": "US", "reason": "Court order 12.", "by": None}
    bar = deciding.place_bar(value="123 456 789", at=AT, until_at=AT + 9 * DAYS, **place)
    assert standing(seller, at=AT).reasons == ("organisation.barred",)
    assert standing(seller, at=AT + 9 * DAYS).in_order
    assert codes(seller)["bar.legal-id"] == ()
    assert b"123" not in bytes(bar.sealed)
    assert deciding.barred_value(bar) == "US 123 456 789"
    deciding.place_bar(value="991", at=AT, **place)
    with pytest.raises(ConflictError) as refusal:
        decide(waiting)
    assert refusal.value.code == "decision.barred"
    with pytest.raises(ConflictError) as refusal:
        deciding.place_bar(value="99-1", at=AT, **place)
    assert refusal.value.code == "bar.known"
    deciding.lift_bar(bar=bar, reason="The order was set aside.", by=None, at=AT)
    assert standing(seller, at=AT).in_order
    bar.refresh_from_db()
    assert deciding.barred_value(bar) == ""
    with pytest.raises(ConflictError):
        deciding.lift_bar(bar=bar, reason="Again.", by=None, at=AT)


def test_barred_people_are_shown_and_left_to_who_decides(waiting, nina):
    from quietline.web.sellers import deciding
    from quietline.web.sellers.checking import organisations_matching
    from quietline.web.sellers.queries import standing

    by_mail = deciding.place_bar(what="email", value="NINA@example.org", reason="Fraud.", by=None, at=AT)
    by_name = deciding.place_bar(what="name", value="nina  EXAMPLE", reason="Fraud.", by=None, at=AT)
    assert {"bar.email", "bar.name"} <= codes(waiting).keys()
    assert organisations_matching(by_mail) == organisations_matching(by_name) == [waiting]
    row = decide(waiting)
    assert {"bar.email", "bar.name"} <= set(row.findings), "what was known stands with the decision"
    assert standing(waiting, at=AT).in_order
    with pytest.raises(OperationError):
        deciding.place_bar(what="name", value=" ", reason="x", by=None, at=AT)


def test_bars_are_placed_and_lifted_on_their_page(seller, supervisor, browser):
    page = browser(supervisor, second_factor=True)
    form = {"what": "legal-id", "value": "12-3456789", "country": "US", "reason": "Court order 12."}
    shown = text(page.post("/sellers/office/bars/", form, follow=True))
    assert seller.code in shown
    assert "12-3456789" in shown
    assert page.post("/sellers/office/bars/", {**form, "country": ""}).status_code == 422
    from quietline.web.sellers.models import Bar

    lift = f"/sellers/office/bars/{Bar.objects.get().pk}/lift/"
    assert page.get(lift).status_code == 200
    assert page.post(lift, {"reason": "Set aside."}).status_code == 302
    assert "12-3456789" not in text(page.get("/sellers/office/bars/"))
    assert leaves("bar") == leaves("seller-act") == 1


def test_a_proof_that_the_authority_relied_on_stays(waiting, nina):
    from quietline.web.sellers.documents import remove_document

    decide(waiting)
    with pytest.raises(ConflictError) as refusal:
        remove_document(document=waiting.documents.get(), by=nina, at=AT + DAYS)
    assert refusal.value.code == "proof.relied-on"


def test_all_organisations_are_a_table_that_no_spreadsheet_runs(enter, supervisor, browser):
    enter.applied("=HYPERLINK(1)", legal_id="5")
    answer = browser(supervisor, second_factor=True).get("/sellers/office/organisations.csv")
    rows = answer.content.decode("utf-8-sig").splitlines()
    assert rows[0].startswith("account_number,name,kind")
    assert any(",'=HYPERLINK(1),seller,US,," in row for row in rows)
