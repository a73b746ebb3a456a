"""What libphonenumber says of a text: the one place that asks it.

Importing this module imports phonenumbers, which takes about a tenth of a second; the other modules import it
only where a text needs it.
"""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import phonenumberutil, re_util

from quietline.numbering.reading import Reading
from quietline.numbering.statuses import Repair, Status

__all__ = ["read"]

# Far more expressions than Python's own cache holds are in use; compiling one takes longer than matching it.
re_util.enable_pattern_cache()

LONGEST_NUMBER = 15
_LETTER = re.compile("[A-Za-z]")
_IMPOSSIBLE = {
    phonenumbers.ValidationResult.INVALID_COUNTRY_CODE: Status.UNKNOWN_COUNTRY,
    phonenumbers.ValidationResult.TOO_SHORT: Status.TOO_SHORT,
    phonenumbers.ValidationResult.TOO_LONG: Status.TOO_LONG,
    phonenumbers.ValidationResult.INVALID_LENGTH: Status.WRONG_LENGTH,
}
_REFUSED = {
    phonenumbers.NumberParseException.INVALID_COUNTRY_CODE: Status.UNKNOWN_COUNTRY,
    phonenumbers.NumberParseException.NOT_A_NUMBER: Status.NOT_A_NUMBER,
    phonenumbers.NumberParseException.TOO_SHORT_AFTER_IDD: Status.TOO_SHORT,
    phonenumbers.NumberParseException.TOO_SHORT_NSN: Status.TOO_SHORT,
    phonenumbers.NumberParseException.TOO_LONG: Status.TOO_LONG,
}


def read(text: str, country: str) -> Reading:
    """Ask the library.

    Args:
        text: at most 250 characters.
        country: default country, ISO 3166 code in capitals.
    """
    try:
        number = phonenumbers.parse(text, country, keep_raw_input=True)
    except phonenumbers.NumberParseException as error:
        return Reading(_REFUSED[error.error_type])
    national = phonenumbers.national_significant_number(number)
    source = number.country_code_source
    with_plus = source == phonenumbers.CountryCodeSource.FROM_NUMBER_WITH_PLUS_SIGN
    # not from format_number: with the raw input kept, that returns it for a number of zeros
    digits = f"{number.country_code}{national}"
    if phonenumbers.is_valid_number(number):
        status = Status.OK
    else:
        status = _IMPOSSIBLE.get(phonenumbers.is_possible_number_with_reason(number), Status.UNASSIGNED)
    if status <= Status.UNASSIGNED and len(digits) > LONGEST_NUMBER:
        status = Status.TOO_LONG
    if status > Status.UNASSIGNED:
        return Reading(status, with_plus=with_plus)
    repairs = Repair(0)
    if source == phonenumbers.CountryCodeSource.FROM_NUMBER_WITH_IDD:
        repairs |= Repair.IDD
    if number.extension:
        repairs |= Repair.EXTENSION
    if len(_LETTER.findall(text)) >= 3 and _letters_count(text):
        repairs |= Repair.LETTERS
    return Reading(status, int(digits), repairs, number.extension or "", with_plus)


def _letters_count(text: str) -> bool:
    """Tell whether the library takes letters for digits: three or more of them, not in an extension."""
    start = phonenumberutil._build_national_number_for_parsing(text)  # noqa: SLF001 - as parse does
    _, body = phonenumberutil._maybe_strip_extension(start)  # noqa: SLF001
    return len(_LETTER.findall(body)) >= 3
