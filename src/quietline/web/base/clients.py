"""The client's network address, through proxies that are trusted and no others."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.http import HttpRequest

__all__ = ["CLIENT", "client_address", "client_of", "network_of"]

CLIENT = "quietline.client"
"""Under this name the outermost layer keeps the client's address in ``request.META``; no header can write there."""

_WITH_PORT = re.compile(r"\[(?P<six>[0-9A-Fa-f:.]+)(?:%[^\]]*)?\](?::[0-9]+)?|(?P<four>[0-9.]+):[0-9]+")


def client_address(meta: Mapping[str, Any], trusted: Sequence[Any]) -> str:
    """Give the address of who asks.

    ``X-Forwarded-For`` is read from the right, skipping trusted proxies: the first address that none of them vouches for
    is the client. What stands left of it was written by the client and means nothing.
    """
    address = _plain(str(meta.get("REMOTE_ADDR") or "127.0.0.1"))
    chain = [part.strip() for part in str(meta.get("HTTP_X_FORWARDED_FOR", "")).split(",") if part.strip()]
    among = tuple(trusted)
    while chain and _is_trusted(address, among):
        address = _plain(chain.pop())
    return address or "0.0.0.0"  # noqa: S104 - no address we listen on: one bucket for all that cannot be read


def client_of(request: HttpRequest) -> str:
    """Give the address of who asks, as the outermost layer has found it."""
    return str(request.META[CLIENT])


@lru_cache(maxsize=4_096)
def network_of(address: str) -> str:
    """Give the network that abuse limits count: /24 of IPv4, /56 of IPv6 (what one household is handed out)."""
    ip = ipaddress.ip_address(_plain(address) or "0.0.0.0")  # noqa: S104 - as above
    return str(ipaddress.ip_network(f"{ip}/{24 if ip.version == 4 else 56}", strict=False))


@lru_cache(maxsize=4_096)
def _plain(text: str) -> str:
    """Give an address as it is compared and counted; empty where the text is none.

    Proxies may write ports behind addresses (RFC 7239, section 6), and a server that listens on IPv6 sees IPv4 clients as
    ``::ffff:192.0.2.1`` (RFC 4291, section 2.5.5.2): as such all of them would lie in one network.
    """
    match = _WITH_PORT.fullmatch(text)
    try:
        ip = ipaddress.ip_address((match["six"] or match["four"]) if match else text.partition("%")[0])
    except ValueError:
        return ""
    return str(getattr(ip, "ipv4_mapped", None) or ip)


@lru_cache(maxsize=4_096)
def _is_trusted(address: str, trusted: tuple[Any, ...]) -> bool:
    if not address:
        return False
    ip = ipaddress.ip_address(address)
    return any(ip in network for network in trusted)
