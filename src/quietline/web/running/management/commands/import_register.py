"""``python -m quietline.web import_register``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from quietline.web.base.clock import now
from quietline.web.publishing.importing import import_register
from quietline.web.publishing.models import Register

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """Take over an existing register from a register file."""

    help = "Take over an existing register from a register file: one change, one leaf, one file hash."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("file", type=Path, help="register file, made with 'quietline register build'")
        parser.add_argument("--into", required=True, help="code of the register, dnc-us say")
        parser.add_argument("--source", required=True, help="where the list came from, for the record")

    def handle(self, *_: Any, **options: Any) -> None:
        """Import."""
        register = Register.objects.filter(code=options["into"]).first()
        if register is None:
            known = ", ".join(Register.objects.filter(owner=None).values_list("code", flat=True))
            raise CommandError(f"There is no register {options['into']}. There are: {known}.")
        bulk = import_register(register=register, path=options["file"], source=options["source"], at=now())
        self.stdout.write(f"{bulk.count:,} numbers taken over into {register.code}; SHA-256 {bulk.sha256}")
