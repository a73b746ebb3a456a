"""Countries and time zones in bulk against the library's own functions, number by number."""

import random
from functools import cache

import numpy as np
import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumber, PhoneNumberType, re_util, timezone

from quietline.errors import UsageError
from quietline.numbering import facts, has_calling_code, load_places

re_util.enable_pattern_cache()

CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
# Where the place of a number depends on its digits.
TOLD_BY_DIGITS = [1, 7, 34, 39, 44, 47, 52, 55, 61, 62, 64, 212, 243, 262, 290, 299, 351, 358, 590, 593, 599, 689, 691, 976]
WANTED_DEEP = [86, 91, 65, 33, 49, 81, 82, 800, 870, 881]


def library_says(code, national):
    """Country and time zones of a number, by the public functions of the library alone."""
    zeros = min(len(national) - len(national.lstrip("0")), len(national) - 1)
    number = PhoneNumber(
        country_code=code,
        national_number=int(national),
        italian_leading_zero=zeros > 0 or None,
        number_of_leading_zeros=zeros if zeros > 1 else None,
    )
    regions = phonenumbers.region_codes_for_country_code(code)
    alone = regions[0] if len(regions) == 1 else ""
    country = phonenumbers.region_code_for_number(number) if phonenumbers.is_valid_number(number) else alone
    if phonenumbers.number_type(number) == PhoneNumberType.UNKNOWN:
        zones = timezone.time_zones_for_geographical_number(number)
    else:
        zones = timezone.time_zones_for_number(number)
    zones = tuple(sorted(zone for zone in zones if zone != timezone.UNKNOWN_TIMEZONE))
    return "" if country == "001" else country, zones


def bulk_says(keys):
    places = load_places()
    keys = np.array(keys, np.uint64)
    zones, countries = places.zones_of(keys), places.countries_of(keys)
    assert zones.dtype == countries.dtype == np.uint16
    said = [
        (places.countries[country], places.zone_sets[zone])
        for country, zone in zip(countries.tolist(), zones.tolist(), strict=True)
    ]
    assert said == [places.place_of(key) for key in keys.tolist()]
    return said


def check(numbers):
    """Compare the answers for pairs of calling code and national number."""
    keys = [int(f"{code}{national}") for code, national in numbers]
    for (code, national), answer in zip(numbers, bulk_says(keys), strict=True):
        assert answer == library_says(code, national), f"+{code}{national}"


@cache
def examples(code):
    """National numbers of every region and type with a calling code."""
    found = []
    for region in phonenumbers.region_codes_for_country_code(code):
        if region == "001":
            found.append(phonenumbers.example_number_for_non_geo_entity(code))
        else:
            found += [phonenumbers.example_number_for_type(region, kind) for kind in PhoneNumberType.values()]
    return tuple(phonenumbers.national_significant_number(number) for number in found if number)


@cache
def prefixes(code):
    """What follows the calling code in the prefixes whose time zones the library knows."""
    digits = str(code)
    return tuple(sorted(prefix[len(digits) :] for prefix in timezone.TIMEZONE_DATA if prefix.startswith(digits)))


def near(code, choose):
    """A national number near to a real one, near to a prefix, or near to nothing."""
    longest = 15 - len(str(code))
    way = choose.random()
    if way < 0.55:
        digits = list(choose.choice(examples(code)))
        for _ in range(choose.choice([0, 1, 1, 2, 4])):
            digits[choose.randrange(len(digits))] = choose.choice("0123456789")
        if choose.random() < 0.1:
            digits.append(choose.choice("0123456789"))
        national = "".join(digits)
    elif way < 0.9 and prefixes(code):
        start = choose.choice(prefixes(code))
        size = len(choose.choice(examples(code))) if choose.random() < 0.8 else choose.randrange(1, longest + 1)
        national = start + "".join(choose.choices("0123456789", k=max(0, size - len(start))))
    else:
        national = "".join(choose.choices("0123456789", k=choose.randrange(1, longest + 1)))
    return national[:longest] or "0"


def numbers_near(code, count):
    choose = random.Random(code)
    return [(code, near(code, choose)) for _ in range(count)]


@pytest.mark.parametrize("first", range(0, len(CODES), 40))
def test_places_equal_the_library_for_every_calling_code(first):
    for code in CODES[first : first + 40]:
        check([(code, national) for national in examples(code)])
        check(numbers_near(code, 120))


@pytest.mark.parametrize("code", TOLD_BY_DIGITS + WANTED_DEEP)
def test_places_equal_the_library_in_depth(code):
    check(numbers_near(code, 1500))


def test_the_calling_codes_whose_numbers_have_different_places_are_tested_in_depth():
    places = load_places()
    for code in CODES:
        keys = np.array([int(f"{code}{national}") for _, national in numbers_near(code, 400)], np.uint64)
        told = len(np.unique(places.countries_of(keys))) > 1 or len(np.unique(places.zones_of(keys))) > 1
        assert not told or code in TOLD_BY_DIGITS, code


def test_every_exchange_of_north_america_has_the_time_zones_of_its_longest_prefix():
    places = load_places()
    data = {prefix: tuple(sorted(zones)) for prefix, zones in timezone.TIMEZONE_DATA.items() if prefix[0] == "1"}
    exchanges = np.arange(200_000, 1_000_000)
    keys = (1_000_000 + exchanges).astype(np.uint64) * np.uint64(10_000) + np.uint64(123)
    zones = places.zones_of(keys)
    differing = []
    for exchange, zone in zip(exchanges.tolist(), zones.tolist(), strict=True):
        digits = f"1{exchange}"
        longest = next(digits[:size] for size in range(7, 0, -1) if digits[:size] in data)
        if places.zone_sets[zone] != data[longest]:
            assert places.zone_sets[zone] == data["1"]
            differing.append(f"{exchange}0123")
    # those have no place: toll-free, premium and personal numbers
    assert 1_000 < len(differing) < 80_000
    check([(1, national) for national in differing[::17]])


def test_the_area_codes_of_north_america_have_the_countries_of_the_library():
    check(
        [
            (1, f"{area}{exchange}{line}")
            for area in range(200, 1000)
            for exchange, line in (("234", "5678"), ("195", "0000"))
        ]
    )


@settings(max_examples=300, deadline=None)
@given(
    code=st.sampled_from(CODES),
    seed=st.integers(0, 2**32),
    many=st.integers(1, 40),
)
def test_numbers_of_any_country_have_the_places_of_the_library(code, seed, many):
    choose = random.Random(seed)
    check([(code, near(code, choose)) for _ in range(many)])


@settings(max_examples=200, deadline=None)
@given(keys=st.lists(st.one_of(st.integers(0, 2**64 - 1), st.integers(0, 10**15), st.integers(0, 10**6)), max_size=20))
@example(keys=[0, 1, 9, 10, 99, 100, 999, 1000, 10**15 - 1, 10**15, 10**18, 2**53, 2**63, 2**64 - 1])
def test_any_key_has_the_places_that_facts_gives_and_none_without_facts(keys):
    expected = []
    for key in keys:
        try:
            found = facts(key)
        except UsageError:
            expected.append(("", ()))
            continue
        country = "" if found.region in {None, "001"} or found.kind.text != "e164" else found.region
        expected.append((country, found.time_zones))
    assert bulk_says(keys) == expected


@settings(max_examples=25, deadline=None)
@given(
    codes=st.lists(st.sampled_from([1, 7, 44, 86, 351, 800]), min_size=1, max_size=4),
    share=st.floats(0, 1),
    seed=st.integers(0, 2**32),
)
def test_an_answer_does_not_depend_on_the_other_numbers_of_the_column(codes, share, seed):
    choose = random.Random(seed)
    numbers = [
        (code, near(code, choose))
        for code in (codes[0] if choose.random() < share else choose.choice(codes) for _ in range(120))
    ]
    keys = [int(f"{code}{national}") for code, national in numbers]
    assert bulk_says(keys) == [bulk_says([key])[0] for key in keys]


def test_the_digits_of_every_power_of_ten_are_counted_right():
    keys = [10**power + off for power in range(1, 19) for off in (-1, 0, 1)]
    assert bulk_says(keys) == [bulk_says([key])[0] for key in keys]
    for key, (country, _) in zip(keys, bulk_says(keys), strict=True):
        lone = key < 10**15 and country
        assert not lone or has_calling_code(np.array([key], np.uint64), phonenumbers.country_code_for_region(country))
