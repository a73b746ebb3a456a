"""Agencies' own log-in (OpenID Connect), from the setting ``QUIETLINE_OIDC``."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from quietline.errors import SettingError

if TYPE_CHECKING:
    from quietline.web.environment import Environment

__all__ = ["social_providers"]

_FIELDS = ("id", "name", "issuer", "client_id", "client_secret")
_ID = re.compile(r"[a-z0-9-]{1,40}", re.ASCII)


def social_providers(environment: Environment) -> dict[str, Any]:
    """Give ``SOCIALACCOUNT_PROVIDERS`` for the agencies of ``QUIETLINE_OIDC``.

    A person is found by an address that the agency vouches for (``email_verified``, OpenID Connect Core 1.0 section 5.1) and
    that is proven here; PKCE is always used.

    Raises:
        SettingError: the setting is no JSON list of ``{id, name, issuer, client_id, client_secret}``, an id is given twice,
            or an issuer is not reached by https.
    """
    apps = [
        {
            "provider_id": agency["id"],
            "name": agency["name"],
            "client_id": agency["client_id"],
            "secret": agency["client_secret"],
            "settings": {"server_url": agency["issuer"], "fetch_userinfo": True, "oauth_pkce_enabled": True},
        }
        for agency in _agencies(environment.oidc)
    ]
    if not apps:
        return {}
    return {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True, "EMAIL_AUTHENTICATION": True, "APPS": apps
        }
    }  # fmt: skip


def _agencies(raw: str | None) -> list[dict[str, str]]:
    if not raw:
        return []
    try:
        agencies = json.loads(raw)
    except ValueError:
        raise _wrong("it is no JSON") from None
    if not isinstance(agencies, list):
        raise _wrong("it is no list")
    for agency in agencies:
        if not isinstance(agency, dict) or sorted(agency) != sorted(_FIELDS):
            raise _wrong(f"each agency has exactly {', '.join(_FIELDS)}")
        if not all(isinstance(value, str) and value for value in agency.values()) or not _ID.fullmatch(agency["id"]):
            raise _wrong("each value is a text that is not empty, and an id has small letters, digits and hyphens only")
        if urlsplit(agency["issuer"]).scheme != "https":
            raise _wrong("an issuer is an address that begins with https://")
    if len({agency["id"] for agency in agencies}) != len(agencies):
        raise _wrong("two agencies have the same id")
    return agencies


def _wrong(why: str) -> SettingError:
    return SettingError(f"QUIETLINE_OIDC does not fit: {why}.", advice="docs/reference/settings.md shows its form.")
