"""Where published objects lie, the public log among them, and the public key that it is checked with. Nothing here can sign.

All of them lie in one folder, or below one prefix of one bucket, as ``QUIETLINE_OBJECTS`` says.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from quietline.errors import SettingError
from quietline.ledger.bucket import BucketPlace, BucketStore
from quietline.ledger.objects import FolderStore
from quietline.ledger.reading import LogReader
from quietline.ledger.signing import PublicKey, known_public_keys, load_public_key, public_path

if TYPE_CHECKING:
    from quietline.ledger.objects import FileStore
    from quietline.web.environment import Environment

__all__ = [
    "bucket_of",
    "folder_of",
    "ledger_origin",
    "ledger_store",
    "objects_folder",
    "objects_store",
    "public_key",
    "public_log",
    "trusted_keys",
]

_BUCKET = "s3://"


def bucket_of(environment: Environment, below: str = "") -> BucketPlace | None:
    """Give where in a bucket objects lie; None where they lie in a folder.

    Args:
        environment: the settings.
        below: path under all objects, ``feeds/dnc-us/all`` say.
    """
    given = str(environment.objects or "")
    if not given.startswith(_BUCKET):
        return None
    bucket, _, prefix = given.removeprefix(_BUCKET).partition("/")
    return BucketPlace(
        bucket=bucket,
        prefix="/".join(part for part in (prefix, below) if part),
        endpoint=environment.s3_endpoint,
        region=environment.s3_region,
        access_key_id=environment.s3_access_key_id,
        secret_access_key=environment.s3_secret_access_key,
        public_endpoint=environment.s3_public_endpoint,
    )


def folder_of(environment: Environment) -> Path:
    """Give the folder of all objects.

    Raises:
        SettingError: they lie in a bucket.
    """
    if bucket_of(environment) is not None:
        raise SettingError("The published objects lie in a bucket, not in a folder.", advice="Use the bucket's own tools.")
    return Path(environment.objects or environment.home / "objects")


def objects_folder() -> Path:
    """Give the folder of all published objects; raises as :func:`folder_of`."""
    return folder_of(settings.ENVIRONMENT)


def objects_store(below: str, *, mode: int = 0o600) -> FileStore:
    """Give the store of the objects under a path.

    Args:
        below: the path, ``feeds/dnc-us/all`` say; empty for all objects.
        mode: of files, where they lie in a folder; most hold numbers, and are for the platform's own user.
    """
    place = bucket_of(settings.ENVIRONMENT, below)
    return FolderStore(objects_folder() / below, mode=mode) if place is None else _bucket_store(place)


@cache
def _bucket_store(place: BucketPlace) -> BucketStore:
    """Keep the stores of this process: each holds connections."""
    return BucketStore(place)


def ledger_store() -> FileStore:
    """Give the store of the public log; any user of the machine may read it."""
    return objects_store("ledger", mode=0o644)


def ledger_origin() -> str:
    """Name the public log."""
    return f"{settings.ENVIRONMENT.name}/ledger"


def public_key() -> PublicKey:
    """Give the key that is in use: what the installation signs today is checked with it.

    Raises:
        KeyFileError: there is none beside the signing key.
    """
    return load_public_key(public_path(_signing_path()))


def trusted_keys() -> tuple[PublicKey, ...]:
    """Give all keys whose signature counts as the installation's: the one in use, and those that it has replaced.

    A log that nothing happens in is signed by a replaced key until it is signed anew. Read at each call: a process that goes
    on while ``quietline key rotate`` runs knows the new key at once.

    Raises:
        KeyFileError: there is none beside the signing key, or one of the files is no public key.
    """
    public_key()  # without it, all that is left would be keys that sign no more
    return tuple(known_public_keys(_signing_path()).values())


def _signing_path() -> Path:
    return Path(settings.ENVIRONMENT.signing_key or settings.ENVIRONMENT.home / "keys" / "signing.pem")


def public_log() -> LogReader:
    """Give the public log of this installation."""
    return LogReader(ledger_store(), origin=ledger_origin(), trusted=trusted_keys())
