from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from quietline.wash.pipeline import in_order, worker_count

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 20])
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_every_piece_comes_out_once_and_in_order(count: int, workers: int) -> None:
    def work(piece: int) -> int:
        time.sleep(0.002 if piece % 3 == 0 else 0)
        return piece * 10

    assert list(in_order(work, range(count), workers=workers)) == [piece * 10 for piece in range(count)]


def test_only_so_many_pieces_are_in_hand_at_a_time() -> None:
    taken = []

    def pieces() -> Iterator[int]:
        for piece in range(50):
            taken.append(piece)
            yield piece

    for result in in_order(lambda piece: piece, pieces(), workers=2):
        assert len(taken) - result <= 2 + 2 + 1


def test_one_piece_needs_no_thread() -> None:
    assert list(in_order(lambda _: threading.current_thread(), [1], workers=4)) == [threading.main_thread()]


def test_an_error_in_the_work_or_in_the_source_comes_out_and_ends_it() -> None:
    def work(piece: int) -> int:
        if piece == 5:
            raise ValueError("five")
        return piece

    def source() -> Iterator[int]:
        yield from range(4)
        raise KeyError("source")

    found = []
    with pytest.raises(ValueError, match="five"):
        found.extend(in_order(work, range(100), workers=2))
    with pytest.raises(KeyError):
        list(in_order(work, source(), workers=2))
    assert threading.active_count() == 1 or all(not t.name.startswith("wash") for t in threading.enumerate())


def test_there_is_at_least_one_worker() -> None:
    assert 1 <= worker_count() <= 8
