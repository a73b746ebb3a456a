"""Public account numbers of organisations, ``QL-O-482193-4``: six random digits and a check digit.

The check digit is ISO/IEC 7064 MOD 11,10, which finds every wrong digit and nearly every swap of two neighbours. Random
digits tell nobody how many organisations there are, or who came before whom.
"""

from __future__ import annotations

import re
import secrets

__all__ = ["check_digit", "is_organisation_code", "new_organisation_code"]

_FORM = re.compile(r"QL-O-([1-9][0-9]{5})-([0-9])", re.ASCII)


def check_digit(digits: str) -> int:
    """Compute the check digit of ISO/IEC 7064 MOD 11,10 over decimal digits."""
    product = 10
    for digit in digits:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return (11 - product) % 10


def new_organisation_code() -> str:
    """Make a code; that it is free is for the database to say."""
    digits = str(100_000 + secrets.randbelow(900_000))
    return f"QL-O-{digits}-{check_digit(digits)}"


def is_organisation_code(text: str) -> bool:
    """Say whether text is well formed and its check digit fits."""
    match = _FORM.fullmatch(text)
    return match is not None and check_digit(match[1]) == int(match[2])
