"""Lines into a copy: in place or written anew, again and again, with readers at it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from quietline.errors import FeedError, OutputError
from quietline.feed.copying import LiveRegister, Told, apply_lines, compact, create_empty
from quietline.feed.digest import content_digest
from quietline.feed.lines import Added, Altered, Imported, Line, Withdrawn
from quietline.registers import HISTORY, Entries, Metadata, Register, RegisterBuilder
from unit.feed.publisher import FIRST, LIST_DATE, standing_in, write_register

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
DAY = date(2026, 3, 5)


def no_import(line: Imported) -> Path:
    raise AssertionError(line)


def apply(path: Path, lines: list[Line], **options: object) -> Told:
    return apply_lines(path, lines, fetch=no_import, **options)  # type: ignore[arg-type]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    path = tmp_path / "dnc.qlr"
    write_register(path, {FIRST: (DAY, ""), FIRST + 1: (DAY, "channels=voice"), 447700900000: (None, "")})
    return path


def test_the_last_word_on_a_number_counts(copy: Path) -> None:
    told = apply(
        copy,
        [
            Added(AT, 1, FIRST + 2, DAY, "channels=text"),
            Withdrawn(AT, 2, FIRST + 2),
            Altered(AT, 3, FIRST, LIST_DATE, "channels=text"),
            Added(AT, 4, FIRST + 3, None, ""),
            Withdrawn(AT, 5, 447700900000),
            Added(AT, 6, 447700900000, DAY, "modes=live"),
        ],
    )
    assert told == Told(added=3, altered=1, withdrawn=2)
    assert standing_in(copy) == {
        FIRST: (LIST_DATE, "channels=text"),
        FIRST + 1: (DAY, "channels=voice"),
        FIRST + 3: (None, ""),
        447700900000: (DAY, "modes=live"),
    }


def test_adding_what_stands_and_withdrawing_what_does_not_is_no_error(copy: Path) -> None:
    apply(copy, [Added(AT, 1, FIRST, LIST_DATE, "modes=live"), Withdrawn(AT, 2, FIRST + 50)])
    assert standing_in(copy)[FIRST] == (LIST_DATE, "modes=live")
    assert len(standing_in(copy)) == 3


def test_very_many_changes_come_to_the_same_as_a_few_at_a_time(tmp_path: Path) -> None:
    numbers = [447700900000 + 7 * i for i in range(6000)]
    lines: list[Line] = []
    for i, key in enumerate(numbers):
        lines.append(Added(AT, 2 * i + 1, key, DAY, ("", "channels=voice", "channels=text")[i % 3]))
        if i % 5 == 0:
            lines.append(Withdrawn(AT, 2 * i + 2, numbers[i // 2]))
    begin = {447700900000 + 3 * i: (LIST_DATE, "modes=live") for i in range(2000)}
    for name in ("one", "many"):
        write_register(tmp_path / name, begin)
    identity = (tmp_path / "one").stat().st_ino
    apply(tmp_path / "one", lines)
    assert (tmp_path / "one").stat().st_ino != identity
    for start in range(0, len(lines), 1000):
        apply(tmp_path / "many", lines[start : start + 1000])
    assert standing_in(tmp_path / "one") == standing_in(tmp_path / "many")
    with Register(tmp_path / "one") as one, Register(tmp_path / "many") as many:
        assert content_digest(one) == content_digest(many)
        assert one.metadata.country == "US"


def test_all_numbers_of_a_large_register_may_be_withdrawn_at_once(tmp_path: Path) -> None:
    path = tmp_path / "dnc.qlr"
    write_register(path, {447700900000 + i: (DAY, "") for i in range(6000)})
    apply(path, [Withdrawn(AT, i + 1, 447700900000 + i) for i in range(6000)])
    assert standing_in(path) == {}


def test_an_import_takes_the_place_of_what_stood_there(tmp_path: Path, copy: Path) -> None:
    imported = {FIRST: (LIST_DATE, "channels=text"), FIRST + 9: (None, "channels=voice"), 61491570006: (DAY, "")}
    write_register(tmp_path / "import.qlr", imported)
    before = standing_in(copy)
    line = Imported(AT, 1, "00" * 32, len(imported), DAY)
    told = apply_lines(copy, [line, Withdrawn(AT, 2, 61491570006)], fetch=lambda _: tmp_path / "import.qlr")
    assert told == Told(added=3, withdrawn=1)
    expected = before | imported
    del expected[61491570006]
    assert standing_in(copy) == expected


def test_the_first_import_tells_a_copy_begun_from_nothing_where_it_belongs(tmp_path: Path) -> None:
    create_empty(tmp_path / "copy.qlr", Metadata("dnc"))
    write_register(tmp_path / "import.qlr", {447700900000: (DAY, "")}, country="GB")
    line = Imported(AT, 1, "00" * 32, 1, DAY)
    apply_lines(tmp_path / "copy.qlr", [line], fetch=lambda _: tmp_path / "import.qlr")
    with Register(tmp_path / "copy.qlr") as register:
        assert (register.metadata.name, register.metadata.country) == ("dnc", "GB")


def test_an_import_of_another_count_is_refused(tmp_path: Path, copy: Path) -> None:
    write_register(tmp_path / "import.qlr", {61491570006: (DAY, "")})
    before = copy.read_bytes()
    with pytest.raises(FeedError) as caught:
        apply_lines(copy, [Imported(AT, 1, "00" * 32, 2, DAY)], fetch=lambda _: tmp_path / "import.qlr")
    assert caught.value.code == "feed.download"
    assert copy.read_bytes() == before


def test_a_history_is_no_copy_and_no_import(tmp_path: Path, copy: Path) -> None:
    with RegisterBuilder() as builder:
        builder.add(Entries(np.array([FIRST], dtype=np.uint64)))
        builder.write(tmp_path / "history.qlr", Metadata("DNC", kind=HISTORY, list_date=DAY))
    with pytest.raises(FeedError) as caught:
        apply(tmp_path / "history.qlr", [Withdrawn(AT, 1, FIRST)])
    assert caught.value.code == "feed.kind"
    with pytest.raises(FeedError) as caught:
        apply_lines(copy, [Imported(AT, 1, "00" * 32, 1, DAY)], fetch=lambda _: tmp_path / "history.qlr")
    assert caught.value.code == "feed.kind"


def test_list_date_and_version_are_set_and_the_day_never_goes_back(tmp_path: Path) -> None:
    path = tmp_path / "dnc.qlr"
    create_empty(path, Metadata("dnc", list_date=DAY))
    apply(path, [], list_date=LIST_DATE, version=4)
    with Register(path) as register:
        assert (register.metadata.list_date, register.metadata.version) == (LIST_DATE, 4)
    apply(path, [Added(AT, 1, FIRST, DAY, "")], list_date=DAY)
    with Register(path) as register:
        assert (register.metadata.list_date, register.metadata.version) == (LIST_DATE, 4)


def test_a_reader_sees_changes_in_place_and_files_that_were_replaced(tmp_path: Path, copy: Path) -> None:
    live = LiveRegister(copy)
    key = np.array([FIRST + 77], dtype=np.uint64)
    assert not live.register.lookup(key).hits[0]
    apply(copy, [Added(AT, 1, FIRST + 77, DAY, "")])
    assert live.register.lookup(key).hits[0]
    held = live.register
    write_register(tmp_path / "import.qlr", {FIRST + 78: (DAY, "")})
    apply_lines(copy, [Imported(AT, 1, "00" * 32, 1, DAY)], fetch=lambda _: tmp_path / "import.qlr")
    assert live.register is not held
    assert live.register.lookup(key + np.uint64(1)).hits[0]


def test_a_copy_that_may_not_be_written_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        create_empty(tmp_path / "missing" / "dnc.qlr", Metadata("dnc"))


def test_terms_that_no_number_has_any_more_do_not_fill_the_table(tmp_path: Path) -> None:
    path = tmp_path / "dnc.qlr"
    create_empty(path, Metadata("dnc"))
    keys = range(447700900000, 447700940000)
    apply(path, [Added(AT, 1, key, None, f"categories=a{key}") for key in keys])
    apply(path, [Altered(AT, 1, key, None, "") for key in keys])
    apply(path, [Altered(AT, 1, key, None, f"categories=b{key}") for key in keys])
    with Register(path) as register:
        assert len(register) == 40_000
        assert register.periods(keys[7])[0].terms == f"categories=b{keys[7]}"


def test_a_copy_of_which_most_is_dead_is_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "dnc.qlr"
    write_register(path, {447700900000 + i: (DAY, "") for i in range(900)})
    assert not compact(path, dead_bytes=0)
    for terms in ("modes=live", "", "modes=live", ""):  # the whole file is one block, which is written anew each time
        apply(path, [Altered(AT, 1, 447700900000 + i, DAY, terms) for i in range(900)])
    assert not compact(path)
    before = path.stat().st_size
    assert compact(path, dead_bytes=0)
    assert path.stat().st_size < before / 2
    assert standing_in(path) == {447700900000 + i: (DAY, "") for i in range(900)}
