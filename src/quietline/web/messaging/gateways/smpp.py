"""A gateway reached by SMPP 3.4 (SMPP Developers Forum, 12 October 1999): texts only, through ``smpplib``.

``QUIETLINE_SMS_URL`` is ``smpp://system-id@host:2775`` and ``QUIETLINE_SMS_TOKEN`` the password. SMPP itself has no
encryption: the way to the message centre must be a private one (IPv4). Texts in the GSM alphabet go one byte to a character
(data coding 0), all others as UCS-2 (8); long ones in segments with a header that puts them together (TS 23.040 section
9.2.3.24.1). Up to :data:`WINDOW` segments are under way before an answer is waited for. A call cannot be made by SMPP and is
refused. Texts that come in have a connection of their own: :mod:`quietline.web.messaging.gateways.smpp_receiver`.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from quietline.web.messaging.gateways.base import Outcome
from quietline.web.messaging.gateways.segments import segments_of
from quietline.web.messaging.gateways.smpp_centre import WIRE_LOG, message_centre

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from quietline.web.messaging.gateways.base import Letter

__all__ = ["WINDOW", "SmppGateway"]

WINDOW = 10
"""Segments sent ahead of their answers; both sides agree on it outside the protocol (section 2.9), often 10."""
_SECONDS = 10
_THROTTLED = 0x58
# command_status (section 5.1.3) that the message is not to blame for: system error, queue full, submit failed, throttled,
# receiver's temporary error
_RETRY = frozenset((0x08, 0x14, 0x45, _THROTTLED, 0x64))
_UDH_FOLLOWS = 0x40


class _LostError(Exception):
    """The connection cannot be used any further."""


class SmppGateway:
    """Sends texts by SMPP. It keeps its connection; one thread uses it.

    Args:
        url: ``smpp://system-id@host:port``.
        password: of at most 8 characters, as the protocol has it.
        sender: a number with ``+``, or a name of at most 11 characters of the GSM alphabet.
        seconds: how long to wait for an answer.

    Raises:
        MissingExtraError: ``smpplib`` is not installed.
        SettingError: the address names no host or no system id.
    """

    def __init__(self, url: str, *, password: str | None, sender: str, seconds: float = _SECONDS) -> None:
        self._centre = message_centre(url, password=password)
        self._source = _source(sender)
        self._seconds = seconds
        self._client: Any = None
        self._reference = 0

    def close(self) -> None:
        """Say good-bye and close the connection."""
        if self._client is None:
            return
        try:
            self._ask("unbind")
        except _LostError:
            return
        self._drop()

    def send(self, batch: Sequence[Letter]) -> list[Outcome]:
        """Submit each letter's segments; a letter is taken when all of its segments are."""
        outcomes = {letter.id: Outcome(letter.id, "smpp.no-calls") for letter in batch if letter.channel != "text"}
        segments = []
        for letter in batch:
            if letter.channel == "text":
                try:
                    segments += [(letter.id, values) for values in self._segments(letter)]
                except ValueError:
                    outcomes[letter.id] = Outcome(letter.id, "smpp.unwritable")
        if segments:
            outcomes |= self._submit(segments)
        return list(outcomes.values())

    def _submit(self, segments: Sequence[tuple[int, dict[str, Any]]]) -> dict[int, Outcome]:
        left = Counter(letter_id for letter_id, _ in segments)
        faults: dict[int, int] = {}
        waiting: dict[int, int] = {}  # sequence number of the protocol -> letter
        lost = "smpp.cut-off"
        try:
            self._be_bound()
            for letter_id, values in segments:
                while len(waiting) >= WINDOW:
                    self._take_answer(waiting, left, faults)
                if _THROTTLED in faults.values():
                    lost = "smpp.throttled"
                    break
                waiting[self._write("submit_sm", **values)] = letter_id
            while waiting:
                self._take_answer(waiting, left, faults)
        except _LostError as error:
            lost = str(error)
        outcomes = {}
        for letter_id, count in left.items():
            if letter_id in faults:
                status = faults[letter_id]
                outcomes[letter_id] = Outcome(letter_id, f"smpp.{status:#04x}", retry=status in _RETRY)
            else:
                outcomes[letter_id] = Outcome(letter_id, lost, retry=True) if count else Outcome(letter_id)
        return outcomes

    def _take_answer(self, waiting: dict[int, int], left: Counter[int], faults: dict[int, int]) -> None:
        answer = self._read()
        letter_id = waiting.pop(answer.sequence, None)
        if letter_id is None:
            return
        left[letter_id] -= 1
        if answer.status:
            faults.setdefault(letter_id, int(answer.status))

    def _segments(self, letter: Letter) -> Iterator[dict[str, Any]]:
        cut = segments_of(letter.text)
        self._reference = (self._reference + 1) % 256
        for place, part in enumerate(cut.parts, start=1):
            header = bytes((5, 0, 3, self._reference, len(cut.parts), place)) if len(cut.parts) > 1 else b""
            yield {
                **self._source, "dest_addr_ton": 1, "dest_addr_npi": 1, "destination_addr": letter.to.removeprefix("+"),
                "esm_class": _UDH_FOLLOWS if header else 0, "data_coding": 0 if cut.gsm else 8,
                "short_message": header + part, "registered_delivery": False,
            }  # fmt: skip

    def _be_bound(self) -> None:
        """Bind, or make sure that the connection of the last batch still stands."""
        from smpplib import client, exceptions

        if self._client is not None:
            try:
                self._ask("enquire_link")
            except _LostError:
                pass  # bind anew
            else:
                return
        fresh = client.Client(
            *self._centre.place, timeout=self._seconds, logger_name=WIRE_LOG, allow_unknown_opt_params=True
        )
        try:
            fresh.connect()
            fresh.bind_transmitter(**self._centre.login)
        except (OSError, exceptions.ConnectionError, exceptions.PDUError, exceptions.UnknownCommandError) as error:
            fresh.disconnect()
            refused = isinstance(error, exceptions.PDUError)
            raise _LostError("smpp.not-bound" if refused else "smpp.unreachable") from error
        self._client = fresh

    def _ask(self, command: str) -> None:
        sequence = self._write(command)
        while self._read().sequence != sequence:
            pass

    def _write(self, command: str, *, sequence: int | None = None, **values: Any) -> int:
        """Send a PDU; give its sequence number."""
        from smpplib import exceptions, smpp

        pdu = smpp.make_pdu(command, client=self._client, **values)
        if sequence is not None:
            pdu.sequence = sequence
        try:
            self._client.send_pdu(pdu)
        except (OSError, exceptions.ConnectionError, exceptions.PDUError) as error:
            self._drop()
            raise _LostError("smpp.cut-off") from error
        return int(pdu.sequence)

    def _read(self) -> Any:
        """Read the next answer; what the message centre asks in between is answered."""
        from smpplib import exceptions

        while True:
            try:
                pdu = self._client.read_pdu()
            except (
                OSError,
                ValueError,
                exceptions.ConnectionError,
                exceptions.PDUError,
                exceptions.UnknownCommandError,
            ) as error:
                self._drop()
                raise _LostError("smpp.cut-off") from error
            if pdu.command == "enquire_link":
                self._write("enquire_link_resp", sequence=pdu.sequence)
            elif pdu.command == "unbind":
                self._write("unbind_resp", sequence=pdu.sequence)
                self._drop()
                raise _LostError("smpp.cut-off")
            else:
                return pdu

    def _drop(self) -> None:
        self._client.disconnect()
        self._client = None


def _source(sender: str) -> dict[str, Any]:
    """Section 5.2.5: international number (1, ISDN) or alphanumeric (5)."""
    digits = sender.removeprefix("+")
    if digits.isascii() and digits.isdigit():
        return {"source_addr_ton": 1, "source_addr_npi": 1, "source_addr": digits}
    return {"source_addr_ton": 5, "source_addr_npi": 0, "source_addr": sender[:11]}
