"""Profile, proofs, certification, and sending everything to the authority."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from quietline.errors import ConflictError, NotProvenError, OperationError, VaultError
from web.sellers.common import AT, DAYS, JPEG, PDF, PNG, leaves, text

pytestmark = pytest.mark.django_db
PROFILE = {
    "legal_name": "Evergreen Windows LLC", "country": "US", "legal_id": "12-3456789", "address": "1 Quiet Street",
    "website": "evergreen.example", "email": "office@example.org", "sells": "Windows.",
}  # fmt: skip


@pytest.fixture
def applicant(enter):
    return enter.applied(steps=())


@pytest.fixture
def ada(enter, applicant):
    return enter.person("Ada Example", applicant, "representative")


def test_the_steps_are_taken_one_by_one_and_end_with_the_authority(applicant, ada, browser):
    from quietline.web.sellers.models import Joining

    page, at = browser(ada), f"/sellers/of/{applicant.code}/"
    assert page.post(f"{at}send/", follow=True).status_code == 200
    assert Joining.objects.get().state == "preparing"
    assert page.post(f"{at}profile/", PROFILE).url == at
    assert "https://evergreen.example" in text(page.get(f"{at}profile/"))
    proof = SimpleUploadedFile("extract.pdf", PDF, "application/pdf")
    assert page.post(f"{at}proofs/", {"kind": "registration", "file": proof}).url == f"{at}proofs/"
    assert "extract.pdf" in text(page.get(f"{at}proofs/"))
    shown = text(page.get(f"{at}certify/"))
    assert "only to keep numbers from being called" in shown
    assert page.post(f"{at}certify/", {"version": "2026-1"}).status_code == 422, "without the tick nothing is certified"
    shown = text(page.post(f"{at}certify/", {"version": "2026-1", "agreed": "on"}, follow=True))
    assert "with the authority now" in shown
    assert Joining.objects.get().state == "waiting"
    assert "already" in text(page.post(f"{at}send/", follow=True))
    assert [leaves(kind) for kind in ("profile", "proof-file", "certification", "seller-act")] == [1, 1, 1, 1]


def test_the_name_of_who_applied_follows_the_profile_until_it_is_verified(applicant, ada, seller):
    from quietline.web.sellers.profiles import Said, save_profile
    from quietline.web.sellers.queries import profile_of

    said = Said(**{**PROFILE, "legal_name": "  Evergreen   Windows Inc. ", "country": "gb"})
    save_profile(organisation=applicant, said=said, by=ada, at=AT)
    applicant.refresh_from_db()
    assert (applicant.name, applicant.country) == ("Evergreen Windows Inc.", "GB")
    before = profile_of(seller)
    with pytest.raises(ConflictError) as refusal:
        save_profile(organisation=seller, said=Said(**PROFILE), by=None, at=AT)
    assert refusal.value.code == "profile.fixed"
    kept = {**PROFILE, "legal_name": before.legal_name, "sells": "Doors, too."}
    save_profile(organisation=seller, said=Said(**kept), by=None, at=AT)
    assert profile_of(seller).sells == "Doors, too."
    assert type(before).objects.filter(organisation=seller).count() == 2, "the version before stays"


def test_how_to_reach_an_organisation_lies_sealed(seller):
    from quietline.web.sellers.profiles import contact_of
    from quietline.web.sellers.queries import profile_of

    row = profile_of(seller)
    assert b"Quiet Street" not in bytes(row.sealed)
    assert contact_of(row).address == "1 Quiet Street\nDover"


@pytest.mark.parametrize(("wrong", "code"), [
    ({"legal_name": " "}, "profile.name"), ({"country": "U"}, "profile.country"), ({"sells": "x" * 1001}, "profile.sells"),
    ({"website": "javascript://evil.example"}, "profile.website"), ({"website": "https://[::1"}, "profile.website"),
    ({"email": "nobody"}, "profile.email"), ({"exempt_ground": "weather"}, "profile.exempt"),
    ({"exempt_ground": "charity"}, "profile.exempt"), ({"address": ""}, "profile.address"),
])  # fmt: skip
def test_a_profile_that_cannot_be_right_is_refused(applicant, wrong, code):
    from quietline.web.sellers.profiles import Said, save_profile

    with pytest.raises(OperationError) as refusal:
        save_profile(organisation=applicant, said=Said(**{**PROFILE, **wrong}), by=None, at=AT)
    assert refusal.value.code == code


def test_an_exempt_body_says_why_and_proves_it(enter):
    from quietline.web.sellers.certifying import missing_of, submit
    from quietline.web.sellers.documents import add_document
    from quietline.web.sellers.profiles import Said, save_profile

    body = enter.applied("Kind Hearts", "exempt", steps=("certificate",))
    with pytest.raises(OperationError) as refusal:
        save_profile(organisation=body, said=Said(**PROFILE), by=None, at=AT)
    assert refusal.value.code == "profile.exempt"
    said = Said(**PROFILE, exempt_ground="charity", exempt_reason="26 U.S.C. 501(c)(3)")
    save_profile(organisation=body, said=said, by=None, at=AT)
    add_document(organisation=body, kind="registration", name="a.pdf", source=io.BytesIO(PDF), by=None, at=AT)
    assert missing_of(body, at=AT) == ["exemption"]
    with pytest.raises(OperationError) as refusal:
        submit(organisation=body, by=None, at=AT)
    assert refusal.value.code == "join.missing-exemption"
    add_document(organisation=body, kind="exemption", name="b.png", source=io.BytesIO(PNG), by=None, at=AT)
    assert submit(organisation=body, by=None, at=AT).state == "waiting"


@pytest.mark.parametrize(("content", "media_type"), [
    (PDF, "application/pdf"), (PNG, "image/png"), (JPEG, "image/jpeg"), (b"", ""), (b"%PDF-1.7 cut off", ""),
    (PNG[:-4], ""), (b"<html>%PDF-%%EOF", ""), (b"MZ" + PDF, ""), (b"\xff\xd8\xff", ""),
])  # fmt: skip
def test_a_file_is_what_its_content_says(content, media_type):
    from quietline.web.sellers.documents import media_type_of

    assert media_type_of(content) == media_type


def test_a_proof_is_sealed_on_the_disk_and_opens_for_its_managers(applicant, ada, browser, objects):
    from quietline.web.sellers.documents import add_document

    row = add_document(
        organisation=applicant, kind="registration", name="../a/Extract.pdf", source=io.BytesIO(PDF), by=ada, at=AT
    )
    stored = (objects / "sellers" / row.object_path).read_bytes()
    assert b"PDF" not in stored
    assert row.content_sha256 == sha256(PDF).hexdigest()
    answer = browser(ada).get(f"/sellers/of/{applicant.code}/proofs/{row.pk}/")
    assert answer.content == PDF
    assert answer["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "Extract.pdf" in text(browser(ada).get(f"/sellers/of/{applicant.code}/proofs/"))


def test_a_proof_that_is_removed_cannot_be_opened_by_anybody(
    applicant, ada, browser, objects, django_capture_on_commit_callbacks
):
    from quietline.web.keeping.data_keys import opened_key
    from quietline.web.keeping.models import DataKey
    from quietline.web.sellers.documents import add_document

    row = add_document(organisation=applicant, kind="registration", name="a.pdf", source=io.BytesIO(PDF), by=ada, at=AT)
    page, address = browser(ada), f"/sellers/of/{applicant.code}/proofs/{row.pk}/"
    assert "Remove this proof?" in text(page.get(f"{address}remove/"))
    with django_capture_on_commit_callbacks(execute=True):
        assert page.post(f"{address}remove/").status_code == 302
    assert page.get(address).status_code == 404
    assert not (objects / "sellers" / row.object_path).exists()
    with pytest.raises(VaultError):
        opened_key(DataKey.objects.get(pk=row.data_key_id))
    assert leaves("seller-act") == 1


def test_proofs_are_bounded_in_size_number_and_kind(applicant, ada, browser, monkeypatch):
    from quietline.web.sellers import documents

    page, address = browser(ada), f"/sellers/of/{applicant.code}/proofs/"
    big = page.post(address, {"kind": "other", "file": SimpleUploadedFile("a.pdf", bytes(11 * 1024 * 1024))}, follow=True)
    assert "larger than 10 MB" in text(big)
    wrong = page.post(address, {"kind": "other", "file": SimpleUploadedFile("a.pdf", b"hello")})
    assert wrong.status_code == 422
    assert "no PDF, PNG or JPEG" in text(wrong)

    def add(content, kind="other"):
        return documents.add_document(
            organisation=applicant, kind=kind, name="a", source=io.BytesIO(content), by=None, at=AT
        )  # fmt: skip

    with pytest.raises(OperationError) as refusal:
        add(PDF + bytes(documents.MOST_BYTES))
    assert refusal.value.code == "proof.size"
    with pytest.raises(OperationError) as refusal:
        add(PDF, kind="weather")
    assert refusal.value.code == "proof.kind"
    for number in range(documents.MOST_DOCUMENTS):
        add(PDF + f"%{number}\n%%EOF".encode())
    with pytest.raises(ConflictError) as refusal:
        add(PNG)
    assert refusal.value.code == "proof.many"


def test_a_large_proof_never_reaches_a_disk_in_the_clear(applicant, ada, browser, settings):
    settings.FILE_UPLOAD_TEMP_DIR = "/nowhere/at/all"
    large = PDF + bytes(4_000_000) + b"\n%%EOF\n"
    address = f"/sellers/of/{applicant.code}/proofs/"
    answer = browser(ada).post(address, {"kind": "other", "file": SimpleUploadedFile("a.pdf", large)})
    assert answer.status_code == 302
    assert applicant.documents.get().size_bytes == len(large)


def test_an_upload_without_the_form_of_this_site_is_refused(applicant, ada):
    from django.test import Client

    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ada)
    answer = browser.post(
        f"/sellers/of/{applicant.code}/proofs/", {"kind": "other", "file": SimpleUploadedFile("a.pdf", PDF)}
    )  # fmt: skip
    assert answer.status_code == 403


def test_the_same_file_twice_says_so(applicant):
    from quietline.web.sellers.documents import add_document

    add_document(organisation=applicant, kind="other", name="a", source=io.BytesIO(PDF), by=None, at=AT)
    with pytest.raises(ConflictError) as refusal:
        add_document(organisation=applicant, kind="other", name="b", source=io.BytesIO(PDF), by=None, at=AT)
    assert refusal.value.code == "proof.known"


def test_a_certification_holds_for_a_year_and_names_the_text(applicant, ada):
    from quietline.web.sellers.certificates import certificate_of
    from quietline.web.sellers.certifying import certify
    from quietline.web.sellers.queries import certification_of

    row = certify(organisation=applicant, version="2026-1", language="zh-hans", by=ada, at=AT)
    assert row.expires_at == datetime(2027, 11, 22, 9, 30, tzinfo=UTC)
    assert row.text_sha256 == certificate_of("2026-1", "zh-hans").sha256 != certificate_of("2026-1", "en").sha256
    assert len(certificate_of("2026-1", "zh-hans").clauses) == len(certificate_of("2026-1", "en").clauses)
    assert certification_of(applicant, at=row.expires_at) is None
    assert certification_of(applicant, at=AT + 364 * DAYS) == row
    leap = certify(organisation=applicant, by=ada, at=datetime(2028, 2, 29, tzinfo=UTC))
    assert leap.expires_at == datetime(2029, 3, 1, tzinfo=UTC)
    with pytest.raises(OperationError) as refusal:
        certify(organisation=applicant, version="1999-1", by=ada, at=AT)
    assert refusal.value.code == "certificate.version"


def test_managers_are_reminded_once_before_the_year_is_over(seller, representative):
    from quietline.web.sellers.certifying import certify, remind_of_certifications
    from web.sellers.common import letters

    assert remind_of_certifications(at=AT + 300 * DAYS) == 0
    assert remind_of_certifications(at=AT + 340 * DAYS) == 1
    assert remind_of_certifications(at=AT + 341 * DAYS) == 0
    assert letters("seller-certificate")[0].facts["day"] == "2027-11-22"
    certify(organisation=seller, by=None, at=AT + 345 * DAYS)
    assert remind_of_certifications(at=AT + 346 * DAYS) == 0


def test_nobody_acts_for_an_organisation_of_others(enter, applicant, representative, browser):
    from quietline.web.sellers import certifying, documents, profiles

    acts = (
        lambda: certifying.certify(organisation=applicant, by=representative, at=AT),
        lambda: certifying.submit(organisation=applicant, by=representative, at=AT),
        lambda: profiles.save_profile(organisation=applicant, said=profiles.Said(**PROFILE), by=representative, at=AT),
        lambda: documents.add_document(
            organisation=applicant, kind="other", name="a", source=io.BytesIO(PDF), by=representative, at=AT
        ),
    )
    for act in acts:
        with pytest.raises(NotProvenError):
            act()
    page = browser(representative)
    for path in ("", "profile/", "proofs/", "certify/", "mandates/", "numbers/", "numbers.csv", "asked/"):
        assert page.get(f"/sellers/of/{applicant.code}/{path}").status_code == 403, path
    own = documents.add_document(organisation=applicant, kind="other", name="a", source=io.BytesIO(PDF), by=None, at=AT)
    assert page.get(f"/sellers/of/{representative.memberships.get().organisation.code}/proofs/{own.pk}/").status_code == 404
    with pytest.raises(NotProvenError):
        documents.read_document(document=own, by=representative, at=AT)


def test_who_only_downloads_sees_the_home_and_changes_nothing(enter, applicant, browser):
    page = browser(enter.person("Dan Example", applicant, "downloader"))
    assert page.get(f"/sellers/of/{applicant.code}/").status_code == 200
    for path in ("profile/", "proofs/", "certify/"):
        assert page.get(f"/sellers/of/{applicant.code}/{path}").status_code == 403, path
