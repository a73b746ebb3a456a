"""Blind indexes, keyed hashes and one-time codes: what is equal, what is apart, what people type."""

from __future__ import annotations

import base64
from collections import Counter

import pytest

from quietline.vault import KeyRing, normalised

A, B = (base64.b64encode(bytes(range(start, start + 32))).decode() for start in (0, 32))
RING = KeyRing.from_text(f"index {A}\nkek v1 2026-11-22 {B}\n")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jo@Example.org", "jo@example.ORG"),
        ("  Jo \t Bloggs ", "Jo Bloggs"),
        ("Jo\N{NO-BREAK SPACE}Bloggs", "Jo Bloggs"),
        ("Ｊｏ　Ｂｌｏｇｇｓ", "jo bloggs"),
        ("Zoe\N{COMBINING DIAERESIS}", "ZO\N{LATIN CAPITAL LETTER E WITH DIAERESIS}"),
        ("Straße", "STRASSE"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("\N{LATIN SMALL LIGATURE FI}nch", "FINCH"),
        ("１１０１０１１９９００１０１００１Ｘ", "11010119900101001x"),
    ],
)
def test_texts_that_people_take_for_the_same_have_one_index(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)
    assert RING.blind_index("p", one) == RING.blind_index("p", other)


@pytest.mark.parametrize(
    ("one", "other"), [("张三", "張三"), ("jo", "jó"), ("jo.b@example.org", "job@example.org"), ("a b", "ab")]
)
def test_texts_that_differ_have_different_indexes(one: str, other: str) -> None:
    assert RING.blind_index("p", one) != RING.blind_index("p", other)


def test_purposes_cannot_be_compared() -> None:
    made = {
        RING.blind_index("name", "jo"),
        RING.blind_index("email", "jo"),
        RING.keyed_hash("name", b"jo"),
        RING.keyed_hash("email", b"jo"),
    }
    assert {len(value) for value in made} == {16}
    assert len(made) == 4
    assert RING.one_time_code("list", b"c") != RING.one_time_code("withdraw", b"c")


def test_nothing_is_made_of_nothing() -> None:
    for call in (
        lambda: RING.blind_index("p", ""),
        lambda: RING.blind_index("p", " \N{IDEOGRAPHIC SPACE}"),
        lambda: RING.blind_index("", "v"),
        lambda: RING.keyed_hash("", b"v"),
        lambda: RING.one_time_code("", b"c"),
        lambda: RING.one_time_code("p", b""),
        lambda: RING.code_matches("p", b"", "12345678"),
    ):
        with pytest.raises(ValueError, match="empty"):
            call()


def test_a_keyed_hash_takes_bytes_as_they_are_and_has_the_length_asked_for() -> None:
    assert RING.keyed_hash("p", b"Jo") != RING.keyed_hash("p", b"jo")
    whole = RING.keyed_hash("p", b"", 32)
    assert RING.keyed_hash("p", memoryview(b""), 8) == whole[:8]
    for length in (7, 33):
        with pytest.raises(ValueError, match="8 to 32"):
            RING.keyed_hash("p", b"", length)


def test_a_code_has_the_digits_asked_for_and_they_are_evenly_spread() -> None:
    for digits in range(6, 11):
        codes = [RING.one_time_code("p", number.to_bytes(4, "big"), digits) for number in range(500)]
        assert {len(code) for code in codes} == {digits}
        counts = Counter("".join(codes))
        expected = 50 * digits
        # each count is binomial; six standard deviations, on a fixed key
        assert all(abs(counts[str(digit)] - expected) < 6 * expected**0.5 for digit in range(10))
        assert any(code.startswith("0") for code in codes)
    for digits in (5, 11):
        with pytest.raises(ValueError, match="6 to 10"):
            RING.one_time_code("p", b"c", digits)


def test_a_short_code_is_not_the_end_of_a_long_one() -> None:
    challenges = [number.to_bytes(4, "big") for number in range(50)]
    assert not any(RING.one_time_code("p", c, 8).endswith(RING.one_time_code("p", c, 6)) for c in challenges)


def test_a_code_fits_its_challenge_and_purpose_only() -> None:
    code = RING.one_time_code("list", b"c1")
    assert RING.code_matches("list", b"c1", code)
    assert not RING.code_matches("list", b"c2", code)
    assert not RING.code_matches("withdraw", b"c1", code)
    assert not RING.code_matches("list", b"c1", code, digits=9)
    assert RING.code_matches("list", b"c1", RING.one_time_code("list", b"c1", 6), digits=6)


def test_a_code_may_be_typed_as_people_type() -> None:
    code = RING.one_time_code("p", b"c")
    wide = "".join(chr(ord(digit) - ord("0") + ord("０")) for digit in code)
    arabic = "".join(chr(ord(digit) - ord("0") + ord("\N{ARABIC-INDIC DIGIT ZERO}")) for digit in code)
    for typed in (
        code,
        f" {code}\r\n",
        f"{code[:4]} {code[4:]}",
        f"{code[:4]}-{code[4:]}",
        f"{code[:4]}\N{EN DASH}{code[4:]}",
        f"{code[:4]}\N{MINUS SIGN}{code[4:]}",
        f"{code[:2]} - {code[2:]}",
        f"\N{LEFT-TO-RIGHT MARK}{code}\N{ZERO WIDTH SPACE}",
        wide,
        f"{wide[:4]}\N{IDEOGRAPHIC SPACE}{wide[4:]}",
        arabic,
        code[:4] + wide[4:],
    ):
        assert RING.code_matches("p", b"c", typed), ascii(typed)


def test_anything_else_is_not_the_code() -> None:
    code = RING.one_time_code("p", b"c")
    other = "".join("1" if digit == "0" else "0" for digit in code)
    for typed in (
        "",
        " ",
        code[:-1],
        code + "0",
        "0" + code,
        other,
        code[::-1],
        f"{code}.",
        f"#{code}",
        f"{code}x",
        "²" * 8,
    ):
        assert not RING.code_matches("p", b"c", typed), ascii(typed)
    assert not RING.code_matches("p", b"c", code + " " * 57)
    assert RING.code_matches("p", b"c", code + " " * 56)
    assert not RING.code_matches("p", b"c", "\ud800" + code)
