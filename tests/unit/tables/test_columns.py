from __future__ import annotations

import pytest

from quietline.errors import ColumnError
from quietline.tables import find_number_columns, is_area_and_local, is_phone_name, resolve_columns

US = ["(212) 555-1234", "2125551235", "+1 415 555 2671", "646-555-0199"]


def found(columns: dict[str, list[str]], *, country: str = "US", header: bool = True) -> list[int]:
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    return find_number_columns(rows, list(columns), country=country, header=header)


def test_the_column_of_numbers_is_found_by_content() -> None:
    assert found({"a": ["Ann", "Bob", "Cy", "Dee"], "b": US, "c": ["1", "2", "3", "4"]}) == [1]
    assert found({"a": ["Ann", "Bob", "Cy", "Dee"], "b": US}, header=False) == [1]


def test_several_phone_columns_are_found_by_name() -> None:
    columns = {"Home Phone": US, "Account": US, "mobile_no": [US[0], "", "", ""], "Fax type": ["a"] * 4}
    assert found(columns) == [0, 2]


def test_a_name_helps_a_column_with_many_bad_numbers() -> None:
    assert found({"phone": ["2125551234", "bad", "worse", "none"], "x": ["a"] * 4}) == [0]


def test_chinese_names_are_known() -> None:
    columns = {
        "身份证号码": ["110101199003071234"] * 2,
        "联系电话": ["13812345678", "01062345678"],
        "手机归属地": ["北京"] * 2,
    }
    assert found(columns, country="CN") == [1]


def test_an_account_number_never_wins_by_content_against_another_candidate() -> None:
    assert found({"Account number": US, "Reach me at": US}) == [1]


def test_an_account_number_is_not_taken_where_the_phone_column_fails() -> None:
    with pytest.raises(ColumnError):
        found({"Account number": US, "Phone": ["x"] * 4})


def test_two_columns_without_telling_names_are_ambiguous() -> None:
    with pytest.raises(ColumnError) as caught:
        found({"a": US, "b": US, "c": ["x"] * 4})
    assert caught.value.code == "input.column_ambiguous"
    assert "1 'a', 2 'b'" in caught.value.message
    assert "'c'" not in caught.value.message
    assert "--column" in caught.value.advice


def test_the_clearly_better_column_wins_without_names() -> None:
    assert found({"a": US, "b": [*US[:2], "x", "y"]}) == [0]


def test_no_column_of_numbers_is_said_with_the_columns_there_are() -> None:
    with pytest.raises(ColumnError) as caught:
        found({"name": ["Ann"], "city": ["Rome"]})
    assert caught.value.code == "input.column"
    assert "1 'name', 2 'city'" in caught.value.message


def test_a_list_of_one_column_needs_no_finding() -> None:
    assert find_number_columns([["x"]], ["column 1"], country="US") == [0]


def test_a_list_without_rows_goes_by_its_names() -> None:
    assert find_number_columns([], ["name", "phone"], country="US") == [1]
    with pytest.raises(ColumnError):
        find_number_columns([], ["name", "city"], country="US")


def test_hints_are_names_that_count() -> None:
    rows = [[number, number] for number in US]
    assert find_number_columns(rows, ["a", "B"], country="US", hints=["b"]) == [1]


def test_rows_may_be_short() -> None:
    assert find_number_columns([["Ann"], [], ["Bob", US[0]]], ["a", "b"], country="US") == [1]


def test_names_of_phone_columns() -> None:
    yes = "Phone|phone_number|HomePhone|Mobile No.|Tel|CELL|number|DNC number|E.164|ANI|Teléfono|contact"
    yes += "|手机|电话号码|號碼"
    no = "Account number|Phone type|phone_country_code|Mobile carrier|name|id|Zip|notes|number id"
    no += "|身份证号码|电话类型"
    assert [name for name in yes.split("|") if not is_phone_name(name)] == []
    assert [name for name in no.split("|") if is_phone_name(name)] == []


def test_area_code_and_local_number_are_seen() -> None:
    assert is_area_and_local([["416", "1234567"], ["905", " 7654321"], []])
    assert not is_area_and_local([["4165551234", "1234567"]])
    assert not is_area_and_local([["416", "1234567", "x"]])
    assert not is_area_and_local([])


NAMES = ["Name", "phone", "Phone", "2", "phone2", "Tel", "Tel"]


@pytest.mark.parametrize(
    ("wanted", "places"),
    [
        (["Phone"], [2]),
        (["phone"], [1]),
        (["name"], [0]),
        (["PHONE2"], [4]),
        (["2"], [3]),
        (["1", "6"], [0, 5]),
        (["phone", "Name", "phone"], [0, 1]),
        ([" name "], [0]),
    ],
)
def test_columns_are_named_exactly_or_in_any_case_or_by_number(wanted: list[str], places: list[int]) -> None:
    assert resolve_columns(NAMES, wanted) == places


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ("none", "input.column"),
        ("0", "input.column"),
        ("8", "input.column"),
        ("", "input.column"),
        ("Tel", "input.column_ambiguous"),
        ("tel", "input.column_ambiguous"),
        ("PHONE", "input.column_ambiguous"),
    ],
)
def test_a_column_that_is_not_there_or_not_one_is_refused(wanted: str, code: str) -> None:
    with pytest.raises(ColumnError) as caught:
        resolve_columns(NAMES, [wanted])
    assert caught.value.code == code
    assert caught.value.advice
    if code == "input.column":
        assert "1 'Name', 2 'phone'" in caught.value.message
