"""Who asks: a program of an organisation, by its key or token, or whoever has proven a line.

What is found is kept on the request, so that it is looked up once.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext as _
from ninja.security.apikey import APIKeyHeader
from ninja.security.base import AuthBase

from quietline.web.accounts.api_keys import Credential, authenticate
from quietline.web.api.limits import count_request
from quietline.web.api.problems import ProblemError
from quietline.web.base.clock import now
from quietline.web.subscribers.line_sessions import ProvenLine, line_of_token
from quietline.web.subscribers.models import LineSession

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["LINE_HEADER", "LineToken", "Program", "credential_of", "end_line", "line_of_header"]

LINE_HEADER = "Line-Token"
_MOST = 200


def credential_of(request: HttpRequest) -> Credential | None:
    """Give the organisation's credential that came with a request; None where none came that holds."""
    if not hasattr(request, "_credential"):
        request._credential = authenticate(request.headers.get("Authorization"), at=now())  # type: ignore[attr-defined]  # noqa: SLF001
    found: Credential | None = request._credential  # type: ignore[attr-defined]  # noqa: SLF001
    return found


def line_of_header(request: HttpRequest) -> ProvenLine | None:
    """Give the line whose proof came with a request; None where none came that holds."""
    if not hasattr(request, "_line_of_header"):
        token = request.headers.get(LINE_HEADER, "")
        line = line_of_token(token, at=now()) if 0 < len(token) <= _MOST else None
        request._line_of_header = line  # type: ignore[attr-defined]  # noqa: SLF001
    found: ProvenLine | None = request._line_of_header  # type: ignore[attr-defined]  # noqa: SLF001
    return found


def end_line(token: str) -> None:
    """Let a proof of a line open nothing any more."""
    LineSession.objects.filter(token_hash=sha256(token.encode()).digest()).delete()


class Program(AuthBase):
    """An API key or an OAuth 2 token of an organisation (RFC 6750), with one of some scopes."""

    openapi_type: ClassVar[str] = "http"
    openapi_scheme: ClassVar[str] = "bearer"

    def __init__(self, *scopes: str, policy: str = "credential") -> None:
        self.scopes = scopes
        self.policy = policy
        super().__init__()

    def __call__(self, request: HttpRequest) -> Any:
        """Give the credential; None leads to 401.

        Raises:
            ProblemError: 403, it has none of the scopes.
            TooManyError: it asks too often.
        """
        credential = credential_of(request)
        if credential is None:
            return None
        count_request(request, self.policy, credential.id.encode())
        if self.scopes and not credential.scopes.intersection(self.scopes):
            wanted = " ".join(self.scopes)
            detail = _("The credential lacks the scope for this: %(scope)s.") % {"scope": wanted}
            raise ProblemError(
                403, code="credential.scope", detail=detail,
                headers={"WWW-Authenticate": f'Bearer realm="quietline", error="insufficient_scope", scope="{wanted}"'},
            )  # fmt: skip
        return credential


class LineToken(APIKeyHeader):
    """The token that a right code gave, in the header ``Line-Token``; it stands for the line, for half an hour."""

    param_name = LINE_HEADER

    def authenticate(self, request: HttpRequest, key: str | None) -> ProvenLine | None:
        """Give the line; None leads to 401.

        Raises:
            TooManyError: the line's holder asks too often.
        """
        line = line_of_header(request)
        if line is not None:
            count_request(request, "line", line.key.to_bytes(8, "big"))
        return line
