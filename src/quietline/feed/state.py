"""How far a copy has come, kept beside it.

The state is written after the changes that it speaks of are durable. So it may be behind the copy, by what was applied
when a crash came, and is never before it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from quietline.errors import FeedError, InputError, LedgerError
from quietline.ledger.reading import FollowerState
from quietline.tables import AtomicFile

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["MirrorState", "load_state", "save_state"]

_FORMAT = 1
_MOST_MARKS = 16


@dataclass(frozen=True, slots=True)
class MirrorState:
    """How far a copy has come.

    Attributes:
        follower: of the log: name, entries applied, peaks, last checkpoint.
        begun: whether there is a copy to go on with; False while one is being made.
        number: the platform's number of the last change applied; 0 before the first, or where it is not known.
        version: of the last publication that was passed, 0 before the first.
        proven_size: the copy is proven to have been complete as of so many entries; None where that was never proven.
        marks: digests of the copy's own content at marks whose publication has not come: number of entries -> digest.
    """

    follower: FollowerState
    begun: bool = False
    number: int = 0
    version: int = 0
    proven_size: int | None = None
    marks: dict[int, str] = field(default_factory=dict)

    def marked(self, size: int, content: str) -> MirrorState:
        """Remember the digest at a mark; the oldest are forgotten, as publications that were given up leave marks."""
        marks = {**self.marks, size: content}
        for old in sorted(marks)[:-_MOST_MARKS]:
            del marks[old]
        return replace(self, marks=marks)

    def proven(self, size: int, version: int) -> MirrorState:
        """Remember that the copy was complete as of ``size`` entries; earlier marks are no longer of use."""
        marks = {mark: content for mark, content in self.marks.items() if mark > size}
        return replace(self, proven_size=size, version=version, marks=marks)


def save_state(path: Path, state: MirrorState) -> None:
    """Write the state, atomically and durably.

    Raises:
        OutputError: the file cannot be written.
    """
    document = {
        "format": _FORMAT,
        "follower": state.follower.as_dict(),
        "begun": state.begun,
        "number": state.number,
        "version": state.version,
        "proven_size": state.proven_size,
        "marks": {str(size): content for size, content in state.marks.items()},
    }
    with AtomicFile(path) as out:
        out.write(json.dumps(document, indent=1, sort_keys=True).encode() + b"\n")
        out.commit()


def load_state(path: Path) -> MirrorState | None:
    """Read the state; None where there is none yet.

    Raises:
        InputError: the file cannot be read.
        FeedError: with code ``feed.state`` when it is damaged.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        return _state(json.loads(data))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, LedgerError):
        raise FeedError(
            f"{path} is damaged, or of a newer release.",
            code="feed.state",
            advice="Move the folder away and follow the feed anew.",
        ) from None


def _state(document: dict[str, Any]) -> MirrorState:
    marks = {int(size): str(content) for size, content in document["marks"].items()}
    proven = document["proven_size"]
    if document["format"] != _FORMAT or type(document["begun"]) is not bool:
        raise ValueError
    return MirrorState(
        FollowerState.from_dict(document["follower"]),
        begun=document["begun"],
        number=int(document["number"]),
        version=int(document["version"]),
        proven_size=None if proven is None else int(proven),
        marks=marks,
    )
