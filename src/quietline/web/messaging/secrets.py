"""Codes and links that follow from a challenge and the key ring, so that they are stored nowhere."""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING

from quietline.web.keeping.rings import key_ring

if TYPE_CHECKING:
    from uuid import UUID

__all__ = ["CODE_DIGITS", "code_of", "link_matches", "link_token"]

CODE_DIGITS = 8
_TOKEN_BYTES = 16


def code_of(challenge: UUID) -> str:
    """Give the one-time code of a challenge: eight digits."""
    return key_ring().one_time_code("code", challenge.bytes, CODE_DIGITS)


def link_token(challenge: UUID) -> str:
    """Give what a mailed link ends with: 128 bits in the alphabet of RFC 4648 section 5, without padding (22 places).

    Whoever handles the link learns the challenge from the address before it.
    """
    token = key_ring().keyed_hash("messaging.link", challenge.bytes, _TOKEN_BYTES)
    return base64.urlsafe_b64encode(token).rstrip(b"=").decode()


def link_matches(challenge: UUID, token: str) -> bool:
    """Say, in constant time, whether a token is that of a challenge. How long it lives, the caller keeps."""
    return hmac.compare_digest(link_token(challenge).encode(), token.encode())
