"""Columns of numbers: cut out by area, marked, compared; and written in forms that our own readers read back."""

from __future__ import annotations

import zipfile
from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quietline.registers import Entries, Metadata, Register, RegisterBuilder
from quietline.registers.sources import read_changes
from quietline.web.lists.content import difference, keys_of_area, without
from quietline.web.lists.models import ListFile
from quietline.web.lists.samples import read_sample
from quietline.web.lists.writing import ListPlan, forms_of, write_changes, write_full
from quietline.web.publishing.areas import area_of, in_area

PLAN = ListPlan("dnc-us", "Do not call", "US", "1555", 12, datetime(2026, 11, 22, 6, 30, tzinfo=UTC))
KEYS = np.arange(15_555_550_100, 15_555_550_200, dtype=np.uint64)
_key = st.one_of(
    st.integers(min_value=10_000_000_000, max_value=19_999_999_999),
    st.integers(min_value=447_700_900_000, max_value=447_700_900_999),
    st.integers(min_value=10**6, max_value=10**15 - 1),
)
_keys = st.lists(_key, max_size=60).map(lambda keys: np.unique(np.array(keys, dtype=np.uint64)))


@pytest.fixture
def folder(tmp_path):
    """An empty folder."""
    made = tmp_path / "lists"
    made.mkdir()
    return made


@given(_keys)
def test_a_number_is_in_the_area_that_feeds_have_it_in(keys):
    for area in ("1212", "44", "7", "886"):
        assert in_area(keys, area).tolist() == [area_of(key) == area for key in keys.tolist()]


@given(_keys, _keys)
def test_leaving_out_and_comparing_are_what_sets_do(one, other):
    assert without(one, other[::-1]).tolist() == sorted(set(one.tolist()) - set(other.tolist()))
    added, removed = difference(one, other)
    assert added.tolist() == sorted(set(other.tolist()) - set(one.tolist()))
    assert removed.tolist() == sorted(set(one.tolist()) - set(other.tolist()))


@pytest.mark.parametrize("area", ["1555", "44", "1999", "7"])
def test_an_area_is_cut_out_of_a_register_file(tmp_path, area):
    random = np.random.default_rng(3)
    keys = np.unique(np.concatenate([
        random.integers(15_550_000_000, 15_560_000_000, 5000), random.integers(10**10, 2 * 10**10, 3000),
        random.integers(447_700_900_000, 447_700_901_000, 500), random.integers(79_000_000_000, 79_900_000_000, 6000),
    ]).astype(np.uint64))  # fmt: skip
    with RegisterBuilder() as builder:
        builder.add(Entries(keys))
        builder.write(tmp_path / "all.qlr", Metadata(name="all"))
    with Register(tmp_path / "all.qlr") as register:
        found = keys_of_area(register, area)
    assert found.tolist() == [key for key in keys.tolist() if area_of(key) == area]


@pytest.mark.parametrize("form", ListFile.Form)
def test_a_full_list_can_be_read_back_from_every_form(folder, form):
    path = folder / "list"
    write_full(KEYS, PLAN, form, path)
    assert np.array_equal(read_sample(path, country="US"), KEYS)
    assert [made.name for made in folder.iterdir()] == ["list"]  # and nothing is left of what was made on the way


@pytest.mark.parametrize("form", [ListFile.Form.FLAT, ListFile.Form.XML, ListFile.Form.CSV])
def test_a_change_list_can_be_read_back_from_every_text_form(tmp_path, form):
    path = tmp_path / "changes"
    write_changes(KEYS[:60], KEYS[60:], PLAN, form, path)
    changes = read_changes([path], country="US")
    assert changes.keys.tolist() == KEYS.tolist()
    assert changes.operations.tolist() == [1] * 60 + [2] * 40
    assert np.array_equal(read_sample(path, country="US"), KEYS)


def test_a_change_list_as_register_files_is_one_of_what_came_and_one_of_what_went(tmp_path):
    write_changes(KEYS[:60], KEYS[60:], PLAN, ListFile.Form.REGISTER, tmp_path / "changes")
    with zipfile.ZipFile(tmp_path / "changes") as archive:
        names = archive.namelist()
        archive.extractall(tmp_path)
    assert names == ["dnc-us_1555_changes_v12_2026-11-22_added.qlr", "dnc-us_1555_changes_v12_2026-11-22_removed.qlr"]
    for name, keys in zip(names, (KEYS[:60], KEYS[60:]), strict=True):
        with Register(tmp_path / name) as register:
            assert [entry.key for entry in register.entries()] == keys.tolist()
            assert register.metadata.version == 12


def test_the_flat_form_and_the_xml_are_laid_out_as_the_ftc_and_the_crtc_do(folder):
    for form in (ListFile.Form.FLAT, ListFile.Form.XML):
        write_full(KEYS[:2], PLAN, form, folder / form)
        write_changes(KEYS[:1], KEYS[1:2], PLAN, form, folder / f"{form}-changes")
    texts = {}
    for path in folder.iterdir():
        with zipfile.ZipFile(path) as archive:
            (name,) = archive.namelist()
            texts[name] = archive.read(name).decode()
    full, changes = "dnc-us_1555_full_v12_2026-11-22", "dnc-us_1555_changes_v12_2026-11-22"
    assert texts[f"{full}.txt"] == "555,5550100\n555,5550101\n"
    assert texts[f"{full}.xml"].split("\n")[1:] == [
        "<list type='full' level='ac' val='555'>", "<ac val='555'>", "<ph val='5550100'/>", "<ph val='5550101'/>",
        "</ac>", "</list>", "",
    ]  # fmt: skip
    assert texts[f"{changes}.txt"] == "555,5550100,A,2026-11-22T06:30:00Z\n555,5550101,D,2026-11-22T06:30:00Z\n"
    assert (
        "<list type='change' level='ac' val='555'>\n<ac val='555'>\n<ph val='5550100' op='A'/>\n" in texts[f"{changes}.xml"]
    )


@pytest.mark.parametrize("form", ListFile.Form)
def test_the_same_list_has_the_same_bytes(tmp_path, form):
    for name in ("one", "other"):
        write_full(KEYS, PLAN, form, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_a_register_file_says_of_what_day_and_version_it_is_and_nothing_that_sets_canaries_apart(tmp_path):
    write_full(KEYS, PLAN, ListFile.Form.REGISTER, tmp_path / "list.qlr")
    with Register(tmp_path / "list.qlr") as register:
        assert (register.metadata.version, register.metadata.list_date) == (12, date(2026, 11, 22))
        assert {(entry.since, entry.until, entry.terms) for entry in register.entries()} == {(None, None, "")}


def test_forms_that_have_room_for_plus_one_only_are_offered_there_only():
    assert forms_of("1212") == list(ListFile.Form)
    assert forms_of("44") == [ListFile.Form.CSV, ListFile.Form.REGISTER]


def test_an_empty_list_is_a_list(tmp_path):
    empty = np.empty(0, dtype=np.uint64)
    write_full(empty, PLAN, ListFile.Form.REGISTER, tmp_path / "list.qlr")
    with Register(tmp_path / "list.qlr") as register:
        assert len(register) == 0
    write_full(empty, PLAN, ListFile.Form.FLAT, tmp_path / "list.zip")
    write_changes(empty, empty, PLAN, ListFile.Form.CSV, tmp_path / "changes.zip")
