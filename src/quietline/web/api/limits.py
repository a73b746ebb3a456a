"""How often one may ask, and the headers that say so (draft-ietf-httpapi-ratelimit-headers).

Codes have limits of their own, on the number, the address and its network (:mod:`quietline.web.subscribers.proving`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quietline.web.base.clock import now
from quietline.web.base.limits import Limit, count
from quietline.web.keeping.rings import key_ring
from quietline.web.subscribers.proving import CODE_LIMITS

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

__all__ = ["LIMITS", "add_headers", "count_request", "name_policy"]

LIMITS = {
    "credential": Limit("api-credential", 600, 60),
    "wash": Limit("api-wash", 12_000, 60),
    "line": Limit("api-line", 120, 60),
    "address": Limit("api-address", 120, 60),
    "code": CODE_LIMITS[0],
}
"""By what is counted: an organisation's credential, a proven line, the address of somebody unknown, codes to a number."""


def count_request(request: HttpRequest, policy: str, counted: bytes) -> None:
    """Count a request, and remember what is left for the headers.

    Args:
        request: on which it is remembered.
        policy: one of :data:`LIMITS`.
        counted: what tells one from another; stored as a keyed hash only.

    Raises:
        TooManyError: it was one too many.
    """
    limit, at = LIMITS[policy], now()
    hashed = key_ring().keyed_hash("limit", counted)
    request.rate_policy = policy  # type: ignore[attr-defined]
    [times] = count([(limit, hashed)], at=at)
    request.rate_left = (limit.most - times, limit.ends_in(at))  # type: ignore[attr-defined]


def name_policy(request: HttpRequest, policy: str) -> None:
    """Let the headers name a policy that is counted elsewhere; what is left of it is told only where nothing is.

    Args:
        request: on which it is remembered.
        policy: one of :data:`LIMITS`.
    """
    request.rate_policy = policy  # type: ignore[attr-defined]


def add_headers(request: HttpRequest, response: HttpResponseBase) -> None:
    """Say what the policy is and what is left of it."""
    policy: str = getattr(request, "rate_policy", "")
    refused: int | None = getattr(request, "rate_refused", None)
    if policy:
        limit = LIMITS[policy]
        response.headers["RateLimit-Policy"] = f'"{policy}";q={limit.most};w={limit.seconds}'
    if refused is not None:
        response.headers["RateLimit"] = f'"{policy or "code"}";r=0;t={refused}'
    elif (left := getattr(request, "rate_left", None)) is not None:
        response.headers["RateLimit"] = f'"{policy}";r={left[0]};t={left[1]}'
