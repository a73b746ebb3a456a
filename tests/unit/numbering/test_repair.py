import pytest

from quietline.numbering.repair import looks_damaged, pieces, repair


@pytest.mark.parametrize(
    "text",
    ["2125551234", "212-555-1234 x123", "1-800-EXXON", "*67 212 555 1234", "#31#2125551234", "212*555*1234"],
)
def test_ordinary_signs_are_no_damage(text):
    assert not looks_damaged(text)


@pytest.mark.parametrize("raw", ["ABC.0", "12.0", "1.5", "212555123.45", "E+09", "1E", "=", '="x', "=A1+B1"])
def test_what_is_not_certain_is_not_repaired_into_digits(raw):
    assert not repair(raw).text.isdigit()


def test_pieces_are_cut_at_signs_and_whole_words():
    assert pieces("1 or 2;3 / 4|5&6\n7、8或9") == list("123456789")
    assert pieces("Orlando 2125551234") == ["Orlando 2125551234"]


def test_repairing_twice_changes_nothing_more():
    for raw in ["'2125551234", '="2125551234"', "2.125551234E+09", "２１２", "\ufeff1"]:
        once = repair(raw).text
        assert repair(once).text == once
