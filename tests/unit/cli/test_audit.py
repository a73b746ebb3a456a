"""``quietline audit``: what it takes, what it says, and where it writes."""

from __future__ import annotations

import csv
import io
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from quietline.cli import audit as module
from quietline.cli.main import cli
from quietline.errors import ColumnError, InputError, OutputError, RegisterError, UsageError
from unit.audit import audit_worlds as worlds
from unit.audit.audit_worlds import ANN, BEN, CAT, World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEAD = "Phone,Start,User,List\n"
LOG = HEAD + (
    "2125550101,2026-03-05 12:00:00,Ann,L1\n"  # listed
    "2125550102,2026-03-05 12:00:00,Ben,L1\n"
    "2125550102,2026-03-05 23:00:00,Ben,L2\n"  # too late
    "12,2026-03-05 12:00:00,Ben,L2\n"
    "2125550103,soon,Ben,L2\n"
)
COLUMNS = "number=Phone,called_at=Start,agent=User,list=List"
PLAIN = ("--campaign", "campaign.toml", "-c", "US", "--zone", "America/New_York", "--columns", COLUMNS)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Call the command in a folder with a log, a campaign and its register."""
    monkeypatch.chdir(tmp_path)
    world = World(tmp_path, worlds.BASE | {"safe_harbour": {"own_list_kept": True}}, {}, fetched=("2026-03-01",))
    world.add("do_not_call", {ANN: [("2020-01-01", None)], CAT: [("2020-01-01", None)]})
    world.write()
    (tmp_path / "log.csv").write_text(LOG, encoding="utf-8")

    def call(*arguments: object, log: str = "log.csv", plain: tuple[str, ...] = PLAIN, **options: Any) -> Result:
        result = CliRunner().invoke(cli, ["audit", log, *plain, *map(str, arguments)], **options)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"log.csv", "campaign.toml", "do_not_call.qlr"}


# ---- what is said, and where it goes -------------------------------------------------------------------------------------


def test_it_says_what_to_do_and_what_it_wrote(run: Callable[..., Result], tmp_path: Path) -> None:
    result = run("--report", "report.html", "--data", "data.json", "--rows", "rows.csv")
    lines = result.stdout.splitlines()
    assert lines[0] == "2 of 3 calls (66.7%) were forbidden."
    assert lines[1].startswith("Begin with rule US-11, which 1 call broke: Sales calls to homes are forbidden before 8 a.m.")
    assert lines[-3:] == ["  report: report.html", "  data: data.json", "  rows: rows.csv"]
    assert result.stderr == ""
    assert files(tmp_path) == {"report.html", "data.json", "rows.csv"}


def test_quiet_it_says_nothing(run: Callable[..., Result], tmp_path: Path) -> None:
    result = run("--report", "report.html", "-q")
    assert (result.stdout, result.stderr) == ("", "")
    assert files(tmp_path) == {"report.html"}


def test_it_speaks_chinese_where_asked(run: Callable[..., Result], tmp_path: Path) -> None:
    result = run("--report", "report.html", "--rows", "rows.csv", "--lang", "zh")
    assert result.stdout.startswith("3 通呼叫中有 2 通呼叫（66.7%）被禁止。\n")
    assert 'lang="zh-Hans"' in (tmp_path / "report.html").read_text("utf-8")
    assert "号码已登记。" in (tmp_path / "rows.csv").read_text("utf-8")


def test_json_on_standard_output_is_the_file_of_data(run: Callable[..., Result], tmp_path: Path) -> None:
    told = json.loads(run("--json", "--data", "data.json").stdout)
    kept = json.loads((tmp_path / "data.json").read_text("utf-8"))
    moments = [told.pop("made_at"), kept.pop("made_at")]
    assert told == kept
    assert all(moment.endswith("+00:00") for moment in moments)


def test_the_data_say_what_was_found_and_what_it_rests_on(run: Callable[..., Result]) -> None:
    told = json.loads(run("--json").stdout)
    assert told["counts"] == {"calls": 3, "permit": 1, "forbid": 2, "undetermined": 0}
    assert told["campaign"] == "Harbour Books"
    assert (told["log"]["name"], told["log"]["layout"], told["log"]["rows"]) == ("log.csv", "mapped", 5)
    assert told["log"]["columns"] == {"number": "Phone", "called_at": "Start", "agent": "User", "list": "List"}
    assert [(one["name"], one["role"]) for one in told["registers"]] == [("do_not_call", "do_not_call")]
    assert [one["name"] for one in told["rulebooks"]] == ["us"]
    assert told["safe_harbour"] == dict.fromkeys(worlds.ELEMENTS, False) | {"own_list_kept": True}
    assert {rule["rule"]: rule["forbid"] for rule in told["by_rule"]} == {"US-11": 1, "US-29": 1, "US-22": 0}
    assert told["exposure"]["totals"] == {"USD": "106176"}
    assert {reason: found["rows"] for reason, found in told["unreadable"].items()} == {
        "number_too_short": [[5, 5]],
        "unreadable_time": [[6, 6]],
    }
    assert [group["name"] for group in told["by_agent"]] == ["Ben", "Ann"]  # of those with as many, who called more
    assert told["rows_file"] == ""


def test_a_campaign_without_a_seller_goes_by_the_name_of_its_file(run: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "campaign.toml"
    path.write_text(path.read_text("utf-8").replace('"Harbour Books"', '""'), encoding="utf-8")
    assert json.loads(run("--json").stdout)["campaign"] == "campaign.toml"


@pytest.mark.parametrize("target", ["-", "/dev/stdout"])
@pytest.mark.parametrize("what", ["report", "data", "rows"])
def test_one_output_may_go_to_standard_output_and_then_nothing_else_is_said(
    run: Callable[..., Result], what: str, target: str, capfd: pytest.CaptureFixture[str]
) -> None:
    result = run(f"--{what}", target)
    text = result.stdout + capfd.readouterr().out
    if what == "rows":
        assert [row[0] for row in csv.reader(io.StringIO(text))] == ["row", "2", "4", "5", "6"]
    elif what == "data":
        assert json.loads(text)["rows_file"] == ""
    else:
        assert text.startswith("<!doctype html>")
        assert text.endswith("</html>\n")


def test_the_report_names_the_file_of_rows_and_no_number(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    run("--report", "report.html", "--rows", "out/act on these.csv")
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "act on these.csv" in page
    assert "out/act" not in page
    assert "2125550101" not in page


@pytest.mark.parametrize("present", [False, True])
def test_the_file_of_rows_is_for_its_owner_only(run: Callable[..., Result], tmp_path: Path, *, present: bool) -> None:
    path = tmp_path / "rows.csv"
    if present:
        path.write_text("old", encoding="utf-8")
        path.chmod(0o644)
    run("--rows", "rows.csv", "--report", "report.html")
    assert path.stat().st_mode & 0o777 == 0o600
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))
    assert [(row["row"], row["number"], row["verdict"], row["rule"]) for row in rows] == [
        ("2", ANN, "forbid", "US-29"),
        ("4", BEN, "forbid", "US-11"),
        ("5", "", "unreadable", ""),
        ("6", CAT, "unreadable", ""),
    ]
    assert (rows[1]["called_at"], rows[1]["local_at"]) == ("2026-03-06T04:00:00Z", "2026-03-05T23:00:00")


# ---- what cannot be done -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "nowhere to write to"),
        (("--json", "--data", "-"), "Only one thing"),
        (("--report", "-", "--rows", "-"), "Only one thing"),
        (("--json", "--report", "/dev/stdout"), "Only one thing"),
        (("--report", "log.csv"), "log.csv would be written over"),
        (("--rows", "./log.csv"), "log.csv"),
        (("--data", "campaign.toml"), "campaign.toml would be written over"),
        (("--report", "do_not_call.qlr"), "do_not_call.qlr"),
        (("--report", "one", "--data", "one"), "one would be written over"),
        (("--report", "r.html", "--layout", "genesys"), "no layout 'genesys'"),
        (("--report", "r.html", "--columns", "colour=Red"), "no 'colour'"),
        (("--report", "r.html", "--columns", ""), "which column is what"),
        (("--report", "r.html", "--zone", "Mars/Base"), "no time zone 'Mars/Base'"),
        (("--report", "r.html", "--country", "XX"), "'XX'"),
    ],
)
def test_a_command_that_was_put_together_wrongly_is_refused(
    run: Callable[..., Result], tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(UsageError, match=says):
        run(*arguments)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("arguments", [("--lang", "fr"), ("--dates", "ymd"), ("--colour",)])
def test_options_that_there_are_not_are_refused(run: Callable[..., Result], arguments: tuple[str, ...]) -> None:
    assert run("--report", "r.html", *arguments).exit_code == 2


@pytest.mark.parametrize("missing", ["--campaign", "-c"])
def test_what_is_needed_has_to_be_said(run: Callable[..., Result], missing: str) -> None:
    place = PLAIN.index(missing)
    assert run("--json", plain=(*PLAIN[:place], *PLAIN[place + 2 :])).exit_code == 2


def test_local_times_need_a_zone(run: Callable[..., Result]) -> None:
    with pytest.raises(UsageError) as caught:
        run("--json", plain=("--campaign", "campaign.toml", "-c", "US", "--columns", COLUMNS))
    assert caught.value.code == "usage.zone_needed"


@pytest.mark.parametrize(
    ("options", "problem", "says"),
    [
        ({"log": "missing.csv"}, InputError, "missing.csv"),
        ({"plain": ("--campaign", "none.toml", "-c", "US")}, InputError, "none.toml"),
        ({"plain": PLAIN[:-2]}, ColumnError, "none of the logs that are known"),
    ],
)
def test_what_cannot_be_read_is_named_and_nothing_is_written(
    run: Callable[..., Result], tmp_path: Path, options: dict[str, Any], problem: type[Exception], says: str
) -> None:
    with pytest.raises(problem, match=says):
        run("--report", "report.html", "--rows", "rows.csv", **options)
    assert files(tmp_path) == set()


def test_a_snapshot_that_does_not_know_the_day_of_a_call_stops_the_audit(run: Callable[..., Result], tmp_path: Path) -> None:
    worlds.write_periods(tmp_path / "do_not_call.qlr", {ANN: [(None, None)]}, history=False)
    with pytest.raises(RegisterError, match=r"do_not_call\.qlr is a snapshot of 2026-11-01") as caught:
        run("--report", "report.html", "--rows", "rows.csv", "--data", "data.json")
    assert "--history" in caught.value.advice
    assert files(tmp_path) == set()


def test_all_outputs_appear_or_none_does(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("what stood here before", encoding="utf-8")
    with pytest.raises(OutputError, match="no directory"):
        run("--report", "report.html", "--rows", "rows.csv", "--data", "missing/data.json")
    assert files(tmp_path) == {"rows.csv"}
    assert (tmp_path / "rows.csv").read_text("utf-8") == "what stood here before"


# ---- odd logs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_log_without_calls_has_a_report_all_the_same(run: Callable[..., Result], tmp_path: Path, lang: str) -> None:
    (tmp_path / "log.csv").write_text(HEAD, encoding="utf-8")
    result = run("--report", "report.html", "--rows", "rows.csv", "--data", "data.json", "--lang", lang)
    assert result.stdout.startswith({"en": "No call could be judged.", "zh": "没有任何呼叫可以判定。"}[lang])
    assert (tmp_path / "rows.csv").read_text("utf-8").count("\n") == 1
    data = json.loads((tmp_path / "data.json").read_text("utf-8"))
    assert (data["rows"], data["counts"]["calls"], data["safe_harbour"], data["rulebooks"]) == (0, 0, None, [])
    assert "harbour" not in (tmp_path / "report.html").read_text("utf-8")


def test_a_log_of_one_row_is_judged(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(HEAD + "2125550101,2026-03-05 12:00:00,Ann,L1", encoding="utf-8")
    result = run("--report", "report.html")
    assert result.stdout.startswith("1 of 1 call (100.0%) was forbidden.\n")


def test_a_log_from_standard_input_is_judged(run: Callable[..., Result]) -> None:
    told = json.loads(run("--json", log="-", input=LOG.encode()).stdout)
    assert told["counts"]["forbid"] == 2


def test_names_that_no_encoding_has_do_no_harm(run: Callable[..., Result], tmp_path: Path) -> None:
    name = "calls\udcff.csv"
    (tmp_path / name).write_text(LOG, encoding="utf-8")
    told = json.loads(run("--json", "--report", "report.html", log=name).stdout)
    assert told["log"]["name"] == "calls?.csv"


def test_a_person_at_a_terminal_sees_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    log: Any = SimpleNamespace(rows=1500, position=30, size=60)
    show = module._Show(log, quiet=False)
    show.step()
    assert capsys.readouterr().err == ""  # not yet: it has only begun
    monkeypatch.setattr(show, "_last", -1e9)
    show.step()
    show.end()
    assert capsys.readouterr().err == "\r\033[K   50 %  1,500 rows\r\033[K"
    quiet = module._Show(log, quiet=True)
    monkeypatch.setattr(quiet, "_last", -1e9)
    quiet.step()
    quiet.end()
    assert capsys.readouterr().err == ""
