"""``python -m quietline.web backup``, for who calls it from Django."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand

from quietline.web.base.clock import now
from quietline.web.running.backup import write_backup

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    """Write a backup; everything may be at work."""

    help = "Write a backup; everything may be at work."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Name what may be given."""
        parser.add_argument("folder", help="Of the backup; does not exist yet.")
        parser.add_argument("--with-keys", action="store_true", help="Put the keys in too; then guard it as you guard them.")

    def handle(self, *_: Any, **options: Any) -> None:
        """Write it."""
        manifest = write_backup(
            Path(options["folder"]), settings.ENVIRONMENT, at=now(), with_keys=bool(options["with_keys"])
        )
        self.stdout.write(f"Written: {options['folder']}, {manifest.leaves:,} entries of the log")
