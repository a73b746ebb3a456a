"""Drop folders: a list put into ``in`` is washed, and what comes of it lies in ``out``. The host's SFTP server serves them.

::

    QUIETLINE_DROPS/QL-O-482193-4/
      in/                  options.toml: what holds for all lists; calls.csv; perhaps calls.csv.toml with options of its
                           own; perhaps calls.csv.done
      out/                 calls-3f2a91c0/clean.csv ...  or  calls-3f2a91c0.error.txt
      archive/             calls-3f2a91c0.json: when it was taken, its SHA-256, under which number; never the list

A list is complete when something named like it with ``.done`` behind lies beside it, or when it has not grown from one look
to the next. What comes out appears whole, by one renaming. Links, folders and names that begin with a dot are passed over.
"""

from __future__ import annotations

import json
import shutil
import tomllib
from hashlib import file_digest
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import override

from quietline.errors import OperationError, QuietlineError
from quietline.web.accounts.models import Organisation
from quietline.web.base.logs import log
from quietline.web.washing.lists import start_wash
from quietline.web.washing.models import DropFile, Wash
from quietline.web.washing.places import PARTS, incoming_folder, safe_name
from quietline.web.washing.results import RESULT_DAYS, open_result, part_name
from quietline.web.washing.wanted import read_wanted
from quietline.web.washing.words import problem_words

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

__all__ = ["drop_folder", "is_open", "look_at_drops", "open_folder"]

_FOLDERS = ("in", "out", "archive")
_LOCK = 0x5744  # "WD": apart from the advisory locks of other rooms
_MOST_OPTIONS = 65_536
_MOST_FILES = 200
_BESIDE = (".toml", ".done")
_STILL_SECONDS = 5
_OF_GROUP, _OPEN, _READABLE = 0o750, 0o777, 0o644
"""Modes of an organisation's folder, and of folders and files below it, which only who passes it reaches."""


def drop_folder(organisation: Organisation) -> Path:
    """Name an organisation's folder; account numbers are letters, digits and hyphens."""
    return _drops() / organisation.code


def is_open(organisation: Organisation) -> bool:
    """Say whether an organisation has a folder."""
    return drop_folder(organisation).is_dir()


def open_folder(organisation: Organisation) -> Path:
    """Make an organisation's folder; nothing changes where there is one.

    Its group, which it has from the folder above where that passes its group on (set-group-ID), may pass; nobody else may.
    So what lies below can be open to all, and neither who puts lists there nor the service needs a right to change groups,
    which service managers rightly take away.
    """
    folder = drop_folder(organisation)
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    _make(folder, _OF_GROUP)
    for name in _FOLDERS:
        _make(folder / name, _OPEN)
    return folder


def look_at_drops(*, at: datetime) -> int:
    """Take in what lies complete in all folders, and lay out what has been washed; give how many files were dealt with.

    Safe with several workers: each folder is looked at by one of them at a time.
    """
    home = _drops()
    if not home.is_dir():
        return 0
    codes = [path.name for path in home.iterdir() if path.is_dir() and not path.is_symlink()]
    done = 0
    for organisation in Organisation.objects.filter(code__in=codes):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK, organisation.pk])
            if not cursor.fetchone()[0]:
                continue
            try:
                done += _Folder(organisation).look(at)
            except OSError as error:  # a disk that is full or rights that are wrong must not stop the others
                log("washing").warning(
                    "drop folder unreadable", organisation=organisation.code, failure=type(error).__name__
                )
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK, organisation.pk])
    return done


class _Folder:
    """One organisation's folder."""

    def __init__(self, organisation: Organisation) -> None:
        self._organisation = organisation
        self._path = open_folder(organisation)

    def look(self, at: datetime) -> int:
        """Take in and lay out."""
        complete = self._complete(at)
        for path in complete:
            self._take(path, at)
        waiting = Wash.objects.filter(
            organisation=self._organisation, way=Wash.Way.DROP, delivered_at=None,
            state__in=[Wash.State.FINISHED, Wash.State.REFUSED, Wash.State.FAILED],
        )  # fmt: skip
        ended = list(waiting.select_related("data_key")[:_MOST_FILES])
        for wash in ended:
            self._deliver(wash, at)
        self._forget(at)
        return len(complete) + len(ended)

    # -- in --------------------------------------------------------------------------------------------------------------

    def _complete(self, at: datetime) -> list[Path]:
        """List the files that have come to an end, and remember the size of those that may still grow."""
        seen = {row.name: row for row in DropFile.objects.filter(organisation=self._organisation)}
        complete = []
        for path in sorted((self._path / "in").iterdir())[:_MOST_FILES]:
            if path.name.startswith(".") or path.suffix in _BESIDE or path.is_symlink() or not path.is_file():
                continue
            status = path.stat()
            now, row = (status.st_size, status.st_mtime_ns), seen.get(path.name)
            is_still = row is not None and (row.bytes, row.modified) == now
            if path.with_name(path.name + ".done").exists() or (
                is_still and row is not None and (at - row.seen_at).total_seconds() >= _STILL_SECONDS
            ):
                complete.append(path)
            elif not is_still:
                DropFile.objects.update_or_create(
                    organisation=self._organisation, name=path.name,
                    defaults={"bytes": now[0], "modified": now[1], "seen_at": at},
                )  # fmt: skip
        return complete

    def _take(self, path: Path, at: datetime) -> None:
        beside = path.with_name(path.name + ".toml")
        staged = incoming_folder() / f"{uuid4()}.part"
        name, reference = path.name, ""
        DropFile.objects.filter(organisation=self._organisation, name=name).delete()
        with override("en"):
            try:
                options = {**_options(path.with_name("options.toml")), **_options(beside)}
                shutil.copyfile(path, staged, follow_symlinks=False)  # whoever still holds the file open writes to another
                staged.chmod(0o600)
                with staged.open("rb") as file:
                    digest = file_digest(file, "sha256").hexdigest()
                wanted = read_wanted(options, today=at.date())
                started = start_wash(
                    organisation=self._organisation, path=staged, name=name, wanted=wanted, way=Wash.Way.DROP, by=None,
                    language="en", at=at,
                )  # fmt: skip
                reference = _short(started.wash)
                if started.is_repeat:
                    Wash.objects.filter(pk=started.wash.pk, state=Wash.State.FINISHED).update(delivered_at=None)
                self._archive(name, started.wash, digest, at)
            except QuietlineError as error:
                reference = str(uuid4())[:8]
                self._tell(_stem(name), reference, error.message, error.advice)
            finally:
                staged.unlink(missing_ok=True)
        for gone in (path, beside, path.with_name(path.name + ".done")):
            gone.unlink(missing_ok=True)

    def _archive(self, name: str, wash: Wash, digest: str, at: datetime) -> None:
        note = {
            "list": name, "sha256": digest, "wash": str(wash.pk), "reference": wash.reference,
            "taken_at": at.isoformat(timespec="seconds"),
        }  # fmt: skip
        _write(self._path / "archive" / f"{_stem(name)}-{_short(wash)}.json", json.dumps(note, indent=1))

    # -- out -------------------------------------------------------------------------------------------------------------

    def _deliver(self, wash: Wash, at: datetime) -> None:
        if wash.state == Wash.State.FINISHED and wash.has_results(at):
            self._lay_out(wash)
        elif wash.state != Wash.State.FINISHED:
            with override("en"):
                message, advice = problem_words(wash.problem)
                self._tell(_stem(wash.list_name or "list"), _short(wash), message, advice)
        Wash.objects.filter(pk=wash.pk).update(delivered_at=at)

    def _lay_out(self, wash: Wash) -> None:
        target = self._path / "out" / f"{_stem(wash.list_name)}-{_short(wash)}"
        if target.exists():
            return
        hidden = self._path / "out" / f".{_short(wash)}"
        shutil.rmtree(hidden, ignore_errors=True)
        hidden.mkdir()
        hidden.chmod(_OPEN)
        for part in PARTS:
            place = hidden / part_name(wash, part)
            with place.open("wb") as file:
                for piece in open_result(wash, part):
                    file.write(piece)
            place.chmod(_READABLE)
        hidden.rename(target)

    def _tell(self, stem: str, reference: str, message: str, advice: str) -> None:
        text = _("The list was not washed. Nothing was handed out.")
        _write(self._path / "out" / f"{stem}-{reference}.error.txt", f"{text}\n\n{message}\n{advice}\n")

    def _forget(self, at: datetime) -> None:
        """Delete what has lain in ``out`` as long as results are kept."""
        oldest = at.timestamp() - RESULT_DAYS * 86_400
        for path in (self._path / "out").iterdir():
            if path.is_symlink() or path.lstat().st_mtime >= oldest:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _drops() -> Path:
    drops: Path | None = settings.ENVIRONMENT.drops
    home: Path = settings.ENVIRONMENT.home
    return drops or home / "drops"


def _make(folder: Path, mode: int) -> None:
    """Make a folder of this mode, whatever the process' umask; one that is there keeps the mode that it has."""
    try:
        folder.mkdir()
    except FileExistsError:
        return
    folder.chmod(mode)


def _options(path: Path) -> dict[str, Any]:
    """Read options; none where there is no such file."""
    if path.is_symlink() or not path.is_file():
        return {}
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_OPTIONS + 1)
        if len(content) > _MOST_OPTIONS:
            raise ValueError(path.name)
        return tomllib.loads(content.decode())
    except ValueError:
        raise OperationError(
            _("The options in %(name)s are not TOML.") % {"name": path.name},
            advice=_("Mend it and put the list into the folder again."), code="wash.option",
        ) from None  # fmt: skip


def _short(wash: Wash) -> str:
    return str(wash.pk)[:8]


def _stem(name: str) -> str:
    """Give a file name without its endings and without anything that could lead elsewhere."""
    return safe_name(name).split(".")[0] or "list"


def _write(path: Path, text: str) -> None:
    """Write a file that appears whole."""
    hidden = path.with_name(f".{path.name}")
    hidden.write_text(text, encoding="utf-8")
    hidden.chmod(_READABLE)
    hidden.replace(path)
