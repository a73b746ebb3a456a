import pytest

from quietline.errors import UsageError
from quietline.numbering import Kind, LibraryParser, Repair, Status, parse, parse_caller, parse_international, status_text

NEW_YORK = "+12125551234"
LONDON = "+442079460958"


def said(raw, country="us", **options):
    found = parse(raw, country=country, **options)
    return found.number, status_text(found.status, found.repairs)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("2125551234", "ok"),
        ("(212) 555-1234", "ok"),
        ("12125551234", "ok"),
        ("tel:+1-212-555-1234", "ok"),
        ("'2125551234", "ok (apostrophe)"),
        ("’2125551234", "ok (apostrophe)"),
        ("‘2125551234", "ok (apostrophe)"),
        ("`2125551234", "ok (apostrophe)"),
        ('="2125551234"', "ok (excel)"),
        ('=""2125551234""', "ok (excel)"),
        ("=2125551234", "ok (excel)"),
        ('="\'2125551234"', "ok (apostrophe, excel)"),
        ("2125551234.0", "ok (excel)"),
        ("2125551234.00", "ok (excel)"),
        ("2125551234,0", "ok (excel)"),
        ("+12125551234.0", "ok (excel)"),
        ("2.125551234E+09", "ok (excel)"),
        ("2,125551234E+09", "ok (excel)"),
        ("2.125551234e9", "ok (excel)"),
        ("2.12555123400E+09", "ok (excel)"),
        ("'2.125551234E+09", "ok (apostrophe, excel)"),
        ("２１２５５５１２３４", "ok (full_width)"),
        ("（212）555－1234", "ok (full_width)"),
        ("＋１　２１２　５５５　１２３４", "ok (full_width)"),
        ("٢١٢٥٥٥١٢٣٤", "ok (full_width)"),
        ("\u202a+1 (212) 555-1234\u202c", "ok (invisible)"),
        ("\ufeff2125551234", "ok (invisible)"),
        ("212\u200b555\u200b1234", "ok (invisible)"),
        ("212\u202f555\u202f1234", "ok (invisible)"),
        ("212\u00a0555\u00a01234", "ok"),
        ("212-555-1234 x123", "ok (extension)"),
        ("212-555-1234 ext. 5", "ok (extension)"),
        ("2125551234;ext=5", "ok (extension)"),
        ("2125551234,,123#", "ok (extension)"),
        ("0012125551234", "ok (idd)"),
        ("00 1 212 555 1234", "ok (idd)"),
        ("01112125551234", "ok (idd)"),
        ("2125551234/2125551234", "ok (first_of_several)"),
        ("  2125551234\t\r\n", "ok"),
    ],
)
def test_one_number_is_found_however_it_is_written(raw, text):
    assert said(raw) == (NEW_YORK, text)


@pytest.mark.parametrize(
    ("raw", "country", "number"),
    [
        ("+44 (0)20 7946 0958", "us", LONDON),
        ("020 7946 0958", "gb", LONDON),
        ("0044 20 7946 0958", "us", LONDON),
        ("+39 06 6982 1234", "us", "+390669821234"),
        ("06 6982 1234", "it", "+390669821234"),
        ("138 1234 5678", "CN", "+8613812345678"),
        ("8613812345678", "Cn", "+8613812345678"),
        ("01 42 68 53 00", "FR", "+33142685300"),
        ("01.42.68.53.00", "FR", "+33142685300"),
    ],
)
def test_the_trunk_zero_goes_where_it_goes_and_stays_where_it_stays(raw, country, number):
    assert parse(raw, country=country).number == number
    assert parse(raw, country=country).status is Status.OK


@pytest.mark.parametrize("raw", ["1-800-FLOWERS", "1 800 flowers", "１８００ＦＬＯＷＥＲＳ"])
def test_letters_are_read_as_keys_and_named(raw):
    found = parse(raw, country="US")
    assert found.number == "+18003569377"
    assert Repair.LETTERS in found.repairs


def test_letters_with_two_x_are_letters_and_not_a_mask():
    assert parse("1-800-EXXON12", country="US").number == "+18003996612"


@pytest.mark.parametrize(
    "raw",
    [
        "2.12555E+09",
        "2,12555E+09",
        "2E+09",
        "2.1255512345E+09",
        "2.12555e9",
        "#####",
        "#",
        "#N/A",
        "#REF!",
        "#VALUE!",
        "#num!",
        "138****1234",
        "212-555-XXXX",
        "212-555-xxxx",
        "XXX-XXX-1234",
        "212-555-••••",
        "212555…",
        "212?5551234",
        "212\ufffd5551234",
        "***********",
        "（212）555－＊＊＊＊",
    ],
)
def test_lost_digits_are_never_guessed(raw):
    assert parse(raw, country="US")[:2] == (0, Status.DAMAGED)


@pytest.mark.parametrize("raw", ["", " ", "\t\r\n", "'", '=""', "\ufeff", "\u200b \u3000", "\u00a0"])
def test_nothing_is_empty(raw):
    assert parse(raw, country="US")[:2] == (0, Status.EMPTY)


@pytest.mark.parametrize(
    ("raw", "country", "status"),
    [
        ("911", "US", Status.TOO_SHORT),
        ("12", "US", Status.TOO_SHORT),
        ("212555123456", "US", Status.TOO_LONG),
        ("+4912345678901234", "US", Status.TOO_LONG),
        ("+81255512", "SG", Status.TOO_SHORT),
        ("123456789", "SG", Status.WRONG_LENGTH),
        ("abc", "US", Status.NOT_A_NUMBER),
        ("-", "US", Status.NOT_A_NUMBER),
        ("n/a", "US", Status.NOT_A_NUMBER),
        ("5", "US", Status.NOT_A_NUMBER),
        ("\0", "US", Status.NOT_A_NUMBER),
        ("\ud800", "US", Status.NOT_A_NUMBER),
        ("+999 123 4567", "US", Status.UNKNOWN_COUNTRY),
        ("x" * 251, "US", Status.NOT_A_NUMBER),
        ("1" * 251, "US", Status.TOO_LONG),
    ],
)
def test_what_is_no_number_says_why(raw, country, status):
    assert parse(raw, country=country)[:2] == (0, status)


@pytest.mark.parametrize(
    ("raw", "number"),
    [("5551234", "+15551234"), ("111 222 3333", "+11112223333"), ("2120551234", "+12120551234")],
)
def test_a_possible_number_in_no_range_in_use_is_unassigned_and_has_a_key(raw, number):
    found = parse(raw, country="US")
    assert (found.number, found.status) == (number, Status.UNASSIGNED)


SEVERAL = [
    "{};{}",
    "{} / {}",
    "{}/{}",
    "{}|{}",
    "{} & {}",
    "{}\n{}",
    "{} or {}",
    "{}，{}",
    "{}；{}",
    "{}、{}",
    "{}／{}",
    "{}, {}",
]


@pytest.mark.parametrize("pattern", SEVERAL)
def test_several_numbers_in_one_text_are_ambiguous(pattern):
    raw = pattern.format("212-555-1234", "(212) 555-1235")
    assert parse(raw, country="US")[:2] == (0, Status.AMBIGUOUS)


@pytest.mark.parametrize("pattern", SEVERAL)
def test_of_several_numbers_the_first_is_taken_when_asked_for(pattern):
    raw = pattern.format("212-555-1234", "(212) 555-1235")
    found = parse(raw, country="US", first_of_several=True)
    assert (found.number, found.status) == (NEW_YORK, Status.OK)
    assert Repair.FIRST_OF_SEVERAL in found.repairs


def test_an_extra_character_counts_as_punctuation():
    assert said("212,5551234", extra=",") == (NEW_YORK, "ok")
    assert said("212,5551234")[1] == "too_short"


@pytest.mark.parametrize("extra", ["ab", "+", "7", "x", "，", "\n"])
def test_an_extra_character_must_be_punctuation(extra):
    with pytest.raises(UsageError):
        parse("1", country="US", extra=extra)


def test_another_country_is_wrong_only_where_one_is_asked_for():
    assert said("+44 20 7946 0958") == (LONDON, "ok")
    assert said("+44 20 7946 0958", only_country=True) == (LONDON, "wrong_country")
    assert said("+1 416 555 0123", only_country=True)[1] == "ok"  # Canada shares the calling code


@pytest.mark.parametrize("country", ["", "ZZ", "UK", "usa", "001", "U", "1", None])
def test_an_unknown_country_is_refused_with_advice(country):
    with pytest.raises(UsageError, match="Write"):
        parse("1", country=country)


@pytest.mark.parametrize(
    ("raw", "country", "number", "kind"),
    [
        ("95588", "CN", "86:95588", Kind.SERVICE),
        ("10086", "cn", "86:10086", Kind.SERVICE),
        ("12321", "CN", "86:12321", Kind.SERVICE),
        ("９５５８８", "CN", "86:95588", Kind.SERVICE),
        ("1065812345", "CN", "86:1065812345", Kind.SERVICE),
        ("106575550100", "CN", "86:106575550100", Kind.SERVICE),
        ("010 6581 2345", "CN", "+861065812345", Kind.E164),
        ("+86 10 6581 2345", "CN", "+861065812345", Kind.E164),
        ("13812345678", "CN", "+8613812345678", Kind.E164),
        ("0303", "BR", "55:0303", Kind.SERVICE),
        ("22000", "US", "1:22000", Kind.SERVICE),
        ("2125551234", "US", NEW_YORK, Kind.E164),
        ("hdfcbk", "IN", "HDFCBK", Kind.SENDER),
        ("AX-HDFCBK", "IN", "AX-HDFCBK", Kind.SENDER),
    ],
)
def test_callers_may_be_numbers_service_codes_or_senders(raw, country, number, kind):
    found = parse_caller(raw, country=country)
    assert (found.number, found.kind, found.status) == (number, kind, Status.OK)


@pytest.mark.parametrize("raw", ["2.12555E+09", "138****1234", "", "THIS NAME IS TOO LONG", "@", "12345678901234567890"])
def test_what_no_caller_can_be_is_none(raw):
    assert parse_caller(raw, country="CN").status not in {Status.OK, Status.UNASSIGNED}


def test_service_codes_and_senders_are_not_numbers_where_numbers_are_wanted():
    assert parse("95588", country="CN").kind is not Kind.SERVICE
    assert parse("HDFCBK", country="IN").status is Status.NOT_A_NUMBER
    assert parse("HDFCBK", country="IN", kinds=Kind.E164 | Kind.SERVICE).status is Status.NOT_A_NUMBER


def test_the_memo_forgets_and_the_answers_stay():
    parser = LibraryParser("US", memo=2)
    texts = ["2125551234", "x", "2.12555E+09", "2125551234.0", "2125551234"]
    assert [parser.answer(text) for text in texts] == [LibraryParser("US").answer(text) for text in texts]


def test_extensions_are_given_apart():
    assert parse("212-555-1234 x123", country="US").extension == "123"


def test_statuses_and_repairs_never_change_their_values():
    assert [status.text for status in Status] == [
        "ok", "unassigned", "empty", "damaged", "too_short", "too_long", "wrong_length", "not_a_number",
        "ambiguous", "unknown_country", "wrong_country",
    ]  # fmt: skip
    assert Repair(255).texts == (
        "apostrophe", "full_width", "excel", "idd", "first_of_several", "letters", "extension", "invisible",
    )  # fmt: skip


@pytest.mark.parametrize(
    "text", ["+14155550123", "(+1) 415 555 0123", "+1 4155550123 x5", "+1415", "+999 415 555 0123", "+86 138 1234 5678"]
)
def test_a_number_with_a_plus_is_the_same_for_every_default_country(text):
    for country in ("US", "GB", "CN", "IT", "RU", "AR"):
        assert parse_international(text) == parse(text, country=country)


@pytest.mark.parametrize(
    "text", ["4155550123", "001 4155550123", "", "x", "+011 44 20 7946 0958", "+14155550123/4155550124"]
)
def test_what_depends_on_the_default_country_is_not_read_without_one(text):
    assert parse_international(text) is None
