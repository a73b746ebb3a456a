"""Tell what a file is by its first bytes, and say in clear words what cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from quietline.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["KIND_SAMPLE", "refusal", "sniff_kind"]

KIND_SAMPLE = 1024

_MAGIC = (
    (b"PAR1", "parquet"),
    (b"PARE", "parquet"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
    (b"%PDF-", "pdf"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"ARROW1\x00\x00", "arrow"),
    (b"SQLite format 3\x00", "sqlite"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
)
_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_OFFICE = (
    ("xl/workbook.xml", "xlsx"),
    ("xl/workbook.bin", "xlsb"),
    ("word/document.xml", "docx"),
    ("Index/Document.iwa", "numbers"),
)
_SAVE = "Open it in a spreadsheet program and save it as .xlsx or .csv."
_UNPACK = "Unpack it first."
_REFUSED = {
    "xls": ("an old Excel file (.xls), or an Excel file locked with a password", _SAVE),
    "xlsb": ("a binary Excel file (.xlsb)", _SAVE),
    "ods": ("an OpenDocument spreadsheet (.ods)", _SAVE),
    "numbers": ("a Numbers document", _SAVE),
    "docx": ("a Word document", "Copy the table into a spreadsheet and save it as .xlsx or .csv."),
    "pdf": ("a PDF document", "Ask for the list as .csv or .xlsx."),
    "html": ("a web page, whatever its name says", "Open it in a spreadsheet program and save it as .csv."),
    "arrow": ("an Arrow or Feather file", "Save it as Parquet."),
    "sqlite": ("a SQLite database", "Export the table as .csv."),
    "gzip": ("gzip within gzip", _UNPACK),
    "bzip2": ("compressed with bzip2", _UNPACK),
    "xz": ("compressed with xz", _UNPACK),
    "zstd": ("compressed with zstd", _UNPACK),
    "7z": ("a 7z archive", _UNPACK),
    "rar": ("a RAR archive", _UNPACK),
    "utf-32": ("text in UTF-32", "Save it as UTF-8."),
    "zip": ("a zip archive", _UNPACK),
    "xlsx": ("an Excel file (.xlsx)", "Save it as .csv."),
    "parquet": ("a Parquet file", "Save it as .csv."),
    "text": ("plain text", ""),
}


def sniff_kind(head: bytes, random_access: Callable[[], BinaryIO]) -> str:
    """Return the kind of content that begins with head (see ``Stream.kind``).

    Args:
        head: the first KIND_SAMPLE bytes, or all there are.
        random_access: gives a seekable file of all the content; called only where head looks like a zip
            archive.
    """
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head.startswith(_ZIP_MAGIC):
        return _kind_of_zip(random_access())
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:64].lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<head", b"<body")):
        return "html"
    return "text"


def _kind_of_zip(file: BinaryIO) -> str:
    import zipfile

    try:
        with zipfile.ZipFile(file) as archive:
            return _kind_of_names(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError):
        # cut off: the table of contents is at the end. The names before each member still tell what it was.
        file.seek(0)
        head = file.read(1 << 16)
        return "xlsx" if b"xl/" in head and b"[Content_Types].xml" in head else "zip"


def _kind_of_names(names: Iterable[str]) -> str:
    present = set(names)
    for name, kind in _OFFICE:
        if name in present:
            return kind
    if {"mimetype", "content.xml"} <= present:
        return "ods"
    return "zip"


def refusal(name: str, kind: str) -> InputError:
    """Return the error for content of a kind that cannot be read here."""
    what, advice = _REFUSED[kind]
    return InputError(f"{name} is {what}; that cannot be read here.", advice=advice, code="input.kind")
