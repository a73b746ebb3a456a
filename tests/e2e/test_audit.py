"""Audits as compliance officers run them: registers built with their history, a campaign, and what the dialler exports."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias
from zoneinfo import ZoneInfo

import pytest

from quietline.law import decide

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from conftest import CommandServer

VOID = {"meta", "link", "img", "br", "hr", "input"}
HOSTILE = "<script>alert(1)</script>"
ZONES = {"1212": "America/New_York", "1213": "America/Los_Angeles", "4420": "Europe/London", "1416": "America/Toronto"}
LISTED = {
    "us": "number,since,until\n2125550101,2020-01-01,\n2125550102,2024-01-01,2026-03-05\n2125550103,2026-03-06,\n",
    "gb": "number,since,until\n02079460018,2020-01-01,\n",
    "customers": "number,since,until\n2125550104,2025-11-30,\n2125550104,2020-01-01,\n",
    "inquiries": "number,since,until\n2125550199,2026-01-01,\n",
    "stop": "number,since,until\n2135550101,2026-03-04,\n",
}
CAMPAIGN = """
seller = "Harbour Books"
[facts]
purpose = "sales"
channel = "live_voice"
callee_class = "residential"
caller_class = "seller"
caller_id = "shown"
line_type = "fixed_line"
sender_identified = true
consent = {}
safe_harbour = {written_procedures = true, staff_trained = false}
[facts.GB]
caller_id = "withheld"
[registers]
do_not_call = ["us.qlr", "gb.qlr"]
purchases = ["customers.qlr"]
inquiries = ["inquiries.qlr"]
stop_requests = ["stop.qlr"]
[areas]
US = "all"
[versions]
fetched = [2026-02-01, 2026-03-01]
"""
FACTS = {
    "purpose": "sales", "channel": "live_voice", "callee_class": "residential", "caller_class": "seller",
    "caller_id": "shown", "line_type": "fixed_line", "sender_identified": True, "consent": None, "relationship": None,
    "stop_request_on": None, "safe_harbour": {"written_procedures": True}, "fee_paid": True, "listed_on": None,
    "list_version_date": "2026-03-01",
}  # fmt: skip
GB = {"caller_id": "withheld", "fee_paid": None}
Call: TypeAlias = "tuple[str, str, str, str, dict[str, Any]]"
CALLS: list[Call] = [
    # number, when by the clock of New York, agent, list, and what is known besides, by hand
    ("12125550101", "2026-03-05 12:00:00", "Ann", "L1", {"listed_on": "2020-01-01"}),
    ("12125550102", "2026-03-04 12:00:00", "Ann", "L1", {"listed_on": "2024-01-01"}),
    ("12125550102", "2026-03-05 12:00:00", "Ann", "L1", {}),  # withdrawn that day
    ("12125550103", "2026-03-05 12:00:00", "Ben", "L1", {}),
    ("12125550103", "2026-03-06 12:00:00", "Ben", "L2", {"listed_on": "2026-03-06"}),
    (
        "12125550104", "2026-03-06 12:00:00", "Ben", "L2",
        {"relationship": {"kind": "purchase", "last_event_on": "2025-11-30"}},
    ),
    ("12135550101", "2026-03-03 12:00:00", HOSTILE, "L2", {}),
    ("12135550101", "2026-03-05 12:00:00", HOSTILE, "L2", {"stop_request_on": "2026-03-04"}),
    ("12135550102", "2026-03-05 09:00:00", "=1+1", "L2", {}),  # six in the morning in Los Angeles
    ("12125550105", "2026-01-31 12:00:00", "=1+1", "L2", {"list_version_date": None}),  # before the first fetch
    ("12125550105", "2026-02-28 12:00:00", "=1+1", "L2", {"list_version_date": "2026-02-01"}),
    ("442079460018", "2026-03-05 12:00:00", "Cat", "L3", {"listed_on": "2020-01-01", **GB}),
]  # fmt: skip


def build(run: CommandServer, folder: Path, name: str, *arguments: object) -> None:
    """Build a register of a list."""
    common = (f"{name}.csv", "-o", f"{name}.qlr", "-c", "GB" if name == "gb" else "US", "--list-date", "2026-03-31")
    result = run("register", "build", *common, *arguments, cwd=folder)
    assert result.returncode == 0, result.stderr


@pytest.fixture(scope="module")
def registers(tmp_path_factory: pytest.TempPathFactory, command: CommandServer) -> Path:
    """A folder of registers that know their history."""
    folder = tmp_path_factory.mktemp("registers")
    for name, text in LISTED.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
        build(command, folder, name, "--history", "--keep", "latest" if name == "customers" else "earliest")
    return folder


class Place:
    """A folder with registers and a campaign, and the command line that works there."""

    def __init__(self, path: Path, registers: Path, run: CommandServer) -> None:
        self.path = path
        self._run = run
        shutil.copytree(registers, path, dirs_exist_ok=True)
        (path / "campaign.toml").write_text(CAMPAIGN, encoding="utf-8")
        self.before = set(path.iterdir())

    def build(self, name: str, *arguments: object) -> None:
        build(self._run, self.path, name, *arguments)

    def run(self, log: str | bytes, *arguments: object, **options: Any) -> subprocess.CompletedProcess[bytes]:
        path = self.path / "calls.csv"
        path.write_bytes(log.encode() if isinstance(log, str) else log)
        common = ("calls.csv", "--campaign", "campaign.toml", "-c", "US", "--zone", "America/New_York")
        return self._run("audit", *common, *arguments, cwd=self.path, **options)

    def audit(self, log: str | bytes, *arguments: object) -> tuple[dict[str, Any], dict[int, dict[str, str]], str]:
        """Audit a log; give the data, the file of rows by row number, and the page."""
        outputs = ("--report", "report.html", "--data", "data.json", "--rows", "rows.csv")
        result = self.run(log, *outputs, *arguments)
        assert (result.returncode, result.stderr) == (0, b""), result.stderr
        rows = {int(row["row"]): row for row in csv.DictReader(io.StringIO((self.path / "rows.csv").read_text("utf-8")))}
        return json.loads((self.path / "data.json").read_text("utf-8")), rows, (self.path / "report.html").read_text("utf-8")

    def written(self) -> set[str]:
        return {path.name for path in set(self.path.iterdir()) - self.before} - {"calls.csv"}


@pytest.fixture
def place(tmp_path: Path, registers: Path, command: CommandServer) -> Place:
    return Place(tmp_path, registers, command)


def vicidial(calls: list[Call]) -> str:
    head = "call_date,phone_number_dialed,status,user,full_name,campaign_id,list_id,phone_code,phone_number,alt_dial\n"
    rows = []
    for number, at, agent, of_list, _ in calls:
        code = "44" if number.startswith("44") else "1"
        rows.append([at, number.removeprefix(code), "NA", agent, "", "BOOKS", of_list, code, "", "MAIN"])
    return head + lines(rows)


def asterisk(calls: list[Call]) -> str:
    rows = [
        [
            agent,
            "1001",
            f"+{number}",
            "out",
            "",
            "SIP/1",
            "SIP/2",
            "Dial",
            "",
            at,
            "",
            at,
            "60",
            "55",
            "ANSWERED",
            "DOC",
            of_list,
        ]
        for number, at, agent, of_list, _ in calls
    ]
    return lines(rows)  # Asterisk writes no header


def freeswitch(calls: list[Call]) -> str:
    head = "caller_id_name,caller_id_number,destination_number,context,start_stamp,hangup_cause,accountcode\n"
    return head + lines([["", "1001", f"+{number}", "out", at, "OK", agent] for number, at, agent, *_ in calls])


def mapped(calls: list[Call]) -> str:
    rows = [
        [f"+{number}", moment(at).astimezone(UTC).isoformat(), agent, of_list] for number, at, agent, of_list, _ in calls
    ]
    return "Telephone,When,Who,From\n" + lines(rows)


def lines(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("America/New_York"))


COLUMNS = ("--columns", "number=Telephone,called_at=When,agent=Who,list=From")
LAYOUTS = [(vicidial, 2, ()), (asterisk, 1, ()), (freeswitch, 2, ()), (mapped, 2, COLUMNS)]


# ---- the verdicts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("write", "first", "arguments"), LAYOUTS)
def test_every_call_of_a_log_is_judged_as_the_law_says(place: Place, write: Any, first: int, arguments: tuple[str]) -> None:
    data, rows, _ = place.audit(write(CALLS), *arguments)
    assert data["log"]["layout"] == write.__name__
    verdicts = []
    for i, (number, at, agent, _, known) in enumerate(CALLS):
        zone = ZONES[number[:4]]
        facts = {**FACTS, "called_at": moment(at).isoformat(), "callee_timezone": zone, **known}
        decision = decide("GB" if number.startswith("44") else "US", facts)
        row = rows.get(first + i)
        verdicts.append(decision.verdict)
        assert (row is None) == (decision.verdict == "permit"), (number, at)
        if row is not None:
            assert (row["verdict"], row["rule"], row["number"]) == (decision.verdict, decision.rule or "", f"+{number}")
            assert row["unknown"] == ";".join(decision.unknown)
            assert row["local_at"] == f"{moment(at).astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M:%S}"
            assert row["agent"].removeprefix("'") == agent
    counts = {verdict: verdicts.count(verdict) for verdict in ("permit", "forbid", "undetermined")}
    assert data["counts"] == {"calls": len(CALLS), **counts}
    assert [counts["permit"], counts["forbid"]] == [5, 7]
    assert data["exposure"]["totals"] == {"USD": str(53088 * 6)}
    assert data["exposure"]["calls_without_amount"] == 1  # in the United Kingdom a firm is fined once
    assert [book["name"] for book in data["rulebooks"]] == ["gb", "us"]


def test_the_law_of_each_day_sets_the_price(place: Place) -> None:
    days = {"2009-02-08": 11000, "2015-06-01": 16000, "2016-08-02": 40000, "2025-06-02": 53088}
    text = "number,since,until\n2125550101,2003-07-01,\n"
    (place.path / "us.csv").write_text(text, encoding="utf-8")
    place.build("us", "--history")
    data, _, page = place.audit(mapped([("12125550101", f"{day} 12:00:00", "Ann", "L1", {}) for day in days]), *COLUMNS)
    lines = [(line["first_date"], line["amount"], line["calls"]) for line in data["exposure"]["lines"]]
    assert sorted(lines) == [(day, str(amount), 1) for day, amount in days.items()]
    assert data["exposure"]["totals"] == {"USD": str(sum(days.values()))}
    assert "USD 120,088" in page


def test_a_log_of_many_thousand_calls_is_counted_to_the_last(place: Place) -> None:
    some = [CALLS[0], CALLS[3], CALLS[7]]
    data, rows, _ = place.audit(mapped(some * 15_000), *COLUMNS)
    assert data["rows"] == 45_000
    assert data["counts"] == {"calls": 45_000, "permit": 15_000, "forbid": 30_000, "undetermined": 0}
    assert len(rows) == 30_000
    assert {(row["rule"], int(number) % 3) for number, row in rows.items()} == {("US-29", 2), ("US-15", 1)}
    assert data["repeated"]["numbers"] == 2


# ---- rows that are no calls ----------------------------------------------------------------------------------------------


def test_incoming_calls_are_left_out_and_rows_that_cannot_be_read_are_listed(place: Place) -> None:
    log = vicidial(CALLS[:2]).splitlines()
    log.insert(2, log[1].replace(",MAIN", ",12.00"))  # the seconds that a caller waited
    log += [log[1].replace("2125550101", "12"), log[1].replace("2026-03-05", "soon"), log[1].replace("2125550101", "")]
    data, rows, page = place.audit("\n".join(log) + "\n")
    assert data["counts"]["calls"] == 2
    assert data["not_judged"]["rows"] == [[3, 3]]
    assert {reason: found["rows"] for reason, found in data["unreadable"].items()} == {
        "no_number": [[7, 7]],
        "number_too_short": [[5, 5]],
        "unreadable_time": [[6, 6]],
    }
    assert [rows[row]["verdict"] for row in (2, 4, 5, 6, 7)] == ["forbid", "forbid"] + ["unreadable"] * 3
    for text in (
        "the number is too short",
        "the time cannot be read",
        "no number in the row",
        "1 row could be read and were",
    ):
        assert text in page


# ---- the page ------------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What a page is made of; everything that is opened has to be closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None], str]] = []
        self.words = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs), self._open[-1] if self._open else ""))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs), self._open[-1]))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] not in {"style", "title"}:
            self.words += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes, _ in self.tags if name == tag]

    def inside(self, tag: str) -> list[str]:
        return [name for name, _, parent in self.tags if parent == tag]


@pytest.mark.parametrize(
    ("lang", "tag", "heading"), [("en", "en", "Audit of past calls"), ("zh", "zh-Hans", "历史呼叫审计报告")]
)
def test_the_page_can_be_read_by_everybody(place: Place, lang: str, tag: str, heading: str) -> None:
    _, _, text = place.audit(vicidial(CALLS), "--lang", lang)
    page = Page(text)
    assert page.all("html") == [{"lang": tag}]
    assert heading in page.words
    assert len(page.all("h1")) == 1
    levels = [int(name[1]) for name, _, _ in page.tags if re.fullmatch("h[1-6]", name)]
    assert len(levels) > 10
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert len(page.all("caption")) == len(page.all("table")) > 8
    assert {th.get("scope") for th in page.all("th")} == {"col", "row"}
    assert len(page.all("svg")) == 5  # by rule, day, agent, list, hour
    assert page.inside("svg").count("title") == page.inside("svg").count("desc") == 5
    ids = [a["id"] for _, a, _ in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    named = [part for _, a, _ in page.tags for part in (a.get("aria-labelledby") or "").split()]
    assert set(named) | {(a["href"] or "")[1:] for a in page.all("a")} <= set(ids)
    assert not re.search(r"2125550|2135550|2079460", text)  # nobody's number
    assert "act.csv" not in text
    assert "rows.csv" in text


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_names_from_the_log_are_shown_and_never_run(place: Place, lang: str) -> None:
    names = [HOSTILE, "{{7*7}}", "=cmd|' /C calc'!A0", "\u202enna", "x" * 5000, "陈小明", '"><svg onload=alert(1)>']
    calls: list[Call] = [("12125550101", f"2026-03-05 12:00:{i:02d}", name, name, {}) for i, name in enumerate(names)]
    data, rows, text = place.audit(mapped(calls), *COLUMNS, "--lang", lang)
    page = Page(text)
    assert page.all("script") == []
    assert [a for _, a, _ in page.tags if any(name.startswith("on") for name in a)] == []
    assert HOSTILE in page.words
    assert "{{7*7}}" in page.words
    assert "\u202e" not in text + json.dumps(data, ensure_ascii=False)
    assert "陈小明" in page.words
    assert max(len(group["name"]) for group in data["by_agent"]) == 200
    assert rows[4]["agent"].startswith("'=")
    assert len(data["by_agent"]) == len(data["by_list"]) == len(names)


def test_the_safe_harbour_is_listed_as_the_campaign_has_it_on_file(place: Place) -> None:
    data, _, text = place.audit(vicidial(CALLS))
    assert data["safe_harbour"]["written_procedures"] is True
    assert data["safe_harbour"]["staff_trained"] is False
    assert "16 CFR 310.4(b)(3)" in text
    assert "Safe harbour cannot be claimed on what is on file." in text
    assert text.count("✓ </span>yes") == 1


def test_a_log_of_british_calls_speaks_of_no_american_safe_harbour(place: Place) -> None:
    data, _, text = place.audit(vicidial(CALLS[-1:]))
    assert data["counts"]["forbid"] == 1
    assert data["safe_harbour"] is None
    assert data["exposure"]["totals"] == {}
    assert "310.4(b)(3)" not in text
    assert "For 1 call the rules used name no amount" in text


# ---- what cannot be done -------------------------------------------------------------------------------------------------


def fails(place: Place, log: str, *arguments: object, status: int, says: str, advice: str) -> None:
    result = place.run(log, *arguments)
    message = result.stderr.decode()
    first, *rest = message.splitlines()
    assert (result.returncode, result.stdout) == (status, b""), message
    assert first.startswith("quietline: ")
    assert says in first
    assert [advice in line for line in rest] == [True]


def test_a_snapshot_is_refused_for_a_day_it_does_not_know_and_nothing_is_written(place: Place) -> None:
    place.build("us")
    says = "us.qlr is a snapshot of 2026-03-31 and does not know who stood in it on 2026-01-31."  # the earliest
    outputs = ("--report", "report.html", "--rows", "rows.csv", "--data", "data.json")
    fails(place, vicidial(CALLS), *outputs, status=3, says=says, advice="built with --history")
    assert place.written() == set()


def test_where_one_output_cannot_be_written_none_is(place: Place) -> None:
    outputs = ("--rows", "rows.csv", "--data", "data.json", "--report", "missing/report.html")
    fails(place, vicidial(CALLS), *outputs, status=4, says="no directory", advice="Make it first")
    assert place.written() == set()


@pytest.mark.parametrize("name", ["calls.csv", "campaign.toml", "us.qlr", "customers.qlr"])
@pytest.mark.parametrize("what", ["--report", "--data", "--rows"])
def test_no_input_is_written_over(place: Place, what: str, name: str) -> None:
    kept = {path: path.read_bytes() for path in place.before}
    log = vicidial(CALLS)
    fails(place, log, what, name, status=2, says=f"{name} ", advice="another name")
    assert {path: path.read_bytes() for path in place.before} == kept
    assert (place.path / "calls.csv").read_text("utf-8") == log


def test_an_unknown_log_is_refused_with_its_columns(place: Place) -> None:
    fails(place, mapped(CALLS), "--report", "report.html", status=3, says="2 'When'", advice="--columns number=NAME")
    assert place.written() == set()


def test_the_file_of_rows_is_for_its_owner_and_the_others_are_not(place: Place) -> None:
    place.audit(vicidial(CALLS))
    modes = {name: (place.path / name).stat().st_mode & 0o077 for name in ("rows.csv", "data.json", "report.html")}
    assert modes["rows.csv"] == 0
    assert all(modes[name] & 0o044 for name in ("data.json", "report.html"))
    assert date.fromisoformat(json.loads((place.path / "data.json").read_text("utf-8"))["made_at"][:10])
