"""Reading a log, and following it without trusting whoever keeps it.

:class:`LogReader` gives what is stored; only the checkpoint is checked. :class:`Follower` hands out entries once each,
in order, and none before it is proven to belong where it stands.

How a follower proves it: it remembers the roots of the full subtrees of what it has seen (*peaks*). A new checkpoint has
to be consistent with the last one, by a proof out of the hash tiles. Then entries are read in runs of at most 65,536 or
about 32 MB; the peaks are carried on over each run, and the root so computed has to be consistent with the new
checkpoint, again by a proof out of the tiles; for the last run it has to be the root itself. Only then is the run handed
out. So memory is bounded, nothing is taken from the tiles on trust, and a run that was handed out stays valid whatever
comes behind it.

Source: C2SP tlog-tiles (https://c2sp.org/tlog-tiles); RFC 9162 section 2.1.4.2 for the check of consistency.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quietline.errors import LedgerError, ReceiptError
from quietline.ledger.checkpoint import Checkpoint, parse_checkpoint, parse_unverified
from quietline.ledger.merkle import EMPTY_ROOT, Frontier, verify_consistency
from quietline.ledger.paths import CHECKPOINT, TILE_WIDTH, width_at
from quietline.ledger.tiles import HashTiles, as_rows, entry_hashes, read_bundle

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from quietline.ledger.objects import ObjectReader
    from quietline.ledger.signing import PublicKey

__all__ = ["Batch", "Follower", "FollowerState", "LogReader"]

_RUN_ENTRIES = 1 << 16
_RUN_BYTES = 32 * 1024 * 1024


class LogReader:
    """A log as it is stored.

    Args:
        store: where the log is.
        origin: which log it has to be; None takes the one that the checkpoint names, where the key signs for one only.
        trusted: keys that may have signed the checkpoint.
    """

    def __init__(self, store: ObjectReader, *, origin: str | None, trusted: Collection[PublicKey]) -> None:
        self.store = store
        self.origin = origin
        self.trusted = tuple(trusted)
        self._known_size = 0

    def checkpoint(self) -> Checkpoint:
        """Fetch the checkpoint and check its signature.

        Raises:
            LedgerError: ``ledger.missing``, ``ledger.malformed``, ``ledger.origin`` or ``ledger.signature``.
        """
        return self.signed_checkpoint()[0]

    def signed_checkpoint(self) -> tuple[Checkpoint, bytes]:
        """Fetch the checkpoint, checked, together with its signed text; raises as :meth:`checkpoint`."""
        data = self.store.read(CHECKPOINT)
        checkpoint = parse_checkpoint(data, origin=self.origin, trusted=self.trusted)
        self._known_size = max(self._known_size, checkpoint.size)
        return checkpoint, data

    def entries(self, start: int, end: int) -> Iterator[bytes]:
        """Give the entries from ``start`` to ``end`` (not included), in order, as they are stored.

        They are not checked against the root: :class:`Follower` and ``verify_log`` do that.

        Raises:
            IndexError: when the log has not so many entries.
            LedgerError: ``ledger.missing`` or ``ledger.malformed`` of a bundle, and what :meth:`checkpoint` raises.
        """
        self._reach(start, end)
        while start < end:
            index, offset = divmod(start, TILE_WIDTH)
            width = min(TILE_WIDTH, end - index * TILE_WIDTH)
            yield from read_bundle(self.store, index, width, known_size=self._known_size)[offset:]
            start = index * TILE_WIDTH + width

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """Give the hashes that lead from entry ``index`` to the root of the first ``size`` entries.

        Raises:
            IndexError: when there is no such entry, or the log has not so many.
            LedgerError: ``ledger.missing`` or ``ledger.malformed`` of a tile, and what :meth:`checkpoint` raises.
        """
        return self.tiles(size).inclusion_proof(index)

    def consistency_proof(self, old: int, new: int) -> list[bytes]:
        """Give the hashes that show that the first ``new`` entries begin with the first ``old``.

        Raises:
            IndexError: when the log has not so many entries.
            ValueError: when ``old`` is not from 1 to ``new``.
            LedgerError: ``ledger.missing`` or ``ledger.malformed`` of a tile, and what :meth:`checkpoint` raises.
        """
        return self.tiles(new).consistency_proof(old)

    def tiles(self, size: int) -> HashTiles:
        """Give the tree of the first ``size`` entries, for several questions about it.

        Raises:
            IndexError: when the log has not so many entries.
            LedgerError: what :meth:`checkpoint` raises.
        """
        self._reach(0, size)
        return HashTiles(self.store, size, known_size=self._known_size)

    def _reach(self, start: int, end: int) -> None:
        if end > self._known_size:
            self.checkpoint()
        if not 0 <= start <= end <= self._known_size:
            raise IndexError(f"the log has {self._known_size} entries; there are no entries {start} to {end}")


@dataclass(frozen=True, slots=True)
class FollowerState:
    """How far a follower has come: all that it has to keep, in a safe place.

    Attributes:
        origin: name of the log.
        size: number of entries handed out.
        peaks: roots of the full subtrees of these entries, from left to right, 32 bytes each.
        checkpoint: signed text of the last checkpoint that was found to hold; empty before the first.
    """

    origin: str
    size: int = 0
    peaks: tuple[bytes, ...] = ()
    checkpoint: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Give the state in a form that JSON knows."""
        peaks = [peak.hex() for peak in self.peaks]
        return {"origin": self.origin, "size": self.size, "peaks": peaks, "checkpoint": self.checkpoint}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> FollowerState:
        """Read what :meth:`as_dict` gave.

        Raises:
            LedgerError: with code ``ledger.state`` when it is something else.
        """
        try:
            read = cls(
                str(state["origin"]),
                int(state["size"]),
                tuple(bytes.fromhex(peak) for peak in state["peaks"]),
                str(state["checkpoint"]),
            )
            Frontier.resume(read.size, read.peaks)
        except (KeyError, TypeError, ValueError):
            raise LedgerError(
                "The kept state of the follower is damaged.",
                code="ledger.state",
                advice="Bring it back from a copy, or begin anew from the first entry.",
            ) from None
        return read


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries that are proven to stand where they stand.

    Attributes:
        start: index of the first of them.
        entries: in order.
        state: of the follower behind them, to be kept together with what was made of them.
        checkpoint: that they are proven by; its log may be longer.
    """

    start: int
    entries: list[bytes]
    state: FollowerState
    checkpoint: Checkpoint


class Follower:
    """Hands out the entries of a log once each, in order, proven.

    Keep :attr:`state`, or that of the batch, in the same transaction as what was made of the entries: then each is
    used exactly once, whatever happens.

    Args:
        reader: of the log, with its origin.
        state: where to go on; None begins at the first entry, with the log that the reader names.

    Raises:
        LedgerError: with code ``ledger.origin`` when reader and state are of different logs, or neither names one.
    """

    def __init__(self, reader: LogReader, state: FollowerState | None = None) -> None:
        if reader.origin is None or (state is not None and state.origin != reader.origin):
            raise LedgerError(
                f"The state is of the log {state.origin if state else ''!r}, the source of {reader.origin!r}.",
                code="ledger.origin",
                advice="Follow each log with a state of its own, and name the log.",
            )
        self._reader = reader
        self.state = state or FollowerState(reader.origin)

    def advance(self) -> Iterator[Batch]:
        """Hand out what is new, in batches; none when there is nothing.

        The next batch is only read when it is asked for.

        Raises:
            LedgerError: ``ledger.shrunk`` when the log is shorter than it was, ``ledger.forked`` when it has another
                past than it had, ``ledger.root`` when entries or tiles do not lead to the signed root,
                ``ledger.missing``, ``ledger.malformed``, ``ledger.origin``, ``ledger.signature``. The state then stays
                as it was behind the last batch.
        """
        checkpoint, data = self._reader.signed_checkpoint()
        if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
            raise _wrong_root(0, 0)
        self._check_past(checkpoint)
        text = data.decode()
        self.state = FollowerState(self.state.origin, self.state.size, self.state.peaks, text)
        while self.state.size < checkpoint.size:
            start, frontier = self.state.size, Frontier.resume(self.state.size, self.state.peaks)
            entries = self._run(start, checkpoint.size)
            frontier.extend(as_rows(entry_hashes(entries)))
            if not self._leads(frontier, checkpoint):
                raise _wrong_root(start, len(frontier))
            self.state = FollowerState(self.state.origin, len(frontier), tuple(frontier.peaks), text)
            yield Batch(start, entries, self.state, checkpoint)

    def _check_past(self, checkpoint: Checkpoint) -> None:
        if not self.state.checkpoint:
            return
        last = parse_unverified(self.state.checkpoint.encode())
        if checkpoint.size < last.size:
            raise LedgerError(
                f"The log {checkpoint.origin!r} had {last.size} entries and now has {checkpoint.size}.",
                code="ledger.shrunk",
                advice="A cache on the way may be behind: try again later. If it stays so, the keeper has taken "
                "entries back; keep both checkpoints as evidence.",
            )
        if checkpoint.size == last.size:
            if checkpoint.root != last.root:
                raise _forked(checkpoint, last)
            return
        if last.size == 0:
            return
        tiles = self._reader.tiles(checkpoint.size)
        proof = tiles.consistency_proof(last.size)
        if _consistent(last.size, last.root, checkpoint, proof):
            return
        # either the tiles are damaged, or they prove that the new log has another past
        if _consistent(last.size, tiles.root(0, last.size), checkpoint, proof):
            raise _forked(checkpoint, last)
        raise _wrong_root(0, checkpoint.size)

    def _leads(self, frontier: Frontier, checkpoint: Checkpoint) -> bool:
        size = len(frontier)
        proof = [] if size == checkpoint.size else self._reader.consistency_proof(size, checkpoint.size)
        return _consistent(size, frontier.root(), checkpoint, proof)

    def _run(self, start: int, size: int) -> list[bytes]:
        entries: list[bytes] = []
        total = 0
        end = min(size, (start // _RUN_ENTRIES + 1) * _RUN_ENTRIES)
        while start < end and total < _RUN_BYTES:
            index, offset = divmod(start, TILE_WIDTH)
            width = width_at(0, index, size)
            some = list(self._reader.entries(start, index * TILE_WIDTH + width))
            entries += some
            total += sum(map(len, some))
            start += width - offset
        return entries


def _consistent(size: int, root: bytes, checkpoint: Checkpoint, proof: list[bytes]) -> bool:
    try:
        verify_consistency(size, root, checkpoint.size, checkpoint.root, proof)
    except ReceiptError:
        return False
    return True


def _forked(checkpoint: Checkpoint, last: Checkpoint) -> LedgerError:
    return LedgerError(
        f"The log {checkpoint.origin!r} has another past than the one that was signed on {last.at.date()}.",
        code="ledger.forked",
        advice="Its keeper has signed two histories. Keep both checkpoints: together they are the evidence.",
    )


def _wrong_root(start: int, end: int) -> LedgerError:
    return LedgerError(
        f"What is stored of entries {start} to {end} does not lead to the signed root.",
        code="ledger.root",
        advice="Something was changed behind the signer's back: take the log from another copy, and tell its keeper.",
    )
