"""Who asks: a program of an organisation, by its key or token, or whoever has proven a line.

What is found is kept on the request, so that it is looked up once. Whoever holds a good secret of an organisation that may
not act is told so, with the authority's reason; without a good secret nobody learns anything of an organisation here.
"""

from __future__ import annotations

import hmac
import re
from datetime import UTC
from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext as _
from ninja.security.apikey import APIKeyHeader
from ninja.security.base import AuthBase

from quietline.web.accounts.api_keys import Credential, authenticate, secret_digest
from quietline.web.accounts.models import ApiKey, BearerToken, RoleChange
from quietline.web.api.limits import count_request
from quietline.web.api.problems import ProblemError
from quietline.web.base.clock import now
from quietline.web.base.once import once
from quietline.web.sellers.acting import explained
from quietline.web.sellers.queries import CALLERS, last_decision, standing
from quietline.web.subscribers.line_sessions import ProvenLine, line_of_token, listing_only
from quietline.web.subscribers.models import LineSession

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from django.http import HttpRequest

    from quietline.web.accounts.models import Organisation

__all__ = ["LINE_HEADER", "LineToken", "Program", "check_scopes", "credential_of", "end_line", "line_of_header"]

LINE_HEADER = "Line-Token"
_MOST = 200
_NOBODY = sha256(b"").digest()
_ACTS = {
    "organisation.suspended": RoleChange.Act.SUSPENDED,
    "organisation.closed": RoleChange.Act.CLOSED,
}
_NUMBER = re.compile(r"\+?\d[\d ().-]{5,}\d")
_LONGEST_REASON = 300


def credential_of(request: HttpRequest) -> Credential | None:
    """Give the organisation's credential that came with a request; None where none came that holds.

    Raises:
        ProblemError: 403, the credential is good, and its organisation may not act: ``organisation.suspended``,
            ``organisation.closed`` or ``organisation.not-verified``.
    """
    return once(request, "credential", lambda: _held(request.headers.get("Authorization"), at=now()))


def _held(header: str | None, *, at: datetime) -> Credential | None:
    found = authenticate(header, at=at)
    if found is None and (stopped := _stopped(header, at=at)) is not None:
        raise _refusal(stopped, standing(stopped, at=at).reasons)
    return found


def _stopped(header: str | None, *, at: datetime) -> Organisation | None:
    """Give the organisation of a credential that opens nothing for the one reason that the organisation may not act.

    The secret is compared as :func:`quietline.web.accounts.api_keys.authenticate` does, and a key that is revoked or over
    is as unknown as one that never was.
    """
    scheme, _blank, credential = (header or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(credential) <= _MOST or "\x00" in credential:
        return None
    prefix, _line, rest = credential.strip().partition("_")
    handle, _line, secret = rest.partition("_")
    row: ApiKey | BearerToken | None = None
    if prefix == "qlk":
        row = ApiKey.objects.filter(handle=handle, kind=ApiKey.Kind.KEY).select_related("organisation").first()
    elif prefix == "qlt":
        row = BearerToken.objects.filter(handle=handle, expires_at__gt=at).select_related("client__organisation").first()
    same = hmac.compare_digest(secret_digest(secret), _NOBODY if row is None else bytes(row.digest))
    key = row.client if isinstance(row, BearerToken) else row
    if not same or key is None or key.revoked_at is not None or at >= key.expires_at or key.organisation.may_act:
        return None
    return key.organisation


def check_scopes(credential: Credential, scopes: Collection[str]) -> None:
    """Let a credential pass that has one of some scopes; where there are none, each.

    Raises:
        ProblemError: 403, it has none of them.
    """
    if scopes and not credential.scopes.intersection(scopes):
        wanted = " ".join(scopes)
        detail = _("The credential lacks the scope for this: %(scope)s.") % {"scope": wanted}
        raise ProblemError(
            403, code="credential.scope", detail=detail,
            headers={"WWW-Authenticate": f'Bearer realm="quietline", error="insufficient_scope", scope="{wanted}"'},
        )  # fmt: skip


def _refusal(organisation: Organisation, reasons: tuple[str, ...]) -> ProblemError:
    """Write down why an organisation may not act: what, since when and why, what to do; never a number."""
    code = reasons[0] if reasons else "organisation.not-verified"
    message, advice = explained(code)
    told = [message]
    act = _ACTS.get(code)
    changed = None if act is None else _last(organisation, act)
    if changed is not None:
        told.append(_("Since: %(day)s.") % {"day": changed.at.astimezone(UTC).date().isoformat()})
        if changed.reason:
            told.append(_("Reason: %(reason)s") % {"reason": _shown(changed.reason)})
    decision = last_decision(organisation)
    if code == "organisation.suspended" and decision is not None and decision.remedy:
        told.append(_("What to do: %(remedy)s") % {"remedy": _shown(decision.remedy)})
    return ProblemError(403, code=code, detail=" ".join((*told, advice)))


def _shown(words: str) -> str:
    """Cut what the authority wrote to its start, without anything that looks like a telephone number."""
    return _NUMBER.sub("…", " ".join(words.split()))[:_LONGEST_REASON]


def line_of_header(request: HttpRequest) -> ProvenLine | None:
    """Give the line whose proof came with a request, whatever it opens; None where none came that holds."""
    token = request.headers.get(LINE_HEADER, "")
    return once(
        request, "line-of-header",
        lambda: line_of_token(token, at=now(), of_listing=True) if 0 < len(token) <= _MOST else None,
    )  # fmt: skip


def end_line(token: str) -> None:
    """Let a proof of a line open nothing any more."""
    LineSession.objects.filter(token_hash=sha256(token.encode()).digest()).delete()


def _last(organisation: Organisation, act: RoleChange.Act) -> RoleChange | None:
    return RoleChange.objects.filter(organisation=organisation, act=act).order_by("-at", "-pk").first()


class Program(AuthBase):
    """An API key or an OAuth 2 token of an organisation (RFC 6750), with one of some scopes.

    An organisation that is barred from calling is refused everywhere. Washing asks for its standing by itself, once a call,
    so it is not asked for a second time here.
    """

    openapi_type: ClassVar[str] = "http"
    openapi_scheme: ClassVar[str] = "bearer"

    def __init__(self, *scopes: str, policy: str = "credential") -> None:
        self.scopes = scopes
        self.policy = policy
        super().__init__()

    def __call__(self, request: HttpRequest) -> Any:
        """Give the credential; None leads to 401.

        Raises:
            ProblemError: 403, it has none of the scopes, or its organisation may not act or is barred.
            TooManyError: it asks too often.
        """
        credential = credential_of(request)
        if credential is None:
            return None
        count_request(request, self.policy, credential.id.encode())
        if self.policy != "wash" and credential.organisation.kind in CALLERS:
            reasons = standing(credential.organisation, at=now()).reasons
            if "organisation.barred" in reasons:
                raise _refusal(credential.organisation, ("organisation.barred",))
        check_scopes(credential, self.scopes)
        return credential


class LineToken(APIKeyHeader):
    """The token that a right code gave, in the header ``Line-Token``; it stands for the line, for half an hour.

    Args:
        of_listing: whether the token of a code for listing is enough; else only that of a code that proves the line.
    """

    param_name = LINE_HEADER

    def __init__(self, *, of_listing: bool = False) -> None:
        self.of_listing = of_listing
        super().__init__()

    def authenticate(self, request: HttpRequest, key: str | None) -> ProvenLine | None:
        """Give the line; None leads to 401.

        Raises:
            NotProvenError: 403, ``line.listing-only``: the code was for listing the number.
            TooManyError: the line's holder asks too often.
        """
        line = line_of_header(request)
        if line is not None:
            count_request(request, "line", line.key.to_bytes(8, "big"))
            if not self.of_listing:
                listing_only(line)
        return line
