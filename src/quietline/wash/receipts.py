"""Sign what a wash did.

A receipt is a signed JSON document. It says which bytes were read and written (SHA-256), how many rows went where and why,
which registers in which versions were asked, and until when the law lets one rely on that; and it holds the root of a tree
with one leaf for each distinct number that was looked up, so that single numbers can be proved later without showing the
list. It holds no number and no path.

What it proves, and what it does not:

* It is the statement of whoever holds the key. Nobody else witnesses it: the signer could sign an untrue one, and the time
  in it is the signer's own. What the signer can no longer do is to change the story afterwards: another outcome is
  another receipt, with another signature. Hand it to the other side, or have it time-stamped, when it is made.
* With the files it shows that they are, byte for byte, those that were read and written.
* A number whose proof holds was among those looked up, with the answer of its leaf. That a number was *not* looked up is
  not shown: that would show its neighbours in the list.

Source: RFC 6962 (tree), RFC 8785 (canonical JSON), RFC 8032 (Ed25519).
"""

from __future__ import annotations

import io
import os
import secrets
import stat
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, BinaryIO
from zoneinfo import ZoneInfo

from quietline import __version__
from quietline.errors import InputError, LawError, UsageError
from quietline.law import reliance
from quietline.ledger.receipts import canonical_json, document_bytes, sign_document
from quietline.numbering import country_code, library_release
from quietline.tables import OutputFile
from quietline.wash.receipt_proofs import Answer, AnswerStore, ProofsWriter, proofs_metadata, tree_of
from quietline.wash.washing import register_facts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import ExitStack

    from quietline.ledger.merkle import Frontier
    from quietline.ledger.signing import SigningKey
    from quietline.numbering import Numbers
    from quietline.registers import Register
    from quietline.tables import OutputSet
    from quietline.wash.summary import Summary
    from quietline.wash.verdicts import Judge, Verdicts

__all__ = ["RECEIPT_FORMAT", "RECEIPT_KIND", "Collector", "ReceiptRequest", "receipt_digest", "reliance_facts"]

RECEIPT_KIND = "quietline wash receipt"
RECEIPT_FORMAT = 1
STATEMENT = (
    "Whoever holds the key below states: this list was checked against these registers with this outcome, at this time by "
    "the signer's own clock. Each distinct number that was looked up is a leaf of the tree whose root stands here. Nobody "
    "else witnesses that; a proof shows that a number was looked up, never that one was not."
)
_CHUNK = 1 << 20
_WORTH_A_THREAD = 1 << 16
_MOST_NAME_DIGITS = 4


@dataclass(frozen=True, slots=True)
class ReceiptRequest:
    """What to sign about a wash, and where to write it.

    Attributes:
        target: where the receipt goes: a path, ``-``, or a binary file.
        key: that signs it.
        at: time of the wash, aware.
        proofs: where the private half goes, a path; by default the receipt's path with ``.proofs`` behind it.
        keep_proofs: whether to keep the private half; without it no number can ever be proved.
        file_names: whether the receipt says the names of the files (never their directories).

    Raises:
        UsageError: the time has no zone, or there is no place for the private half.
    """

    target: str | os.PathLike[str] | BinaryIO
    key: SigningKey
    at: datetime
    proofs: str | os.PathLike[str] | None = None
    keep_proofs: bool = True
    file_names: bool = True

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise UsageError("The time of a receipt needs a time zone.")
        self.targets  # noqa: B018 - says what is wrong with them

    @property
    def targets(self) -> list[str | os.PathLike[str] | BinaryIO]:
        """What will be written: the receipt, and its private half where that is kept."""
        if not self.keep_proofs:
            return [self.target]
        if self.proofs is not None:
            return [self.target, self.proofs]
        if not isinstance(self.target, str | os.PathLike) or self.target == "-":
            raise UsageError(
                "There is no place for the proofs of a receipt that is not written to a file.",
                advice="Name a file for the receipt, or one for the proofs.",
            )
        return [self.target, os.fspath(self.target) + ".proofs"]

    def begin(
        self,
        stack: ExitStack,
        registers: Sequence[Register],
        names: Sequence[str],
        country: str,
        options: Mapping[str, object],
    ) -> Collector:
        """Begin to watch a wash.

        Args:
            stack: what is opened here is closed with it. MUST be unwound after the outputs are committed.
            registers: that are asked, open.
            names: of the registers.
            country: default country of the list.
            options: those that change the outcome, as JSON would have them; ``on`` is a day or None.
        """
        collector = Collector(self, registers, names, country, options)
        stack.callback(collector.close)
        return collector


class Collector:
    """Watch one wash: what is read, what is asked, what is written. Then sign it."""

    def __init__(
        self,
        request: ReceiptRequest,
        registers: Sequence[Register],
        names: Sequence[str],
        country: str,
        options: Mapping[str, object],
    ) -> None:
        self._request = request
        self._registers = list(zip(registers, names, strict=True))
        self._facts = [_register_facts(register, name) for register, name in self._registers]
        self._sequences = [register.root.sequence for register in registers]
        self._country = country
        self._options = dict(options)
        self._answers = AnswerStore()
        self._secret = secrets.token_bytes(32)
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="receipt")
        self._list: _ListFile | _ListStream | None = None
        self._outputs: dict[str, _WatchedOutput] = {}
        self._proofs: ProofsWriter | None = None
        self._receipt: OutputFile | None = None

    def close(self) -> None:
        """Let go of everything, whether the wash was finished or not."""
        if self._list is not None:
            self._list.close()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._answers.close()

    # -- watching --------------------------------------------------------------------------------------------------

    def watch_list(self, source: Any) -> Any:
        """Give what is to be opened in place of the list, so that its bytes are hashed as they lie on disk.

        A file is read a second time, side by side with the wash; anything else is hashed as it is read.
        """
        if isinstance(source, bytes | bytearray | memoryview):
            source = io.BytesIO(source)
        if isinstance(source, str | os.PathLike) and source != "-":
            try:
                status = os.stat(source)  # noqa: PTH116 - any path-like object
                if stat.S_ISREG(status.st_mode):
                    self._list = _ListFile(Path(source), self._pool)
                elif not stat.S_ISDIR(status.st_mode):
                    self._list = _ListStream(open(source, "rb", buffering=0), os.fspath(source), owned=True)  # noqa: SIM115, PTH123
            except (OSError, ValueError):
                return source  # opening it will say what is wrong
        elif source == "-":
            if sys.stdin is not None:
                self._list = _ListStream(sys.stdin.buffer, "standard input")
        elif not isinstance(source, io.TextIOBase) and hasattr(source, "read"):
            name = getattr(source, "name", None)
            self._list = _ListStream(source, name if isinstance(name, str) else "the data")
        return self._list if isinstance(self._list, _ListStream) else source

    def watch_judge(self, judge: Judge) -> _WatchedJudge:
        """Give a judge that decides the same and lets the receipt know of every number it is asked for."""
        return _WatchedJudge(judge, self._answers)

    def watch_outputs(
        self, outputs: OutputSet, opened: Mapping[str, OutputFile | None]
    ) -> dict[str, OutputFile | None]:
        """Give outputs that are hashed as they are written; the receipt's own files are opened behind them."""
        if isinstance(self._list, _ListFile):
            self._list.check_place()
        watched = {
            role: None if output is None else _WatchedOutput(output, self._pool) for role, output in opened.items()
        }
        self._outputs = {role: output for role, output in watched.items() if output is not None}
        target, *proofs = self._request.targets
        if proofs:
            made = proofs_metadata(
                country=self._country, list_date=self._request.at.date(), built_at=self._request.at
            )
            self._proofs = ProofsWriter(outputs.open(proofs[0], mode=0o600), made, self._secret)
        self._receipt = outputs.open(target)
        return dict(watched)

    # -- signing ---------------------------------------------------------------------------------------------------

    def finish(self, summary: Summary) -> None:
        """Write the receipt and its private half; they appear with the outputs.

        Raises:
            InputError: the list was changed while it was washed.
            OutputError: something cannot be written.
        """
        # what the outputs wait for the disk, the processors have left for the tree
        flushed = [self._pool.submit(output.flush) for output in self._outputs.values()]
        pieces = self._answers.pieces()
        tree = tree_of(self._proofs.passing(pieces) if self._proofs else pieces, self._secret)
        document = sign_document(self._body(summary, tree), self._request.key)
        if self._proofs is not None:
            self._proofs.finish(receipt_digest(document))
        assert self._receipt is not None  # noqa: S101 - opened with the outputs
        self._receipt.write(document_bytes(document))
        for flush in flushed:
            flush.result()

    def _body(self, summary: Summary, tree: Frontier) -> dict[str, object]:
        assert self._list is not None  # noqa: S101 - the list was opened
        registers = self._register_facts()
        counts = {
            name: getattr(summary, name)
            for name in ("rows", "kept", "removed", "reasons", "registered", "statuses", "repairs", "blank_lines")
        }
        read = {name: summary.format[name] for name in _FORMAT if name in summary.format}
        columns = [_column_name(name) for name in summary.columns]
        return {
            "kind": RECEIPT_KIND,
            "format": RECEIPT_FORMAT,
            "statement": STATEMENT,
            "at": self._request.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "holder": self._request.key.holder,
            "software": {"quietline": __version__, "phonenumbers": library_release()},
            "country": self._country,
            "list": self._named(summary.list_name) | self._list.facts() | {"format": read},
            "outputs": {
                role: self._named(output.name) | output.print.facts() for role, output in self._outputs.items()
            },
            "options": {"columns": columns} | self._options,
            "counts": counts,
            "registers": registers,
            "reliance": reliance_facts(self._country, registers, self._request.at, self._options.get("on")),
            "numbers": {
                "tree": "RFC 6962, SHA-256",
                "leaf": "salt (16 bytes), key (8 bytes, highest first), answer (1 byte); in ascending order of key",
                "answers": {answer.text: answer.value for answer in Answer},
                "size": len(tree),
                "root": tree.root().hex(),
            },
        }

    def _named(self, name: str) -> dict[str, object]:
        return {"name": Path(name).name} if self._request.file_names else {}

    def _register_facts(self) -> list[dict[str, Any]]:
        """Say which registers were asked; where one was changed meanwhile, what it was in the end."""
        facts = []
        for before, sequence, (register, name) in zip(self._facts, self._sequences, self._registers, strict=True):
            if register.root.sequence == sequence:
                facts.append(before)
            else:
                facts.append(before | {"changed_during_wash_to": _register_facts(register, name)})
        return facts


_FORMAT = ("kind", "encoding", "delimiter", "quote", "header")


def receipt_digest(document: Mapping[str, object]) -> str:
    """Give the SHA-256 of a signed receipt in canonical form, signature included; hexadecimal."""
    return sha256(canonical_json(document)).hexdigest()


def reliance_facts(
    country: str, registers: Sequence[Mapping[str, Any]], at: datetime, on: object = None
) -> dict[str, Any]:
    """Say until when a wash may be relied on, as a receipt does.

    The days are counted from the oldest list date of the registers that are the country's, or from the day of the wash (in
    the register's time zone) or the day the registers were asked for, whichever is earliest. Registers of no country, such
    as a firm's own, have no part in that. Where no register is the country's, or the law is silent, that is said.

    Args:
        country: default country of the list, ISO 3166.
        registers: facts as a receipt has them: ``country``, ``list_date``, ``time_zone``.
        at: time of the wash, aware.
        on: day the registers were asked for, ISO 8601, where that was not their list date.

    Raises:
        LawError: a rulebook is wrong.
    """
    days = [
        day
        for register in registers
        if _same_country(register["country"], country)
        for day in (date.fromisoformat(register["list_date"]), _day_in(register["time_zone"], at))
    ]
    if not days:
        return {"undetermined": f"None of the registers is of {country}, so the rule of {country} says nothing of them."}
    if isinstance(on, str):
        days.append(date.fromisoformat(on))
    first = min(days)
    try:
        rule = reliance(country, first)
    except LawError as error:
        if error.code != "law.undetermined":
            raise
        return {"counted_from": first.isoformat(), "undetermined": error.message}
    return {
        "counted_from": first.isoformat(),
        "until": rule.until.isoformat(),
        "value": rule.value,
        "unit": rule.unit,
        "bound": rule.bound,
        "instrument": rule.instrument,
        "citation": rule.citation,
        "confidence": rule.confidence,
        "note": rule.note,
    }


def _same_country(said: str, country: str) -> bool:
    try:
        return bool(said) and country_code(said) == country
    except UsageError:
        return False


def _day_in(zone: str, at: datetime) -> date:
    """Give the day a moment falls on in a zone; where the zone is not known, the earliest it may fall on anywhere."""
    try:
        return at.astimezone(ZoneInfo(zone)).date()
    except (KeyError, ValueError, OSError):
        return (at.astimezone(UTC) - timedelta(hours=12)).date()


def _register_facts(register: Register, name: str) -> dict[str, Any]:
    metadata = register.metadata
    return register_facts(register, name) | {"kind": metadata.kind, "time_zone": metadata.time_zone}


def _column_name(name: str) -> str:
    """Give a column's name, unless it might be a number: a list without header may be taken to have one."""
    return "(withheld)" if sum(character.isdigit() for character in name) > _MOST_NAME_DIGITS else name


class _Fingerprint:
    """SHA-256 and length of bytes that come one after the other."""

    def __init__(self) -> None:
        self._hash = sha256()
        self.bytes = 0

    def add(self, data: Any) -> None:
        view = memoryview(data)
        self._hash.update(view)
        self.bytes += view.nbytes

    def facts(self) -> dict[str, object]:
        return {"bytes": self.bytes, "sha256": self._hash.hexdigest()}


class _ListFile:
    """A list in a file: hashed in a thread of its own, from a descriptor of its own."""

    def __init__(self, path: Path, pool: ThreadPoolExecutor) -> None:
        self._path = path
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._before = _file_state(os.fstat(self._fd))
        self._stop = Event()
        self._print: Future[_Fingerprint] = pool.submit(self._read)

    def _read(self) -> _Fingerprint:
        found, buffer = _Fingerprint(), memoryview(bytearray(_CHUNK))
        while not self._stop.is_set() and (count := os.preadv(self._fd, [buffer], found.bytes)):
            found.add(buffer[:count])
        return found

    def check_place(self) -> None:
        """Make sure that the file of this name, which the wash has opened by now, is the one that is hashed."""
        try:
            same = _file_state(self._path.stat()) == self._before
        except OSError:
            same = False
        if not same:
            raise self._changed()

    def facts(self) -> dict[str, object]:
        try:
            found = self._print.result()
        except OSError as error:
            raise InputError(f"{self._path} could not be read to its end: {error.strerror}.") from None
        if _file_state(os.fstat(self._fd)) != self._before:
            raise self._changed()
        return found.facts()

    def _changed(self) -> InputError:
        return InputError(
            f"{self._path} was changed while it was washed; nothing can be signed about it.",
            advice="Wash it again when nobody is writing to it.",
            code="input.changed",
        )

    def close(self) -> None:
        self._stop.set()
        self._print.exception()  # waits
        os.close(self._fd)


def _file_state(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


class _ListStream:
    """A list that can be read only once: a binary file that hashes what passes through."""

    def __init__(self, file: Any, name: str, *, owned: bool = False) -> None:
        self.name = name
        self._file = file
        self._owned = owned
        self._print = _Fingerprint()

    def readinto(self, view: memoryview) -> int | None:
        if hasattr(self._file, "readinto"):
            count: int | None = self._file.readinto(view)
        else:
            data = self._file.read(len(view))
            count = None if data is None else len(data)
            view[: count or 0] = data or b""
        self._print.add(view[: count or 0])
        return count

    def facts(self) -> dict[str, object]:
        buffer = memoryview(bytearray(_CHUNK))
        while self.readinto(buffer):  # what the wash had no need to read belongs to the list all the same
            pass
        return self._print.facts()

    def close(self) -> None:
        if self._owned:
            self._file.close()


class _WatchedOutput(OutputFile):
    """An output that is hashed while it is written."""

    def __init__(self, output: OutputFile, pool: ThreadPoolExecutor) -> None:
        super().__init__(output.name)
        self._output = output
        self._pool = pool
        self.print = _Fingerprint()

    def write(self, data: Any) -> int:
        if memoryview(data).nbytes < _WORTH_A_THREAD:
            self.print.add(data)
            count = self._output.write(data)
        else:
            hashed = self._pool.submit(self.print.add, data)
            try:
                count = self._output.write(data)
            finally:
                hashed.result()  # the data may be overwritten once we are back
        self.written += count
        return count

    def flush(self) -> None:
        self._output.flush()

    def publish(self) -> None:
        self._output.publish()

    def abort(self) -> None:
        self._output.abort()


class _WatchedJudge:
    """A judge that notes every number of every washed column, not only the one that decides a row."""

    def __init__(self, judge: Judge, answers: AnswerStore) -> None:
        self._judge = judge
        self._answers = answers

    def judge(self, columns: Sequence[Numbers]) -> Verdicts:
        verdicts = self._judge.judge(columns)
        if len(columns) == 1:
            self._answers.add(verdicts)
        else:
            for column in columns:
                self._answers.add(self._judge.judge([column]))
        return verdicts
