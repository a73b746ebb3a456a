from __future__ import annotations

import numpy as np
import pytest

from quietline.kernel import BLANK, BLANK_LENGTH, RowScanner, _kernel, copy_rows, note_rows, parse_fields
from quietline.numbering import Status, plan


def fields(data: bytes, columns: tuple[int, ...] = (0,), *, final: bool = True, **dialect: object) -> list[list[bytes]]:
    found = RowScanner(columns=columns, **({"delimiter": ","} | dialect)).scan(data, final=final)
    return [
        [
            b"(blank)" if length == BLANK_LENGTH else data[start : start + length]
            for start, length in zip(found.starts[:, i].tolist(), found.lengths[:, i].tolist(), strict=True)
        ]
        for i in range(len(found))
    ]


def test_fields_come_without_their_quotes_unless_something_in_them_is_escaped() -> None:
    assert fields(b'"a,b",c\n"a""b",d\n', (0, 1)) == [[b"a,b", b"c"], [b'"a""b"', b"d"]]


def test_a_quote_counts_only_at_the_beginning_of_a_field() -> None:
    assert fields(b'5" pipe,x\n"a"b,y\n', (0, 1)) == [[b'5" pipe', b"x"], [b'"a"b', b"y"]]


def test_a_column_that_a_row_lacks_is_empty_and_a_blank_line_is_marked() -> None:
    assert fields(b"a\n\nb,c\n\r\n", (0, 1)) == [[b"a", b""], [b"(blank)"] * 2, [b"b", b"c"], [b"(blank)"] * 2]


def test_a_row_is_complete_only_with_its_line_end_unless_the_text_ends() -> None:
    assert fields(b"a\nb", final=False) == [[b"a"]]
    assert fields(b"a\nb") == [[b"a"], [b"b"]]
    assert fields(b'a\n"b\nc', final=False) == [[b"a"]]
    assert fields(b'a\n"b\nc') == [[b"a"], [b'"b\nc']]


def test_columns_are_given_as_they_were_asked_for() -> None:
    assert fields(b"a,b,c\n", (2, 0, 2)) == [[b"c", b"a", b"c"]]
    assert fields(b",".join(b"%d" % i for i in range(40)) + b"\n", tuple(range(0, 32, 2))) == [
        [b"%d" % i for i in range(0, 32, 2)]
    ]


@pytest.mark.parametrize("length", [1, 62, 63, 64, 65, 127, 128, 129, 100_000])
def test_fields_may_end_anywhere_in_a_block_of_64_bytes(length: int) -> None:
    row = b"x" * length + b"," + b'"' + b"y" * length + b'"'
    for end in (b"\n", b"\r\n"):
        assert fields((row + end) * 3, (0, 1)) == [[b"x" * length, b"y" * length]] * 3


def test_a_guess_of_the_row_length_changes_nothing() -> None:
    data = b"a\n" * 5000
    scanner = RowScanner(delimiter=",")
    for guess in (1, 2, 24, 100_000):
        assert len(scanner.scan(data, final=True, expected_row_bytes=guess)) == 5000


def test_half_a_chinese_character_does_not_hide_the_next_row() -> None:
    assert fields(b"a|\xb0\nb|c\n", (0, 1), delimiter="|", gb=True) == [[b"a", b"\xb0"], [b"b", b"c"]]
    assert fields(b"\x81|b|c\n", (0, 1), delimiter="|", gb=True) == [[b"\x81|b", b"c"]]


def test_there_are_limits_that_are_refused_and_never_overrun() -> None:
    with pytest.raises(ValueError, match="1 to 16 columns"):
        RowScanner(delimiter=",", columns=range(17)).scan(b"a\n", final=True)
    with pytest.raises(ValueError, match="1 to 16 columns"):
        RowScanner(delimiter=",", columns=()).scan(b"a\n", final=True)
    small, starts = np.zeros(2, dtype=np.uint32), np.zeros((1, 4), dtype=np.uint32)
    column = np.zeros(1, dtype=np.uint32)
    with pytest.raises(ValueError, match="arrays are too small"):
        _kernel.scan_rows(44, 34, 10, 0, column, b"a\n", True, starts[0], starts[0][:1], starts[0])
    with pytest.raises(ValueError, match="columns must ascend"):
        _kernel.scan_rows(44, 34, 10, 0, small, b"a\n", True, small, starts, starts)


def test_rows_that_lie_outside_the_data_are_refused() -> None:
    keep = np.ones(1, dtype=np.uint8)
    out = np.zeros(8, dtype=np.uint8)
    for starts in ([0, 3], [2, 1]):
        with pytest.raises(ValueError, match="bad rows"):
            _kernel.copy_rows(b"ab", np.array(starts, dtype=np.uint32), keep, out)
    with pytest.raises(ValueError, match="a field lies outside the data"):
        parse_fields(plan("US"), b"212", np.array([1], dtype=np.uint32), np.array([3], dtype=np.uint32))


def test_a_note_that_is_missing_is_refused() -> None:
    rows = RowScanner(delimiter=",").scan(b"a\n", final=True)
    with pytest.raises(ValueError, match="a note is missing"):
        note_rows(
            b"a\n",
            rows.row_starts,
            np.ones(1, dtype=np.uint8),
            np.array([1], dtype=np.uint32),
            [b",x"],
            keys=np.zeros(1, dtype=np.uint64),
            delimiter=",",
            with_number=True,
        )


def test_fields_are_read_as_numbers_and_blank_lines_stay_marked() -> None:
    data = b"2125550101\n\n12345\n(212) 555-0102\n\n"
    rows = RowScanner(delimiter=None).scan(data, final=True)
    keys, statuses, asked = parse_fields(plan("US"), data, rows.starts[0], rows.lengths[0])
    assert keys.tolist() == [12125550101, 0, 0, 12125550102, 0]
    assert statuses.tolist() == [Status.OK, BLANK, Status.TOO_SHORT, Status.OK, BLANK]
    assert asked == 0


def test_all_rows_are_copied_without_a_copy() -> None:
    data = b"a\nb\nrest"
    starts = np.array([0, 2, 4], dtype=np.uint32)
    assert bytes(copy_rows(data, starts, np.ones(2, dtype=np.uint8))) == b"a\nb\n"
    assert bytes(copy_rows(data, starts, np.array([0, 1], dtype=np.uint8))) == b"b\n"
    assert bytes(copy_rows(data, starts, np.zeros(2, dtype=np.uint8))) == b""
