"""Lists as files: the FTC's flat form and XML, CSV, and register files; full lists and change lists.

Texts come zipped, as the FTC and the CRTC hand theirs out. The same numbers give the same bytes, so a file is known by its
hash. The layouts are those of the FTC's download site and of its Canadian twin, whose XML is published:

* full, flat: ``416,5550100`` a line; full, XML: ``<list type='full' level='ac' val='416'>`` with ``<ac>`` and ``<ph>``;
* changes, flat: ``416,5550100,A,2026-11-22T00:00:00Z`` a line, ``A`` for added, ``D`` for deleted;
* changes, XML: as the full list, of the type ``change``, each ``<ph>`` with its ``op``;
* CSV: the columns of ``quietline register export`` and ``quietline register diff``;
* a change list as register files: a zip of two, what was added and what was removed.
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from quietline.registers import Entries, Metadata, RegisterBuilder, export_register
from quietline.web.lists.models import ListFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from typing import TypeAlias

    import numpy as np
    from numpy.typing import NDArray

    _Line: TypeAlias = Callable[[str, str], str]

__all__ = ["ListPlan", "forms_of", "write_changes", "write_full"]

_SUFFIXES = {ListFile.Form.FLAT: "txt", ListFile.Form.XML: "xml", ListFile.Form.CSV: "csv"}
_PIECE = 100_000
_LEVEL = 2
"""Of zlib: sorted digits shrink to a quarter; the standard level takes four times as long to save little more."""


@dataclass(frozen=True, slots=True)
class ListPlan:
    """What a list is of.

    Attributes:
        code: of the register, for names of files.
        title: of the register.
        country: of the register.
        area: ``1212`` or ``44``.
        version: of the published register.
        at: when that was published, aware.
    """

    code: str
    title: str
    country: str
    area: str
    version: int
    at: datetime

    def name(self, kind: str) -> str:
        """Name a list, without suffix: register, area, kind, version and day."""
        return f"{self.code}_{self.area}_{kind}_v{self.version}_{self.at:%Y-%m-%d}"

    @property
    def metadata(self) -> Metadata:
        """What the register file of the list says of itself."""
        return Metadata(
            name=f"{self.title}, {self.area}", country=self.country, list_date=self.at.date(), version=self.version,
            built_at=self.at,
        )  # fmt: skip


def forms_of(area: str) -> list[ListFile.Form]:
    """List the forms that lists of an area come in: the flat form and the XML have room for +1 and ten digits only."""
    return [form for form in ListFile.Form if area.startswith("1") or form in (ListFile.Form.CSV, ListFile.Form.REGISTER)]


def write_full(keys: NDArray[np.uint64], plan: ListPlan, form: ListFile.Form, target: Path) -> None:
    """Write a full list.

    Args:
        keys: uint64, ascending.
        plan: what it is of.
        form: how to write it.
        target: the file, beside which there is room for what is made on the way.

    Raises:
        OutputError: the disk is full, or the file may not be written.
    """
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        made = Path(folder) / "list.qlr"
        _register_file(keys, plan, made)
        if form is ListFile.Form.REGISTER:
            made.replace(target)
            return
        text = Path(folder) / f"list.{_SUFFIXES[form]}"
        export_register(made, text, format=form.value)
        _zip({f"{plan.name('full')}.{_SUFFIXES[form]}": text}, plan, target)


def write_changes(
    added: NDArray[np.uint64], removed: NDArray[np.uint64], plan: ListPlan, form: ListFile.Form, target: Path
) -> None:
    """Write a change list; arguments as for :func:`write_full`."""
    name = plan.name("changes")
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        if form is ListFile.Form.REGISTER:
            parts = {"added": Path(folder) / "added.qlr", "removed": Path(folder) / "removed.qlr"}
            _register_file(added, plan, parts["added"])
            _register_file(removed, plan, parts["removed"])
            _zip({f"{name}_{part}.qlr": path for part, path in parts.items()}, plan, target)
            return
        text = Path(folder) / f"changes.{_SUFFIXES[form]}"
        begin, line, end = _layout(plan, form)
        with text.open("wb") as out:
            out.write(begin.encode())
            for operation, keys in (("A", added), ("D", removed)):
                for piece in _pieces(keys):
                    out.write("".join([line(str(key), operation) for key in piece]).encode())
            out.write(end.encode())
        _zip({f"{name}.{_SUFFIXES[form]}": text}, plan, target)


def _layout(plan: ListPlan, form: ListFile.Form) -> tuple[str, _Line, str]:
    if form is ListFile.Form.FLAT:
        moment = f"{plan.at:%Y-%m-%dT%H:%M:%SZ}"
        return "", lambda key, operation: f"{key[1:4]},{key[4:]},{operation},{moment}\n", ""
    if form is ListFile.Form.XML:
        code = plan.area[1:]
        head = f"<?xml version='1.0' encoding='UTF-8'?>\n<list type='change' level='ac' val='{code}'>\n<ac val='{code}'>\n"
        return head, lambda key, operation: f"<ph val='{key[4:]}' op='{operation}'/>\n", "</ac>\n</list>\n"
    day = f"{plan.at:%Y-%m-%d}"
    return "op,number,date,terms\n", lambda key, operation: f"{operation},+{key},{day},\n", ""


def _pieces(keys: NDArray[np.uint64]) -> Iterator[list[int]]:
    for start in range(0, len(keys), _PIECE):
        yield keys[start : start + _PIECE].tolist()


def _register_file(keys: NDArray[np.uint64], plan: ListPlan, path: Path) -> None:
    # no since-days and no terms: those of canaries would differ from those of people
    with RegisterBuilder() as builder:
        builder.add(Entries(keys))
        builder.write(path, plan.metadata)


def _zip(members: dict[str, Path], plan: ListPlan, target: Path) -> None:
    moment = (plan.at.year, plan.at.month, plan.at.day, 0, 0, 0)
    whole = target.with_name(target.name + ".zip-part")
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        for name, path in members.items():
            info = zipfile.ZipInfo(name, date_time=moment)  # not the clock: the same list has the same bytes
            info.compress_type = zipfile.ZIP_DEFLATED
            info._compresslevel = _LEVEL  # type: ignore[attr-defined]  # noqa: SLF001 - public from Python 3.13 on
            with path.open("rb") as source, archive.open(info, "w", force_zip64=True) as member:
                shutil.copyfileobj(source, member, 1 << 20)
    whole.replace(target)
