"""Names that people typed: what is the same, and what only looks so."""

from __future__ import annotations

import pytest

from quietline.clusters import by_name, folded, name_distance, normal_name
from quietline.clusters.folding import SIMPLIFIED


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        ("ＡＣＭＥ Solar, L.L.C.", "acme solar"),
        ("The ACME  solar Co., Ltd.", "acme solar"),
        ("acme-solar", "acme solar"),
        ("Lowe's", "lowes"),
        ("Lowe’s", "lowes"),
        ("Ltd", ""),
        (" -- ", ""),
        ("Café Crédit", "cafe credit"),
        ("深圳市某某科技有限公司", "深圳市某某科技"),
        ("深圳市某某科技股份有限公司", "深圳市某某科技"),
        ("中国某某通信集团有限公司", "某某通信"),
        ("某某貸款", "某某贷款"),
        ("中国银行", "中国银行"),
    ],
)
def test_case_width_punctuation_and_legal_forms_do_not_count(raw, normal):
    assert normal_name(raw) == normal


def test_a_slip_is_drawn_to_the_commoner_name():
    groups = by_name(["Acme Solar", "ACME SOLAR LLC", "acme slar", "acme soalr inc", "Solar Acme", "Other"])
    assert groups.names == ("acme solar",)
    assert groups.reports.tolist() == [5]
    assert groups.of.tolist() == [0, 0, 0, 0, 0, -1]
    assert groups.slips.tolist() == [0, 0, 1, 1, 0, 0]
    assert groups.spellings[0][0] == ("acme solar", 2)


def test_digits_are_never_a_slip():
    groups = by_name(["Channel 5 News Offer", "Channel 6 News Offer"], least=1)
    assert len(groups) == 2


def test_banks_that_differ_by_one_character_stay_apart():
    assert len(by_name(["工商银行", "招商银行", "农商银行"], least=1)) == 3
    assert len(by_name(["abbey", "abbot"], least=1)) == 2


def test_a_chain_of_slips_does_not_join_its_ends():
    chain = ["solar offer"] * 3 + ["solar ofger"] * 2 + ["solar ofgar"]
    groups = by_name(chain, least=1)
    assert groups.of.tolist() == [0, 0, 0, 0, 0, 1]


def test_traditional_characters_are_the_same_word():
    groups = by_name(["醫療保險卡", "医疗保险卡"])
    assert groups.names == ("医疗保险卡",)


def test_many_different_names_allow_one_slip_each(monkeypatch):
    names = ["warranty renewal office"] * 3 + ["waranty renewal ofice", "warranty renewal ofice"]
    assert by_name(names).of.tolist() == [0, 0, 0, 0, 0]
    monkeypatch.setattr("quietline.clusters.names._MANY", 2)
    assert by_name(names, least=1).of.tolist() == [0, 0, 0, 1, 0]


def test_rows_without_a_name_are_in_no_group():
    assert by_name(["", "  ", "Inc."], least=1).of.tolist() == [-1, -1, -1]
    assert len(by_name([])) == 0


@pytest.mark.parametrize(
    ("one", "other", "slips"), [("abc", "abc", 0), ("abc", "acb", 1), ("abcd", "bd", 2), ("abc", "xyz", 3)]
)
def test_slips_are_counted_and_swaps_are_one(one, other, slips):
    assert name_distance(one, other) == name_distance(other, one) == slips


def test_simplified_characters_fold_to_themselves():
    assert all(folded(folded(character)) == folded(character) for pair in SIMPLIFIED.items() for character in pair)
    assert not set(SIMPLIFIED) & set(SIMPLIFIED.values())
