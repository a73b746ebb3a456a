import pytest

from quietline.errors import UsageError
from quietline.numbering import Kind, facts, key_of


def test_a_chinese_mobile_number_has_a_carrier_in_two_languages():
    found = facts("+8613812345678")
    assert (found.region, found.line_type, found.original_carrier, found.original_carrier_zh) == (
        "CN",
        "mobile",
        "China Mobile",
        "中国移动",
    )
    assert found.time_zones == ("Asia/Shanghai",)


def test_an_american_line_is_fixed_or_mobile_and_stays_so():
    found = facts("+12125551234")
    assert (found.region, found.line_type, found.location) == ("US", "fixed_line_or_mobile", "New York, NY")


def test_all_possible_time_zones_are_given():
    assert len(facts("+18002345678").time_zones) > 10  # toll-free: anywhere in the numbering area
    assert len(facts("+77012345678").time_zones) > 1
    assert set(facts("+17705551234").time_zones) >= {"America/New_York"}


def test_a_number_in_no_range_in_use_lists_all_regions_it_may_belong_to():
    found = facts("+15551234")
    assert (found.valid, found.possible, found.region) == (False, True, None)
    assert {"US", "CA"} <= set(found.regions)


def test_numbers_of_the_world_belong_to_region_001():
    assert facts("+80012345678").region == "001"


def test_leading_zeros_of_the_national_number_are_kept():
    assert facts("+390669821234").location != ""
    assert facts(390669821234).valid


def test_service_codes_and_senders_have_facts_too():
    assert facts("86:95588").kind is Kind.SERVICE
    assert facts("86:95588").region == "CN"
    assert facts(key_of("HDFCBK")).line_type == "sender"


@pytest.mark.parametrize("number", ["+9991234567", "2125551234", 0])
def test_what_is_no_number_has_no_facts(number):
    with pytest.raises(UsageError):
        facts(number)
