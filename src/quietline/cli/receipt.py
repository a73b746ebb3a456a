"""``quietline receipt``: check receipts, and prove from them."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from quietline.cli.clock import day as as_day
from quietline.cli.clock import today
from quietline.errors import KeyFileError, ReceiptError, UsageError

if TYPE_CHECKING:
    from datetime import date

    from quietline.wash.receipt_checks import ReceiptCheck
    from quietline.wash.receipt_proofs import Answer

__all__ = ["receipt"]

_FILES = ("list", "clean", "removed", "annotated")
_EPILOG = """\b
Examples:
  quietline wash leads.csv --against dnc.qlr --country US -o clean.csv --receipt leads.receipt
  quietline receipt verify leads.receipt --list leads.csv --clean clean.csv --trust ed25519:0123456789abcdef
  quietline receipt prove +12125550123 --receipt leads.receipt -o proof.json
  quietline receipt verify leads.receipt --proof proof.json
"""


@click.group(epilog=_EPILOG)
def receipt() -> None:
    """Check receipts of washes, and prove that a number was covered by one.

    A receipt is the statement of whoever holds its key, and nobody else's; its time is the signer's own. It cannot be
    changed afterwards.
    """


@receipt.command()
@click.argument("path", metavar="RECEIPT")
@click.option("--list", "list_", metavar="FILE", help="The list that was washed, to be compared.")
@click.option("--clean", metavar="FILE", help="The clean list, to be compared.")
@click.option("--removed", metavar="FILE", help="The list of removed rows, to be compared.")
@click.option("--annotated", metavar="FILE", help="The annotated list, to be compared.")
@click.option("--proof", "proofs", multiple=True, metavar="FILE", help="A proof from this receipt; may be repeated.")
@click.option("--trust", multiple=True, metavar="KEY", help="Id, or file, of a public key that you trust; may be repeated.")
@click.option("--on", metavar="DATE", callback=as_day, help="The day of the call (default: today).")
@click.option("--require-current", is_flag=True, help="Fail unless the wash may be relied on on that day.")
@click.option("--json", "as_json", is_flag=True, help="The outcome as a JSON object.")
def verify(path: str, as_json: bool, **options: Any) -> None:
    """Check, off-line, that a RECEIPT (or a proof) is whole, and with --list and others that files are those it is about.

    Without --trust it is only checked that nothing was changed since somebody signed it: compare the key id with the one
    its holder gave you. Returns 1 when something does not hold. A receipt that has lapsed is still true; use
    --require-current to fail then.
    """
    day = options["on"] or today()
    try:
        outcome = _verified(path, day, options)
        if options["require_current"] and not outcome.check.is_current(day):
            _lapsed(outcome.check, day)
    except ReceiptError as error:
        if not as_json:
            raise
        failed = {"holds": False, "code": error.code, "message": error.message, "advice": error.advice}
        click.echo(json.dumps(failed, indent=2, ensure_ascii=False))
        sys.exit(error.exit_code)
    if as_json:
        click.echo(json.dumps(outcome.as_dict(), indent=2, ensure_ascii=False))
    else:
        outcome.show(path)


@receipt.command()
@click.argument("numbers", nargs=-1, required=True, metavar="NUMBER...")
@click.option("--receipt", "receipt_file", required=True, metavar="FILE", help="The receipt to prove from.")
@click.option("--proofs", metavar="FILE", help="Its private half (default: RECEIPT.proofs).")
@click.option("--output", "-o", default="-", metavar="OUT", help="Where the proof goes (default: standard output).")
def prove(numbers: tuple[str, ...], receipt_file: str, proofs: str | None, output: str) -> None:
    """Prove that each NUMBER was looked up in a wash, and with which answer, without showing the list.

    The proof holds the receipt, so that it can be checked by itself. Returns 1, and writes nothing, when one of the
    numbers was not looked up: that it was not cannot be proved without showing other numbers.
    """
    from quietline.ledger.receipts import document_bytes
    from quietline.tables import open_output, refuse_same
    from quietline.wash.receipt_checks import prove as make_proof
    from quietline.wash.receipt_checks import read_document

    private = proofs or receipt_file + ".proofs"
    refuse_same([receipt_file, private], [output])
    proof = make_proof(read_document(receipt_file), private, numbers)
    with open_output(output) as out:
        out.write(document_bytes(proof))
    if output != "-":
        for entry in proof["numbers"]:
            click.echo(f"{entry['number']}: {entry['answer'].replace('_', ' ')}")
        click.echo(f"  proof: {output}")


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What was found out about a receipt that holds."""

    check: ReceiptCheck
    answers: dict[str, Answer]
    own: bool
    day: date

    def as_dict(self) -> dict[str, Any]:
        check = self.check
        return {
            "holds": True,
            "key_id": check.key.key_id,
            "fingerprint": check.key.fingerprint,
            "holder": check.receipt["holder"],
            "trusted": check.trusted,
            "own_key": self.own,
            "signed_at": check.receipt["at"],
            "matched": list(check.matched),
            "proved": {number: answer.text for number, answer in self.answers.items()},
            "until": check.until.isoformat() if check.until else None,
            "undetermined": check.undetermined or None,
            "until_by_this_release": check.own_until.isoformat() if check.own_until else None,
            "on": self.day.isoformat(),
            "current": check.is_current(self.day),
        }

    def show(self, path: str) -> None:
        check, body = self.check, self.check.receipt
        click.echo(f"{path}: holds")
        click.echo(f"  signed {_plain(body['at'])}, by the signer's own clock, for {_plain(body['holder'])}")
        click.echo(f"  key {check.key.key_id}: {self._whose_key()}")
        for role in check.matched:
            click.echo(f"  {role}: the file is that of the receipt")
        counts = body["counts"]
        click.echo(f"  {counts['rows']:,} rows: {counts['kept']:,} kept, {counts['removed']:,} removed")
        for register in body["registers"]:
            click.echo(
                f"  against {_plain(register['name'])} of {_plain(register['list_date'])} (version {register['version']})"
            )
        for number, answer in self.answers.items():
            click.echo(f"  {number}: was looked up; {answer.text.replace('_', ' ')}")
        for line in self._reliance():
            click.echo(f"  {line}")

    def _whose_key(self) -> str:
        if self.check.trusted:
            return "trusted"
        if self.own:
            return "your own"
        return "nothing says whose it is; compare it with the id that its holder gave you"

    def _reliance(self) -> list[str]:
        check = self.check
        if check.until is None:
            return [f"how long it may be relied on is not determined: {_plain(check.undetermined)}"]
        rule = check.receipt["reliance"]
        word = "lapsed: it could be" if self.day > check.until else "may be"
        lines = [f"{word} relied on until {check.until} ({_plain(rule.get('citation', 'no citation'))})"]
        if check.own_until not in (None, check.until):
            lines.append(f"careful: by the rules that this release knows, only the days until {check.own_until} count")
        return lines


def _verified(path: str, day: date, options: dict[str, Any]) -> _Outcome:
    from quietline.wash.receipt_checks import read_document, verify_proof, verify_receipt
    from quietline.wash.receipt_format import PROOF_KIND

    trusted = [_trusted(entry) for entry in options["trust"]] or None
    names = {"list": "list_"}
    files = {role: file for role in _FILES if (file := options[names.get(role, role)]) is not None}
    answers: dict[str, Answer] = {}
    document = read_document(path)
    if document.get("kind") == PROOF_KIND:
        answers |= verify_proof(document, trusted=trusted).answers
        document = document["receipt"]
    check = verify_receipt(document, files=files, trusted=trusted)
    for proof in options["proofs"]:
        answers |= verify_proof(read_document(proof), receipt=document, trusted=trusted).answers
    return _Outcome(check, answers, own=check.key.fingerprint in _own_keys(), day=day)


def _lapsed(check: ReceiptCheck, day: date) -> None:
    if check.until is None:
        raise ReceiptError(
            f"How long this wash may be relied on is not determined: {check.undetermined}", code="receipt.undetermined"
        )
    ends = [end for end in (check.until, check.own_until) if end is not None]
    raise ReceiptError(
        f"This wash could be relied on until {min(ends)}; on {day} it has lapsed.",
        code="receipt.lapsed",
        advice="Wash the list again, against a newer register.",
    )


def _trusted(entry: str) -> str:
    """Give the id or fingerprint that pins a key, from itself or from the file of the public key."""
    from quietline.ledger.signing import load_public_key

    if not entry.lower().startswith("ed25519:"):
        return load_public_key(Path(entry)).fingerprint
    if len(entry) < len("ed25519:") + 16:
        raise UsageError(f"{entry} is too short for a key id.", advice="Give all 16 digits behind ed25519: at least.")
    return entry


def _own_keys() -> frozenset[str]:
    from quietline.ledger.signing import default_key_path, known_public_keys

    try:
        keys = known_public_keys(default_key_path(os.environ))
    except KeyFileError:  # having none, or none that can be read, is no fault of the receipt
        return frozenset()
    return frozenset(key.fingerprint for key in keys.values())


def _plain(text: object) -> str:
    """Give text from a stranger's document as it may be shown on a terminal: no control characters."""
    return "".join(character if character.isprintable() else "?" for character in str(text))
