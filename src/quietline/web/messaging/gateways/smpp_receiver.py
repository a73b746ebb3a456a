"""Texts that come in over SMPP 3.4: a receiver's connection of its own, beside the one that sends.

It binds as receiver (section 4.1.3), so that a text that comes in never waits for a batch that goes out. A text is
acknowledged (``deliver_sm_resp``) after it was dealt with and committed, and a part of a long one after it was kept; where
that fails, the message centre is told to try again (0x64, section 5.1.3), and not to (0x65) where the message contradicts
itself. Receipts are acknowledged and dropped.

A ``deliver_sm`` carries no id. One that comes again over another connection within two minutes, word for word from the same
number, is taken for one whose acknowledgement was lost. Should the process die between the two, it is dealt with twice.
"""

from __future__ import annotations

import select
import struct
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from django.db import connection

from quietline.web.base.clock import now
from quietline.web.base.logs import log
from quietline.web.messaging.gateways.segments import read_gsm
from quietline.web.messaging.gateways.smpp_centre import WIRE_LOG, message_centre
from quietline.web.messaging.inbound_parts import Part, forget_parts, put_together

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event

__all__ = ["SmppReceiver", "Taker"]

if TYPE_CHECKING:
    Taker = Callable[..., object]
    """Takes ``message_id``, ``raw`` (the sender), ``text`` and ``at``; when it returns, the text is dealt with for good."""

_SECONDS = 10.0
_IDLE_SECONDS = 30.0
_LONGEST_PAUSE = 60.0
_AGAIN_SECONDS = 120.0
_TRY_AGAIN, _NEVER = 0x64, 0x65
_NOT_A_TEXT = 0x3C  # bits of esm_class that say receipt or acknowledgement (section 5.2.12)
_HEADED = 0x40
_CODINGS: dict[int, Callable[[bytes], str]] = {
    0: read_gsm,
    1: lambda data: data.decode("ascii", "replace"),
    3: lambda data: data.decode("latin-1"),
    8: lambda data: data.decode("utf-16-be", "replace"),
}


class _LostError(Exception):
    """The connection cannot be used any further; the code says how."""


@dataclass(frozen=True, slots=True)
class _Short:
    """One ``deliver_sm``. Neither sender nor words show in its text form."""

    sender: str = field(repr=False)
    content: bytes = field(repr=False)
    coding: int
    part: Part | None = field(repr=False)

    @property
    def digest(self) -> bytes:
        part = self.part
        place = (part.reference, part.total, part.place) if part else ()
        return sha256(repr((self.sender, self.content, self.coding, place)).encode()).digest()


class SmppReceiver:
    """Takes texts in; one thread uses it.

    Args:
        url: ``smpp://system-id@host:port``.
        password: of at most 8 characters, as the protocol has it.
        take: what a text is handed to.
        seconds: how long to wait for an answer.

    Raises:
        MissingExtraError: ``smpplib`` is not installed.
        SettingError: the address names no host or no system id.
    """

    def __init__(self, url: str, *, password: str | None, take: Taker, seconds: float = _SECONDS) -> None:
        self._centre = message_centre(url, password=password)
        self._take = take
        self._seconds = seconds
        self._client: Any = None
        self._connections = 0
        self._dealt: dict[bytes, tuple[int, float]] = {}  # digest -> connection it came over, and when

    def run(self, stop: Event) -> None:
        """Take texts in until told to stop; a message centre that is away is tried again, less often each time."""
        failures = 0
        while not stop.is_set():
            try:
                self._bind()
                failures = 0
                self._serve(stop)
            except Exception as error:  # noqa: BLE001 - whatever it is: a thread that ends would leave texts lying there
                failures += 1
                failure = str(error) if isinstance(error, _LostError) else type(error).__name__
                log("messaging").warning("inbound texts interrupted", failure=failure, count=failures)
                stop.wait(min(_LONGEST_PAUSE, 0.5 * 2 ** min(failures, 7)))
            finally:
                self._drop()
        connection.close()

    def _bind(self) -> None:
        from smpplib import client, exceptions

        self._connections += 1
        self._client = client.Client(
            *self._centre.place, timeout=self._seconds, logger_name=WIRE_LOG, allow_unknown_opt_params=True
        )
        try:
            self._client.connect()
            self._client.bind_receiver(**self._centre.login)
        except exceptions.PDUError as error:
            raise _LostError("smpp.not-bound") from error
        except (OSError, ValueError, struct.error, exceptions.ConnectionError, exceptions.UnknownCommandError) as error:
            raise _LostError("smpp.unreachable") from error

    def _serve(self, stop: Event) -> None:
        heard_at, asked = time.monotonic(), False
        while not stop.is_set():
            if not select.select([self._client._socket], [], [], 0.5)[0]:  # noqa: SLF001 - as the library's poll() does
                silent = time.monotonic() - heard_at
                if asked and silent > _IDLE_SECONDS + self._seconds:
                    raise _LostError("smpp.silent")
                if not asked and silent > _IDLE_SECONDS:
                    self._write("enquire_link")
                    asked = True
                continue
            self._answer(self._read())
            heard_at, asked = time.monotonic(), False
        self._write("unbind")

    def _answer(self, pdu: Any) -> None:
        if pdu.command == "enquire_link":
            self._write("enquire_link_resp", answers=pdu)
        elif pdu.command == "unbind":
            self._write("unbind_resp", answers=pdu)
            raise _LostError("smpp.unbound")
        elif pdu.command == "deliver_sm":
            self._write("deliver_sm_resp", answers=pdu, status=self._dealt_with(pdu))

    def _dealt_with(self, pdu: Any) -> int:
        """Deal with a message; give the status that is answered."""
        if (pdu.esm_class or 0) & _NOT_A_TEXT:
            return 0
        try:
            short = _read_short(pdu)
        except ValueError:
            return _NEVER
        try:
            self._deal(short)
        except Exception as error:  # noqa: BLE001 - whatever it is, the message centre keeps the text and tries again
            log("messaging").warning("inbound text put off", failure=type(error).__name__)
            connection.close()
            return _TRY_AGAIN
        return 0

    def _deal(self, short: _Short) -> None:
        moment = time.monotonic()
        self._dealt = {known: seen for known, seen in self._dealt.items() if moment - seen[1] < _AGAIN_SECONDS}
        if self._dealt.get(short.digest, (self._connections,))[0] != self._connections:
            del self._dealt[short.digest]
            return
        at, content, part = now(), short.content, short.part
        if part is not None:
            whole = put_together(part, short.sender, content, at=at)
            if whole is None:
                self._dealt[short.digest] = (self._connections, moment)
                return
            content = whole
        read = _CODINGS.get(short.coding)
        text = read(content) if read else ""  # what cannot be read is answered as a text that was not understood
        self._take(message_id=f"smpp-{uuid.uuid4().hex}", raw=short.sender, text=text, at=at)
        self._dealt[short.digest] = (self._connections, moment)
        if part is not None:
            forget_parts(part, short.sender)

    def _read(self) -> Any:
        from smpplib import exceptions

        try:
            return self._client.read_pdu()
        except (
            OSError,
            ValueError,
            struct.error,
            exceptions.ConnectionError,
            exceptions.PDUError,
            exceptions.UnknownCommandError,
        ) as error:
            raise _LostError("smpp.cut-off") from error

    def _write(self, command: str, *, answers: Any = None, status: int = 0) -> None:
        from smpplib import exceptions, smpp

        pdu = smpp.make_pdu(command, client=self._client)
        if answers is not None:
            pdu.sequence, pdu.status = answers.sequence, status
        try:
            self._client.send_pdu(pdu)
        except (OSError, exceptions.ConnectionError, exceptions.PDUError) as error:
            raise _LostError("smpp.cut-off") from error

    def _drop(self) -> None:
        if self._client is not None:
            with suppress(OSError):
                self._client.disconnect()
            self._client = None


def _read_short(pdu: Any) -> _Short:
    """Read what matters of a ``deliver_sm`` (section 4.6.1).

    Raises:
        ValueError: it is a part that cannot be.
    """
    sender = bytes(pdu.source_addr or b"").decode("ascii", "replace")
    if pdu.source_addr_ton == 1 and not sender.startswith("+"):  # an international number (section 5.2.5)
        sender = f"+{sender}"
    content = bytes(pdu.short_message or pdu.message_payload or b"")
    part = None
    if pdu.sar_total_segments:
        part = Part(pdu.sar_msg_ref_num or 0, pdu.sar_total_segments, pdu.sar_segment_seqnum or 0)
    if (pdu.esm_class or 0) & _HEADED and content:
        header, content = content[1 : 1 + content[0]], content[1 + content[0] :]
        part = _part_of(header) or part
    if part is None or part.total <= 1:
        return _Short(sender, content, pdu.data_coding or 0, None)
    if not 1 <= part.place <= part.total:
        raise ValueError("a part of a text has a place among its parts")
    return _Short(sender, content, pdu.data_coding or 0, part)


def _part_of(header: bytes) -> Part | None:
    """Find in a header (TS 23.040 section 9.2.3.24) which part of a long text this is."""
    place = 0
    while place + 2 <= len(header):
        kind, length = header[place], header[place + 1]
        said = header[place + 2 : place + 2 + length]
        if kind == 0 and len(said) == 3:
            return Part(said[0], said[1], said[2])
        if kind == 8 and len(said) == 4:
            return Part(said[0] << 8 | said[1], said[2], said[3])
        place += 2 + length
    return None
