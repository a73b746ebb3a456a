"""Read a leaked list, in whatever form it was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quietline.errors import InputError, RegisterError
from quietline.registers import Register as RegisterReader
from quietline.registers.sources import ReadOptions, ReadPlan, SourceReader

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["read_sample"]


def read_sample(path: Path, *, country: str) -> NDArray[np.uint64]:
    """Read the numbers of a leaked list; rows that hold no number are passed over.

    Args:
        path: delimited text, the FTC's flat form or XML, XLSX, Parquet, gzip or zip of these, a full list or a change
            list, or a register file.
        country: of numbers that are written without their calling code.

    Returns:
        uint64, shape (numbers,), in the order in which they stand there.

    Raises:
        InputError: it cannot be read, or holds no number.
    """
    keys = _of_register_file(path)
    if keys is None:
        try:
            keys = _of_list(path, country, is_change_list=False)
        except InputError as error:
            if error.code != "input.change_list":
                raise
            keys = _of_list(path, country, is_change_list=True)
    if not len(keys):
        raise InputError(
            "Not one row could be read as a number.",
            advice="Check that this is the right file, and say of which country its numbers are.",
            code="input.no_numbers",
        )
    return keys


def _of_register_file(path: Path) -> NDArray[np.uint64] | None:
    try:
        with RegisterReader(path) as register:
            parts = [columns.keys for columns in register.columns()]
    except RegisterError:
        return None
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.uint64)


def _of_list(path: Path, country: str, *, is_change_list: bool) -> NDArray[np.uint64]:
    reader = SourceReader(ReadPlan(country, "UTC", ("e164",), ReadOptions()), changes=is_change_list)
    parts = [batch.keys for batch in reader.read([path])]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.uint64)
