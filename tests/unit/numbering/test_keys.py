import numpy as np
import pytest

from quietline.errors import UsageError
from quietline.numbering import Kind, has_calling_code, key_of, kind_of, number_of, sender_key, service_key


def test_the_key_of_a_number_is_its_digits():
    assert key_of("+12125551234") == 12125551234
    assert number_of(12125551234) == "+12125551234"


def test_the_key_of_a_service_code_is_fixed_for_ever():
    assert key_of("86:95588") == service_key(86, "95588") == 1_172_000_000_000_195_588


def test_the_key_of_a_sender_is_fixed_for_ever():
    places = [8, 4, 6, 3, 2, 11]  # H D F C B K
    assert sender_key("HDFCBK") == 4 * 10**18 + sum(p * 42 ** (10 - i) for i, p in enumerate(places))


@pytest.mark.parametrize("number", ["+1", "+999999999999999", "86:1", "86:0095588", "999:" + "9" * 15, "1:" + "0" * 15])
def test_numbers_and_service_codes_survive_the_round_trip(number):
    assert number_of(key_of(number)) == number


@pytest.mark.parametrize("name", ["A", "HDFCBK", "AX-HDFCBK", "M&S", "7ELEVEN", "A.B_C D-E&F", "ZZZZZZZZZZZ", "---A"])
def test_senders_survive_the_round_trip_in_capitals(name):
    assert number_of(sender_key(name.lower())) == name
    assert kind_of(sender_key(name)) is Kind.SENDER


def test_keys_of_senders_are_in_alphabetical_order():
    names = ["A", "AA", "AB", "B", "BANK", "BANK1", "BANK2", "BANKA", "C"]
    order = sorted(names, key=sender_key)
    assert order == ["A", "AA", "AB", "B", "BANK", "BANKA", "BANK1", "BANK2", "C"]


def test_the_kinds_do_not_overlap():
    assert kind_of(10**15 - 1) is Kind.E164
    assert service_key(1, "0") > 10**15
    assert service_key(999, "9" * 15) < sender_key("A")
    assert sender_key("ZZZZZZZZZZZ") < 2**63


@pytest.mark.parametrize("key", [0, 10**15, 10**18, 10**18 + 2 * 10**15, 4 * 10**18, 2**64 - 1, -1])
def test_what_is_no_key_is_refused(key):
    with pytest.raises(UsageError):
        number_of(key)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12125551234",
        "+0123",
        "+",
        "+1 212",
        "86:",
        "0:1",
        "+1234567890123456",
        "TWELVE CHARS",
        " A",
        "É",
        "ſA",
        "1:" + "1" * 16,
    ],
)
def test_what_is_no_number_has_no_key(text):
    with pytest.raises(UsageError):
        key_of(text)


def test_calling_codes_are_told_by_the_first_digits():
    keys = np.array(
        [12125551234, 442079460958, 8613812345678, 0, service_key(44, "118118"), sender_key("A"), 44, 4],
        np.uint64,
    )
    assert has_calling_code(keys, 44).tolist() == [False, True, False, False, True, False, True, False]
