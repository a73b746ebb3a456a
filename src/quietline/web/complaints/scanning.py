"""Scanners of files that strangers send: what one has to do, and ClamAV's.

``QUIETLINE_SCANNER`` names where ClamAV listens: ``clamav://host:3310``, or ``clamav:///run/clamav/clamd.ctl`` for a socket
of this machine. Without it nothing is scanned, and every attachment says so.
"""

from __future__ import annotations

import socket
import struct
from contextlib import closing
from dataclasses import dataclass
from enum import Enum
from typing import Protocol
from urllib.parse import urlsplit

from django.conf import settings

__all__ = ["Clamd", "Scanner", "ScannerAwayError", "Verdict", "configured_scanner", "scanner_at"]

_CHUNK = 64 * 1024
_SECONDS = 20.0
_MOST_ANSWER = 4_096
_PORT = 3310


class Verdict(Enum):
    """What a scanner says of a file."""

    CLEAN = "clean"
    INFECTED = "infected"


class ScannerAwayError(OSError):
    """Nobody listens where the scanner should be: no file is to blame."""


class Scanner(Protocol):
    """Looks at the content of one file."""

    def scan(self, content: bytes) -> Verdict:
        """Say whether it is clean.

        Raises:
            ScannerAwayError: it cannot be reached.
            OSError: no answer, or one that cannot be understood; the file is to be shown once more later.
        """
        ...


@dataclass(frozen=True, slots=True)
class Clamd:
    """ClamAV's daemon, by its command ``INSTREAM`` (clamd(8), "COMMANDS").

    The content goes in pieces, each behind its length (four bytes, network order), and ends with a length of zero; the
    daemon answers ``stream: OK`` or ``stream: NAME FOUND``.

    Attributes:
        host: name or address; empty for a socket of this machine.
        port: TCP port.
        path: of the socket.
        seconds: how long one step may take.
    """

    host: str = ""
    port: int = _PORT
    path: str = ""
    seconds: float = _SECONDS

    def scan(self, content: bytes) -> Verdict:
        """Say whether it is clean; raises as :class:`Scanner` has it."""
        with closing(self._connected()) as link:
            link.sendall(b"zINSTREAM\0")
            for begin in range(0, len(content), _CHUNK):
                piece = content[begin : begin + _CHUNK]
                link.sendall(struct.pack("!L", len(piece)) + piece)
            link.sendall(struct.pack("!L", 0))
            answer = self._answer(link)
        if answer == b"stream: OK":
            return Verdict.CLEAN
        if answer.endswith(b" FOUND"):
            return Verdict.INFECTED
        raise OSError("the scanner gave an answer that is none")

    def _connected(self) -> socket.socket:
        try:
            if self.host:
                return socket.create_connection((self.host, self.port), timeout=self.seconds)
        except OSError as error:
            raise ScannerAwayError("the scanner cannot be reached") from error
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        link.settimeout(self.seconds)
        try:
            link.connect(self.path)
        except OSError as error:
            link.close()
            raise ScannerAwayError("the scanner cannot be reached") from error
        return link

    @staticmethod
    def _answer(link: socket.socket) -> bytes:
        answer = b""
        while not answer.endswith(b"\0") and len(answer) < _MOST_ANSWER:
            piece = link.recv(_MOST_ANSWER)
            if not piece:
                break
            answer += piece
        return answer.rstrip(b"\0\n")


def scanner_at(url: str) -> Scanner:
    """Give the scanner that an address names.

    Raises:
        ValueError: it is none.
    """
    parts = urlsplit(url)
    if parts.scheme != "clamav" or not (parts.hostname or parts.path.strip("/")):
        raise ValueError("it is clamav://host:port or clamav:///path/of/a/socket")
    if parts.hostname:
        return Clamd(host=parts.hostname, port=parts.port or _PORT)
    return Clamd(path=parts.path)


def configured_scanner() -> Scanner | None:
    """Give the scanner of this installation; None where none is set up."""
    url = settings.ENVIRONMENT.scanner
    return scanner_at(url) if url else None
