"""Salts come from one secret, each on its own."""

from __future__ import annotations

import numpy as np
import pytest

from quietline.ledger.salts import salts

SECRET = bytes(range(32))


def test_any_part_of_the_salts_can_be_made_alone() -> None:
    whole = salts(SECRET, 0, 1000)
    assert whole.shape == (1000, 16)
    assert whole.dtype == np.uint8
    assert np.array_equal(salts(SECRET, 700, 20), whole[700:720])
    assert len(salts(SECRET, 5, 0)) == 0


def test_salts_are_the_blocks_of_aes_256_in_counter_mode() -> None:
    # FIPS 197 appendix C.3 gives AES-256 of 00112233...eeff under the key 000102...1f
    block = int("00112233445566778899aabbccddeeff", 16)
    assert salts(SECRET, block, 1).tobytes().hex() == "8ea2b7ca516745bfeafc49904b496089"


def test_salts_of_one_secret_are_all_different_and_those_of_another_too() -> None:
    rows = np.concatenate([salts(SECRET, 0, 5000), salts(SECRET[::-1], 0, 5000)])
    assert len(np.unique(rows, axis=0)) == 10_000


def test_a_wrong_secret_or_range_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        salts(b"short", 0, 1)
    with pytest.raises(ValueError, match="from 0"):
        salts(SECRET, -1, 1)
