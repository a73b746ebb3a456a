"""Campaign files: what they may say, and that each mistake is named."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from quietline.errors import InputError
from quietline.wash.campaign import ROLES, Campaign, load_campaign

if TYPE_CHECKING:
    from pathlib import Path

FULL = """
seller = "Harbour Books"

[facts]
purpose = "Sales"
channel = "voice"
callee_class = "residential"
called_at = 2026-11-24T15:00:00-05:00
consent = {kind = "oral", given_on = 2026-11-01}
relationship = {}
stop_request_on = "none"
terms = "none"

[facts.GB]
caller_id = "withheld"
channel = "sms"

[facts.CA]
consent = "none"

[registers]
do_not_call = ["dnc.qlr", {file = "own.qlr", country = "gb"}]
consents = [{file = "signed.qlr", kind = "written-signed"}, {file = "said.qlr", kind = "oral"}]
purchases = "customers.qlr"
inquiries = {file = "inquiries.qlr"}
stop_requests = ["stop.qlr", "/elsewhere/stop.qlr"]

[areas]
US = ["646", "212", "212"]
gb = "all"
CA = []

[versions]
fetched = [2026-11-01, 2026-10-01]
"""


def load(tmp_path: Path, text: str | bytes) -> Campaign:
    path = tmp_path / "autumn.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_campaign(path)


def called_at(tmp_path: Path, value: str) -> object:
    return load(tmp_path, f"[facts]\ncalled_at = {value}\n").called_at


def test_everything_that_a_campaign_can_say_is_read(tmp_path: Path) -> None:
    campaign = load(tmp_path, FULL)
    assert (campaign.name, campaign.seller) == ("autumn.toml", "Harbour Books")
    assert campaign.digest == sha256(FULL.encode()).hexdigest()
    assert campaign.facts["purpose"] == "sales"
    assert campaign.facts["channel"] == "live_voice"
    assert campaign.facts["consent.given_on"] == date(2026, 11, 1)
    assert campaign.facts["relationship.kind"] == "none"
    assert campaign.facts["stop_request_on"] is None
    assert campaign.facts["terms"] is None
    assert "called_at" not in campaign.facts
    assert campaign.called_at == datetime(2026, 11, 24, 15, tzinfo=timezone(timedelta(hours=-5)))
    assert campaign.areas == {"US": ("1212", "1646"), "GB": None, "CA": ()}
    assert campaign.fetched == (date(2026, 10, 1), date(2026, 11, 1))


def test_facts_of_a_country_go_before_those_of_all(tmp_path: Path) -> None:
    campaign = load(tmp_path, FULL)
    british = campaign.facts_for("GB")
    assert (british["channel"], british["caller_id"], british["purpose"]) == ("text", "withheld", "sales")
    assert campaign.facts_for("CA")["consent.kind"] == "none"
    assert campaign.facts_for("FR") == campaign.facts


def test_registers_keep_their_order_within_a_role_and_lie_beside_the_campaign(tmp_path: Path) -> None:
    evidence = load(tmp_path, FULL).evidence
    assert [(one.role, one.path.name, one.kind, one.country) for one in evidence] == [
        ("do_not_call", "dnc.qlr", "", ""),
        ("do_not_call", "own.qlr", "", "GB"),
        ("consents", "signed.qlr", "written_signed", ""),
        ("consents", "said.qlr", "oral", ""),
        ("purchases", "customers.qlr", "", ""),
        ("inquiries", "inquiries.qlr", "", ""),
        ("stop_requests", "stop.qlr", "", ""),
        ("stop_requests", "stop.qlr", "", ""),
    ]
    assert {one.role for one in evidence} == set(ROLES)
    assert evidence[0].path == tmp_path / "dnc.qlr"
    assert str(evidence[-1].path) == "/elsewhere/stop.qlr"


def test_an_empty_file_is_a_campaign_of_which_nothing_is_known(tmp_path: Path) -> None:
    campaign = load(tmp_path, "")
    assert (campaign.facts, campaign.evidence, campaign.areas, campaign.fetched) == ({}, (), {}, ())
    assert campaign.called_at is None
    assert campaign.seller == ""


def test_seller_and_names_may_be_in_any_language(tmp_path: Path) -> None:
    assert load(tmp_path, 'seller = "海港书店"').seller == "海港书店"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-24", date(2026, 11, 24)),
        ('"2026-11-24"', date(2026, 11, 24)),
        ("2026-11-24T10:30:00", datetime(2026, 11, 24, 10, 30)),  # noqa: DTZ001 - a wall clock
        ('"2026-11-24T10:30"', datetime(2026, 11, 24, 10, 30)),  # noqa: DTZ001
        ("2026-11-24 10:30:00Z", datetime(2026, 11, 24, 10, 30, tzinfo=UTC)),
        ('"2026-11-24T10:30:00+05:30"', datetime(2026, 11, 24, 10, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))),
    ],
)
def test_a_time_may_be_a_moment_a_wall_clock_or_a_day(tmp_path: Path, value: str, expected: object) -> None:
    found = called_at(tmp_path, value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("value", ['"tomorrow"', '"20261124"', "10:30:00", "7", "true", "[2026-11-24]", '""', "0001-01-01"])
def test_what_is_no_time_is_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(InputError) as raised:
        called_at(tmp_path, value)
    assert raised.value.code == "input.campaign"
    assert "facts.called_at" in raised.value.message
    assert "2026-11-24T15:00:00-05:00" in raised.value.advice


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("sellr = 'x'", "'sellr'"),
        ("seller = 7", "seller"),
        ("facts = 7", "facts"),
        ("registers = ['dnc.qlr']", "registers"),
        ("areas = 'all'", "areas"),
        ("versions = []", "versions"),
        ("[facts]\npurpos = 'sales'", "'purpos'"),
        ("[facts]\npurpose = 'selling'", "purpose"),
        ("[facts]\nfee_paid = 'yes'", "fee_paid"),
        ("[facts]\nlisted_on = 'yesterday'", "listed_on"),
        ("[facts]\npurpose = 'none'", "purpose"),
        ("[facts]\nconsent = {sort = 'oral'}", "consent"),
        ("[facts]\ncallee_timezone = 'America/Nowhere'", "callee_timezone"),
        ("[facts.XX]\npurpose = 'sales'", "'XX'"),
        ("[facts.UK]\npurpose = 'sales'", "'UK'"),
        ("[facts.US]\npurpose = 'selling'", "purpose"),
        ("[facts.US]\ncalled_at = 2026-11-24", "facts.US"),
        ("[registers]\ndnc = ['dnc.qlr']", "registers.dnc"),
        ("[registers]\ndo_not_call = [7]", "registers.do_not_call"),
        ("[registers]\ndo_not_call = [{name = 'dnc.qlr'}]", "registers.do_not_call"),
        ("[registers]\ndo_not_call = [{file = 'dnc.qlr', kind = 'oral'}]", "registers.do_not_call.kind"),
        ("[registers]\ndo_not_call = [{file = 'dnc.qlr', country = 'XX'}]", "'XX'"),
        ("[registers]\npurchases = [{file = 'c.qlr', kind = 'oral'}]", "registers.purchases.kind"),
        ("[registers]\nstop_requests = [{file = 's.qlr', country = 'US'}]", "registers.stop_requests.country"),
        ("[registers]\nconsents = ['c.qlr']", "registers.consents"),
        ("[registers]\nconsents = [{file = 'c.qlr', kind = 'guessed'}]", "consent.kind"),
        ("[registers]\nconsents = [{file = 'c.qlr', kind = 'none'}]", "registers.consents"),
        ("[areas]\nXX = 'all'", "'XX'"),
        ("[areas]\nUS = 'most'", "areas.US"),
        ("[areas]\nUS = [212]", "areas.US"),
        ("[areas]\nUS = ['21a']", "areas.US"),
        ("[areas]\nUS = ['2125550']", "areas.US"),
        ("[areas]\nUS = true", "areas.US"),
        ("[areas]\nUS = 'all'\nus = ['212']", "US twice"),
        ("[versions]\nfetched = 2026-11-01", "versions.fetched"),
        ("[versions]\nfetched = [2026-11-01T00:00:00]", "versions.fetched"),
        ("[versions]\nkept = []", "versions.kept"),
    ],
)
def test_each_mistake_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(InputError) as raised:
        load(tmp_path, text)
    assert raised.value.code == "input.campaign"
    assert named in raised.value.message
    assert "autumn.toml" in raised.value.message


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"seller = ", "not TOML"), (b"\xff\xfe", "not TOML"), (b"a = 1\na = 2", "not TOML"), (b"#" * 1_048_577, "1 MB")],
)
def test_what_is_no_campaign_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(InputError) as raised:
        load(tmp_path, content)
    assert raised.value.code == "input.campaign"
    assert words in raised.value.message


def test_a_campaign_that_is_not_there_is_unreadable(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(InputError) as raised:
            load_campaign(path)
        assert raised.value.code == "input.unreadable"
        assert str(path) in raised.value.message
