"""``python -m quietline.web key_ring [STEP]``: rotate the key ring, one step after the other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from quietline.errors import QuietlineError
from quietline.vault import KeyRing, retire, rotate_key_ring
from quietline.web.base.clock import now
from quietline.web.keeping.rewrapping import count_by_kek, rewrap_keys
from quietline.web.keeping.rings import ring_path

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

_BATCH = 1_000
_SETTLES = timedelta(hours=1)
"""So long after a change of the ring nothing is retired: what was sealed under the old key may not be stored yet."""


class Command(BaseCommand):
    """Rotate the key ring that guards identity data."""

    help = "Rotate the key ring that guards identity data: new, use, rewrap, retire; state says how it stands."

    def add_arguments(self, parser: CommandParser) -> None:
        """Name what may be given."""
        parser.add_argument("step", choices=("state", "new", "use", "rewrap", "retire"), nargs="?", default="state")
        parser.add_argument("key", nargs="?", help="Which key to retire, v1 say; by default the oldest that wraps nothing.")
        parser.add_argument("--file", type=Path, help="File of the ring (default: keys/ring in the home folder).")
        parser.add_argument("--batch", type=int, default=_BATCH, help="Data keys to wrap at a time (default: %(default)s).")

    def handle(self, *_: Any, **options: Any) -> None:
        """Do one step."""
        path = options["file"] or ring_path()
        if options["batch"] < 1:
            raise CommandError("A batch has at least one data key.")
        try:
            match options["step"]:
                case "new":
                    ring = rotate_key_ring(path, at=now(), standby=True)
                    self.stdout.write(f"{ring.kek_ids[-1]} is in the ring, and wraps nothing yet.")
                    self.stdout.write("Let every process load the ring, then: key_ring use")
                case "use":
                    self._use(path)
                case "rewrap":
                    self._rewrap(KeyRing.load(path), options["batch"])
                case "retire":
                    self._retire(path, options["key"])
                case _:
                    self._state(KeyRing.load(path))
        except QuietlineError as error:
            raise CommandError(str(error)) from error

    def _use(self, path: Path) -> None:
        before = KeyRing.load(path)
        if before.kek_ids[-1] == before.current:
            raise CommandError("There is no new key in the ring. First: key_ring new")
        ring = rotate_key_ring(path, at=now())
        self.stdout.write(f"{ring.current} wraps new data keys.")
        self.stdout.write("Let every process load the ring, then: key_ring rewrap")

    def _rewrap(self, ring: KeyRing, batch: int) -> None:
        done: dict[str, int] = {}
        failed = 0
        for part in rewrap_keys(ring, batch=batch):
            done[part.table] = done.get(part.table, 0) + part.done
            failed += part.failed
        for table, count in done.items():
            self.stdout.write(f"{count:,} data keys of {table} are wrapped by {ring.current}")
        if failed:
            raise CommandError(f"{failed:,} data keys do not open with this ring, and are as they were.")
        self.stdout.write("Nothing is left to be wrapped." if not done else "Done. An hour from now: key_ring retire")

    def _retire(self, path: Path, key: str | None) -> None:
        ring, counts = KeyRing.load(path), count_by_kek()
        old = [kek for kek in ring.kek_ids[: ring.kek_ids.index(ring.current)] if not counts.get(kek)]
        if key is None and not old:
            raise CommandError("No old key is left that wraps nothing. First: key_ring rewrap")
        changed_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        if not counts.get(key or "") and now() - changed_at < _SETTLES:
            until = changed_at + _SETTLES
            raise CommandError(
                f"The ring was changed at {changed_at:%H:%M} UTC. What was sealed just before may not be stored yet:"
                f" retire the old key after {until:%H:%M} UTC."
            )
        chosen = key or old[0]
        retire(path, chosen, still_wrapped=counts.get(chosen, 0))
        self.stdout.write(
            f"{chosen} is destroyed. What it wraps in backups can be read with an older copy of the ring only."
        )

    def _state(self, ring: KeyRing) -> None:
        counts = count_by_kek()
        place = ring.kek_ids.index(ring.current)
        for number, kek in enumerate(ring.kek_ids):
            what = "old" if number < place else "wraps new data keys" if number == place else "waits, wraps nothing yet"
            self.stdout.write(f"{kek}: {counts.get(kek, 0):,} data keys ({what})")
        missing = {kek: count for kek, count in counts.items() if kek not in ring.kek_ids}
        for kek, count in missing.items():
            self.stdout.write(f"{kek}: {count:,} data keys, and the ring has no such key")
        if missing:
            raise CommandError("Some data keys cannot be opened. Restore the ring from its copy.")
