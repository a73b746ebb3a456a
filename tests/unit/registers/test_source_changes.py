"""Change lists: adds and deletes, their columns in any order."""

from __future__ import annotations

import io
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quietline.errors import InputError
from quietline.registers import ADD, DELETE, day_of
from quietline.registers.sources import ReadOptions, Reject, read_changes

ONE, OTHER = 14161234567, 14161234568
DAY = date(2026, 11, 3)
BOTH = [(ADD, ONE), (DELETE, OTHER)]


def changes(*sources: bytes, default: date | None = None, **options: object) -> list[tuple[int, int, date | None, str]]:
    from quietline.registers import date_of

    found = read_changes(sources, country="CA", options=ReadOptions(**options), empty_day=day_of(default))
    terms = [found.terms_table[index] for index in found.terms.tolist()]
    days = map(date_of, found.days.tolist())
    return list(zip(found.operations.tolist(), found.keys.tolist(), days, terms, strict=True))


def parquet(**columns: object) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"op,number\nA,4161234567\nD,4161234568\n",
        b"Number,Action\n4161234567,Add\n4161234568,Delete\n",
        b"area code,number,change type,effective_timestamp\n416,1234567,added,\n416,1234568,removed,\n",
        b"phone;type\n4161234567;insert\n4161234568;remove\n",
        b"number\tdml\n4161234567\tI\n4161234568\tD\n",
        b"number,op\n4161234567,+\n4161234568,-\n",
        b"number,add\n4161234567,1\n4161234568,0\n",
        b"number,added\n4161234567,true\n4161234568,false\n",
        "号码,操作\n4161234567,新增\n4161234568,删除\n".encode("gb18030"),
        b"A,4161234567\nD,4161234568\n",
        b"4161234567,add\n4161234568,delete\n",
        b"416,1234567,A\n416,1234568,D\n",
        b"D,1234568,416\nA,1234567,416\n",
        b"<list type='change'><ac val='416'><ph val='1234567' op='A'/><ph val='1234568' op='D'/></ac></list>",
        parquet(number=["4161234567", "4161234568"], op=["A", "D"]),
    ],
)
def test_adds_and_deletes_are_found_in_any_order_of_columns(content: bytes) -> None:
    assert sorted(change[:2] for change in changes(content)) == BOTH


def test_a_whole_list_of_deletes_in_xml() -> None:
    content = b"<list type='delete'><ac val='416'><ph val='1234567'/><ph val='1234568'/></ac></list>"
    assert [change[:2] for change in changes(content)] == [(DELETE, ONE), (DELETE, OTHER)]


def test_changes_keep_their_order_across_sources() -> None:
    found = changes(b"op,number\nA,4161234567\nD,4161234567\n", b"op,number\nD,4161234568\nA,4161234567\n")
    assert [change[:2] for change in found] == [(ADD, ONE), (DELETE, ONE), (DELETE, OTHER), (ADD, ONE)]


def test_days_and_terms_of_changes() -> None:
    content = b"op,number,date,terms\nA,4161234567,2026-11-02,channels=voice\nD,4161234568,,\nA,4161234568,unknown,\n"
    assert changes(content, default=DAY) == [
        (ADD, ONE, date(2026, 11, 2), "channels=voice"),
        (DELETE, OTHER, DAY, ""),
        (ADD, OTHER, None, ""),
    ]
    assert [change[2] for change in changes(b"op,number\nA,4161234567\n", default=DAY)] == [DAY]
    assert [change[2] for change in changes(b"op,number,date\nA,4161234567,unknown\n", default=DAY)] == [None]


def test_the_superset_of_the_us_change_list_without_a_header() -> None:
    content = b"416,1234567,A,2026-11-02T10:00:00\n416,1234568,D,2026-11-02T11:00:00\n"
    assert [change[:3] for change in changes(content)] == [
        (ADD, ONE, date(2026, 11, 2)), (DELETE, OTHER, date(2026, 11, 2))
    ]  # fmt: skip


def test_a_full_list_is_refused() -> None:
    for content in (
        b"4161234567\n",
        b"416,1234567\n416,1234568\n",
        b"number,type\n4161234567,mobile\n4161234568,landline\n",
        b"<list type='full'><ac val='416'><ph val='1234567'/></ac></list>",
    ):
        with pytest.raises(InputError, match="is not a change list") as caught:
            changes(content)
        assert caught.value.code == "input.full_list"


def test_rows_without_a_clear_operation_are_rejected() -> None:
    rejects: list[Reject] = []
    content = b"op,number\nA,4161234567\n?,4161234568\n,4161234568\nD,x\n"
    found = read_changes([content], country="CA", on_rejects=rejects.extend)
    assert found.keys.tolist() == [ONE]
    assert [(reject.line, reject.reason) for reject in rejects] == [
        (3, "bad_operation"), (4, "bad_operation"), (5, "not_a_number")
    ]  # fmt: skip
