"""``python -m quietline.web serve``: the web server alone, for a service manager."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from quietline.web.environment import Environment

__all__ = ["Command", "web_command"]


def web_command(environment: Environment) -> list[str]:
    """Give program and arguments of the web server that the settings describe."""
    host, port = environment.listen
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port),
        "--workers", str(environment.web_workers), "--blocking-threads", str(environment.web_threads), "--no-ws",
        "--log-level", "warning", "--respawn-failed-workers", "--workers-kill-timeout", "20",
        "quietline.web.site.wsgi:application",
    ]  # fmt: skip


class Command(BaseCommand):
    """Run the web server with the settings' workers, until told to stop."""

    help = "Run the web server with the settings' workers, until told to stop."

    def add_arguments(self, parser: CommandParser) -> None:
        """Name what may be given."""
        parser.add_argument(
            "--unmigrated", action="store_true", help="Start though the database lacks migrations of this release."
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Check what would fail with every request, then become the web server, so that signals reach it."""
        if not (settings.STATIC_ROOT / "staticfiles.json").exists():
            raise CommandError("The static files are missing. Run: python -m quietline.web collectstatic --no-input")
        if not options["unmigrated"]:
            self._refuse_unmigrated()
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(sys.executable, web_command(settings.ENVIRONMENT))  # noqa: S606 - our own program

    @staticmethod
    def _refuse_unmigrated() -> None:
        try:
            executor = MigrationExecutor(connection)
            plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        except DatabaseError as error:
            raise CommandError(f"The database does not answer ({type(error).__name__}).") from None
        finally:
            connection.close()
        if plan:
            raise CommandError(f"The database lacks {len(plan)} migrations. Run: python -m quietline.web migrate")
