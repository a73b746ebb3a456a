"""OAuth 2.0 client credentials (RFC 6749 section 4.4): ``POST /oauth/token`` gives a bearer token (RFC 6750).

The protocol is oauthlib's; who a client is and what is stored are ours. Nothing else of OAuth is offered: no codes, no
refresh, no redirects.

A token is good for an hour, so a client needs few. What it asks for is counted once it has shown its secret, so that nobody
else uses up its limit; all that comes from an address is counted before that.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from oauthlib.oauth2 import BackendApplicationServer, RequestValidator
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError, OAuth2Error

from quietline.errors import TooManyError
from quietline.web.accounts.api_keys import TOKEN_SECONDS, client_of, issue_token
from quietline.web.base import clients
from quietline.web.base.clock import now
from quietline.web.base.limits import Limit, count
from quietline.web.keeping.rings import key_ring

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest

    from quietline.web.accounts.models import ApiKey

__all__ = ["LIMITS", "token"]

_FORM = "application/x-www-form-urlencoded"
_MAX_BYTES = 4_096
LIMITS = {"address": Limit("oauth-address", 120, 60), "client": Limit("oauth-client", 30, 60)}
"""Requests of one network address, and tokens of one client."""


@dataclass(frozen=True, slots=True)
class _Client:
    client_id: str
    key: ApiKey


class _Counted:
    """What was counted of one request, and the headers that say so (draft-ietf-httpapi-ratelimit-headers)."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self.headers: dict[str, str] = {}

    def count(self, policy: str, counted: bytes) -> None:
        """Count once more, and let the headers say what is left; those of what was counted last stay.

        Raises:
            TooManyError: it was one too many.
        """
        limit = LIMITS[policy]
        self.headers["RateLimit-Policy"] = f'"{policy}";q={limit.most};w={limit.seconds}'
        try:
            [times] = count([(limit, key_ring().keyed_hash("limit", counted))], at=self._at)
        except TooManyError as error:
            wait = str(error.retry_seconds)
            self.headers |= {"RateLimit": f'"{policy}";r=0;t={wait}', "Retry-After": wait}
            raise
        self.headers["RateLimit"] = f'"{policy}";r={limit.most - times};t={limit.ends_in(self._at)}'


class _Validator(RequestValidator):  # type: ignore[misc]
    """What oauthlib asks about clients."""

    def __init__(self, at: datetime, counted: _Counted) -> None:
        super().__init__()
        self._at = at
        self._counted = counted

    def authenticate_client(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        """Check id and secret, from the header or the body, never both (RFC 6749 section 2.3)."""
        given = _basic(request.headers.get("Authorization", ""))
        if given is not None and (request.client_secret is not None or request.client_id not in (None, given[0])):
            raise InvalidRequestError(description="More than one way of client authentication.", request=request)
        client_id, secret = given or (request.client_id or "", request.client_secret or "")
        key = client_of(client_id, secret, at=self._at)
        if key is None:
            return False
        self._counted.count("client", key.handle.encode())
        request.client = _Client(client_id, key)
        return True

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: _Client, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """Allow client credentials and nothing else."""
        return grant_type == "client_credentials"

    def get_default_scopes(self, client_id: str, request: Any, *args: Any, **kwargs: Any) -> list[str]:
        """Give all of the client's scopes where it asks for none in particular."""
        return list(request.client.key.scopes)

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: _Client, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """Allow the client's own scopes only."""
        return bool(scopes) and set(scopes) <= set(client.key.scopes)

    def save_bearer_token(self, token: dict[str, Any], request: Any, *args: Any, **kwargs: Any) -> None:
        """Do nothing: the token was stored as it was made, since its text is not known afterwards."""


@csrf_exempt  # programs send no cookies; what counts is the client's secret
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    """Give a token to a client, or an error of RFC 6749 section 5.2; 429 to who asks too often, with when to ask again."""
    at = now()
    counted = _Counted(at)
    try:
        counted.count("address", clients.client_of(request).encode())
        headers, body, status = _answered(request, counted, at)
    except TooManyError:
        headers = {"Cache-Control": "no-store", "Pragma": "no-cache"}
        body, status = json.dumps({"error": "too_many_requests"}), 429
    response = HttpResponse(body, status=status, content_type="application/json", headers=counted.headers)
    for name, value in headers.items():
        response.headers[name] = value
    response.headers.pop("WWW-Authenticate", None)
    if status == 401:
        # RFC 6749 section 5.2: the scheme that the client used, which can be Basic only
        response.headers["WWW-Authenticate"] = 'Basic realm="quietline", charset="UTF-8"'
    return response


def _answered(request: HttpRequest, counted: _Counted, at: datetime) -> tuple[dict[str, str], str, int]:
    """Let oauthlib answer: headers, body and status.

    Raises:
        TooManyError: the client asks too often.
    """
    server = BackendApplicationServer(
        _Validator(at, counted),
        token_generator=lambda r, refresh_token=False: issue_token(client=r.client.key, scopes=r.scopes, at=at),
        token_expires_in=TOKEN_SECONDS,
    )
    sent = {"Authorization": request.headers.get("Authorization", ""), "Content-Type": _FORM}
    try:
        answer: tuple[dict[str, str], str, int] = server.create_token_response(
            request.build_absolute_uri(), http_method="POST", body=_body(request), headers=sent
        )
    except OAuth2Error as error:  # oauthlib raises, rather than answers, for what is wrong with the address
        answer = ({"Cache-Control": "no-store", "Pragma": "no-cache"}, error.json, error.status_code)
    return answer


def _body(request: HttpRequest) -> str:
    """Give the form as text; anything that is no small form counts as empty, and so lacks its grant type."""
    if request.content_type != _FORM or len(request.body) > _MAX_BYTES or b"%00" in request.body:
        return ""
    try:
        return request.body.decode("ascii")
    except UnicodeDecodeError:
        return ""


def _basic(header: str) -> tuple[str, str] | None:
    """Read id and secret of a Basic header; both are form-encoded within it (RFC 6749 section 2.3.1)."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        pair = base64.b64decode(value.strip(), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    client_id, _, secret = pair.partition(":")
    return unquote_plus(client_id), unquote_plus(secret)
