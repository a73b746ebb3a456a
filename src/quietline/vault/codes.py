"""One-time codes that need not be stored: made from a challenge under a key, and compared.

The code is computed as in RFC 4226 section 5.3 (HOTP), generalised: HMAC-SHA256 in place of HMAC-SHA1, the id
of a challenge in place of a counter, and 8 bytes from the dynamic offset in place of 31 bits. The value of 64
bits is taken modulo 10**digits; since 2**64 is no multiple of that, the codes of the lower part are more likely
than the rest by a factor of 1 + 10**digits / 2**64 at most: 1 + 5.5e-12 with 8 digits. Nobody can use that.

A code proves nothing by itself: how long a challenge lives, how often it may be tried and that it is used once
is kept with the challenge, by the caller.
"""

from __future__ import annotations

import hmac
import unicodedata
from functools import lru_cache

from quietline.vault.wrapping import Data, derived

__all__ = ["MAX_DIGITS", "MIN_DIGITS", "code_matches", "one_time_code", "typed_code"]

MIN_DIGITS = 6
"""The shortest code (RFC 4226 section 5.3)."""
MAX_DIGITS = 10
"""The longest code."""
_MAX_TYPED = 64


def one_time_code(root: bytes, purpose: str, challenge: Data, digits: int) -> str:
    """Give the code of a challenge; see :meth:`quietline.vault.KeyRing.one_time_code`."""
    if not purpose:
        raise ValueError("a purpose cannot be empty: it makes a code useless elsewhere")
    if not challenge:
        raise ValueError("a challenge cannot be empty")
    if not MIN_DIGITS <= digits <= MAX_DIGITS:
        raise ValueError(f"a code has {MIN_DIGITS} to {MAX_DIGITS} digits")
    key = _purpose_key(root, purpose)
    # with the count of digits inside, a short code is not the end of the long one
    mac = hmac.digest(key, bytes((digits,)) + bytes(challenge), "sha256")
    offset = mac[-1] & 0x0F
    value = int.from_bytes(mac[offset : offset + 8], "big")
    return f"{value % 10**digits:0{digits}d}"


@lru_cache(maxsize=16)
def _purpose_key(root: bytes, purpose: str) -> bytes:
    return derived(root, "quietline vault: one-time code", purpose)


def code_matches(root: bytes, purpose: str, challenge: Data, typed: str, digits: int) -> bool:
    """Compare what was typed with the code; see :meth:`quietline.vault.KeyRing.code_matches`."""
    expected = one_time_code(root, purpose, challenge, digits)
    return hmac.compare_digest(expected.encode(), typed_code(typed).encode())


def typed_code(typed: str) -> str:
    """Read a code as people type and paste it.

    Decimal digits of every script count (full-width ones among them); white space, dashes and invisible
    characters are passed over.

    Args:
        typed: what was typed.

    Returns:
        The digits 0 to 9; empty where anything else was typed, or more than 64 characters.
    """
    if len(typed) > _MAX_TYPED:
        return ""
    digits: list[str] = []
    for character in typed:
        digit = unicodedata.decimal(character, None)
        if digit is not None:
            digits.append(str(digit))
        elif not (character.isspace() or character == "\N{MINUS SIGN}" or unicodedata.category(character) in {"Pd", "Cf"}):
            return ""
    return "".join(digits)
