"""Sign what a wash did.

A receipt is a signed JSON document. It says which bytes were read and written (SHA-256), how many rows went where and
why, which registers in which versions were asked, and until when the law lets one rely on that; and it holds the root
of a tree with one leaf for each distinct number that was looked up, so that single numbers can be proved later without
showing the list. It holds no number and no path.

What it proves, and what it does not:

* It is the statement of whoever holds the key. Nobody else witnesses it: the signer could sign an untrue one, and the
  time in it is the signer's own. What the signer can no longer do is to change the story afterwards: another outcome is
  another receipt, with another signature. Hand it to the other side, or have it time-stamped, when it is made.
* With the files it shows that they are, byte for byte, those that were read and written.
* A number whose proof holds was among those looked up, with the answer of its leaf. That a number was *not* looked up
  is not shown: that would show its neighbours in the list.

Source: RFC 6962 (tree), RFC 8785 (canonical JSON), RFC 8032 (Ed25519).
"""

from __future__ import annotations

import os
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from zoneinfo import ZoneInfo

from quietline import __version__
from quietline.errors import LawError, UsageError
from quietline.law import reliance
from quietline.ledger.receipts import document_bytes, sign_document
from quietline.numbering import country_code, library_release
from quietline.wash.proofs_file import ProofsWriter
from quietline.wash.receipt_format import FORMAT, RECEIPT_KIND, RECEIPT_STATEMENT, receipt_digest
from quietline.wash.receipt_proofs import Answer, AnswerStore, tree_of
from quietline.wash.receipt_watching import ListFile, ListStream, WatchedJudge, WatchedOutput, watch_list
from quietline.wash.washing import register_facts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import ExitStack

    import numpy as np
    from numpy.typing import NDArray

    from quietline.ledger.signing import SigningKey
    from quietline.registers import Register
    from quietline.tables import OutputFile, OutputSet
    from quietline.wash.receipt_proofs import Tree
    from quietline.wash.summary import Summary
    from quietline.wash.verdicts import Judging

__all__ = ["Collector", "ReceiptRequest", "reliance_facts"]

DO_NOT_CALL = "do_not_call"
"""Role of the registers whose age the law limits; the role of those that are not said to have one."""
_MOST_NAME_DIGITS = 4
_READING = ("kind", "encoding", "delimiter", "quote", "header")
_COUNTS = ("rows", "kept", "removed", "reasons", "registered", "statuses", "repairs", "blank_lines")


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
        asked: is given the keys of the numbers that were looked up and that some operator has, uint64, ascending, each once,
            while the tree over them is made; what it raises ends the wash. They can be read until the wash is over.

    Raises:
        UsageError: the time has no zone, or there is no place for the private half.
    """

    target: str | os.PathLike[str] | BinaryIO
    key: SigningKey
    at: datetime
    proofs: str | os.PathLike[str] | None = None
    keep_proofs: bool = True
    file_names: bool = True
    asked: Callable[[NDArray[np.uint64]], None] | None = None

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
        roles: Sequence[str] | None = None,
    ) -> Collector:
        """Begin to watch a wash.

        Args:
            stack: what is opened here is closed with it. MUST be unwound after the outputs are committed.
            registers: that are asked, open.
            names: of the registers.
            country: default country of the list.
            options: those that change the outcome, as JSON would have them; ``on`` is a day or None.
            roles: of the registers, where the wash is a campaign's.
        """
        collector = Collector(self, registers, names, country, options, roles)
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
        roles: Sequence[str] | None = None,
    ) -> None:
        self._request = request
        self._registers = list(zip(registers, names, strict=True))
        self._roles = roles
        self._facts = [_register_facts(register, name) for register, name in self._registers]
        for facts, role in zip(self._facts, roles or (), strict=False):
            facts["role"] = role
        self._sequences = [register.root.sequence for register in registers]
        self._country = country
        self._options = dict(options)
        self._answers = AnswerStore()
        self._secret = secrets.token_bytes(32)
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="receipt")
        self._list: ListFile | ListStream | None = None
        self._outputs: dict[str, WatchedOutput] = {}
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
        """Give what is to be opened in place of the list, so that its bytes are hashed as they lie on disk."""
        source, self._list = watch_list(source, self._pool)
        return source

    def watch_judge(self, judge: Judging) -> WatchedJudge:
        """Give a judge that decides the same and lets the receipt know of every number it is asked for."""
        listing = None if self._roles is None else sum(role == DO_NOT_CALL for role in self._roles)
        return WatchedJudge(judge, self._answers, listing=listing)

    def watch_outputs(self, outputs: OutputSet, opened: Mapping[str, OutputFile | None]) -> dict[str, OutputFile | None]:
        """Give outputs that are hashed as they are written; the receipt's own files are opened behind them."""
        if isinstance(self._list, ListFile):
            self._list.check_place()
        watched = {role: None if output is None else WatchedOutput(output, self._pool) for role, output in opened.items()}
        self._outputs = {role: output for role, output in watched.items() if output is not None}
        target, *proofs = self._request.targets
        if proofs:
            self._proofs = ProofsWriter(outputs.open(proofs[0], mode=0o600), self._secret)
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
        self._answers.settle()
        made = self._pool.submit(self._tree)
        if self._request.asked is not None:
            self._request.asked(self._answers.numbers())
        tree = made.result()
        document = sign_document(self._body(summary, tree), self._request.key)
        if self._proofs is not None:
            self._proofs.finish(receipt_digest(document))
        assert self._receipt is not None  # noqa: S101 - opened with the outputs
        self._receipt.write(document_bytes(document))
        for flush in flushed:
            flush.result()

    def _tree(self) -> Tree:
        pieces = self._answers.pieces()
        return tree_of(self._proofs.passing(pieces) if self._proofs else pieces, self._secret)

    def _body(self, summary: Summary, tree: Tree) -> dict[str, object]:
        assert self._list is not None  # noqa: S101 - the list was opened
        registers = self._register_facts()
        read = {name: summary.format[name] for name in _READING if name in summary.format}
        columns = [_column_name(name) for name in summary.columns]
        law = {"law": summary.law_facts()} if summary.law else {}
        return {
            "kind": RECEIPT_KIND,
            "format": FORMAT,
            "statement": RECEIPT_STATEMENT,
            "at": self._request.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "holder": self._request.key.holder,
            "software": {"quietline": __version__, "phonenumbers": library_release()},
            "country": self._country,
            "list": self._named(summary.list_name) | self._list.facts() | {"format": read},
            "outputs": {role: self._named(output.name) | output.print.facts() for role, output in self._outputs.items()},
            "options": {"columns": columns} | self._options | law,
            "counts": {name: getattr(summary, name) for name in _COUNTS},
            "registers": registers,
            "reliance": reliance_facts(self._country, registers, self._request.at, self._options.get("on")),
            "numbers": {
                "tree": "RFC 6962, SHA-256",
                "leaf": "salt (16 bytes), key (8 bytes, highest first), answer (1 byte); in ascending order of key",
                "answers": {answer.text: answer.value for answer in Answer},
                "size": tree.size,
                "root": tree.root.hex(),
            },
        }

    def _named(self, name: str) -> dict[str, object]:
        if not self._request.file_names:
            return {}
        return {"name": os.fsencode(Path(name).name).decode("utf-8", "replace")}

    def _register_facts(self) -> list[dict[str, Any]]:
        """Say which registers were asked; where one was changed meanwhile, what it was in the end."""
        facts = []
        for before, sequence, (register, name) in zip(self._facts, self._sequences, self._registers, strict=True):
            if register.root.sequence == sequence:
                facts.append(before)
            else:
                facts.append(before | {"changed_during_wash_to": _register_facts(register, name)})
        return facts


def reliance_facts(country: str, registers: Sequence[Mapping[str, Any]], at: datetime, on: object = None) -> dict[str, Any]:
    """Say until when a wash may be relied on, as a receipt does.

    The days are counted from the oldest list date of the registers that are the country's, or from the day of the wash
    (in the register's time zone) or the day the registers were asked for, whichever is earliest. Registers of no
    country, such as a firm's own, have no part in that. Where no register is the country's, or the law is silent, that
    is said.

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
        if register.get("role", DO_NOT_CALL) == DO_NOT_CALL and _same_country(register["country"], country)
        for day in (date.fromisoformat(register["list_date"]), _day_in(register["time_zone"], at))
    ]
    if not days:
        return {"undetermined": f"None of the registers is of {country}, so its rule says nothing of them."}
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
