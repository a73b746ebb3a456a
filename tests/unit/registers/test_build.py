"""Registers from lists: what stands in them, what is rejected, and that outputs appear whole or not at all."""

from __future__ import annotations

import csv
import resource
import signal
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import phonenumbers
import pytest

from quietline.errors import InputError, OutputError, QuietlineError, StrictError, UsageError
from quietline.numbering import key_of, parse, parse_column
from quietline.registers import Entries, Metadata, Register, RegisterBuilder
from quietline.registers.build import BuildReport, build_register
from quietline.registers.sources import ReadOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LIST_DATE = date(2026, 11, 22)
ONE = 14161234567


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., BuildReport]:
    def run(*contents: bytes, output: str = "dnc.qlr", **options: object) -> BuildReport:
        paths = []
        for i, content in enumerate(contents):
            paths.append(tmp_path / f"list{i}.csv")
            paths[-1].write_bytes(content)
        facts = {"name": "DNC", "country": "CA", "list_date": LIST_DATE} | options
        return build_register(paths, tmp_path / output, **facts)

    return run


def standing(path: Path, *numbers: str, on: date | None = None) -> list[bool]:
    with Register(path) as register:
        return register.lookup(np.array([key_of(number) for number in numbers], np.uint64), on=on).hits.tolist()


def test_a_register_says_what_it_is(build: Callable[..., BuildReport], tmp_path: Path) -> None:
    at = datetime(2026, 11, 22, 5, tzinfo=UTC)
    build(b"4161234567\n", version=7, time_zone="America/Toronto", built_at=at)
    with Register(tmp_path / "dnc.qlr") as register:
        said = register.metadata
    assert (said.name, said.country, said.version, said.time_zone) == ("DNC", "CA", 7, "America/Toronto")
    assert (said.list_date, said.kind, said.holds, said.built_at) == (LIST_DATE, "snapshot", ("e164",), at)
    assert said.software.startswith("quietline ")


def test_several_countries_stand_in_one_file(build: Callable[..., BuildReport], tmp_path: Path) -> None:
    build(b"+12125550123\n+442079460018\n+8613812345678\n416-555-0123\n")
    numbers = ("+12125550123", "+442079460018", "+8613812345678", "+14165550123", "+33123456789")
    assert standing(tmp_path / "dnc.qlr", *numbers) == [True, True, True, True, False]


def test_the_same_number_in_several_lists_counts_once(build: Callable[..., BuildReport]) -> None:
    report = build(b"416,1234567\n416,1234568\n", b"+14161234567\n", b"number\n(416) 123-4567\n")
    assert (report.built.numbers, report.built.repeated, report.rows) == (2, 2, 4)


def test_rejects_are_counted_and_listed_beside_the_register(build: Callable[..., BuildReport], tmp_path: Path) -> None:
    report = build(b'name,phone\nAnn,4161234567\n"Bo, jr",123\nCy,\n')
    assert report.rejects == {"too_short": 1, "missing_number": 1}
    assert report.rejects_file == tmp_path / "dnc.qlr.rejects.csv"
    with report.rejects_file.open(newline="") as file:
        rows = list(csv.reader(file))
    source = str(tmp_path / "list0.csv")
    assert rows == [
        ["file", "line", "reason", "text"],
        [source, "3", "too_short", '"Bo, jr",123'],
        [source, "4", "missing_number", "Cy,"],
    ]


def test_an_old_list_of_rejects_goes_when_there_are_none_now(build: Callable[..., BuildReport], tmp_path: Path) -> None:
    build(b"number\n4161234567\nbad\n")
    assert build(b"number\n4161234567\n").rejects_file is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dnc.qlr", "list0.csv"]


def test_a_named_list_of_rejects_is_written_even_where_it_is_empty(
    build: Callable[..., BuildReport], tmp_path: Path
) -> None:
    build(b"number\n4161234567\n", rejects=tmp_path / "bad.csv")
    assert (tmp_path / "bad.csv").read_text() == "file,line,reason,text\n"


def test_strict_names_file_line_and_reason_and_writes_nothing(build: Callable[..., BuildReport], tmp_path: Path) -> None:
    with pytest.raises(StrictError, match=r"list0\.csv, line 3: too short in '123'"):
        build(b"number\n4161234567\n123\nbad\n", strict=True)
    assert [path.name for path in tmp_path.iterdir()] == ["list0.csv"]


def test_sources_without_one_number_write_nothing(build: Callable[..., BuildReport], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Not one of the 2 rows"):
        build(b"not found\nat all\n")
    assert [path.name for path in tmp_path.iterdir()] == ["list0.csv"]


def test_a_list_with_a_header_only_makes_an_empty_register(build: Callable[..., BuildReport], tmp_path: Path) -> None:
    assert build(b"number,since\n").built.numbers == 0
    assert standing(tmp_path / "dnc.qlr", "+14161234567") == [False]


def test_a_damaged_source_leaves_the_old_register_as_it_was(build: Callable[..., BuildReport], tmp_path: Path) -> None:
    build(b"4161234567\nbad\n")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(InputError, match=r"missing|cut off|early|empty"):
        build(b"4161234568\nworse\n", b"<list><ac val='416'><ph val='1234567'/>")
    for name in ("dnc.qlr", "dnc.qlr.rejects.csv"):
        assert (tmp_path / name).read_bytes() == before[name]


def test_an_output_is_never_a_source(build: Callable[..., BuildReport], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"written over|are the same"):
        build(b"4161234567\n", output="list0.csv")
    assert (tmp_path / "list0.csv").read_bytes() == b"4161234567\n"
    with pytest.raises(OutputError):
        build(b"4161234567\n", output="missing/dnc.qlr")


@pytest.mark.parametrize("wrong", [{"country": "XX"}, {"time_zone": "Mars/Base"}, {"holds": ("faxes",)}, {"holds": ()}])
def test_what_cannot_be_meant_is_refused(build: Callable[..., BuildReport], wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        build(b"4161234567\n", **wrong)


# -- days ------------------------------------------------------------------------------------------------------------


def test_a_snapshot_holds_those_who_stand_in_it_on_its_day(build: Callable[..., BuildReport], tmp_path: Path) -> None:
    def on(day: date) -> tuple[int, int]:
        content = b"number,since,until\n4161234567,2026-11-22,2026-11-25\n4161234568,,\n"
        built = build(content, list_date=day).built
        return built.numbers, built.absent

    first, last = date(2026, 11, 22), date(2026, 11, 24)
    one_day = timedelta(days=1)
    assert [on(day) for day in (first - one_day, first, last, last + one_day)] == [(1, 1), (2, 0), (2, 0), (1, 1)]


def test_a_snapshot_does_not_say_who_stood_in_it_before(build: Callable[..., BuildReport], tmp_path: Path) -> None:
    build(b"4161234567\n")
    assert standing(tmp_path / "dnc.qlr", "+14161234567", on=LIST_DATE + timedelta(days=3)) == [True]
    with pytest.raises(QuietlineError, match="snapshot of 2026-11-22"):
        standing(tmp_path / "dnc.qlr", "+14161234567", on=LIST_DATE - timedelta(days=1))


def test_a_history_knows_every_period_from_its_first_day_to_the_day_before_its_end(
    build: Callable[..., BuildReport], tmp_path: Path
) -> None:
    build(
        b"number,since,until\n4161234567,2020-01-10,2020-02-10\n4161234567,2021-03-01,2021-04-01\n4161234567,2024-05-05,\n",
        history=True,
    )
    one_day = timedelta(days=1)
    for begin, end in (
        (date(2020, 1, 10), date(2020, 2, 10)), (date(2021, 3, 1), date(2021, 4, 1)), (date(2024, 5, 5), None)
    ):  # fmt: skip
        days = [(begin - one_day, False), (begin, True)]
        days += [(end - one_day, True), (end, False)] if end else [(begin + one_day, True)]
        for day, listed in days:
            assert standing(tmp_path / "dnc.qlr", "+14161234567", on=day) == [listed], day
    with Register(tmp_path / "dnc.qlr") as register:
        assert [(entry.since, entry.until) for entry in register.periods(ONE)] == [
            (date(2020, 1, 10), date(2020, 2, 10)),
            (date(2021, 3, 1), date(2021, 4, 1)),
            (date(2024, 5, 5), None),
        ]


# -- terms and order -------------------------------------------------------------------------------------------------


def test_terms_are_kept_once_each_and_given_with_the_number(build: Callable[..., BuildReport], tmp_path: Path) -> None:
    build(
        b"number,terms\n4161234567,days=sun\n4161234568,channels=voice\n4165550123,channels=Voice\n4165550124,\n",
    )
    with Register(tmp_path / "dnc.qlr") as register:
        assert register.metadata.terms == ("", "channels=voice", "days=sun")
        entry = register.entry(ONE)
        assert entry is not None
        assert entry.terms == "days=sun"


def test_the_digest_does_not_depend_on_the_order_of_the_rows(build: Callable[..., BuildReport], tmp_path: Path) -> None:
    head = b"number,since,terms\n"
    rows = [b"4161234567,2024-01-01,days=sun\n", b"4161234568,,channels=voice\n", b"4165550123,2024-02-01,\n"]
    absent = b"4165550124,2030-01-01,bands=1\n"  # not listed yet: its terms are in no use
    build(head + b"".join(rows), output="one.qlr")
    build(head + absent + b"".join(reversed(rows)), output="other.qlr")
    with Register(tmp_path / "one.qlr") as one, Register(tmp_path / "other.qlr") as other:
        assert one.digest == other.digest != ""
        assert one.metadata.terms == other.metadata.terms == ("", "channels=voice", "days=sun")


@pytest.mark.parametrize("base", [0, 1_172_000_000_000_000_000, 4 * 10**18])
def test_runs_that_do_not_fit_into_memory_give_the_same_file(tmp_path: Path, base: int) -> None:
    """Keys of service codes and senders lie beyond what a double holds exactly."""
    random = np.random.default_rng(5)
    keys = np.uint64(base) + random.integers(1, 3_000_000, 60_000).astype(np.uint64)
    files = []
    for run_entries in (1 << 23, 5_000):
        files.append(tmp_path / f"{run_entries}.qlr")
        with RegisterBuilder(run_entries=run_entries) as builder:
            for part in np.array_split(keys, 20):
                builder.add(Entries(part))
            builder.write(files[-1], Metadata("DNC"))
    assert files[0].read_bytes() == files[1].read_bytes()
    with Register(files[1]) as register:
        register.verify()
        assert np.concatenate([part.keys for part in register.columns()]).tolist() == np.unique(keys).tolist()


# -- every country ---------------------------------------------------------------------------------------------------


def test_every_example_number_of_the_library_goes_through_text_key_and_file(tmp_path: Path) -> None:
    numbers: dict[str, str] = {}
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in phonenumbers.PhoneNumberType.values():
            example = phonenumbers.example_number_for_type(region, kind)
            if example is not None and phonenumbers.is_valid_number(example):
                text = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
                numbers[text] = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    assert len(numbers) > 900
    source = tmp_path / "examples.csv"
    source.write_text("number\n" + "".join(f"{written}\n" for written in numbers.values()))
    report = build_register(
        [source], tmp_path / "all.qlr", name="all", country="US", list_date=LIST_DATE,
        options=ReadOptions(columns=["number"]),
    )  # fmt: skip
    assert (report.built.numbers, report.rejects) == (len(numbers), {})
    found = parse_column(list(numbers), country="CN")
    assert found.numbers() == list(numbers)
    with Register(tmp_path / "all.qlr") as register:
        assert register.lookup(found.keys).hits.all()
        assert not register.lookup(found.keys ^ np.uint64(1 << 40)).hits.any()
    assert parse(next(iter(numbers)), country="GB").number == next(iter(numbers))


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    areas = b"".join(b"%d,2000000\n" % area for area in range(201, 989))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(OutputError):
            build_register([areas], tmp_path / "dnc.qlr", name="DNC", country="US", list_date=LIST_DATE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, old)
    assert list(tmp_path.iterdir()) == []
