"""Registers in the forms that others read, and back."""

from __future__ import annotations

import io
from datetime import date
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quietline.errors import UsageError
from quietline.numbering import key_of
from quietline.registers import Entries, Metadata, Register, RegisterBuilder
from quietline.registers.build import build_register
from quietline.registers.export import EXPORT_FORMATS, export_register

if TYPE_CHECKING:
    from pathlib import Path

LIST_DATE = date(2026, 11, 22)
ROWS = (
    b'number,since,until,terms\n4161234567,2024-01-05,,\n2125550123,,2027-01-01,"channels=text,voice; days=sun"\n'
    b"4161234568,2024-01-05,,days=sun\n"
)


def build(path: Path, content: bytes, **options: object) -> Path:
    build_register([content], path, **({"name": "DNC", "country": "US", "list_date": LIST_DATE} | options))
    return path


def exported(path: Path, form: str) -> bytes:
    out = io.BytesIO()
    export_register(path, out, format=form)
    return out.getvalue()


def test_csv_and_parquet_hold_everything(tmp_path: Path) -> None:
    path = build(tmp_path / "dnc.qlr", ROWS)
    assert exported(path, "csv") == (
        b"number,since,until,terms\n"
        b'+12125550123,,2027-01-01,"channels=text,voice; days=sun"\n'
        b"+14161234567,2024-01-05,,\n+14161234568,2024-01-05,,days=sun\n"
    )
    table = pq.read_table(pa.BufferReader(exported(path, "parquet"))).to_pylist()
    assert table[0] == {
        "number": "+12125550123", "since": None, "until": date(2027, 1, 1), "terms": "channels=text,voice; days=sun"
    }  # fmt: skip
    assert table[1] == {"number": "+14161234567", "since": date(2024, 1, 5), "until": None, "terms": None}


def test_text_flat_and_xml_hold_the_numbers(tmp_path: Path) -> None:
    path = build(tmp_path / "dnc.qlr", ROWS)
    assert exported(path, "text") == b"+12125550123\n+14161234567\n+14161234568\n"
    assert exported(path, "flat") == b"212,5550123\n416,1234567\n416,1234568\n"
    xml = ElementTree.fromstring(exported(path, "xml"))  # well-formed
    assert xml.attrib == {"type": "full", "level": "all", "val": ""}
    assert [(area.get("val"), [ph.get("val") for ph in area]) for area in xml] == [
        ("212", ["5550123"]), ("416", ["1234567", "1234568"])
    ]  # fmt: skip


def test_the_xml_of_one_area_code_says_so(tmp_path: Path) -> None:
    xml = ElementTree.fromstring(exported(build(tmp_path / "dnc.qlr", b"416,1234567\n416,9234568\n"), "xml"))
    assert xml.attrib == {"type": "full", "level": "ac", "val": "416"}
    assert len(xml) == 1


@pytest.mark.parametrize("form", EXPORT_FORMATS)
def test_an_empty_register_can_be_exported(tmp_path: Path, form: str) -> None:
    path = build(tmp_path / "dnc.qlr", b"number\n")
    content = exported(path, form)
    if form == "xml":
        assert len(ElementTree.fromstring(content)) == 0


def test_numbers_only_are_those_that_stand_on_the_list_date(tmp_path: Path) -> None:
    rows = (
        b"number,since,until\n4161234567,2020-01-01,2021-01-01\n4161234567,2022-01-01,\n4161234568,2020-01-01,2021-01-01\n"
        b"2125550123,2020-01-01,2027-01-01\n"
    )
    path = build(tmp_path / "dnc.qlr", rows, history=True)
    assert exported(path, "text") == b"+12125550123\n+14161234567\n"
    assert exported(path, "csv").count(b"\n") == 5


@pytest.mark.parametrize("form", ["flat", "xml"])
def test_numbers_of_other_countries_have_no_flat_form(tmp_path: Path, form: str) -> None:
    path = build(tmp_path / "dnc.qlr", b"+12125550123\n+442079460018\n")
    with pytest.raises(UsageError, match=r"holds \+442079460018"):
        export_register(path, tmp_path / "out.txt", format=form)
    assert not (tmp_path / "out.txt").exists()


def test_numbers_of_every_length_service_codes_and_senders(tmp_path: Path) -> None:
    numbers = ["+1", "+12", "+99999", "+123456789012345", "+999999999999999", "86:95588", "86:106", "A", "HDFC BANK"]
    path = tmp_path / "all.qlr"
    with RegisterBuilder() as builder:
        builder.add(Entries(np.array([key_of(number) for number in numbers], np.uint64)))
        builder.write(path, Metadata("all", holds=("e164", "service", "sender")))
    text = exported(path, "text").decode().splitlines()
    assert sorted(text) == sorted(numbers)
    assert [line.split(",")[0] for line in exported(path, "csv").decode().splitlines()[1:]] == text


def test_the_name_says_the_format_and_an_unknown_one_is_refused(tmp_path: Path) -> None:
    path = build(tmp_path / "dnc.qlr", b"416,1234567\n")
    assert export_register(path, tmp_path / "out.txt") == 1
    assert (tmp_path / "out.txt").read_bytes() == b"+14161234567\n"
    with pytest.raises(UsageError, match="does not say in which format"):
        export_register(path, tmp_path / "out.docx")
    with pytest.raises(UsageError, match="no format 'fax'"):
        export_register(path, tmp_path / "out.txt", format="fax")
    with pytest.raises(UsageError):
        export_register(path, path, format="csv")
    with Register(path) as register:
        assert len(register) == 1
