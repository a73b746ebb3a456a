"""Addresses that others name and we call: only public hosts, and only the very address that was checked.

Whoever names an address could name one of our own network, or let a name point there later. So a name is resolved once,
every address it has must be public, and the connection goes to the address that was checked, with the name only in the
certificate check and the ``Host`` header. Redirects are not followed, and no proxy of the environment is used.

Source: OWASP, Server-Side Request Forgery Prevention; IANA special-purpose address registries (RFC 6890).
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeAlias
from urllib.parse import SplitResult, urlsplit

import httpx

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

__all__ = ["MOST_SECONDS", "Poster", "RefusedDestination", "check_url", "is_public", "resolve"]

Address: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"

MOST_SECONDS = 15.0
"""How long one post may take in all, from the connection to the end of the answer's head."""
_SECONDS = 10.0  # each single step of it
_LONGEST = 500
_LOCAL = ("localhost", ".localhost", ".local", ".internal", ".home.arpa", ".lan", ".intranet")
# these carry an IPv4 address that a gateway would go on to: NAT64 (RFC 6052, 8215), 6to4 (RFC 3056), Teredo (RFC 4380),
# addresses compatible with IPv4 (RFC 4291)
_CARRIERS = tuple(
    ipaddress.ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")
)
# not public, whatever the release of Python says: shared (RFC 6598), benchmarks (RFC 2544), IETF (RFC 6890), site-local
_CLOSED = tuple(
    ipaddress.ip_network(text)
    for text in ("100.64.0.0/10", "198.18.0.0/15", "192.0.0.0/24", "192.88.99.0/24", "240.0.0.0/4", "fec0::/10", "100::/64")
)


class RefusedDestination(Exception):  # noqa: N818 - it says what the destination is
    """The address may not be called."""


def check_url(url: str) -> SplitResult:
    """Check an address as far as that goes without asking anybody.

    Raises:
        ValueError: it is no https address of a host that could be public.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".").lower()
    if len(url) > _LONGEST or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise ValueError("it is too long, or has signs that no address has")
    if parts.scheme != "https" or not host or "@" in parts.netloc or parts.fragment or "%" in parts.netloc:
        raise ValueError("it is no plain https address")
    if parts.port == 0:  # asking for the port raises ValueError, too, where it is none
        raise ValueError("it has no port")
    literal = _literal(host)
    if literal is not None:
        if not is_public(literal):
            raise ValueError("the address is not public")
    elif "." not in host or host.endswith(_LOCAL) or host.rpartition(".")[2][0].isdigit():
        # the last: 127.1 and 0x7f.0x1 are IPv4 to a resolver, though to nobody else
        raise ValueError("the name is not one of a public host")
    return parts


def is_public(address: Address) -> bool:
    """Whether an address lies in the public Internet, and nothing in it points elsewhere."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address.scope_id is not None:
            return False
    if any(address in network for network in (*_CARRIERS, *_CLOSED) if network.version == address.version):
        return False
    closed = address.is_multicast or address.is_reserved or address.is_loopback or address.is_link_local
    return address.is_global and not closed


def resolve(host: str, port: int) -> list[str]:
    """Ask for all addresses of a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class _Deadline:
    """Ends a connection when its time is over: the timeouts of httpx begin anew with every byte that comes."""

    def __init__(self, seconds: float) -> None:
        self._lock = threading.Lock()
        self._link: socket.socket | None = None
        self._is_over = False
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._timer.cancel()
        with self._lock:
            if self._link is not None:
                self._link.close()
                self._link = None

    def watch(self, event: str, info: Mapping[str, Any]) -> None:
        """Learn of the connection: an extension ``trace`` of httpx, which has it before TLS begins."""
        if event != "connection.connect_tcp.complete":
            return
        with self._lock:
            # a second handle on the same connection: TLS takes the first one for itself
            self._link = info["return_value"].get_extra_info("socket").dup()
            is_over = self._is_over
        if is_over:
            self._shut()

    def _end(self) -> None:
        with self._lock:
            self._is_over = True
        self._shut()

    def _shut(self) -> None:
        with self._lock, suppress(OSError):  # the other side may have been faster
            if self._link is not None:
                self._link.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True, slots=True)
class Poster:
    """Posts to public hosts.

    Attributes:
        allows: which addresses may be called.
        resolves: name and port to addresses.
        verify: how certificates are checked; True is by the authorities that the machine trusts.
        seconds: how long a post may take in all.
    """

    allows: Callable[[Address], bool] = is_public
    resolves: Callable[[str, int], Sequence[str]] = resolve
    verify: bool | ssl.SSLContext = True
    seconds: float = MOST_SECONDS

    def post(self, url: str, *, content: bytes, headers: Mapping[str, str]) -> int:
        """Post, and give the status of the answer; its body is not read.

        Raises:
            RefusedDestination: the address may not be called.
            OSError: the name has no address.
            httpx.HTTPError: nobody answers in time, or the certificate is not good.
        """
        try:
            parts = check_url(url)
        except ValueError as error:
            raise RefusedDestination(str(error)) from error
        host, port = parts.hostname or "", parts.port or 443
        literal = _literal(host)
        addresses = [host] if literal is not None else list(self.resolves(host, port))
        # one address that is not public is enough: which one is taken next time is not ours to say
        if not addresses or not all(self.allows(ipaddress.ip_address(address)) for address in addresses):
            raise RefusedDestination("a host has an address that is not public")
        pinned = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
        target = parts._replace(netloc=f"{pinned}:{port}").geturl()
        sent = {**headers, "Host": parts.netloc}
        calling = httpx.Client(verify=self.verify, trust_env=False, follow_redirects=False, timeout=_SECONDS)
        with _Deadline(self.seconds) as deadline, calling as client:
            named = {"sni_hostname": host, "trace": deadline.watch}
            with client.stream("POST", target, content=content, headers=sent, extensions=named) as response:
                return response.status_code


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
