"""The Chinese catalogues are complete, up to date, and fit the English; and the command that keeps them does so."""

from __future__ import annotations

import re
from functools import cache

import pytest

from quietline.errors import UsageError
from quietline.web import catalogues

PLACES = re.compile(r"%\(\w+\)[sd]|%%|(?<!\{)\{\w*\}(?!\})")
SAME_IN_BOTH = {"Webhook", "API", "XML", "CSV"}
"""Texts that Chinese pages leave as they are: names and terms of programming that are not translated."""
OTHER_WORDS = {
    "登记簿": "登记册", "销售商": "商家", "电话营销商": "电话营销方", "单位": "机构",
}  # fmt: skip
"""Words that mean what a term of docs/reference/glossary.md means, and that term."""
MARKUP = re.compile(r"</?[a-z][^>]*>")
VIEWS = '''"""Words."""
from django.utils.translation import gettext as _, gettext_noop, ngettext, pgettext_lazy

A = _("first %(name)s")
B = pgettext_lazy("day", "second")
C = ngettext("%(count)s third", "%(count)s thirds", 2)
KNOWN = {1: gettext_noop("fourth")}
D = _(KNOWN.get(2, gettext_noop("fifth")))
E = "not to be translated"
'''
PAGE = """{% load i18n %}{% translate "sixth" %}{% include "a.html" with title=_("seventh") only %}{# a comment #}
{% blocktranslate trimmed with day=moment|date %}
  eighth
  {{ day }}
{% endblocktranslate %}
{% blocktranslate count n=rows|length %}{{ n }} ninth{% plural %}{{ n }} ninths{% endblocktranslate %}
{% translate "tenth" context "place" %}
"""
WORDS = [
    "first %(name)s", "second", "%(count)s third", "fourth", "fifth", "sixth", "seventh", "eighth %(day)s", "%(n)s ninth",
    "tenth",
]  # fmt: skip


@cache
def translated() -> dict[str, list]:
    """Give the messages of each room's catalogue."""
    found = {}
    for room in catalogues.rooms():
        file = catalogues.catalogue_of(room)
        if file.exists():
            found[room.name] = [message for message in catalogues.read(file) if message.id]
    assert len(found) > 5
    assert sum(map(len, found.values())) > 300
    return found


def every_message() -> list[tuple[str, str, str]]:
    """List room, English and Chinese; of plurals the English of many, which the one Chinese form stands for."""
    return [
        (room, message.id[-1], message.string[0]) if message.pluralizable else (room, message.id, message.string)
        for room, messages in translated().items()
        for message in messages
    ]


@pytest.mark.parametrize("room", catalogues.rooms(), ids=lambda room: room.name)
def test_every_catalogue_is_complete_and_up_to_date(room):
    problems = catalogues.problems_of(room)
    assert not problems, "run 'make messages' and translate what is empty:\n" + "\n".join(problems)


def test_a_room_that_says_nothing_has_no_catalogue():
    for room in catalogues.rooms():
        assert catalogues.catalogue_of(room).exists() == bool(len(catalogues.gather(room))), room.name


def test_both_languages_have_the_same_places_to_be_filled():
    for room, english, chinese in every_message():
        assert set(PLACES.findall(english)) == set(PLACES.findall(chinese)), f"{room}: {english!r}"


def test_both_languages_have_the_same_markup_and_breaks_at_their_ends():
    for room, english, chinese in every_message():
        assert sorted(MARKUP.findall(english)) == sorted(MARKUP.findall(chinese)), f"{room}: {english!r}"
        assert english.startswith("\n") == chinese.startswith("\n"), f"{room}: {english!r}"
        assert english.endswith("\n") == chinese.endswith("\n"), f"{room}: {english!r}"


def test_chinese_texts_are_chinese():
    for room, english, chinese in every_message():
        words = re.sub(r"%\(\w+\)[sd]|\W|\d|_", "", english)
        has_signs = any("\u4e00" <= sign <= "\u9fff" for sign in chinese)
        is_format = english in {"j F Y", "j F Y, H:i T"}
        assert has_signs or not words or english in SAME_IN_BOTH or is_format, f"{room}: {english!r} is {chinese!r}"


def test_people_are_spoken_to_politely():
    for room, english, chinese in every_message():
        assert "你" not in chinese, f"{room}: {english!r} says 你, not 您"


def test_terms_are_those_of_the_glossary():
    glossary = (catalogues.ROOMS.parents[2] / "docs/reference/glossary.md").read_text("utf-8")
    for other, term in OTHER_WORDS.items():
        assert term in glossary, f"{term} is not in the glossary"
        for room, english, chinese in every_message():
            assert other not in chinese, f"{room}: {english!r} says {other}, not {term}"


def test_one_text_is_the_same_in_all_rooms():
    # Django lays the catalogues over one another: where two differ, the order of the apps would decide
    known: dict[tuple[str, str], tuple[str, str]] = {}
    for room, messages in translated().items():
        for message in messages:
            name = (message.context or "", message.id if isinstance(message.id, str) else message.id[0])
            words = message.string if isinstance(message.string, str) else message.string[0]
            first_room, first_words = known.setdefault(name, (room, words))
            assert words == first_words, f"{name[1]!r} is {first_words!r} in {first_room} and {words!r} in {room}"


@pytest.fixture
def place(tmp_path):
    """A folder with one room."""
    room = tmp_path / "hall"
    (room / "templates").mkdir(parents=True)
    (room / "__init__.py").write_text("")
    (room / "views.py").write_text(VIEWS)
    (room / "templates" / "page.html").write_text(PAGE)
    return tmp_path


def translate(room, words=lambda english: f"译 {english}"):
    catalogue = catalogues.read(catalogues.catalogue_of(room))
    for message in catalogue:
        if message.id:
            message.string = (words(message.id[1]),) if message.pluralizable else words(message.id)
    catalogues.write(catalogue, catalogues.catalogue_of(room))


def test_words_of_python_and_of_templates_are_gathered_in_the_order_of_the_files(place, capsys):
    assert catalogues.main([], place) == 0
    messages = [message for message in catalogues.read(catalogues.catalogue_of(place / "hall")) if message.id]
    ids = [message.id if isinstance(message.id, str) else message.id[0] for message in messages]
    assert sorted(ids) == sorted(WORDS)
    assert ids.index("first %(name)s") < ids.index("sixth") < ids.index("tenth")
    assert {message.context for message in messages} == {None, "day", "place"}
    assert "10 messages" in capsys.readouterr().out


def test_a_new_text_fails_the_check_until_it_is_translated(place, capsys):
    assert catalogues.main(["--check"], place) == 1
    catalogues.main([], place)
    assert catalogues.main(["--check"], place) == 1
    translate(place / "hall")
    assert catalogues.main(["--check"], place) == 0
    (place / "hall" / "more.py").write_text('X = _("new")\n')
    capsys.readouterr()
    assert catalogues.main(["--check"], place) == 1
    assert "hall: not in the catalogue: 'new'" in capsys.readouterr().out


def test_a_guess_fails_the_check(place):
    catalogues.main([], place)
    translate(place / "hall")
    file = catalogues.catalogue_of(place / "hall")
    file.write_text(file.read_text("utf-8").replace('msgid "sixth"', '#, fuzzy\nmsgid "sixth"'), "utf-8")
    assert [problem for problem in catalogues.problems_of(place / "hall") if "guess" in problem]
    catalogues.main([], place)
    assert catalogues.main(["--check"], place) == 1, "a run of the command took the guess for a translation"


def test_a_run_without_a_change_in_the_words_changes_no_file(place):
    catalogues.main([], place)
    translate(place / "hall")
    catalogues.main([], place)
    file = catalogues.catalogue_of(place / "hall")
    before = file.read_bytes()
    views = place / "hall" / "views.py"
    views.write_text("\n\n\n" + views.read_text())
    catalogues.main([], place)
    assert file.read_bytes() == before


def test_what_vanishes_is_set_aside_and_taken_up_again(place):
    catalogues.main([], place)
    translate(place / "hall")
    page = place / "hall" / "templates" / "page.html"
    page.write_text(PAGE.replace("sixth", "another"))
    catalogues.main([], place)
    file = catalogues.catalogue_of(place / "hall")
    assert '#~ msgid "sixth"' in file.read_text("utf-8")
    page.write_text(PAGE)
    catalogues.main([], place)
    assert "#~" not in file.read_text("utf-8")
    assert catalogues.main(["--check"], place) == 0


def test_a_text_that_another_room_has_is_taken_from_there(place):
    catalogues.main([], place)
    translate(place / "hall")
    (place / "porch").mkdir()
    (place / "porch" / "__init__.py").write_text('X = _("sixth")\nY = _("porch")\n')
    catalogues.main(["porch"], place)
    assert catalogues.problems_of(place / "porch") == ["porch: not translated: 'porch'"]


def test_a_room_that_there_is_not_is_named(place):
    with pytest.raises(UsageError, match="no room attic"):
        catalogues.main(["attic"], place)
