"""The store of looked-up numbers and the tree over them, against plain sets and a plain tree."""

from __future__ import annotations

import itertools
from threading import Thread

import numpy as np
import pytest

from quietline.ledger.merkle import EMPTY_ROOT, Frontier, leaf_hashes
from quietline.ledger.salts import salts
from quietline.numbering import Status
from quietline.wash import Reason, Verdicts
from quietline.wash.receipt_proofs import Answer, AnswerStore, tree_of

SECRET = bytes(range(32))


def verdicts(keys: list[int] | np.ndarray, reasons: list[int] | None = None, statuses: list[int] | None = None) -> Verdicts:
    n = len(keys)
    return Verdicts(
        np.array(reasons if reasons is not None else [Reason.CLEAN] * n, np.uint8),
        np.array(keys, np.uint64),
        np.array(statuses if statuses is not None else [Status.OK] * n, np.uint8),
        np.zeros(n, np.uint16),
        np.zeros(n, np.uint8),
        np.zeros((1, n), np.bool_),
        None,
        0,
    )


def content(store: AnswerStore) -> dict[int, int]:
    found: dict[int, int] = {}
    last = -1
    for keys, answers in store.pieces():
        assert keys.dtype == np.uint64
        assert answers.dtype == np.uint8
        assert last < int(keys[0])
        assert (keys[1:] > keys[:-1]).all()
        last = int(keys[-1])
        found |= dict(zip(keys.tolist(), answers.tolist(), strict=True))
    store.close()
    return found


def test_each_number_is_kept_once_with_its_answer() -> None:
    store = AnswerStore()
    store.add(verdicts([5, 0, 3, 5, 7], [Reason.CLEAN, Reason.INVALID, Reason.REGISTERED, Reason.CLEAN, Reason.INVALID],
                       [Status.OK, Status.EMPTY, Status.OK, Status.OK, Status.UNASSIGNED]))  # fmt: skip
    assert content(store) == {3: Answer.REGISTERED, 5: Answer.NOT_REGISTERED, 7: Answer.UNASSIGNED}


def test_a_registered_number_in_no_range_is_registered() -> None:
    store = AnswerStore()
    store.add(verdicts([5], [Reason.REGISTERED], [Status.UNASSIGNED]))
    assert content(store) == {5: Answer.REGISTERED}


def test_where_answers_differ_registered_wins_in_any_order_and_across_runs() -> None:
    for first, second in ((Reason.CLEAN, Reason.REGISTERED), (Reason.REGISTERED, Reason.CLEAN)):
        for run in (1, 100):
            store = AnswerStore(run=run)
            store.add(verdicts([5], [first]))
            store.add(verdicts([5], [second]))
            assert content(store) == {5: Answer.REGISTERED}


@pytest.mark.parametrize("run", [2, 100])
def test_the_numbers_that_some_operator_has_are_given_in_order(run: int) -> None:
    store = AnswerStore(run=run)
    store.add(verdicts([9, 3], None, [Status.OK, Status.UNASSIGNED]))
    registered, clean = Reason.REGISTERED, Reason.CLEAN
    store.add(verdicts([5, 9, 4], [registered, clean, clean], [Status.UNASSIGNED, Status.OK, Status.OK]))
    assert store.numbers().tolist() == [4, 5, 9]
    found = {3: Answer.UNASSIGNED, 4: Answer.NOT_REGISTERED, 5: Answer.REGISTERED, 9: Answer.NOT_REGISTERED}
    assert content(store) == found


def test_nothing_gives_nothing() -> None:
    store = AnswerStore()
    store.add(verdicts([]))
    store.add(verdicts([0, 0], [Reason.INVALID] * 2, [Status.EMPTY] * 2))
    assert content(store) == {}


@pytest.mark.parametrize("spread", [300_000, 10**12])
def test_runs_on_disk_come_to_the_same_as_memory(spread: int) -> None:
    random = np.random.default_rng(1)
    keys = random.integers(1, spread, 400_000).astype(np.uint64)
    listed = (keys % 7 == 0).astype(np.uint8)
    expected = dict(zip(keys.tolist(), listed.tolist(), strict=True))
    for run in (30_000, 1 << 22):
        store = AnswerStore(run=run)
        parts = np.array_split(np.arange(len(keys)), 40)
        pieces = [verdicts(keys[part], listed[part].tolist()) for part in parts]
        threads = [Thread(target=store.add, args=(piece,)) for piece in pieces]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert content(store) == expected


@pytest.mark.parametrize("size", [0, 1, 2, 7, 65_535, 65_536, 65_537, 131_072, 300_001])
def test_the_tree_in_branches_is_the_tree_leaf_by_leaf(size: int) -> None:
    keys = np.arange(1, size + 1, dtype=np.uint64) * np.uint64(3)
    answers = (keys % 3).astype(np.uint8)
    follow = sorted({index for index in (0, 1, 65_535, 65_536, 200_000, size - 1) if 0 <= index < size})
    plain = Frontier(follow=follow)
    plain.extend(leaf_hashes(keys, answers, salts(SECRET, 0, size)))
    cuts = [0, size // 3, size // 3, 2 * size // 3, size]
    pieces = [(keys[a:b], answers[a:b]) for a, b in itertools.pairwise(cuts)]
    tree = tree_of(pieces, SECRET, follow=follow)
    assert (tree.size, tree.root) == (size, plain.root() if size else EMPTY_ROOT)
    assert tree.paths == {index: plain.proof(index) for index in follow}
