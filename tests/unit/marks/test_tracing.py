"""Leaks are traced to the lists that they were made of; lists too small for that name nobody."""

from __future__ import annotations

import numpy as np
import pytest

from quietline.marks import OnFile, Reach, codeword, least_canaries, trace, ways
from quietline.marks.bounds import Tail, weights
from unit.marks.leaking import SECRET, Pool, leaked

ORGANISATIONS = 120
SITUATIONS = [
    ("mixed", 2, 0.01),  # the leak of the requirement: mixed, cut to 1 %, a tenth of the lines taken away
    ("joined", 2, 0.01),
    ("common", 2, 0.01),
    ("one", 1, 0.01),
    ("mixed", 2, 1.0),
    ("joined", 2, 1.0),
    ("common", 2, 1.0),
    ("mixed", 3, 0.1),
    ("joined", 3, 0.1),
    ("common", 3, 0.1),
    ("mixed", 4, 1.0),
    ("joined", 4, 1.0),
    ("common", 4, 1.0),
]


@pytest.mark.parametrize(("way", "sources", "share"), SITUATIONS)
def test_sources_are_named_and_nobody_else_from_as_many_canaries_as_are_said_to_be_enough(way, sources, share):
    pool = Pool(least_canaries(share=share, way=way, sources=sources, on_file=ORGANISATIONS), ORGANISATIONS)
    random = np.random.default_rng(7)
    named = trials = 0
    for _ in range(6):
        chosen = random.choice(ORGANISATIONS, sources, replace=False)
        traced = trace(leaked(pool.codes[chosen], way, random, share=share), pool.bias, pool.on_file)
        assert set(traced.owners) <= {f"O{i}" for i in chosen}
        assert all(one.bound < 0.01 for one in traced.ranked if one.named)
        named += len(traced.owners)
        trials += sources
    assert named >= 0.85 * trials  # 2.5 % may be missed, so at most one of the first few


@pytest.mark.parametrize(("way", "sources"), [("mixed", 2), ("common", 2), ("one", 1)])
def test_a_small_part_of_what_is_needed_names_nobody(way, sources):
    pool = Pool(least_canaries(share=0.01, way=way, sources=sources, on_file=ORGANISATIONS) // 20, ORGANISATIONS)
    random = np.random.default_rng(8)
    for _ in range(20):
        chosen = random.choice(ORGANISATIONS, sources, replace=False)
        traced = trace(leaked(pool.codes[chosen], way, random, share=0.01), pool.bias, pool.on_file)
        assert traced.owners == ()


def test_a_difference_between_two_of_its_own_versions_names_its_source():
    pool = Pool(3000, ORGANISATIONS)
    old, new = Reach(np.arange(2800)), Reach(np.arange(200, 3000))  # 200 canaries were retired, 200 came into force
    lists = [
        OnFile(f"version {version} of O{i}", f"O{i}", reach, code)
        for version, reach in ((1, old), (2, new))
        for i, code in enumerate(pool.codes)
    ]
    for added in (np.arange(3000) >= 2800, np.arange(3000) < 200):  # what came, and what went
        found = trace(pool.codes[17] & added, pool.bias, lists)
        assert found.owners == ("O17",)


def test_a_leak_from_one_of_several_areas_names_its_source():
    pool = Pool(2000, ORGANISATIONS)
    areas = np.arange(2000) // 500
    traced = trace(pool.codes[3] & (areas == 2), pool.bias, pool.on_file, groups=areas)
    assert traced.owners == ("O3",)
    assert traced.ranked[0].bound < 1e-30
    assert traced.ranked[0].way.name == "one"


def test_lists_of_different_areas_are_judged_by_the_canaries_that_they_could_have_held():
    pool = Pool(1200, 40)
    half = Reach(np.arange(600))
    lists = [
        OnFile("all", f"O{i}", pool.reach, code) if i % 2 else OnFile("half", f"O{i}", half, code)
        for i, code in enumerate(pool.codes)
    ]
    both = pool.codes[5].copy()
    both[:600] |= pool.codes[8][:600]
    traced = trace(both, pool.bias, lists)
    assert set(traced.owners) == {"O5", "O8"}
    (of_8,) = [one for one in traced.ranked if one.owner == "O8"]
    assert (of_8.held, of_8.reached) == (int(pool.codes[8][:600].sum()), int(both[:600].sum()))


def test_the_bound_is_corrected_for_every_list_on_file():
    pool = Pool(400, 4000)
    leak = leaked([pool.codes[0]], "one", np.random.default_rng(1), share=0.1)
    few, many = (trace(leak, pool.bias, pool.on_file[:count]).ranked[0] for count in (40, 4000))
    assert few.owner == many.owner == "O0"
    assert many.bound == pytest.approx(100 * few.bound)


def test_a_leak_without_canaries_names_nobody():
    pool = Pool(500, 20)
    traced = trace(np.zeros(500, dtype=bool), pool.bias, pool.on_file)
    assert traced.owners == ()
    assert {one.bound for one in traced.ranked} == {1.0}


def test_nothing_on_file_is_no_error():
    pool = Pool(50, 1)
    assert trace(pool.codes[0], pool.bias, []).ranked == ()


def test_all_that_are_named_are_given_however_few_were_asked_for():
    pool = Pool(800, 30)
    lists = [OnFile(f"day {day}", one.owner, one.reach, one.code) for day in range(20) for one in pool.on_file]
    traced = trace(pool.codes[4], pool.bias, lists, most=5)
    assert [one.owner for one in traced.ranked] == ["O4"] * 20


@pytest.mark.parametrize("way", ways())
def test_the_bound_is_never_below_the_true_chance(way):
    """Against all codes of a short pool, each with its exact probability."""
    random = np.random.default_rng(11)
    bias = random.uniform(0.05, 0.9, 12)
    seen = random.random(12) < 0.4
    which = weights(way, seen, bias)
    codes = (np.arange(2**12)[:, None] >> np.arange(12)) & 1
    chances = np.where(codes, bias, 1 - bias).prod(axis=1)
    scores = np.where(codes, which.held, which.absent).sum(axis=1)
    assert (chances * np.exp(scores)).sum() == pytest.approx(1)  # a likelihood ratio
    order = np.argsort(-scores)
    true = np.cumsum(chances[order])
    ties = np.append(scores[order][1:] < scores[order][:-1] - 1e-9, [True])  # of equal scores the whole counts
    bounds = Tail(which, bias).logs(scores[order])
    assert (np.exp(bounds[ties]) >= true[ties] * (1 - 1e-9)).all()
    assert np.exp(bounds).min() < 0.5  # and it says something


def test_wrong_arguments_are_refused():
    pool = Pool(10, 2)
    with pytest.raises(ValueError, match="one bias"):
        trace(np.zeros(9, dtype=bool), pool.bias, pool.on_file)
    with pytest.raises(ValueError, match="one bias"):
        trace(np.zeros(10, dtype=bool), pool.bias, pool.on_file, error=0)
    with pytest.raises(ValueError, match="at least one source"):
        trace(pool.codes[0], pool.bias, pool.on_file, coalition=0)


# -- calibration -----------------------------------------------------------------------------------------------------

TRIALS, INNOCENTS, CANARIES = 1000, 60, 600


@pytest.mark.slow
def test_innocents_are_named_no_more_often_than_the_bound_says():
    """1,000 leaks of every kind; in each the smallest corrected bound of anybody who had no part in it."""
    random = np.random.default_rng(2026)
    least = np.ones(TRIALS)
    kinds = [(way, sources) for way in ("mixed", "joined", "common") for sources in (1, 2, 3, 4)]
    for trial in range(TRIALS):
        pool = Pool(CANARIES, INNOCENTS + 4, batch=f"trial {trial}")
        way, sources = kinds[trial % len(kinds)]
        leak = leaked(pool.codes[:sources], way, random, share=random.choice([0.02, 0.1, 0.5, 1.0]))
        traced = trace(leak, pool.bias, pool.on_file[sources:])
        least[trial] = min(one.bound for one in traced.ranked)
    for level in (0.01, 0.05, 0.2, 0.5):
        count = int((least < level).sum())
        # how many there may be at most, four standard deviations of luck included
        assert count <= TRIALS * level + 4 * np.sqrt(TRIALS * level)
    assert (least < 1).any()  # the bound is not so loose that it never says anything


def test_the_tail_is_close_to_how_often_innocents_reach_a_score():
    """A bound is worth something when it is not much above the truth: here within a factor of 30 at one in a thousand."""
    random = np.random.default_rng(5)
    pool = Pool(400, 1)
    leak = leaked(pool.codes, "one", random, share=0.2)
    way = ways()[0]
    which = weights(way, leak, pool.bias)
    scores = np.concatenate([
        (random.random((2000, 400)) < pool.bias) @ (which.held - which.absent) + which.absent.sum() for _ in range(50)
    ])  # fmt: skip
    at = np.quantile(scores, [0.9, 0.99, 0.999])
    bounds = np.exp(Tail(which, pool.bias).logs(at))
    assert (bounds >= np.array([0.1, 0.01, 0.001]) * 0.8).all()
    assert bounds[2] < 0.03


def test_an_organisations_code_can_be_had_from_real_batches():
    bias = Pool(64, 1).bias
    assert codeword(SECRET, "batch-1", "O0", bias).tolist() == Pool(64, 1).codes[0].tolist()
