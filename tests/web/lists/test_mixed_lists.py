"""Lists of the stated size, line by line: mixed, cut to 1 %, spoilt; in common; joined; the difference of two versions."""

from __future__ import annotations

import numpy as np
import pytest

from quietline.marks import OnFile, Reach, biases, codeword, least_canaries, trace
from quietline.web.lists.content import difference, without

ORGANISATIONS, NUMBERS = 200, 2_000_000
SECRET = bytes(range(32))
FIRST = 15_550_000_000  # area code 555 was never given to anybody


class Country:
    """A register with as many canaries as are said to be enough, and two versions of everybody's lists."""

    def __init__(self):
        random = np.random.default_rng(4)
        count = max(
            least_canaries(share=0.01, way=way, sources=2, on_file=2 * ORGANISATIONS)
            for way in ("mixed", "joined", "common")
        )
        changed = count // 50  # of each version 2 % are not in the other, as of the people
        keys = FIRST + random.permutation(10_000_000)[: NUMBERS + count + changed].astype(np.uint64)
        self.canaries, self.people = np.sort(keys[: count + changed]), np.sort(keys[count + changed :])
        turn = random.permutation(count + changed)
        self.forces = [np.sort(turn[changed:]), np.sort(turn[:-changed])]
        self.bias = biases(SECRET, "batch", len(self.canaries))
        self.codes = [codeword(SECRET, "batch", f"O{i}", self.bias) for i in range(ORGANISATIONS)]
        reaches = [Reach(force) for force in self.forces]
        self.on_file = [
            OnFile(f"v{version} of O{i}", f"O{i}", reach, code)
            for version, reach in enumerate(reaches)
            for i, code in enumerate(self.codes)
        ]

    def list_of(self, number, version=0):
        """Give an organisation's list, as it is made for it."""
        in_force = np.zeros(len(self.canaries), dtype=bool)
        in_force[self.forces[version]] = True
        people = self.people[: -NUMBERS // 50] if version else self.people[NUMBERS // 50 :]
        everything = np.sort(np.concatenate([people, self.canaries[in_force]]))
        return without(everything, self.canaries[~self.codes[number]])

    def named(self, sample):
        """Trace a sample."""
        return trace(np.isin(self.canaries, sample), self.bias, self.on_file)


@pytest.fixture(scope="module")
def country():
    return Country()


def cut(keys, random, share=0.01):
    """Cut to a share, take a tenth of the lines away, and put a tenth of foreign lines in."""
    sample = random.choice(keys, int(len(keys) * share * 0.9), replace=False)
    foreign = random.integers(12_125_550_100, 12_125_550_200, len(sample) // 10).astype(np.uint64)
    return random.permutation(np.concatenate([sample, foreign]))


@pytest.mark.slow
@pytest.mark.parametrize("how", ["mixed", "joined", "common"])
def test_two_lists_put_together_cut_to_one_in_a_hundred_and_spoilt_name_both_and_nobody_else(country, how):
    random = np.random.default_rng(20)
    one, other = country.list_of(31), country.list_of(150)
    if how == "mixed":
        together = np.concatenate([random.permutation(one)[: len(one) // 2], random.permutation(other)[: len(other) // 2]])
    else:
        together = np.union1d(one, other) if how == "joined" else np.intersect1d(one, other)
    traced = country.named(cut(together, random))
    assert set(traced.owners) == {"O31", "O150"}
    assert max(row.bound for row in traced.ranked if row.named) < 0.01
    assert traced.on_file == 2 * ORGANISATIONS


@pytest.mark.slow
def test_what_changed_between_two_of_its_own_versions_names_its_organisation(country):
    added, removed = difference(country.list_of(31), country.list_of(31, version=1))
    for changes in (added, removed):
        assert 0.005 * NUMBERS < len(changes) < 0.05 * NUMBERS
        traced = country.named(changes)
        assert traced.owners == ("O31",)


@pytest.mark.slow
def test_canaries_are_a_small_part_of_a_list(country):
    held = np.isin(country.list_of(31), country.canaries).sum()
    assert held / len(country.list_of(31)) < 0.02
