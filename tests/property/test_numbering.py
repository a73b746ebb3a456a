"""The fast path, the column and the single text against the library itself."""

import random
import re
from functools import cache

import numpy as np
import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType, ValidationResult, re_util
from phonenumbers.phonemetadata import PhoneMetadata

from quietline import kernel
from quietline.numbering import Kind, Status, countries, key_of, kind_of, number_of, parse, parse_column, plan
from quietline.numbering.plans import plan_blob
from quietline.numbering.statuses import ASK
from twins.number_twin import PlanTwin

re_util.enable_pattern_cache()

BROAD = [
    "US",
    "CA",
    "AG",
    "GB",
    "GG",
    "CN",
    "IN",
    "DE",
    "FR",
    "IT",
    "VA",
    "BR",
    "AR",
    "MX",
    "JP",
    "KR",
    "AU",
    "CC",
    "RU",
    "KZ",
    "ZA",
]
REASONS = {
    ValidationResult.IS_POSSIBLE: Status.UNASSIGNED,
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: Status.UNASSIGNED,
    ValidationResult.TOO_SHORT: Status.TOO_SHORT,
    ValidationResult.TOO_LONG: Status.TOO_LONG,
    ValidationResult.INVALID_LENGTH: Status.WRONG_LENGTH,
}


def library_says(text, country):
    """Status and key by the public functions of the library alone."""
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException as error:
        long = error.error_type == NumberParseException.TOO_LONG
        return (Status.TOO_LONG if long else "refused"), 0
    valid = phonenumbers.is_valid_number(number)
    status = Status.OK if valid else REASONS[phonenumbers.is_possible_number_with_reason(number)]
    key = int(phonenumbers.format_number(number, PhoneNumberFormat.E164)[1:])
    if status > Status.UNASSIGNED:
        return status, 0
    return (Status.TOO_LONG, 0) if key >= 10**15 else (status, key)


def kernel_says(country, texts, extra=""):
    lengths = np.array([len(text) for text in texts], np.uint32)
    starts = (np.cumsum(lengths) - lengths).astype(np.uint32)
    keys, statuses, _ = kernel.parse_fields(plan(country), b"".join(texts), starts, lengths, extra=extra)
    return list(zip(statuses.tolist(), keys.tolist(), strict=True))


@cache
def twin(country):
    return PlanTwin(plan_blob(country))


@cache
def examples():
    """Every example number of the library: region, national significant number, calling code."""
    found = []
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        numbers = (phonenumbers.example_number_for_type(region, kind) for kind in PhoneNumberType.values())
        found += [(region, number) for number in numbers if number]
    for code in sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS):
        found.append(("US", phonenumbers.example_number_for_non_geo_entity(code)))
    return found


def mutated(country, choose):
    """A text of digits that is near to a number of this or another country, or near to nothing."""
    own = [example for example in examples() if example[0] == country]
    region, number = choose.choice(own if own and choose.random() < 0.6 else examples())
    national, code = phonenumbers.national_significant_number(number), str(number.country_code)
    trunk = PhoneMetadata.metadata_for_region(region).national_prefix or ""
    home = str(phonenumbers.country_code_for_region(country))
    random_digits = "".join(choose.choices("0123456789", k=choose.randrange(1, 18)))
    digits = list(
        choose.choice(
            [national, national, code + national, trunk + national, "0" + national, code + trunk + national,
             code + code + national, "1" + national, trunk + code + national, "00" + code + national,
             random_digits, home + random_digits]
        )
    )  # fmt: skip
    for _ in range(choose.choice([0, 0, 1, 1, 2, 3])):
        place = choose.randrange(len(digits)) if digits else 0
        change = choose.random()
        if change < 0.6 and digits:
            digits[place] = choose.choice("0123456789")
        elif change < 0.8 and digits:
            del digits[place]
        else:
            digits.insert(place, choose.choice("0123456789"))
    if choose.random() < 0.4:
        for _ in range(choose.randrange(1, 6)):
            digits.insert(choose.randrange(len(digits) + 1), choose.choice(" -.()"))
    text = "".join(digits)
    if choose.random() < 0.35:
        text = choose.choice(["+", "+", "+", " +", "(+", "++"]) + text
    return f" {text}\t" if choose.random() < 0.05 else text


def check_fast_path(country, texts):
    answers = kernel_says(country, [text.encode() for text in texts])
    for text, (status, key) in zip(texts, answers, strict=True):
        assert (status, key) == twin(country).parse(text.encode()), (country, text)
        if status not in (ASK, Status.EMPTY):
            assert (status, key) == library_says(text, country), (country, text)
    return sum(status == ASK for status, _ in answers)


@pytest.mark.parametrize("first", range(0, 245, 35))
def test_the_fast_path_asks_or_equals_the_library_for_every_country(first):
    for country in countries()[first : first + 35]:
        choose = random.Random(country)
        check_fast_path(country, [mutated(country, choose) for _ in range(160)])


@pytest.mark.parametrize("country", BROAD)
def test_the_fast_path_equals_the_library_in_depth(country):
    choose = random.Random(f"deep {country}")
    check_fast_path(country, [mutated(country, choose) for _ in range(1500)])


def test_the_exchanges_of_north_america_are_told_as_the_library_tells_them():
    # All area codes and every seventh exchange, by the expressions of the metadata themselves.
    regions = [PhoneMetadata.metadata_for_region(region) for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[1]]
    names = [
        "fixed_line",
        "mobile",
        "toll_free",
        "premium_rate",
        "personal_number",
        "voip",
        "uan",
        "pager",
        "voicemail",
        "shared_cost",
    ]
    kinds = [(m, [getattr(m, name) for name in names if getattr(m, name) is not None]) for m in regions]
    patterns = [
        (re.compile(m.leading_digits or m.general_desc.national_number_pattern), re.compile("|".join(
            f"(?:{d.national_number_pattern})" for d in descriptions if 10 in d.possible_length)),
         re.compile(m.general_desc.national_number_pattern), m.leading_digits is not None)
        for m, descriptions in kinds
    ]  # fmt: skip
    numbers = [f"{exchange:06d}{line}" for exchange in range(200_000, 1_000_000, 7) for line in ("0100", "5555")]

    def valid(number):
        for leading, known, general, has_leading in patterns:
            matches = general.fullmatch(number) is not None and known.fullmatch(number) is not None
            if has_leading and leading.match(number):
                return matches
            if not has_leading and matches:
                return True
        return False

    expected = [(int(not valid(number)), int("1" + number)) for number in numbers]
    assert kernel_says("US", [number.encode() for number in numbers]) == expected


def test_what_america_writes_every_day_is_never_asked():
    choose = random.Random(1)
    shapes = [
        "{}{}{}",
        "({}) {}-{}",
        "{}.{}.{}",
        "{}-{}-{}",
        "1{}{}{}",
        "1-{}-{}-{}",
        "+1{}{}{}",
        "+1 ({}) {}-{}",
        " {} {} {} ",
    ]
    texts = [
        shape.format(choose.randrange(200, 1000), f"{choose.randrange(1000):03d}", f"{choose.randrange(10_000):04d}")
        for shape in shapes
        for _ in range(500)
    ]
    # a last line number of 00 behind a full stop could be a spreadsheet's
    assert check_fast_path("US", [text for text in texts if not text.endswith(".0000")]) == 0


@pytest.mark.parametrize("form", [PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL])
def test_every_example_number_survives_the_round_trip(form):
    asked = 0
    for region, number in examples():
        if form == PhoneNumberFormat.NATIONAL and number.country_code in phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS:
            continue
        text = phonenumbers.format_number(number, form)
        e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        status, key = library_says(text, region)
        found = parse(text, country=region)
        assert (found.status, found.key) == (status, key), (region, text)
        column = parse_column([text], country=region)
        asked += column.library_count
        assert column.keys[0] == found.key
        if form != PhoneNumberFormat.NATIONAL:
            assert found.number == e164
            assert key_of(number_of(found.key)) == found.key
    assert asked < 0.25 * len(examples())


TEXTS = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="0123456789+-.() ,;/xX*#'=\"eE\t\n０１２ｘ\u200b\ufffd", max_size=30),
    st.from_regex(r"\A[+']?[0-9 ().-]{6,17}([.,]0)?\Z"),
    st.text(alphabet=st.characters(), max_size=300),
)


@settings(max_examples=400, deadline=None)
@given(raw=TEXTS, country=st.sampled_from(BROAD), first=st.booleans(), only=st.booleans())
def test_no_text_raises_and_a_key_goes_with_its_status(raw, country, first, only):
    found = parse(raw, country=country, first_of_several=first, only_country=only)
    assert bool(found.key) == (found.status in {Status.OK, Status.UNASSIGNED, Status.WRONG_COUNTRY})
    if found.key:
        assert kind_of(found.key) is Kind.E164
        assert key_of(found.number) == found.key


@settings(max_examples=150, deadline=None)
@given(
    texts=st.lists(TEXTS, max_size=12),
    country=st.sampled_from(BROAD),
    kinds=st.sampled_from([Kind.E164, Kind.CALLER]),
    only=st.booleans(),
    extra=st.sampled_from(["", ",", "/"]),
)
def test_a_column_equals_its_texts_one_at_a_time(texts, country, kinds, only, extra):
    options = {"country": country, "kinds": kinds, "only_country": only, "extra": extra}
    column = parse_column(texts, **options)
    expected = [parse(text, **options)[:3] for text in texts]
    assert list(zip(column.keys, column.statuses, column.repairs, strict=True)) == expected


@settings(max_examples=300, deadline=None)
@given(
    text=st.one_of(TEXTS.map(lambda text: text.encode("utf-8", "replace")), st.binary(max_size=300)),
    extra=st.sampled_from(["", ",", "_"]),
)
def test_the_kernel_equals_its_twin_on_every_byte(text, extra):
    assert kernel_says("GB", [text], extra)[0] == twin("GB").parse(text, ord(extra) if extra else 0)
