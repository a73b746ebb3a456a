from __future__ import annotations

import subprocess
import sys

import quietline.tables


def test_the_public_names_are_sorted_and_there() -> None:
    assert all(hasattr(quietline.tables, name) for name in quietline.tables.__all__)
    upper = [name for name in quietline.tables.__all__ if name.isupper()]
    rest = [name for name in quietline.tables.__all__ if not name.isupper()]
    assert quietline.tables.__all__ == sorted(upper) + sorted(rest)


def test_nothing_heavy_is_loaded_before_it_is_needed() -> None:
    heavy = (
        "pyarrow",
        "python_calamine",
        "xlsxwriter",
        "phonenumbers",
        "zipfile",
        "tempfile",
        "csv",
        "openpyxl",
    )
    program = f"import sys, quietline.tables; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
