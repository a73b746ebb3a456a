"""Files of the bank that say which payments came in: CSV, or the account statement of ISO 20022 (camt.053).

CSV has a header with ``date``, ``amount``, ``currency``, ``text`` and, where the bank gives one, ``reference``, in any
order and separated by comma or semicolon. Of a camt.053 the booked credits are read (``Ntry`` with ``CdtDbtInd`` CRDT and
``Sts`` BOOK). A file may overlap with another, and may be read again: each line is booked once, by the bank's own reference,
or by what it says and how many equal lines stand before it where the bank gives none.
"""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET  # documents with a DOCTYPE are refused before they are parsed
from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import TYPE_CHECKING

from django.db import transaction

from quietline.errors import InputError
from quietline.law.money import CURRENCIES, Money
from quietline.web.subscriptions.journal import take_turn
from quietline.web.subscriptions.money_models import BankFile, Payment
from quietline.web.subscriptions.paying import check_keeps_books, take_payment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from quietline.web.accounts.models import Person

__all__ = ["MOST_BYTES", "MOST_LINES", "BankLine", "ReadFile", "read_bank_file", "take_bank_file"]

MOST_BYTES = 5 * 1024 * 1024
MOST_LINES = 20_000
_LONGEST_REFERENCE = 64
_MOST = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class BankLine:
    """A payment that came in.

    Attributes:
        day: when it was booked.
        money: above zero.
        text: what the payer wrote.
        reference: of the bank; empty where it gives none.
    """

    day: date
    money: Money
    text: str
    reference: str


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What became of a file.

    Attributes:
        lines: payments in it.
        new: of these, not known before.
        matched: of the new ones, assigned to an invoice.
        is_known: the same file was read before.
    """

    lines: int
    new: int
    matched: int
    is_known: bool


def read_bank_file(content: bytes) -> list[BankLine]:
    """Read a file of the bank.

    Raises:
        InputError: ``bank.too-long``, or ``bank.unreadable`` with the number of the line.
    """
    if len(content) > MOST_BYTES:
        raise InputError("The file is too long.", advice=f"A file has {MOST_BYTES} bytes at most.", code="bank.too-long")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable("it is not UTF-8") from error
    lines = list(_camt(text) if text.lstrip().startswith("<") else _csv(text))
    if len(lines) > MOST_LINES:
        raise InputError("The file has too many lines.", advice=f"{MOST_LINES} at most.", code="bank.too-long")
    return lines


def _csv(text: str) -> Iterator[BankLine]:
    head = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if head.count(";") > head.count(",") else ",", strict=True)
    names = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
    missing = {"date", "amount", "currency", "text"} - names.keys()
    if missing:
        raise _unreadable(f"the header lacks {', '.join(sorted(missing))}")
    try:
        for row in reader:
            values = {name: (row.get(column) or "").strip() for name, column in names.items()}
            if None in row:
                raise _unreadable(f"line {reader.line_num} has more fields than the header")
            if any(values.values()):
                yield from _line(f"line {reader.line_num}", values)
    except csv.Error as error:
        raise _unreadable(f"line {reader.line_num}: {error}") from error


def _camt(text: str) -> Iterator[BankLine]:
    if "<!" in text.replace("<!--", ""):
        raise _unreadable("it has a document type or a CDATA section, which a statement does not need")
    try:
        root = ET.fromstring(text)  # noqa: S314 - see the import
    except ET.ParseError as error:
        raise _unreadable(f"it is no well-formed XML ({error})") from error
    for number, entry in enumerate(root.iterfind(".//{*}Ntry"), start=1):
        status = _text(entry, "{*}Sts") or _text(entry, "{*}Sts/{*}Cd")
        if _text(entry, "{*}CdtDbtInd") != "CRDT" or status not in {"", "BOOK"}:
            continue
        whole, details = entry.find("{*}Amt"), entry.findall("{*}NtryDtls/{*}TxDtls")
        base = _text(entry, "{*}AcctSvcrRef")
        for place, detail in enumerate(details or [entry], start=1):
            amount = next((found for found in (detail.find("{*}Amt"), whole) if found is not None), None)
            words = [part.text or "" for part in detail.iterfind(".//{*}Ustrd")]
            words += [part.text or "" for part in detail.iterfind(".//{*}CdtrRefInf/{*}Ref")]
            yield from _line(
                f"entry {number}",
                {
                    "date": _text(entry, "{*}BookgDt/{*}Dt") or _text(entry, "{*}BookgDt/{*}DtTm")[:10],
                    "amount": "" if amount is None else (amount.text or "").strip(),
                    "currency": "" if amount is None else amount.get("Ccy", ""),
                    "text": " ".join(words),
                    "reference": _text(detail, "{*}Refs/{*}AcctSvcrRef") or (f"{base}/{place}" if base else ""),
                },
            )


def _text(node: ET.Element, path: str) -> str:
    return (node.findtext(path) or "").strip()


def _line(where: str, values: dict[str, str]) -> Iterator[BankLine]:
    try:
        day = date.fromisoformat(values["date"])
    except ValueError as error:
        raise _unreadable(f"{where}: the date is not written 2026-11-30") from error
    try:
        amount = Decimal(values["amount"])
    except InvalidOperation as error:
        raise _unreadable(f"{where}: the amount is not written 1234.50") from error
    currency = values["currency"].upper()
    if not amount.is_finite() or abs(amount) >= _MOST or amount != amount.quantize(Decimal("0.01")):
        raise _unreadable(f"{where}: the amount has more than two decimals, or is too large")
    if currency not in CURRENCIES:
        raise _unreadable(f"{where}: {currency[:10]!r} is no currency that is known here")
    if amount > 0:  # what went out is none of ours
        text, reference = values["text"], values.get("reference", "")
        yield BankLine(day, Money(amount.quantize(Decimal("0.01")), currency), text[:400], reference[:_LONGEST_REFERENCE])


def _unreadable(why: str) -> InputError:
    return InputError(
        f"The file of the bank cannot be read: {why}.",
        advice="Nothing was booked. Export it again as CSV with date, amount, currency, text, or as camt.053.",
        code="bank.unreadable",
    )


@transaction.atomic
def take_bank_file(*, content: bytes, by: Person | None, at: datetime) -> ReadFile:
    """Book the payments of a file of the bank, all or none; what was booked before is passed over.

    Raises:
        InputError: as :func:`read_bank_file`.
        NotProvenError: ``payment.no-right``.
        ConflictError: ``payment.other``: a reference of the bank is known with another amount.
    """
    check_keeps_books(by)
    lines = read_bank_file(content)
    digest = sha256(content).hexdigest()
    take_turn()
    known = BankFile.objects.filter(sha256=digest).first()
    if known is not None:
        return ReadFile(known.lines_count, 0, 0, True)
    new = matched = 0
    seen: Counter[BankLine] = Counter()
    for line in lines:
        seen[line] += 1
        payment, is_new = take_payment(
            gateway=Payment.Gateway.BANK, reference=line.reference or _made_up(line, seen[line]), money=line.money,
            day=line.day, text=line.text, order=None, at=at,
        )  # fmt: skip
        new += is_new
        matched += is_new and payment.order_id is not None
    BankFile.objects.create(sha256=digest, lines_count=len(lines), new_count=new, matched_count=matched, by=by, at=at)
    return ReadFile(len(lines), new, matched, False)


def _made_up(line: BankLine, ordinal: int) -> str:
    """Name a line that the bank gave no reference: by what it says, and which of several equal ones it is."""
    words = "\0".join((line.day.isoformat(), line.money.plain(), line.money.currency, line.text, str(ordinal)))
    return f"line:{sha256(words.encode()).hexdigest()[:40]}"
