from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from quietline.errors import ColumnError, UsageError
from quietline.wash import Reason, wash_column, wash_table

if TYPE_CHECKING:
    from pathlib import Path

NUMBERS = [2125550101, 2125550102, 12, 3128675309]
REASONS = [Reason.REGISTERED, Reason.CLEAN, Reason.INVALID, Reason.CLEAN]


@pytest.mark.parametrize(
    "column",
    [
        NUMBERS,
        [str(number) for number in NUMBERS],
        np.array(NUMBERS),
        np.array([str(number) for number in NUMBERS]),
        np.array(NUMBERS, dtype=object),
        pa.array(NUMBERS),
        pa.chunked_array([[str(number) for number in NUMBERS[:1]], [str(number) for number in NUMBERS[1:]]]),
    ],
    ids=["integers", "texts", "int64", "unicode", "objects", "arrow", "chunked"],
)
def test_a_column_of_any_kind_is_washed(small_register: Path, column: Any) -> None:
    found = wash_column(column, against=[small_register], country="us")
    assert found.verdicts.reasons.tolist() == REASONS
    assert found.keep.tolist() == [False, True, False, True]
    assert (found.keep.dtype, found.verdicts.keys.dtype) == (np.bool_, np.uint64)
    assert found.registers == ("DNC",)
    assert (found.counts["rows"], found.counts["kept"]) == (4, 2)
    kept = wash_column(column, against=[small_register], country="US", keep_invalid=True)
    assert kept.keep.tolist() == [False, True, True, True]


def test_a_table_is_parted_into_clean_and_removed_rows(small_register: Path) -> None:
    table = pa.table({"id": [1, 2, 3, 4], "phone": NUMBERS, "tags": [["a"], [], None, ["b"]]})
    for given in (table, table.to_batches()[0]):
        found = wash_table(given, against=[small_register], country="US")
        assert found.columns == ("phone",)
        assert found.clean.equals(table.filter(pa.array([False, True, False, True])))
        assert found.removed.select(table.column_names).equals(table.filter(pa.array([True, False, True, False])))
        assert found.removed.column("wash_reason").to_pylist() == ["registered", "invalid"]
        assert found.removed.column("wash_since").to_pylist() == ["2026-03-05", ""]


def test_a_table_without_rows_keeps_its_columns(small_register: Path) -> None:
    table = pa.table({"phone": pa.array([], pa.string())})
    found = wash_table(table, against=[small_register], country="US", columns=["phone"])
    assert (found.clean.num_rows, found.removed.num_rows) == (0, 0)
    assert found.removed.schema.field("wash_reason").type == pa.string()


def test_what_cannot_be_meant_is_refused(small_register: Path) -> None:
    table = pa.table({"id": [1, 2], "name": ["Ann", "Bob"]})
    with pytest.raises(ColumnError, match="No column looks like phone numbers"):
        wash_table(table, against=[small_register], country="US")
    with pytest.raises(ColumnError, match="There is no column 'phone'"):
        wash_table(table, against=[small_register], country="US", columns=["phone"])
    with pytest.raises(UsageError):
        wash_column(NUMBERS, against=[small_register], country="XX")
