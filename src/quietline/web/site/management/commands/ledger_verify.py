"""``python -m quietline.web ledger_verify``; people call it as ``quietline ledger verify --database``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand
from django.db import connection

from quietline.errors import InputError, QuietlineError
from quietline.ledger.checkpoint import MAX_CHECKPOINT_BYTES
from quietline.ledger.objects import FolderStore
from quietline.ledger.reading import LogReader
from quietline.ledger.signing import load_public_key
from quietline.web.accounts.checking import check_rights
from quietline.web.base.clock import now
from quietline.web.evidence.writing import check_batches
from quietline.web.proofs.objects import ledger_origin, ledger_store, trusted_keys
from quietline.web.proofs.published import LoggedFeed
from quietline.web.proofs.verifying import verify_database
from quietline.web.publishing.areas import ALL
from quietline.web.publishing.importing import check_import_order
from quietline.web.publishing.lines import line_of_change
from quietline.web.publishing.models import Feed
from quietline.web.publishing.objects import feed_origin, feed_store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.core.management.base import CommandParser

    from quietline.ledger.signing import PublicKey
    from quietline.web.proofs.findings import DatabaseReport
    from quietline.web.publishing.models import Change


class Command(BaseCommand):
    """Check the database against the published log, feeds and itself; nothing is written."""

    help = "Check the database against the published log, feeds and itself; nothing is written."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Name what may be given."""
        parser.add_argument("--log", metavar="FOLDER", help="A copy of the log (default: the installation's own).")
        parser.add_argument(
            "--key",
            metavar="FILE",
            action="append",
            help="Public key (default: the installation's own, old ones too).",
        )
        parser.add_argument("--since", metavar="FILE", help="An older checkpoint, kept elsewhere: the log must continue it.")
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, *_: Any, **options: Any) -> None:
        """Check; end with status 1 when something was found."""
        try:
            report = self._report(options)
        except QuietlineError as error:
            if options["format"] == "json":
                failed = {"holds": False, "code": error.code, "message": error.message, "advice": error.advice}
                self.stdout.write(json.dumps(failed, indent=2, ensure_ascii=False))
                sys.exit(error.exit_code)
            raise
        finally:
            connection.close()
        if options["format"] == "json":
            self.stdout.write(json.dumps(report.as_dict(), indent=2, ensure_ascii=False))
        else:
            self.stdout.write(_words(report))
        if not report.holds:
            sys.exit(1)

    @staticmethod
    def _report(options: dict[str, Any]) -> DatabaseReport:
        trusted = [load_public_key(Path(file)) for file in options["key"] or ()] or [*trusted_keys()]
        store = FolderStore(options["log"]) if options["log"] else ledger_store()
        return verify_database(
            log=LogReader(store, origin=ledger_origin(), trusted=trusted),
            at=now(),
            feeds=_feeds(trusted),
            since=_checkpoint(options["since"]) if options["since"] else None,
            more=(check_batches, check_rights, check_import_order),
        )


def _feeds(trusted: Sequence[PublicKey]) -> list[LoggedFeed]:
    return [
        LoggedFeed(
            feed.register_id,
            f"{feed.register.code}/{ALL}",
            LogReader(feed_store(feed.register.code, ALL), origin=feed_origin(feed.register.code, ALL), trusted=trusted),
            _line_of,
        )
        for feed in Feed.objects.filter(projection=ALL).select_related("register").order_by("pk")
    ]


def _line_of(change: Change) -> bytes:
    return line_of_change(change).encode()


def _checkpoint(file: str) -> bytes:
    try:
        with Path(file).open("rb") as stream:
            return stream.read(MAX_CHECKPOINT_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"{file} cannot be read: {error.strerror}.", advice="Name a checkpoint of the log that was kept elsewhere."
        ) from error


def _words(report: DatabaseReport) -> str:
    lines = [
        f"database: {'holds' if report.holds else 'does not hold'}",
        f"  {report.leaves:,} leaves against the {report.log_size or 0:,} entries of the log",
        f"  {report.rows:,} rows against their leaves, {report.tombstones:,} erased",
        f"  {report.changes:,} numbered changes against entries, {report.feed_lines:,} lines of feeds",
    ]
    lines += [
        f"    of the kind {kind}: {count:,} ({reason})"
        for kind, counts in report.tombstones_by.items()
        for reason, count in counts.items()
    ]
    if report.waiting or report.waiting_long:
        wait = report.waiting + report.waiting_long
        lines.append(f"  {wait:,} wait for the sequencer, {report.waiting_long:,} of them for over a minute")
    lines += [str(finding) for finding in report.findings]
    beyond = sum(report.counts.values()) - len(report.findings)
    if beyond > 0:
        lines.append(f"... and {beyond:,} more: " + ", ".join(f"{code} {count:,}" for code, count in report.counts.items()))
    return "\n".join(lines)
