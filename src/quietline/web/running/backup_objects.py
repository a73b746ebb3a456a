"""Published objects as a backup sees them: a tree that is copied into tar files and back, in a folder or in a bucket."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from quietline.errors import LedgerError, OutputError
from quietline.ledger.bucket import BucketStore
from quietline.ledger.objects import FolderStore, ObjectMissing
from quietline.web.proofs.objects import bucket_of, folder_of
from quietline.web.running.backup_parts import add_tree, empty, extract

if TYPE_CHECKING:
    from collections.abc import Callable

    from quietline.web.environment import Environment
    from quietline.web.running.backup_parts import Seen

__all__ = ["BucketObjects", "FolderObjects", "Objects", "objects_of"]

_PIECE = 1 << 20


class Objects(Protocol):
    """All published objects of an installation."""

    @property
    def store(self) -> FolderStore | BucketStore:
        """What single objects are read from."""
        ...

    def add(self, tar: tarfile.TarFile, seen: Seen, wanted: Callable[[str], bool]) -> bool:
        """Add what is new or has changed since it was seen; say whether everything that was listed was still there."""
        ...

    def extract(self, path: Path) -> None:
        """Put what a tar file holds in its place, durably."""
        ...

    def is_empty(self) -> bool:
        """Say whether there is nothing."""
        ...

    def clear(self) -> None:
        """Remove everything."""
        ...


class FolderObjects:
    """Objects in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.store = FolderStore(folder)

    def __str__(self) -> str:
        return f"folder {self._folder}"

    def add(self, tar: tarfile.TarFile, seen: Seen, wanted: Callable[[str], bool]) -> bool:
        """Add what is new; see :class:`Objects`."""
        return add_tree(tar, self._folder, seen, wanted)

    def extract(self, path: Path) -> None:
        """Unpack a tar file."""
        extract(path, self._folder)

    def is_empty(self) -> bool:
        """Say whether there is nothing."""
        return not (self._folder.exists() and any(self._folder.iterdir()))

    def clear(self) -> None:
        """Remove what is in the folder."""
        empty(self._folder)


class BucketObjects:
    """Objects in a bucket."""

    def __init__(self, store: BucketStore) -> None:
        self.store = store

    def __str__(self) -> str:
        return f"bucket {self.store.place.bucket}/{self.store.place.prefix}"

    def add(self, tar: tarfile.TarFile, seen: Seen, wanted: Callable[[str], bool]) -> bool:
        """Add what is new; see :class:`Objects`. Each object is fetched whole before it goes into the tar file."""
        is_whole = True
        for name, length, written_at in self.store.listing():
            state = (length, int(written_at.timestamp()))
            if not wanted(name) or seen.get(name) == state:
                continue
            try:
                with tempfile.TemporaryFile() as file:
                    with self.store.open(name) as source:
                        shutil.copyfileobj(source, file, _PIECE)
                    info = tarfile.TarInfo(name)
                    info.size, info.mtime, info.mode = file.tell(), state[1], 0o600
                    file.seek(0)
                    tar.addfile(info, file)
                seen[name] = state
            except ObjectMissing:
                is_whole = False
        return is_whole

    def extract(self, path: Path) -> None:
        """Upload what a tar file holds; names that no store has are refused."""
        with tarfile.open(path) as tar, tempfile.TemporaryDirectory(prefix="quietline-") as folder:
            for member in tar:
                source = tar.extractfile(member)
                if source is None:
                    continue
                file = Path(folder) / "object"
                with file.open("wb") as target:
                    shutil.copyfileobj(source, target, _PIECE)
                self.store.keep_file(member.name, file)

    def is_empty(self) -> bool:
        """Say whether there is nothing."""
        return next(self.store.paths(), None) is None

    def clear(self) -> None:
        """Remove all objects; what cannot be removed stays, and the next restore refuses the bucket because of it."""
        try:
            for path in list(self.store.paths()):
                self.store.remove(path)
        except (LedgerError, OutputError):
            return


def objects_of(environment: Environment) -> FolderObjects | BucketObjects:
    """Give the objects of an installation."""
    place = bucket_of(environment)
    return FolderObjects(folder_of(environment)) if place is None else BucketObjects(BucketStore(place))
