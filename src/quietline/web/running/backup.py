"""Backups, made while the platform runs, and the way back from them.

A backup is a folder: ``manifest.json`` with the SHA-256 of every part, ``database.dump`` (PostgreSQL's custom format),
``logs.tar`` (the ledger and the feeds), ``files.tar`` (register files, imports, sealed sets of washes) and, only where
asked for, ``keys.tar``. It is written under another name and renamed when it is whole. Objects in a bucket are copied
only where that is asked for: they stay there, and a restored platform goes on with them.

The order makes the parts fit each other without stopping anything. The sequencer writes to the database first and derives
logs from it, so logs are copied *before* the dump: a log may end earlier than the database, and the sequencer then writes
the same bytes again; a log that ends later would be continued with other entries, which is a fork. Files are written before
the rows that speak of them, so they are copied a second time *after* the dump: each row finds its file.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import sys
import tarfile
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quietline import __version__
from quietline.errors import ConflictError, InputError, OperationError, OutputError
from quietline.ledger.checkpoint import MAX_CHECKPOINT_BYTES, parse_checkpoint
from quietline.ledger.objects import ObjectMissing
from quietline.ledger.signing import known_public_keys, load_public_key, public_path
from quietline.web.embedded_postgres import EmbeddedPostgres
from quietline.web.environment import DEMONSTRATION, PREFIX, read_environment
from quietline.web.running.backup_objects import BucketObjects, FolderObjects, objects_of
from quietline.web.running.backup_parts import (
    DUMP,
    FILES,
    KEYS,
    LOGS,
    MANIFEST,
    Manifest,
    Seen,
    TarFile,
    add_tree,
    empty,
    extract,
    facts_of,
    postgres_program,
    read_manifest,
    run_program,
    sync_folder,
    write_durably,
    write_tar,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from quietline.web.environment import Environment
    from quietline.web.running.backup_objects import Objects

__all__ = ["backup_main", "restore_backup", "restore_main", "write_backup"]

_PASSES = 20
_LOG_NAMES = ("tile", "checkpoint", "latest.json")
_MARKER = "quietline-home"


def write_backup(
    folder: Path, environment: Environment, *, at: datetime, with_keys: bool = False, with_bucket: bool = False
) -> Manifest:
    """Write a backup; the platform may be at work.

    Args:
        folder: does not exist yet; only its owner may enter it.
        environment: the settings of the platform.
        at: now.
        with_keys: whether the keys go in too. Who has data and keys together can read everything and sign in the
            installation's name, so they belong in another place than the data.
        with_bucket: whether objects that lie in a bucket go in too, and not only those that lie in a folder.

    Raises:
        ConflictError: the folder is there already; ``backup.there``.
        OperationError: pg_dump is missing, older than the server, or fails; ``backup.tools``, ``backup.dump``.
        OutputError: the disk refuses.
    """
    folder = folder.resolve()
    objects = objects_of(environment)
    copied = objects if with_bucket or isinstance(objects, FolderObjects) else None
    key_id = load_public_key(public_path(_signing_path(environment))).key_id
    part = folder.with_name(folder.name + ".part")
    if folder.exists() or part.exists():
        raise ConflictError(
            f"{folder if folder.exists() else part} is there already.", code="backup.there",
            advice="Each backup gets a folder of its own; a '.part' is what a stopped backup left: delete it.",
        )  # fmt: skip
    try:
        part.mkdir(parents=True, mode=0o700)
        with ExitStack() as stack:
            stack.callback(shutil.rmtree, part, ignore_errors=True)
            parts, facts = _copy(part, copied, environment)
            if with_keys:
                parts[KEYS] = write_tar(part / KEYS, lambda tar: _add_keys(tar, environment))
            manifest = Manifest(
                at.isoformat(), __version__, name=environment.name, key_id=key_id, parts=parts, **facts
            )  # fmt: skip
            write_durably(part / MANIFEST, manifest.as_json().encode())
            part.rename(folder)
            sync_folder(folder.parent)
            stack.pop_all()
    except OSError as error:
        raise OutputError(
            f"The backup cannot be written: {error.strerror or type(error).__name__}.", code="backup.failed",
            advice="Choose a folder that you may write to, on a disk with space.",
        ) from error  # fmt: skip
    return manifest


def _copy(part: Path, objects: Objects | None, environment: Environment) -> tuple[dict[str, Any], dict[str, Any]]:
    """Copy objects, where they are copied, and database in the order that fits; give the parts and what the dump is of."""
    if objects is None:
        facts = _dump(part / DUMP, environment)
        return {DUMP: facts_of(part / DUMP)}, facts
    logs = write_tar(part / LOGS, lambda tar: _add_logs(tar, objects))
    seen: Seen = {}
    with TarFile(part / FILES) as files:
        objects.add(files.tar, seen, _is_file)
        facts = _dump(part / DUMP, environment)
        objects.add(files.tar, seen, _is_file)
    return {LOGS: logs, FILES: files.facts, DUMP: facts_of(part / DUMP)}, facts


def _is_log(name: str) -> bool:
    parts = name.split("/")
    return parts[0] == "ledger" or (parts[0] == "feeds" and len(parts) > 3 and parts[3] in _LOG_NAMES)


def _is_file(name: str) -> bool:
    return not _is_log(name)


def _add_logs(tar: tarfile.TarFile, objects: Objects) -> None:
    """Copy logs: what names an entry first, then checkpoints, then the objects that they speak of."""
    seen: Seen = {}
    for last in ("latest.json", "checkpoint"):
        objects.add(tar, seen, lambda name, last=last: _is_log(name) and name.endswith(f"/{last}"))  # type: ignore[misc]
    # a partial object goes when the full one has come; whoever met that looks again
    for _ in range(_PASSES):
        if objects.add(tar, seen, lambda name: _is_log(name) and "/tile/" in name):
            return
    raise OperationError("The logs change too quickly to be copied.", advice="Try again.", code="backup.failed")


def _add_keys(tar: tarfile.TarFile, environment: Environment) -> None:
    folder = environment.home / "keys"
    seen: Seen = {}
    if folder.exists():
        add_tree(tar, folder, seen, lambda _: True)
    signing = _signing_path(environment)
    loose = {} if environment.key_ring is None else {"ring": environment.key_ring.encode()}
    if signing.parent.resolve() != folder.resolve():
        loose |= {"signing.pem": signing.read_bytes(), "signing.pem.pub": public_path(signing).read_bytes()}
    for name, data in loose.items():
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(data), 0o600
        tar.addfile(info, io.BytesIO(data))


def _dump(target: Path, environment: Environment) -> dict[str, Any]:
    """Dump the database; give what is known of it at the very same moment."""
    import psycopg

    with psycopg.connect(environment.database_url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        version = connection.info.server_version
        program = postgres_program("pg_dump", version, environment)
        snapshot = _one(connection, "SELECT pg_export_snapshot()")
        leaves = int(_one(connection, "SELECT coalesce(max(index), -1) + 1 FROM proofs_leaf"))
        applied = connection.execute("SELECT app || '.' || name FROM django_migrations ORDER BY 1").fetchall()
        run_program(program, ["--format=custom", "--compress=1", f"--snapshot={snapshot}", f"--file={target}"], environment)
    target.chmod(0o600)
    with target.open("rb") as file:
        os.fsync(file.fileno())
    return {"postgresql": version, "leaves": leaves, "migrations": tuple(row[0] for row in applied)}


def _one(connection: Any, query: str) -> Any:
    return connection.execute(query).fetchone()[0]


def restore_backup(folder: Path, environment: Environment, *, since: Path | None, new_log: bool, at: datetime) -> Manifest:
    """Bring a backup back into an empty database and home, let the sequencer catch up, and check all of it.

    Args:
        folder: the backup.
        environment: the settings of the platform that is to be.
        since: the newest checkpoint of the ledger that anybody has seen. Where it knows more than the backup, going on
            under the same name would fork the log.
        new_log: begin logs under a new name, written anew from the database: what to do where they would fork.
        at: now.

    Raises:
        InputError: the backup is damaged; ``backup.damaged``.
        ConflictError: something is there already, the keys are others, or the log would fork; ``backup.not-empty``,
            ``backup.keys``, ``backup.fork``, ``backup.name``, ``backup.newer``, ``backup.bucket``.
        OperationError: pg_restore fails, or the platform does not hold after it; ``backup.tools``, ``backup.dump``,
            ``backup.does-not-hold``.
    """
    import psycopg

    manifest = read_manifest(folder)
    objects = objects_of(environment)
    _check_name(manifest, environment, new_log=new_log)
    with psycopg.connect(environment.database_url) as connection:
        version = connection.info.server_version
        tables = _one(connection, "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")
    program = postgres_program("pg_restore", max(version, manifest.postgresql // 10_000 * 10_000), environment)
    has_objects = LOGS in manifest.parts
    if tables or (has_objects and not objects.is_empty()):
        raise ConflictError(
            f"The {'database' if tables else objects} is not empty.", code="backup.not-empty",
            advice="Move away what is there; its ledger/checkpoint is what --since wants.",
        )  # fmt: skip
    if not has_objects:
        _check_bucket(objects, new_log=new_log)
    with _keys_restored(folder, manifest, environment):
        if not new_log:
            for text in _published(since, None if has_objects else objects):
                _refuse_fork(text, manifest, environment)
        with ExitStack() as stack:
            if has_objects:
                stack.callback(objects.clear)
                objects.extract(folder / FILES)
                if not new_log:
                    objects.extract(folder / LOGS)
            run_program(program, ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges",
                           str(folder / DUMP)], environment)  # fmt: skip
            stack.pop_all()
    _continue(environment, since=None if new_log else since, at=at)
    return manifest


def _check_name(manifest: Manifest, environment: Environment, *, new_log: bool) -> None:
    if new_log == (manifest.name == environment.name):
        raise ConflictError(
            f"The backup is of {manifest.name}, and {PREFIX}NAME is {environment.name}.", code="backup.name",
            advice="A log that goes on keeps its name; with --new-log it must be given another.",
        )  # fmt: skip


@contextmanager
def _keys_restored(folder: Path, manifest: Manifest, environment: Environment) -> Iterator[None]:
    """Bring the keys back where the backup has them and there are none; refuse others; take them away on failure."""
    keys = environment.home / "keys"
    with ExitStack() as stack:
        if KEYS in manifest.parts and not (keys.exists() and any(keys.iterdir())):
            keys.mkdir(parents=True, exist_ok=True, mode=0o700)
            stack.callback(empty, keys)
            extract(folder / KEYS, keys)
        signing = _signing_path(environment)
        if not signing.exists():
            raise ConflictError(
                "The keys are not there.", code="backup.keys",
                advice=f"Bring them to {keys} from where you keep them, then run this again.",
            )  # fmt: skip
        if load_public_key(public_path(signing)).key_id != manifest.key_id:
            raise ConflictError(
                "The signing key is not the one that signed the backup's logs.", code="backup.keys",
                advice=f"Bring back the key {manifest.key_id}.",
            )  # fmt: skip
        yield
        stack.pop_all()


def _check_bucket(objects: FolderObjects | BucketObjects, *, new_log: bool) -> None:
    """Refuse a backup without objects where they are not in their bucket, or where the old logs would stand in the way."""
    if not isinstance(objects, BucketObjects):
        raise ConflictError(
            "The backup holds no published objects: they lay in a bucket.", code="backup.bucket",
            advice=f"Name the bucket in {PREFIX}OBJECTS.",
        )  # fmt: skip
    if new_log and any(map(_is_log, objects.store.paths())):
        raise ConflictError(
            f"The logs of the old name are in the {objects}.", code="backup.not-empty",
            advice="Copy the files without the logs to another prefix, and name that.",
        )  # fmt: skip


def _published(since: Path | None, kept: Objects | None) -> Iterator[bytes]:
    """Give what is known of the published log: a file that was named, and what stands in a bucket that was not copied."""
    if since is not None:
        try:
            with since.open("rb") as file:
                yield file.read(MAX_CHECKPOINT_BYTES + 1)
        except OSError as error:
            raise InputError(
                f"{since} cannot be read: {error.strerror}.", advice="Name a checkpoint of the ledger."
            ) from error
    if kept is not None:
        with suppress(ObjectMissing):
            yield kept.store.read("ledger/checkpoint")


def _refuse_fork(text: bytes, manifest: Manifest, environment: Environment) -> None:
    # a log that nothing happened in since a new key came is signed by the one before
    trusted = tuple(known_public_keys(_signing_path(environment)).values())
    checkpoint = parse_checkpoint(text, origin=f"{environment.name}/ledger", trusted=trusted)
    if checkpoint.size > manifest.leaves:
        raise ConflictError(
            f"The backup knows {manifest.leaves} entries of the log; {checkpoint.size} were published. To go on from here "
            "would sign another past than the one that followers have seen.", code="backup.fork",
            advice=f"Restore a newer backup; if there is none, choose a new {PREFIX}NAME and restore with --new-log.",
        )  # fmt: skip


def _continue(environment: Environment, *, since: Path | None, at: datetime) -> None:
    """Bring the database to this release, the logs to the database, and check everything."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "quietline.web.site.settings"
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    from quietline.web.proofs.objects import ledger_store, public_log
    from quietline.web.publishing.sequencing import Sequencer

    loader = MigrationLoader(connection)
    newer = sorted(set(loader.applied_migrations) - set(loader.disk_migrations or ()))
    if newer:
        raise ConflictError(
            f"The backup is of a newer release than this ({'.'.join(newer[0])}).", code="backup.newer",
            advice="Empty database and home again, and restore with the release that made it, or a newer one.",
        )  # fmt: skip
    call_command("migrate", verbosity=0, interactive=False)
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(index), -1) + 1 FROM proofs_leaf")
        leaves = int(cursor.fetchone()[0])
    store = ledger_store()
    if store.exists("checkpoint"):
        size = public_log().checkpoint().size
        if size > leaves:
            raise ConflictError("The log is ahead of the database.", advice="Take another backup.", code="backup.fork")
    sequencer = Sequencer()
    while sequencer.step(at=at):
        pass
    connection.close()  # with it goes the sequencer's lock
    try:
        call_command("ledger_verify", **({"since": str(since)} if since else {}))
    except SystemExit as leaving:
        if leaving.code:
            raise OperationError(
                f"What was restored does not hold; the findings stand above. It lies in {environment.home}.",
                advice="Do not open it to the public; take another backup.", code="backup.does-not-hold",
            ) from None  # fmt: skip


def _signing_path(environment: Environment) -> Path:
    return Path(environment.signing_key or environment.home / "keys" / "signing.pem")


@contextmanager
def _settings(home: str | None, *, restoring: bool) -> Iterator[Environment]:
    """Give the settings: those of the environment, or with a home those of the demonstration that lies there."""
    with ExitStack() as stack:
        if home is not None:
            _set_demonstration(Path(home).expanduser().resolve(), stack, restoring=restoring)
        yield read_environment(os.environ)


def _set_demonstration(home: Path, stack: ExitStack, *, restoring: bool) -> None:
    if restoring:
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o711)  # as 'quietline up' has it: the database may run as another user
        (home / _MARKER).touch()
    elif not (home / _MARKER).exists():
        raise InputError(f"{home} was not made by 'quietline up'.", advice="Leave --home out where settings are set.")
    given = {"MODE": DEMONSTRATION, "HOME": str(home), "BASE_URL": "http://127.0.0.1:8000"}
    server = EmbeddedPostgres(home / "database")
    given["DATABASE_URL"] = server.url
    # neither signs a session nor takes a text here: the real ones may come with the backup only
    given |= {"SECRET_KEY": "no session is signed while a backup is made or restored"}
    for name, value in given.items():
        os.environ.pop(f"{PREFIX}{name}_FILE", None)
        os.environ[PREFIX + name] = value
    try:
        stack.enter_context(server)
    except OperationError as error:
        if error.code != "database.in-use" or restoring:
            raise


def backup_main(arguments: Sequence[str]) -> int:
    """Run ``python -m quietline.web backup``."""
    from quietline.web.base.clock import now

    parser = argparse.ArgumentParser(prog="quietline.web backup", description="Write a backup; everything may be at work.")
    parser.add_argument("folder", help="of the backup; does not exist yet")
    parser.add_argument("--home", help="of a demonstration that 'quietline up' made; else the settings say what to copy")
    parser.add_argument("--with-keys", action="store_true", help="put the keys in too; then guard it as you guard them")
    parser.add_argument("--with-bucket", action="store_true", help="copy published objects out of their bucket too")
    options = parser.parse_args(list(arguments))
    with _settings(options.home, restoring=False) as environment:
        manifest = write_backup(
            Path(options.folder), environment, at=now(), with_keys=options.with_keys, with_bucket=options.with_bucket
        )
    size = sum(facts["bytes"] for facts in manifest.parts.values())
    sys.stdout.write(f"Written: {options.folder}, {size:,} bytes, {manifest.leaves:,} entries of the log\n")
    if LOGS not in manifest.parts:
        sys.stdout.write("The published objects lie in a bucket and were not copied; --with-bucket copies them.\n")
    return 0


def restore_main(arguments: Sequence[str]) -> int:
    """Run ``python -m quietline.web restore``."""
    from quietline.web.base.clock import now

    parser = argparse.ArgumentParser(prog="quietline.web restore", description="Restore into an empty database and home.")
    parser.add_argument("folder", help="of the backup")
    parser.add_argument("--home", help="make it a demonstration in this folder; else the settings say where to")
    parser.add_argument("--since", metavar="FILE", help="newest checkpoint of the ledger that anybody has seen")
    parser.add_argument("--new-log", action="store_true", help="begin logs under a new name, where they would fork")
    options = parser.parse_args(list(arguments))
    since = Path(options.since) if options.since else None
    with _settings(options.home, restoring=True) as environment:
        manifest = restore_backup(Path(options.folder), environment, since=since, new_log=options.new_log, at=now())
    sys.stdout.write(f"Restored: the backup of {manifest.made_at}, {manifest.leaves:,} entries of the log\n")
    return 0
