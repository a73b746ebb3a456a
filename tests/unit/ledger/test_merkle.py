"""Merkle trees against the published vectors, a plain recursive model and the compiled kernel's twin."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pytest

from quietline.errors import ReceiptError
from quietline.kernel import _kernel
from quietline.ledger import merkle
from quietline.ledger.salts import salts
from twins import hash_twin

# The eight leaves and the roots used by the Certificate Transparency project's own tests of RFC 6962.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {  # (index, size): proof
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {  # (earlier size, size): proof
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
HASHES = [merkle.leaf_hash(leaf) for leaf in LEAVES]


def some_hashes(n: int) -> np.ndarray:
    return np.random.default_rng(n).integers(0, 256, size=(n, 32), dtype=np.uint8)


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_those_of_the_published_vectors(size: int) -> None:
    assert merkle.root(HASHES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize(("place", "proof"), INCLUSION.items())
def test_inclusion_proofs_are_those_of_the_published_vectors(place: tuple[int, int], proof: list[str]) -> None:
    index, size = place
    assert [node.hex() for node in merkle.inclusion_proof(HASHES[:size], index)] == proof


@pytest.mark.parametrize(("sizes", "proof"), CONSISTENCY.items())
def test_consistency_proofs_are_those_of_the_published_vectors(sizes: tuple[int, int], proof: list[str]) -> None:
    old_size, size = sizes
    assert [node.hex() for node in merkle.consistency_proof(HASHES[:size], old_size)] == proof


def test_leaves_and_nodes_are_marked_apart() -> None:
    left, right = HASHES[:2]
    assert merkle.node_hash(left, right) != merkle.leaf_hash(left + right)
    assert merkle.leaf_hash(b"") == sha256(b"\x00").digest()


@pytest.mark.parametrize("n", [0, 1, 2, 15, 16, 17, 31, 33, 1000])
def test_the_kernel_hashes_leaves_like_hashlib(n: int) -> None:
    random = np.random.default_rng(n)
    keys = random.integers(0, 2**64, size=n, dtype=np.uint64)
    verdicts = random.integers(0, 256, size=n, dtype=np.uint8)
    salts = random.integers(0, 256, size=(n, 16), dtype=np.uint8)
    assert np.array_equal(merkle.leaf_hashes(keys, verdicts, salts), hash_twin.leaf_hashes(keys, verdicts, salts))


@pytest.mark.parametrize("byte", [0x00, 0x7F, 0x80, 0xFF])
def test_the_kernel_hashes_extreme_bytes_like_hashlib(byte: int) -> None:
    keys = np.frombuffer(bytes([byte]) * 8 * 17, dtype=np.uint64)
    verdicts = np.full(17, byte, dtype=np.uint8)
    salts = np.full((17, 16), byte, dtype=np.uint8)
    leaves = merkle.leaf_hashes(keys, verdicts, salts)
    assert np.array_equal(leaves, hash_twin.leaf_hashes(keys, verdicts, salts))


@pytest.mark.parametrize("pairs", [0, 1, 2, 15, 16, 17, 33, 500])
def test_the_kernel_hashes_nodes_like_hashlib(pairs: int) -> None:
    children = some_hashes(2 * pairs)
    out = np.empty((pairs, 32), dtype=np.uint8)
    _kernel.node_hashes(children, out)
    assert np.array_equal(out, hash_twin.node_hashes(children))


def test_the_kernel_writes_nothing_behind_its_output() -> None:
    out = np.full((40, 32), 0xA5, dtype=np.uint8)
    _kernel.node_hashes(some_hashes(2 * 19), out[:19])
    assert (out[19:] == 0xA5).all()
    out[:] = 0xA5
    _kernel.leaf_hashes(np.arange(19, dtype=np.uint64), np.zeros(19, np.uint8), np.zeros((19, 16), np.uint8), out[:19])
    assert (out[19:] == 0xA5).all()


def test_leaf_columns_may_be_views_with_gaps() -> None:
    keys = np.frombuffer(bytes(range(1, 162)), dtype=np.uint64, count=20, offset=1)  # not aligned, either
    verdicts = np.arange(60, dtype=np.uint8)[::3]
    salts = some_hashes(20)[:, ::2]
    assert np.array_equal(merkle.leaf_hashes(keys, verdicts, salts), hash_twin.leaf_hashes(keys, verdicts, salts))


@pytest.mark.parametrize(
    ("keys", "verdicts", "salts"),
    [
        (np.zeros(3, np.int64), np.zeros(3, np.uint8), np.zeros((3, 16), np.uint8)),
        (np.zeros(3, np.uint64), np.zeros(2, np.uint8), np.zeros((3, 16), np.uint8)),
        (np.zeros(3, np.uint64), np.zeros(3, np.uint8), np.zeros((3, 15), np.uint8)),
        (np.zeros(3, np.uint64), np.zeros(3, np.uint8), np.zeros(48, np.uint8)),
    ],
)
def test_columns_that_do_not_fit_together_are_refused(keys: np.ndarray, verdicts: np.ndarray, salts: np.ndarray) -> None:
    with pytest.raises(ValueError, match="keys"):
        merkle.leaf_hashes(keys, verdicts, salts)


def test_any_cut_into_pieces_gives_the_same_tree() -> None:
    hashes = some_hashes(70_001)
    whole = merkle.root(hashes)
    for piece in (1000, 4096, 65_536, 65_537):
        frontier = merkle.Frontier(follow=[0, 65_535, 65_536, 70_000])
        for start in range(0, len(hashes), piece):
            frontier.extend(hashes[start : start + piece])
        assert frontier.root() == whole
        for index in (0, 65_535, 65_536, 70_000):
            merkle.verify_inclusion(hashes[index].tobytes(), index, len(hashes), frontier.proof(index), whole)


def test_a_stored_frontier_goes_on_where_it_stopped() -> None:
    hashes = some_hashes(100)
    first = merkle.Frontier()
    first.extend(hashes[:37])
    later = merkle.Frontier.resume(len(first), first.peaks)
    later.extend(hashes[37:])
    assert later.root() == merkle.root(hashes)
    with pytest.raises(ValueError, match="37 leaves need 3 hashes"):
        merkle.Frontier.resume(37, first.peaks[:-1])


def test_a_frontier_proves_only_what_it_followed() -> None:
    frontier = merkle.Frontier(follow=[5])
    frontier.extend(some_hashes(4))
    with pytest.raises(IndexError, match="no leaf 5"):
        frontier.proof(5)
    with pytest.raises(KeyError):
        frontier.proof(1)
    with pytest.raises(ValueError, match="32 bytes"):
        frontier.append(b"short")


@pytest.mark.parametrize("index", [-1, 8])
def test_a_leaf_that_is_not_there_has_no_proof(index: int) -> None:
    with pytest.raises(IndexError, match="8 leaves"):
        merkle.inclusion_proof(HASHES, index)


@pytest.mark.parametrize("old_size", [0, 9])
def test_a_list_that_was_not_has_no_consistency_proof(old_size: int) -> None:
    with pytest.raises(ValueError, match="1 to 8 leaves"):
        merkle.consistency_proof(HASHES, old_size)


def test_a_broken_inclusion_proof_is_refused_by_name() -> None:
    proof, root = merkle.inclusion_proof(HASHES, 5), merkle.root(HASHES)
    merkle.verify_inclusion(HASHES[5], 5, 8, proof, root)
    bad = [
        (HASHES[4], 5, 8, proof, root),
        (HASHES[5], 4, 8, proof, root),
        (HASHES[5], 8, 8, proof, root),
        (HASHES[5], -1, 8, proof, root),
        (HASHES[5], 5, 16, proof, root),
        (HASHES[5], 5, 8, proof[:-1], root),
        (HASHES[5], 5, 8, [*proof, HASHES[0]], root),
        (HASHES[5], 5, 8, proof[::-1], root),
        (HASHES[5], 5, 8, proof, HASHES[0]),
        (HASHES[5], 5, 8, [proof[0][:-1], *proof[1:]], root),
    ]
    for case in bad:
        with pytest.raises(ReceiptError, match="does not lead") as caught:
            merkle.verify_inclusion(*case)
        assert caught.value.code == "receipt.inclusion"


def test_a_broken_consistency_proof_is_refused_by_name() -> None:
    old, new = merkle.root(HASHES[:6]), merkle.root(HASHES)
    proof = merkle.consistency_proof(HASHES, 6)
    merkle.verify_consistency(6, old, 8, new, proof)
    bad = [
        (6, HASHES[0], 8, new, proof),
        (6, old, 8, old, proof),
        (5, old, 8, new, proof),
        (9, old, 8, new, proof),
        (0, old, 8, new, proof),
        (6, old, 8, new, proof[:-1]),
        (6, old, 8, new, [*proof, HASHES[0]]),
        (6, old, 8, new, []),
        (8, new, 8, new, proof),
        (8, old, 8, new, []),
    ]
    for case in bad:
        with pytest.raises(ReceiptError, match="earlier root") as caught:
            merkle.verify_consistency(*case)
        assert caught.value.code == "receipt.consistency"


def test_one_number_is_shown_to_be_in_a_list_without_showing_the_list() -> None:
    secret, index = bytes(range(32)), 123_456
    keys = np.random.default_rng(7).integers(1, 10**12, size=200_000, dtype=np.uint64)
    verdicts = (keys % 5).astype(np.uint8)
    frontier = merkle.Frontier(follow=[index])
    for start in range(0, len(keys), 30_000):
        part = slice(start, min(start + 30_000, len(keys)))
        salted = salts(secret, start, part.stop - start)
        frontier.extend(merkle.leaf_hashes(keys[part], verdicts[part], salted))

    # what the doubter is given: the salt of this one row, its key and verdict, 18 hashes; and the signed root
    salt, proof = salts(secret, index, 1).tobytes(), frontier.proof(index)
    leaf = salt + int(keys[index]).to_bytes(8, "big") + bytes([verdicts[index]])
    assert len(proof) == 18
    merkle.verify_inclusion(merkle.leaf_hash(leaf), index, len(keys), proof, frontier.root())
    other = salt + (int(keys[index]) + 1).to_bytes(8, "big") + bytes([verdicts[index]])
    with pytest.raises(ReceiptError):
        merkle.verify_inclusion(merkle.leaf_hash(other), index, len(keys), proof, frontier.root())
