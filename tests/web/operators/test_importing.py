"""Lists of ranges, portings and events: what is read, what is refused, and that nothing is half written."""

from __future__ import annotations

import io
from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError

from quietline.errors import ColumnError, StrictError
from quietline.web.operators.importing import import_portings, import_ranges, read_line_events
from quietline.web.operators.models import LineEvent, NumberRange, PortedNumber
from quietline.web.operators.queries import operator_of

from .conftest import AT, DAYS, RANGES, by_code

pytestmark = pytest.mark.django_db(transaction=True)
HEADER = "operator,first,last,since,until,source\n"
KEY = 12125550123


def ranges_of(text, *, at=AT):
    return import_ranges(io.StringIO(text), operator_of=by_code, at=at)


def portings_of(text):
    return import_portings(io.StringIO(text), operator_of=by_code, country="US", at=AT)


def test_a_range_holds_from_its_first_day_and_up_to_its_last(east, west):
    written = ranges_of(
        HEADER + "east,12125550100,12125550149,2020-01-01,2026-01-01,a\nwest,12125550100,12125550149,2026-01-01,,b\n"
    )
    assert written == 2
    midnight = AT.replace(year=2026, month=1, day=1, hour=0, minute=0)
    assert operator_of(KEY, at=midnight - timedelta(seconds=1)) == east
    assert operator_of(KEY, at=midnight) == west
    assert [operator_of(key, at=AT) for key in (12125550099, 12125550100, 12125550149, 12125550150)] == [
        None,
        west,
        west,
        None,
    ]


def test_ranges_that_share_a_number_on_a_day_are_refused_with_their_row_and_nothing_is_written(east, west):
    with pytest.raises(StrictError, match="Row 4, column 'first'"):
        ranges_of(RANGES + "west,12125550199,12125550299,2021-01-01,,NANPA\n")
    assert not NumberRange.objects.exists()
    ranges_of(RANGES)
    with pytest.raises(StrictError, match="Row 2"):
        ranges_of(HEADER + "west,12125550100,12125550100,2026-01-01,2026-01-02,\n")
    with pytest.raises(IntegrityError, match="operators_range_apart"):
        NumberRange.objects.create(operator=west, first_key=1, last_key=2 * KEY, since_date=date(2025, 1, 1), source="")


def test_the_same_list_changes_nothing_and_a_newer_one_hands_a_range_over(east, west):
    assert ranges_of(RANGES) == 2
    assert ranges_of(RANGES) == 0
    newer = RANGES.replace("2020-01-01,,NANPA", "2020-01-01,2026-02-01,NANPA", 1)
    assert ranges_of(newer + "west,12125550100,12125550199,2026-02-01,,NANPA\n") == 2
    assert operator_of(KEY, at=AT) == west
    assert NumberRange.objects.count() == 3


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("nobody,12125550100,12125550199,2020-01-01,,", "operator"),
        ("books,12125550100,12125550199,2020-01-01,,", "operator"),
        (",12125550100,12125550199,2020-01-01,,", "operator"),
        ("east,2125550100x,12125550199,2020-01-01,,", "first"),
        ("east,٢١٢٥٥٥٠١٠٠,12125550199,2020-01-01,,", "first"),
        ("east,12125550199,12125550100,2020-01-01,,", "last"),
        ("east,12125550100,121255501999,2020-01-01,,", "last"),
        ("east,12125550100,12125550199,01.02.2020,,", "since"),
        ("east,12125550100,12125550199,2028-01-01,,", "since"),
        ("east,12125550100,12125550199,2020-01-01,2020-01-01,", "until"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_with_its_column_but_not_its_number(east, west, seller, row, column):
    with pytest.raises(StrictError) as wrong:
        ranges_of(RANGES + row + "\n")
    assert f"Row 4, column '{column}'" in str(wrong.value)
    assert "5550" not in str(wrong.value)
    assert not NumberRange.objects.exists()


def test_a_file_without_a_column_or_of_something_else_is_refused(east):
    with pytest.raises(ColumnError, match="last, since"):
        ranges_of("operator,first,until,source\n")
    with pytest.raises(StrictError, match="longer than"):
        ranges_of(HEADER + "x" * 10_000)
    with pytest.raises(StrictError, match="Row 2"):
        ranges_of(HEADER + "east,12125550100\n")
    with pytest.raises(StrictError, match="no CSV"):
        ranges_of(HEADER + 'east,"1"2,3,4,5,6\n')
    with pytest.raises(ColumnError):
        ranges_of("")


def test_portings_are_taken_over_once_and_count_from_their_moment(east, west, ranges):
    text = (
        "number,operator,ported_at\n(212) 555-0123,west,2026-03-01T00:00:00-05:00\n+12125550124,west,2026-03-01T05:00:00Z\n"
    )
    assert portings_of(text) == 2
    assert portings_of(text) == 0
    moment = AT.replace(month=3, day=1, hour=5, minute=0)
    assert operator_of(KEY, at=moment) == west
    assert operator_of(KEY, at=moment - timedelta(seconds=1)) == east
    with pytest.raises(TypeError):
        PortedNumber.objects.first().save()


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("212 555 0199,nobody,2026-03-01T05:00:00Z", "operator"),
        ("555,west,2026-03-01T05:00:00Z", "number"),
        ("212 555 0199,west,2026-03-01T05:00:00", "ported_at"),
        ("212 555 0199,west,2027-03-01T05:00:00Z", "ported_at"),
        ("212 555 0123,east,2026-03-01T05:00:00Z", "operator"),
        ("212 555 0150,east,2026-03-01T05:00:00Z", "operator"),
    ],
)
def test_a_porting_that_cannot_be_or_contradicts_another_is_refused_with_the_whole_file(east, west, row, column):
    header = "number,operator,ported_at\n"
    portings_of(header + "212 555 0150,west,2026-03-01T05:00:00Z\n")
    with pytest.raises(StrictError, match=f"Row 3, column '{column}'"):
        portings_of(header + "212 555 0123,west,2026-03-01T05:00:00Z\n" + row + "\n")
    assert PortedNumber.objects.count() == 1


def test_a_file_of_events_is_taken_in_by_the_command(east, west, ranges, tmp_path, capsys):
    file, refused = tmp_path / "lines.csv", tmp_path / "refused.csv"
    file.write_text(
        "\ufeffreference,number,kind,happened_at\n"
        "1,(212) 555-0123,disconnected,2026-01-05T09:00:00Z\n"
        "2,+1 310 555 0123,reassigned,2026-01-05T09:00:00Z\n"
        "3,+1 212 555 0124,reassigned,2026-01-05T09:00:00-05:00\n",
        encoding="utf-8",
    )
    call_command("line_events", file, operator="east", refused=refused)
    assert capsys.readouterr().out.splitlines() == ["accepted: 2", "line.not-yours: 1"]
    assert refused.read_text().split() == ["reference,reason", "2,line.not-yours"]
    call_command("line_events", file, operator="east")
    assert capsys.readouterr().out.splitlines() == ["line.not-yours: 1", "repeated: 2"]


def test_a_file_with_a_row_that_cannot_be_read_is_not_taken_in_at_all(east, ranges, tmp_path):
    file = tmp_path / "lines.csv"
    file.write_text(
        "reference,number,kind,happened_at\n1,2125550123,disconnected,2026-01-05T09:00:00Z\n2,none,disconnected,x\n"
    )
    with pytest.raises(CommandError, match="Row 3, column 'number'"):
        call_command("line_events", file, operator="east")
    with pytest.raises(CommandError, match="organisation"):
        call_command("line_events", file, operator="north")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("line_events", tmp_path / "none.csv", operator="east")
    assert not LineEvent.objects.exists()


def test_events_are_read_with_the_operator_that_a_number_went_to():
    text = "reference,number,kind,happened_at,to\n1,2125550123,ported_out,2026-01-05T09:00:00Z,west\n"
    (event,) = read_line_events(io.StringIO(text), country="US")
    assert (event.key, event.kind, event.to, event.happened_at) == (
        KEY,
        "ported_out",
        "west",
        AT.replace(month=1, day=5, hour=9),
    )
    assert AT - event.happened_at > DAYS


def test_lists_of_ranges_and_of_portings_are_taken_over_by_commands(east, west, tmp_path, capsys):
    plan, ported = tmp_path / "plan.csv", tmp_path / "ported.csv"
    plan.write_text(RANGES, encoding="utf-8")
    call_command("number_ranges", plan)
    call_command("number_ranges", plan)
    assert capsys.readouterr().out.splitlines() == ["new or changed: 2", "new or changed: 0"]
    assert operator_of(KEY, at=AT) == east
    ported.write_text("number,operator,ported_at\n(212) 555-0123,west,2026-03-01T05:00:00Z\n", encoding="utf-8")
    call_command("portings", ported, country="us")
    assert capsys.readouterr().out.splitlines() == ["new: 1"]
    assert operator_of(KEY, at=AT) == west


def test_a_list_that_cannot_be_read_is_refused_by_its_command_with_the_row(east, west, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text(RANGES + "nobody,12125550100,12125550199,2020-01-01,,\n", encoding="utf-8")
    with pytest.raises(CommandError, match="Row 4, column 'operator'"):
        call_command("number_ranges", file)
    with pytest.raises(CommandError, match="no column"):
        call_command("portings", file, country="US")
    with pytest.raises(CommandError, match="numbering plan|country"):
        call_command("portings", file, country="ZZ")
    for command, more in (("number_ranges", {}), ("portings", {"country": "US"})):
        with pytest.raises(CommandError, match="cannot be read"):
            call_command(command, tmp_path / "none.csv", **more)
    assert not NumberRange.objects.exists()
    assert not PortedNumber.objects.exists()
