"""Countries and time zones of many numbers at once."""

import subprocess
import sys
import threading

import numpy as np
import phonenumbers
import pytest

from quietline.errors import UsageError
from quietline.numbering import (
    Places,
    _place_logic,
    compile_plans,
    countries,
    facts,
    key_of,
    load_places,
    places,
    plans,
    sender_key,
    service_key,
)
from quietline.numbering._logic import NotUnderstoodError


def column(*numbers):
    return np.array([key_of(number) if isinstance(number, str) else number for number in numbers], np.uint64)


def countries_of(*numbers, known=None):
    known = known or load_places()
    return [known.countries[index] for index in known.countries_of(column(*numbers)).tolist()]


def zones_of(*numbers, known=None):
    known = known or load_places()
    return [known.zone_sets[index] for index in known.zones_of(column(*numbers)).tolist()]


def test_countries_that_share_a_calling_code_are_told_apart():
    numbers = {
        "+12125551234": "US",
        "+14165551234": "CA",
        "+18765551234": "JM",
        "+18092345678": "DO",
        "+442079460958": "GB",
        "+441534456789": "JE",
        "+441481256789": "GG",
        "+441624756789": "IM",
        "+79123456789": "RU",
        "+77012345678": "KZ",
        "+390669821234": "VA",
        "+61891621234": "CC",
    }
    assert countries_of(*numbers) == list(numbers.values())


def test_zones_are_as_exact_as_the_plan():
    assert zones_of("+12125551234", "+13125551234", "+18085551234", "+8613812345678", "+61212345678") == [
        ("America/New_York",),
        ("America/Chicago",),
        ("Pacific/Honolulu",),
        ("Asia/Shanghai",),
        ("Australia/Sydney",),
    ]


def test_numbers_without_a_place_may_lie_in_all_zones_of_their_calling_code():
    toll_free, mobile = zones_of("+18002345678", "+61412345678")
    assert len(toll_free) > 10
    assert "America/Puerto_Rico" in toll_free
    assert {"Australia/Sydney", "Australia/Perth"} <= set(mobile)


def test_one_area_code_may_lie_in_two_zones_and_one_exchange_in_one():
    assert zones_of("+12702001234", "+12702101234", "+12707011234") == [
        facts(number).time_zones for number in ("+12702001234", "+12702101234", "+12707011234")
    ]
    assert len(set(zones_of(*(f"+1270{exchange}1234" for exchange in range(200, 1000))))) > 1


def test_a_number_in_no_range_in_use_has_zones_by_its_digits_and_a_country_where_that_is_the_only_one():
    assert countries_of("+12121551234", "+4420794609", "+9111", "+861") == ["", "", "IN", "CN"]
    assert zones_of("+12121551234") == [("America/New_York",)]
    assert zones_of("+9111") == [("Asia/Calcutta",)]


def test_numbers_of_the_world_have_no_country():
    assert countries_of("+80012345678", "+870301234567") == ["", ""]


def test_what_is_no_telephone_number_has_neither_country_nor_zones():
    keys = [service_key(86, "95588"), sender_key("HDFCBK"), 0, 1, 44, 9991234567, 10**15, 2**64 - 1]
    assert countries_of(*keys) == [""] * len(keys)
    assert zones_of(*keys) == [()] * len(keys)


def test_the_tables_begin_with_not_known_and_name_everything_once():
    known = load_places()
    assert known.countries == ("", *countries())
    assert known.zone_sets[0] == ()
    assert len(set(known.zone_sets)) == len(known.zone_sets)
    assert all(list(zones) == sorted(set(zones)) for zones in known.zone_sets)


def test_an_empty_column_has_no_places():
    known = load_places()
    for answers in (known.zones_of(column()), known.countries_of(column())):
        assert (answers.shape, answers.dtype) == ((0,), np.uint16)


def test_every_second_key_and_other_unsigned_types_may_be_given():
    known = load_places()
    keys = column("+12125551234", "+442079460958", "+14165551234")
    assert known.countries_of(keys[::2]).tolist() == known.countries_of(keys)[::2].tolist()
    small = np.array([85223456], np.uint32)
    assert known.countries[known.countries_of(small)[0]] == "HK"
    assert known.countries_of(keys.astype(">u8")).tolist() == known.countries_of(keys).tolist()


@pytest.mark.parametrize("keys", [np.zeros((2, 2), np.uint64), np.array([1.0]), np.array([-1]), np.uint64(5), ["+1"]])
def test_what_is_no_column_of_keys_is_refused(keys):
    with pytest.raises(UsageError):
        load_places().zones_of(keys)


def test_a_long_column_of_several_countries_is_answered_in_order():
    choose = np.random.default_rng(4)
    starts = column("+12702000000", "+14160000000", "+447911000000", "+8613800000000", "+77010000000", 0)
    shares = [0.9, 0.04, 0.02, 0.02, 0.01, 0.01]
    keys = choose.choice(starts, 600_000, p=shares) + choose.integers(0, 10**6, 600_000, dtype=np.uint64)
    keys[300_000:400_000] = starts[2] + choose.integers(0, 10**6, 100_000, dtype=np.uint64)
    known = load_places()
    zones, where = known.zones_of(keys), known.countries_of(keys)
    for row in choose.integers(0, len(keys), 400).tolist():
        assert known.zone_sets[zones[row]] == zones_of(keys[row])[0]
        assert known.countries[where[row]] == countries_of(keys[row])[0]
    order = choose.permutation(len(keys))
    assert np.array_equal(known.zones_of(keys[order]), zones[order])
    assert np.array_equal(known.countries_of(keys[order]), where[order])


def test_the_tables_in_the_package_are_those_that_the_compiler_makes(tmp_path):
    packed = places.unpack_tables(places.PACK.read_bytes())
    assert packed.release == phonenumbers.__version__
    compile_plans.write_places(tmp_path / "places.bin")
    made = places.unpack_tables((tmp_path / "places.bin").read_bytes())
    for one, other in zip(packed, made, strict=True):
        assert np.array_equal(one, other) if isinstance(one, np.ndarray) else one == other


def test_another_release_of_the_library_makes_its_own_tables(monkeypatch):
    monkeypatch.setattr(plans, "library_release", lambda: "0.0.0")
    made = load_places.__wrapped__()
    assert isinstance(made, Places)
    numbers = ("+12125551234", "+77012345678", "+18002345678")
    assert countries_of(*numbers, known=made) == countries_of(*numbers)
    assert zones_of(*numbers, known=made) == zones_of(*numbers)


def test_expressions_that_the_compiler_does_not_understand_leave_the_number_to_the_library(monkeypatch):
    def refuse(self, code, length):
        if code in {7, 44}:
            raise NotUnderstoodError("for a test")
        return compute(self, code, length)

    numbers = ("+77012345678", "+441534456789", "+442079460958", "+442079460958", "+12125551234", "+441", 0)
    for name in ("_zones", "_country"):
        compute = getattr(_place_logic.PlaceLogic, name)
        monkeypatch.setattr(_place_logic.PlaceLogic, name, refuse)
        known = Places(_place_logic.compile_tables())
        monkeypatch.undo()
        for some in (numbers, numbers * 50, (*numbers, *["+12125551234"] * 500)):
            assert countries_of(*some, known=known) == countries_of(*some)
            assert zones_of(*some, known=known) == zones_of(*some)


def test_what_is_no_pack_is_refused():
    with pytest.raises(ValueError, match="places"):
        places.unpack_tables(b"QLPLANS\1" + bytes(100))


def test_threads_get_the_same_answers():
    known = Places(places.unpack_tables(places.PACK.read_bytes()))
    keys = np.repeat(column("+12125551234", "+442079460958", "+77012345678"), 1000)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(known.zones_of(keys).tolist())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [answers[0]] * 8


def test_places_are_known_without_importing_the_library():
    code = (
        "import sys, numpy as np, quietline.numbering as q; p = q.load_places();"
        "assert p is q.load_places();"
        "assert p.countries[p.countries_of(np.array([12125551234], np.uint64))[0]] == 'US';"
        "sys.exit('phonenumbers' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
