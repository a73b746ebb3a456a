"""Merkle trees against the definitions of RFC 6962, written out as the recursion they are."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quietline.errors import ReceiptError
from quietline.ledger import merkle


def split(n: int) -> int:
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def model_root(hashes: list[bytes]) -> bytes:
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = split(len(hashes))
    return sha256(b"\x01" + model_root(hashes[:k]) + model_root(hashes[k:])).digest()


def model_path(m: int, hashes: list[bytes]) -> list[bytes]:
    if len(hashes) == 1:
        return []
    k = split(len(hashes))
    if m < k:
        return [*model_path(m, hashes[:k]), model_root(hashes[k:])]
    return [*model_path(m - k, hashes[k:]), model_root(hashes[:k])]


def model_subproof(m: int, hashes: list[bytes], whole: bool) -> list[bytes]:
    n = len(hashes)
    if m == n:
        return [] if whole else [model_root(hashes)]
    k = split(n)
    if m <= k:
        return [*model_subproof(m, hashes[:k], whole), model_root(hashes[k:])]
    return [*model_subproof(m - k, hashes[k:], False), model_root(hashes[:k])]


def make(n: int, seed: int = 0) -> list[bytes]:
    return [sha256(f"{seed} {i}".encode()).digest() for i in range(n)]


sizes = st.one_of(st.integers(1, 20), st.integers(1, 300), st.sampled_from([63, 64, 65, 127, 128, 129]))


@given(n=st.integers(0, 300))
def test_the_root_is_that_of_the_definition(n: int) -> None:
    hashes = make(n)
    assert merkle.root(hashes) == model_root(hashes)
    one_by_one = merkle.Frontier()
    for each in hashes:
        one_by_one.append(each)
    assert one_by_one.root() == model_root(hashes)
    assert len(one_by_one) == n


@given(data=st.data(), n=sizes)
def test_every_leaf_has_the_proof_of_the_definition_and_it_holds(data: st.DataObject, n: int) -> None:
    hashes = make(n)
    index = data.draw(st.integers(0, n - 1))
    proof = merkle.inclusion_proof(hashes, index)
    assert proof == model_path(index, hashes)
    merkle.verify_inclusion(hashes[index], index, n, proof, model_root(hashes))


@given(data=st.data(), n=sizes)
def test_a_list_that_grew_has_the_proof_of_the_definition_and_it_holds(data: st.DataObject, n: int) -> None:
    hashes = make(n)
    old = data.draw(st.integers(1, n))
    proof = merkle.consistency_proof(hashes, old)
    assert proof == model_subproof(old, hashes, True)
    merkle.verify_consistency(old, model_root(hashes[:old]), n, model_root(hashes), proof)


@given(data=st.data(), n=st.integers(2, 60))
def test_a_list_that_was_rewritten_has_no_proof(data: st.DataObject, n: int) -> None:
    hashes = make(n)
    old = data.draw(st.integers(1, n - 1))
    other = make(old, seed=1)
    with pytest.raises(ReceiptError):
        merkle.verify_consistency(old, model_root(other), n, model_root(hashes), merkle.consistency_proof(hashes, old))


@given(data=st.data(), n=sizes)
def test_no_changed_byte_goes_unseen(data: st.DataObject, n: int) -> None:
    hashes = make(n)
    index = data.draw(st.integers(0, n - 1))
    parts = [hashes[index], merkle.root(hashes), *merkle.inclusion_proof(hashes, index)]
    part = data.draw(st.integers(0, len(parts) - 1))
    changed = bytearray(parts[part])
    changed[data.draw(st.integers(0, 31))] ^= data.draw(st.integers(1, 255))
    parts[part] = bytes(changed)
    with pytest.raises(ReceiptError):
        merkle.verify_inclusion(parts[0], index, n, parts[2:], parts[1])


@settings(max_examples=50)
@given(
    pieces=st.lists(st.integers(0, 200), max_size=12),
    follow=st.sets(st.integers(0, 500), max_size=4),
)
def test_pieces_of_any_length_build_the_same_tree_and_proofs(pieces: list[int], follow: set[int]) -> None:
    hashes = make(sum(pieces))
    frontier = merkle.Frontier(follow=follow)
    done = 0
    for piece in pieces:
        block = np.frombuffer(b"".join(hashes[done : done + piece]), dtype=np.uint8).reshape(-1, 32)
        frontier.extend(block)
        done += piece
        assert frontier.root() == model_root(hashes[:done])
    for index in follow:
        if index < done:
            assert frontier.proof(index) == model_path(index, hashes)
