"""Whatever people text, the grammar answers; and what it writes, it reads."""

from __future__ import annotations

from calendar import monthrange

from hypothesis import given
from hypothesis import strategies as st

from quietline.registers import canonical_terms
from quietline.web.subscribers import texts_in as t
from quietline.web.subscribers.terms import terms_from, terms_parts, union, without
from quietline.web.subscribers.text_words import BANDS, CATEGORIES, CHANNELS, COMMANDS, DAYS, MODES

AXES = {"channels": CHANNELS, "categories": CATEGORIES, "modes": MODES, "bands": tuple(BANDS), "days": tuple(DAYS)}


def terms_of(chosen):
    return canonical_terms("; ".join(f"{axis}={','.join(values)}" for axis, values in chosen.items()))


terms = st.fixed_dictionaries(
    {}, optional={axis: st.lists(st.sampled_from(values), min_size=1, unique=True) for axis, values in AXES.items()}
).map(terms_of)
days = st.builds(
    lambda year, month, day: t.SaidDay(min(day, monthrange(year or 2024, month)[1]), month, year),
    st.none() | st.integers(1900, 2199),
    st.integers(1, 12),
    st.integers(1, 31),
)
callers = st.from_regex(r"\A(?:\+?[0-9]{3,20}|[A-Z]{2}-[A-Z0-9]{3,9})\Z") | st.just("")
clocks = st.just("") | st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
words = st.text(max_size=300).map(t.clean).filter(lambda text: text == t.clean(text))
complaints = st.builds(t.Complaint, callers, st.none() | days, clocks, words).filter(lambda c: c.caller or c.words)
entries = terms.map(lambda text: terms_from(terms_parts(text)))
"""Terms as entries have them: all of an axis is everything. What shall be unblocked may name all of an axis."""
commands = st.one_of(
    st.builds(t.Block, entries),
    st.builds(t.Unblock, terms),
    st.builds(t.Yes, st.from_regex(r"\A[0-9]{0,10}\Z")),
    st.just(t.Status()),
    st.just(t.Help()),
    complaints,
    st.builds(t.Language, st.sampled_from(["en", "zh-hans"])),
    st.builds(t.Allow, st.from_regex(r"\A[A-Z0-9][A-Z0-9-]{1,15}\Z")),
    st.builds(t.Refuse, st.from_regex(r"\A[A-Z0-9][A-Z0-9-]{1,15}\Z")),
)


@given(commands)
def test_what_is_written_is_understood_as_the_same(command):
    assert t.understand(t.render(command)) == command


@given(commands, st.data())
def test_capitals_and_full_width_signs_change_nothing(command, data):
    if isinstance(command, t.Complaint):
        command = t.Complaint(command.caller, command.day, command.time, "")
        if not command.caller:
            return
    text = t.render(command)
    wide = "".join(
        chr(ord(c) + 0xFEE0) if "!" <= c <= "~" and data.draw(st.booleans()) else data.draw(st.sampled_from((c, c.lower())))
        for c in text
    )
    assert t.understand(f"  {wide} ") == command


@given(st.text(max_size=2_000) | st.builds(lambda k, r: f"{k}{r}", st.sampled_from(list(COMMANDS)), st.text(max_size=200)))
def test_no_text_whatever_raises(text):
    command = t.understand(text)
    assert isinstance(command, t.Command)
    t.language_of(text)
    if not isinstance(command, t.Unknown):
        assert t.understand(t.render(command)) == command


@given(st.lists(entries, min_size=1, max_size=3))
def test_the_union_of_terms_covers_each(parts):
    joined = union(parts)
    if "" in parts:
        assert joined == ""
    for part in parts:
        assert union([joined, part]) == joined


@given(entries, terms)
def test_what_is_taken_out_is_covered_no_more_and_nothing_is_added(before, taken):
    left = without(before, taken)
    if left == "":
        # holidays are days of the week as well
        assert (before, "days=38" in taken) == ("", True)
    elif left is not None:
        assert union([before, left]) == before
        for part in filter(None, taken.split("; ")):
            axis, _, values = part.partition("=")
            kept = dict(p.split("=") for p in left.split("; ")).get(axis, "").split(",")
            assert not set(kept) & set(values.split(","))
