"""Rulebooks: what they say, and each mistake in one of them by name.

``broken/xx`` holds one file for each mistake; its first lines say which words the error must contain.
"""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from quietline import law
from quietline.errors import LawError

HERE = Path(__file__).parent
BROKEN = sorted((HERE / "broken" / "xx").glob("*.yaml"))
GOOD = HERE / "good"


def test_no_mistake_has_lost_its_fixture() -> None:
    assert len(BROKEN) >= 42


@pytest.mark.parametrize("file", BROKEN, ids=lambda file: file.stem)
def test_a_broken_rulebook_is_refused_with_file_line_key_and_what_is_allowed(file: Path, tmp_path: Path) -> None:
    words = re.findall(r"^# must say: (.*)$", file.read_text("utf-8", "replace"), re.MULTILINE)
    assert words
    (tmp_path / "xx").mkdir()
    shutil.copy(file, tmp_path / "xx")
    with pytest.raises(LawError) as caught:
        law.load_rulebook("xx", folder=tmp_path)
    assert caught.value.code == "law.invalid"
    for each in [*words, file.name, "line "]:
        assert each in caught.value.message


def test_a_parameter_belongs_to_one_instrument() -> None:
    with pytest.raises(LawError, match=r"second\.yaml.*stands in first\.yaml as well"):
        law.load_rulebook("yy", folder=HERE / "broken")


def test_an_unreadable_rulebook_is_refused(tmp_path: Path) -> None:
    (tmp_path / "xx" / "a.yaml").mkdir(parents=True)
    with pytest.raises(LawError, match="cannot be read"):
        law.load_rulebook("xx", folder=tmp_path)
    (tmp_path / "xx" / "a.yaml").rmdir()
    (tmp_path / "xx" / "a.yaml").write_bytes(b"#" * ((1 << 20) + 1))
    with pytest.raises(LawError, match="longer than 1 MB"):
        law.load_rulebook("xx", folder=tmp_path)


def test_periods_are_half_open_and_null_ends_a_rule() -> None:
    known = law.load_rulebook("zz", folder=GOOD).parameters["list_age_max"]
    seen = []
    for day in ("2004-12-31", "2005-01-01", "2009-12-31", "2010-01-01", "2014-12-31", "2015-01-01"):
        period, change = known.at(date.fromisoformat(day))
        seen.append((period and period.value, change and change.isoformat()))
    assert seen == [
        (None, "2005-01-01"),
        (31, "2010-01-01"),
        (31, "2010-01-01"),
        (None, "2015-01-01"),
        (None, "2015-01-01"),
        (10, "2015-02-01"),
    ]


def test_a_value_comes_with_all_that_is_known_of_it() -> None:
    value = law.parameter("US", "list_age_max", date(2004, 6, 1))
    assert (value.value, value.unit, value.bound) == (3, "months", "at_most")
    assert value.from_date == date(2003, 10, 1)
    assert value.instrument == "Telemarketing Sales Rule, 16 CFR Part 310"
    assert "16 CFR 310.4(b)(3)(iv)" in value.citation
    assert value.confidence == "seen_copy"
    assert value.note


@pytest.mark.parametrize(
    ("country", "name", "words"),
    [
        ("FR", "list_age_max", "no rulebook for the country FR"),
        ("IN", "list_age_max", "rulebook of IN says nothing on list_age_max"),
        ("CN", "list_age_max", "rulebook of CN says nothing on list_age_max"),
        ("US", "no_such_thing", "rulebook of US says nothing on no_such_thing"),
        ("../us", "list_age_max", "not a country code"),
        ("", "list_age_max", "not a country code"),
        ("uk", "no_such_thing", "rulebook of GB says nothing"),
    ],
)
def test_where_the_rulebooks_are_silent_nothing_is_assumed(country: str, name: str, words: str) -> None:
    with pytest.raises(LawError, match=words) as caught:
        law.parameter(country, name, date(2026, 3, 1))
    assert caught.value.code == "law.undetermined"
    assert caught.value.advice


@pytest.mark.parametrize("name", law.rulebook_names())
def test_every_rulebook_that_comes_along_is_right(name: str) -> None:
    rulebook = law.load_rulebook(name, folder=Path(law.__file__).parent / "rulebooks")
    assert rulebook.name == name
    assert rulebook.country == name[:2]
    assert rulebook.instruments


def test_only_the_country_that_is_asked_for_is_read(tmp_path: Path) -> None:
    shutil.copytree(GOOD / "zz", tmp_path / "zz")
    (tmp_path / "qq").mkdir()
    (tmp_path / "qq" / "broken.yaml").write_text("?")
    assert law.load_rulebook("ZZ", folder=tmp_path).country == "zz"


def test_the_countries_with_a_rulebook_are_known() -> None:
    assert {"au", "ca", "gb", "sg", "us"} <= set(law.rulebook_names())
