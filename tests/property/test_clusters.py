"""Clusters: columns give what plain dictionaries give, signatures estimate what sets say, and joins are what links allow."""

from __future__ import annotations

import math
from collections import Counter, defaultdict

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from quietline.clusters import (
    LEAST_SHINGLES,
    STRONG,
    WIDTHS,
    Kind,
    Links,
    Shared,
    WordingIndex,
    by_name,
    by_number,
    by_range,
    campaigns,
    counted_once,
    estimated,
    jaccard,
    name_distance,
    normal_name,
    tokens,
    wording_of,
)
from quietline.clusters.chances import binomial_tail, gamma_poisson_tail, hypergeometric_tail, poisson_tail, sum_tail
from quietline.clusters.joining import Sets

FIRST = 15_550_000_000
DAY = np.datetime64("2026-03-01")

_keys = st.one_of(
    st.just(0),
    st.integers(min_value=FIRST, max_value=FIRST + 60),
    st.integers(min_value=FIRST, max_value=FIRST + 3_000_000),
    st.sampled_from([1, 9, 10, 10**15 - 1, 10**15, 1_172_000_000_000_195_588, 2**64 - 1]),
)
_reports = st.lists(st.tuples(_keys, st.integers(min_value=-20_000, max_value=20_000)), max_size=80)


def columns(reports):
    keys = np.array([key for key, _ in reports], dtype=np.uint64)
    return keys, DAY + np.array([day for _, day in reports], dtype=np.int64)


@given(_reports, st.integers(min_value=1, max_value=3))
def test_numbers_are_grouped_as_a_dictionary_groups_them(reports, least):
    plain = defaultdict(list)
    for key, day in reports:
        if key:
            plain[key].append(day)
    expected = {
        key: (len(days), DAY + min(days), DAY + max(days), len(set(days)))
        for key, days in plain.items()
        if len(days) >= least
    }
    groups = by_number(*columns(reports), least=least)
    found = {
        int(key): (int(groups.reports[i]), groups.first[i], groups.last[i], int(groups.active_days[i]))
        for i, key in enumerate(groups.keys)
    }
    assert found == expected
    assert groups.keys.tolist() == sorted(expected)
    assert [int(groups.keys[group]) if group >= 0 else None for group in groups.of.tolist()] == [
        key if key in expected else None for key, _ in reports
    ]


@given(_reports, st.sampled_from(WIDTHS), st.integers(min_value=1, max_value=3), st.integers(min_value=1, max_value=3))
def test_ranges_are_grouped_as_a_dictionary_groups_them(reports, width, least, least_numbers):
    plain = defaultdict(list)
    for key, day in reports:
        if 0 < key < 10**15:
            plain[key // width * width].append((key, day))
    expected = {}
    for start, rows in plain.items():
        counts = Counter(key for key, _ in rows)
        if len(rows) >= least and len(counts) >= least_numbers:
            days = {day for _, day in rows}
            largest = max(counts.values()) / len(rows)
            expected[start] = (len(rows), len(counts), largest, DAY + min(days), DAY + max(days), len(days))
    groups = by_range(*_split(reports, width), least=least, least_numbers=least_numbers)
    found = {
        int(key): (
            int(groups.reports[i]), int(groups.numbers[i]), float(groups.largest[i]),
            groups.first[i], groups.last[i], int(groups.active_days[i]),
        )
        for i, key in enumerate(groups.first_keys)
    }  # fmt: skip
    assert found == expected
    assert ((groups.chance >= 0) & (groups.chance <= groups.bound) & (groups.bound <= 1)).all()
    assert (groups.surroundings >= width).all()


def _split(reports, width):
    keys, days = columns(reports)
    return keys, width, days


@given(_reports, st.randoms(use_true_random=False))
def test_the_order_of_reports_does_not_count(reports, random):
    shuffled = random.sample(reports, len(reports))
    one, other = by_range(*_split(reports, 10)), by_range(*_split(shuffled, 10))
    assert one.first_keys.tolist() == other.first_keys.tolist()
    assert one.bound.tolist() == other.bound.tolist()


_count = st.integers(min_value=0, max_value=40)


@given(_count, _count, _count, _count)
def test_a_hypergeometric_bound_is_above_the_truth(count, drawn, marked, more):
    whole = max(drawn, marked) + more
    ways = math.comb(whole, drawn)
    truth = sum(
        math.comb(marked, i) * math.comb(whole - marked, drawn - i)
        for i in range(count, min(drawn, marked) + 1)
        if drawn - i <= whole - marked
    )
    bound = float(hypergeometric_tail(count, drawn, marked, whole))
    assert truth / ways * (1 - 1e-9) <= bound <= 1


@given(_count, _count, st.floats(min_value=0, max_value=1))
def test_a_binomial_bound_is_above_the_truth(count, trials, chance):
    truth = sum(math.comb(trials, i) * chance**i * (1 - chance) ** (trials - i) for i in range(count, trials + 1))
    assert truth * (1 - 1e-9) <= float(binomial_tail(count, trials, chance)) <= 1
    assert truth * (1 - 1e-9) <= float(sum_tail(count, trials * chance)) <= 1


@given(_count, st.floats(min_value=1e-6, max_value=50), st.floats(min_value=0, max_value=5))
def test_a_spread_only_makes_a_high_count_likelier_and_bounds_are_above_the_truth(count, mean, spread):
    log = [k * math.log(mean) - mean - math.lgamma(k + 1) for k in range(count, count + 400)]
    truth = math.fsum(math.exp(one) for one in log)
    bound = float(poisson_tail(count, mean))
    assert truth * (1 - 1e-9) <= bound <= 1
    if count > 2 * mean + 10 and spread > 0.01:
        assert float(gamma_poisson_tail(count, mean, spread)) >= truth * (1 - 1e-6)


_words = st.lists(
    st.sampled_from(
        ["alpha", "beta", "gamma", "delta", "eps", "zeta", "eta", "theta", "快", "递", "通", "知", "42", "1,000"]
    ),
    max_size=40,
)


@settings(deadline=None)
@given(_words, _words)
def test_a_signature_estimates_what_the_sets_say(one, other):
    texts = " ".join(one), " ".join(other)
    a, b = (wording_of(text) for text in texts)
    pairs = [set(zip(tokens(text), tokens(text)[1:], strict=False)) or set(tokens(text)) for text in texts]
    truth = len(pairs[0] & pairs[1]) / len(pairs[0] | pairs[1]) if pairs[0] | pairs[1] else 0.0
    assert jaccard(a, b) == jaccard(b, a) == truth
    if pairs[0] and pairs[1]:
        # six standard errors of 120 places: once in a thousand million
        assert abs(estimated(a, b) - truth) <= 6 * math.sqrt(max(truth * (1 - truth), 0.02) / 120)


@settings(deadline=None)
@given(st.lists(_words, max_size=12))
def test_an_index_gives_nothing_that_is_not_alike_and_itself_always(texts):
    index = WordingIndex()
    wordings = [index.add(i, " ".join(words)) for i, words in enumerate(texts)]
    for i, wording in enumerate(wordings):
        found = index.find(wording, alike=0.5)
        assert all(match.jaccard >= 0.5 and match.jaccard == jaccard(wording, wordings[match.name]) for match in found)
        assert (i in {match.name for match in found}) == (len(wording.hashes) >= LEAST_SHINGLES)
        assert found == sorted(found, key=lambda one: (-one.jaccard, one.name))


@settings(deadline=None)
@given(st.lists(_words, max_size=15))
def test_each_text_is_in_one_group_and_like_its_head(texts):
    index = WordingIndex()
    wordings = {i: index.add(i, " ".join(words)) for i, words in enumerate(texts)}
    groups = index.groups(alike=0.5, least=1)
    members = [name for _, rows in groups for name, _ in rows]
    assert sorted(members) == [i for i, wording in wordings.items() if wording.usable]
    for head, rows in groups:
        assert (head, 1.0) in rows
        assert all(near == jaccard(wordings[name], wordings[head]) >= 0.5 for name, near in rows)


@given(st.text(max_size=60))
def test_any_text_can_be_read(text):
    wording_of(text)
    assert normal_name(normal_name(text)) == normal_name(normal_name(normal_name(text)))
    assert len(by_name([text, text])) == bool(normal_name(text))


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_slips_are_counted_as_a_plain_recursion_counts_them(one, other):
    def plain(a, b):
        if not a or not b:
            return len(a) + len(b)
        best = min(plain(a[1:], b) + 1, plain(a, b[1:]) + 1, plain(a[1:], b[1:]) + (a[0] != b[0]))
        if len(a) > 1 and len(b) > 1 and a[0] == b[1] and a[1] == b[0]:
            best = min(best, plain(a[2:], b[2:]) + 1)
        return best

    truth = plain(one, other)
    assert name_distance(one, other, most=2) == min(truth, 3)


_links = st.lists(
    st.tuples(st.integers(0, 11), st.integers(0, 11), st.floats(min_value=0, max_value=1)),
    max_size=25,
)


@given(_links)
def test_sets_are_joined_as_plain_sets_are(links):
    sets, plain = Sets(12), [{i} for i in range(12)]
    for left, right, _ in links:
        one, other = (next(group for group in plain if item in group) for item in (left, right))
        assert sets.join(left, right) == (one is not other)
        if one is not other:
            plain.remove(other)
            one |= other
    numbers = sets.numbered().tolist()
    assert sorted(map(sorted, plain)) == sorted([i for i in range(12) if numbers[i] == number] for number in set(numbers))
    assert all(sets.size(item) == len(group) for group in plain for item in group)


@given(_links, st.lists(st.integers(-1, 2), min_size=12, max_size=12))
def test_campaigns_hold_together_by_their_reasons_and_weak_ones_go_one_step(links, names):
    of = np.array(names, dtype=np.int64)
    shared = Shared(Kind.PRODUCT, of, (of >= 0).astype(np.float64))
    ends = np.array([link[:2] for link in links], dtype=np.int64).reshape(-1, 2)
    pairs = Links(Kind.WORDING, ends[:, 0], ends[:, 1], np.array([link[2] for link in links], dtype=np.float64))
    found = campaigns(12, [shared], [pairs])
    strengths = defaultdict(float)
    for left, right, strength in links:
        if left != right:
            pair = min(left, right), max(left, right)
            strengths[pair] = max(strengths[pair], strength)
    combined = {
        pair: 1 - (1 - strength) * (0.5 if names[pair[0]] == names[pair[1]] >= 0 else 1.0)
        for pair, strength in strengths.items()
    }
    # items with a strong link are together
    assert all(found.of[left] == found.of[right] for (left, right), s in combined.items() if s >= STRONG + 1e-9)
    # each join has one reason, and the reasons alone give the campaigns
    sets = Sets(12)
    assert all(sets.join(one.left, one.right) for one in found.reasons)
    assert sets.numbered().tolist() == found.of.tolist()
    assert len(found.reasons) == 12 - len(found)
    # without what was attached, each campaign falls into cores of strong links, one of which received the others
    cores = Sets(12)
    for one in found.reasons:
        assert one.attached == (one.strength < STRONG)
        if not one.attached:
            cores.join(one.left, one.right)
    for campaign in range(len(found)):
        members = np.flatnonzero(found.of == campaign).tolist()
        attached = [one for one in found.why(campaign) if one.attached]
        centres = set.intersection(*({cores.find(one.left), cores.find(one.right)} for one in attached)) if attached else {0}
        assert centres
        assert len({cores.find(item) for item in members}) == len(attached) + 1
    assert all(found.of[one.left] != found.of[one.right] for one in found.apart)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 1), st.floats(0, 1)), max_size=20))
def test_each_person_counts_once_for_a_number_and_a_day(rows):
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    reporters, days = np.array(columns[0], dtype=np.int64), DAY + np.array(columns[2], dtype=np.int64)
    chosen = counted_once(reporters, np.array(columns[1], dtype=np.uint64), days, np.array(columns[3], dtype=np.float64))
    best = {}
    for i, (reporter, key, day, weight) in enumerate(rows):
        if reporter and key and ((reporter, key, day) not in best or rows[best[reporter, key, day]][3] < weight):
            best[reporter, key, day] = i
    expected = [i in best.values() or not reporter or not key for i, (reporter, key, _, _) in enumerate(rows)]
    assert chosen.tolist() == expected
