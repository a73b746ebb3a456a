"""Pages of audits, as their people see them, in both languages; and that nobody else does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from web.compliance.logs import SAID, judged, log_of, turn
from web.washing.callers import AT

pytestmark = pytest.mark.django_db
LISTED, FREE = 12125550101, 12125550102


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    """Let it be the day of the tests: the platform's clock is one function."""
    for name in ("compliance.audit_views", "washing.views", "compliance.views"):
        monkeypatch.setattr(f"quietline.web.{name}.now", lambda: AT)


@pytest.fixture
def listed(register):
    from quietline.web.publishing.operations import list_number

    at = AT - timedelta(days=300)
    list_number(register=register, key=LISTED, since_date=at.date(), terms="", assurance="code", at=at)


def upload(content, **more):
    return SAID | {"log": SimpleUploadedFile("november.csv", content), "zone": "", "dates": "", "elsewhere": ""} | more


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_member_hands_a_log_in_answers_and_reads_the_report(client, caller, ada, listed, language):
    client.force_login(ada)
    client.cookies["django_language"] = language
    base = f"/compliance/of/{caller.code}/audits/"
    assert client.get(base).status_code == 200
    assert client.get(f"{base}new/").status_code == 200
    calls = log_of(("2026-11-17T15:00:00-05:00", LISTED), ("2026-11-17T03:00:00-05:00", FREE))
    sent = client.post(f"{base}new/", upload(calls, elsewhere="2026-11-03"))
    assert sent.status_code == 302
    here = sent["Location"]
    assert b"november.csv" in client.get(here).content
    turn()
    asked = client.get(here).content.decode()
    assert "2: phone" in asked
    assert client.post(here, {"number": "2"}).status_code == 422
    assert client.post(here, {"number": "2", "called_at": "1", "agent": "3"}).status_code == 302
    turn()
    shown = client.get(here).content.decode()
    assert "16 CFR 310.4(b)(1)(iii)(B)" in shown
    assert ("By rule" if language == "en" else "按规则") in shown
    assert "USD" in shown
    assert "12125550101" not in shown
    pdf = client.get(f"{here}report.pdf")
    assert pdf.content.startswith(b"%PDF-")
    table = client.get(f"{here}rules.csv").content.decode()
    assert "16 CFR 310.4" in table
    found = b"".join(client.get(f"{here}part/rows/").streaming_content).decode()
    assert "+12125550101" in found
    for part in ("report-en", "report-zh", "data"):
        answer = client.get(f"{here}part/{part}/")
        assert answer["Content-Disposition"].startswith("attachment")
        assert b"".join(answer.streaming_content)
    assert client.get(f"{here}part/other/").status_code == 404
    assert len(client.get(f"/compliance/of/{caller.code}/audits.csv").content.decode().splitlines()) == 2
    assert client.post(f"{here}remove/").status_code == 302
    assert client.get(f"{here}part/rows/").status_code == 404
    assert client.get(here).status_code == 200


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"elsewhere": "tomorrow"}, "2026-10-01"), ({"log": SimpleUploadedFile("e.csv", b"")}, ""),
        ({"zone": "Mars/Olympus"}, ""), ({"purpose": "fun"}, ""), ({"country": "XX"}, ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_beside_the_form(client, caller, ada, register, more, said):
    client.force_login(ada)
    answer = client.post(f"/compliance/of/{caller.code}/audits/new/", upload(b"a,b\n1,2\n", **more))
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_nobody_else_sees_an_audit_the_authority_neither(client, enter, caller, ada, listed):
    from quietline.web.accounts.models import Role

    found = judged(caller, ada, log_of(("2026-11-17T15:00:00-05:00", FREE)))
    other = enter.organisation(name="Other")
    authority = enter.organisation("authority", "Office", certified=False, size=0)
    people = [
        enter.person("Olga Other", organisation=other, role=Role.REPRESENTATIVE),
        enter.person("Ivan Investigator", organisation=authority, role=Role.INVESTIGATOR),
        enter.person("Sue Supervisor", organisation=authority, role=Role.SUPERVISOR),
        enter.person("Aud Auditor", organisation=authority, role=Role.AUDITOR),
    ]
    base = f"/compliance/of/{caller.code}/audits"
    places = [f"{base}/", f"{base}.csv", f"{base}/new/", *(f"{base}/{found.pk}/{end}" for end in (
        "", "report.pdf", "rules.csv", "part/rows/"))]  # fmt: skip
    for person in people:
        client.force_login(person)
        assert {client.get(place).status_code for place in places} <= {302, 403}
        assert client.post(f"{base}/{found.pk}/remove/").status_code == 403
    # of another organisation's address the audit is not there either
    client.force_login(people[0])
    assert client.get(f"/compliance/of/{other.code}/audits/{found.pk}/").status_code == 404
