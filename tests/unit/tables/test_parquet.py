from __future__ import annotations

import gc
import gzip
import io
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quietline.errors import InputError, MissingExtraError
from quietline.tables import open_parquet, open_stream

TABLE = pa.table({"phone": [f"+1212555{i:04}" for i in range(5000)], "row": range(5000)})


@pytest.fixture(scope="module")
def data() -> bytes:
    buffer = io.BytesIO()
    pq.write_table(TABLE, buffer, row_group_size=1000)
    return buffer.getvalue()


def test_parquet_is_read_from_any_source(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(data)
    for source in (tmp_path / "a.parquet", data, io.BytesIO(data), gzip.compress(data)):
        with open_stream(source) as stream, open_parquet(stream) as file:
            assert file.num_row_groups == 5
            assert file.read().equals(TABLE)


def test_a_file_opened_by_name_is_closed_with_the_parquet_file(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(data)
    gc.collect()  # what earlier tests of this process left behind
    before = len(list(Path("/proc/self/fd").iterdir()))
    for source in (tmp_path / "a.parquet", gzip.compress(data)):
        file = open_parquet(source)
        assert file.read_row_group(4).num_rows == 1000
        del file
        gc.collect()
        assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("share", [0.001, 0.5, 0.99])
def test_parquet_that_was_cut_off_is_refused(data: bytes, share: float) -> None:
    short = data[: int(len(data) * share)]
    with open_stream(short, name="dnc.parquet") as stream, pytest.raises(InputError) as caught:
        open_parquet(stream)
    assert caught.value.code == "input.corrupt_parquet"
    assert "dnc.parquet" in caught.value.message
    assert caught.value.advice


def test_what_is_no_parquet_is_refused() -> None:
    with open_stream(b"phone\n") as stream, pytest.raises(InputError) as caught:
        open_parquet(stream)
    assert caught.value.code == "input.kind"


def test_a_missing_library_is_named_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"quietline\[parquet\]"):
        open_parquet(b"")
