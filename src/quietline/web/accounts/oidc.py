"""Agencies' own log-in (OpenID Connect), from the setting ``QUIETLINE_OIDC``."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from quietline.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quietline.web.environment import Environment

__all__ = ["domains_of", "social_providers"]

_FIELDS = ("id", "name", "issuer", "client_id", "client_secret", "domains")
_ID = re.compile(r"[a-z0-9-]{1,40}", re.ASCII)
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+", re.ASCII)


def social_providers(environment: Environment) -> dict[str, Any]:
    """Give ``SOCIALACCOUNT_PROVIDERS`` for the agencies of ``QUIETLINE_OIDC``.

    A person is found by an address that the agency vouches for (``email_verified``, OpenID Connect Core 1.0 section 5.1),
    that is proven here and lies in one of the agency's own ``domains``: no agency vouches for another one's people. PKCE is
    always used.

    Raises:
        SettingError: the setting is no JSON list of ``{id, name, issuer, client_id, client_secret, domains}``, an id is
            given twice, an issuer is not reached by https, or an agency has no domain.
    """
    apps = [
        {
            "provider_id": agency["id"],
            "name": agency["name"],
            "client_id": agency["client_id"],
            "secret": agency["client_secret"],
            "settings": {
                "server_url": agency["issuer"],
                "fetch_userinfo": True,
                "oauth_pkce_enabled": True,
                "domains": agency["domains"],
            },
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


def domains_of(agency: str, providers: Mapping[str, Any]) -> frozenset[str]:
    """Give the domains of the addresses that an agency may vouch for; none where it is not among the providers.

    Args:
        agency: its id.
        providers: what :func:`social_providers` gave.
    """
    apps = providers.get("openid_connect", {}).get("APPS", ())
    return frozenset(domain for app in apps if app["provider_id"] == agency for domain in app["settings"]["domains"])


def _agencies(raw: str | None) -> list[dict[str, Any]]:
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
        texts = [value for name, value in agency.items() if name != "domains"]
        if not all(isinstance(value, str) and value for value in texts) or not _ID.fullmatch(agency["id"]):
            raise _wrong("each value is a text that is not empty, and an id has small letters, digits and hyphens only")
        if urlsplit(agency["issuer"]).scheme != "https":
            raise _wrong("an issuer is an address that begins with https://")
        if not _are_domains(agency["domains"]):
            raise _wrong('the domains of an agency are a list of at least one, ["agency.example"] say, in small letters')
    if len({agency["id"] for agency in agencies}) != len(agencies):
        raise _wrong("two agencies have the same id")
    return agencies


def _are_domains(given: object) -> bool:
    return (
        isinstance(given, list) and bool(given) and all(isinstance(one, str) and _DOMAIN.fullmatch(one) for one in given)
    )  # fmt: skip


def _wrong(why: str) -> SettingError:
    return SettingError(f"QUIETLINE_OIDC does not fit: {why}.", advice="docs/reference/settings.md shows its form.")
