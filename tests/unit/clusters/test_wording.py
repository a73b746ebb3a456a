"""Wording: what makes two texts alike, how they are found, and what is stored of them."""

from __future__ import annotations

import pytest

from quietline.clusters import (
    SIGNATURE_BYTES,
    Wording,
    WordingIndex,
    by_wording,
    containment,
    estimated,
    jaccard,
    tokens,
    wording_of,
)

OFFER = (
    "Hello, this is {name} from the warranty office. We have been trying to reach you about the warranty of "
    "your vehicle. The fee of {amount} is due today. To speak with an agent press {digit} now, or call us back at "
    "{number}. Thank you."
)
OTHER = (
    "Your parcel could not be delivered because the address was incomplete. Please open the link that we have "
    "sent to you and confirm the street and house within one day, otherwise it goes back to the sender."
)
CHINESE = "您好，这里是某某国际快递最后一次通知您，您有一份包裹已派送两次无人签收，如需查询请按{digit}，由人工客服为您服务。"


def offer(name="Daniel", amount="$1,499.00", digit="1", number="+1 212 555 0142"):
    return OFFER.format(name=name, amount=amount, digit=digit, number=number)


def test_an_amount_or_a_number_exchanged_changes_nothing():
    assert jaccard(wording_of(offer()), wording_of(offer(amount="$79", digit="9", number="+1 212 555 0199"))) == 1


def test_a_name_exchanged_changes_little():
    assert 0.85 < jaccard(wording_of(offer()), wording_of(offer(name="Susan"))) < 1


def test_width_case_and_traditional_characters_do_not_count():
    plain = CHINESE.format(digit="1")
    dressed = "您好，這裡是某某國際快遞最後一次通知您，您有一份包裹已派送兩次無人簽收，如需查詢請按９，由人工客服為您服務。"
    assert jaccard(wording_of(plain), wording_of(dressed)) > 0.85
    assert tokens("ＰＲＥＳＳ Ｏｎｅ") == tokens("press one")


def test_a_message_that_repeats_is_the_message():
    text = offer()
    assert jaccard(wording_of(text), wording_of(f"{text} {text} {text}")) > 0.95


def test_a_recording_cut_off_is_contained():
    text = offer()
    half = text[: len(text) // 2]
    assert containment(wording_of(half), wording_of(text)) > 0.9
    assert jaccard(wording_of(half), wording_of(text)) < 0.7


def test_other_texts_have_nothing_in_common():
    assert jaccard(wording_of(OFFER), wording_of(OTHER)) < 0.05
    assert estimated(wording_of(OFFER), wording_of(OTHER)) < 0.1


def test_short_texts_are_never_found():
    index = WordingIndex()
    index.add(1, "scam call")
    assert not wording_of("scam call").usable
    assert wording_of("scam call").bands == ()
    assert index.find("scam call") == []
    assert by_wording(["scam call"] * 5).of.tolist() == [-1] * 5


def test_empty_text_has_a_signature_and_is_like_nothing():
    empty = wording_of("")
    assert len(empty.signature) == SIGNATURE_BYTES
    assert jaccard(empty, empty) == 0
    assert containment(empty, wording_of(OFFER)) == 0


def test_signatures_are_the_same_on_every_machine():
    wording = wording_of("press one to speak with an agent about the warranty of your vehicle")
    assert wording.signature[:8].hex() == "bf94ce06529e2301"
    assert wording.bands[:2] == (5209518705724569365, -2878125522025568047)


def test_a_stored_wording_is_as_good_as_its_text():
    wording = wording_of(offer())
    stored = Wording(bytes(wording.signature), bytes(wording.shingles))
    index = WordingIndex()
    index.add(7, stored)
    assert [match.name for match in index.find(offer(name="Susan"))] == [7]
    assert set(stored.bands) == set(wording.bands)
    assert all(-(2**63) <= band < 2**63 for band in stored.bands)


def test_damaged_bytes_are_refused():
    wording = wording_of(offer())
    with pytest.raises(ValueError, match="480 bytes"):
        Wording(wording.signature[1:], wording.shingles)
    with pytest.raises(ValueError, match="a shingle 8"):
        Wording(wording.signature, wording.shingles[1:])


def test_a_secret_keeps_guesses_from_being_tested():
    assert jaccard(wording_of(offer(), secret=b"one"), wording_of(offer(), secret=b"other")) == 0
    assert jaccard(wording_of(offer(), secret=b"one"), wording_of(offer(name="Eve"), secret=b"one")) > 0.8


def test_an_index_grows_merges_and_forgets():
    one, other = WordingIndex(), WordingIndex()
    one.add(1, offer())
    other.add(2, offer(name="Susan"))
    other.add(3, OTHER)
    one.merge(other)
    assert [match.name for match in one.find(offer())] == [1, 2]
    assert one.find(offer())[0].jaccard == 1
    one.remove(1)
    one.remove(99)
    assert [match.name for match in one.find(offer())] == [2]
    assert len(one) == 2
    assert 1 not in one
    with pytest.raises(ValueError, match="another wording"):
        one.add(2, OTHER)


def test_a_removed_wording_leaves_nothing_behind():
    index = WordingIndex()
    index.add(1, offer())
    index.remove(1)
    assert not index._bands
    assert not index._wordings


def test_groups_have_a_head_that_all_members_are_like():
    texts = [
        offer(),
        offer(name="Susan"),
        OTHER,
        CHINESE.format(digit="1"),
        offer(name="Joe"),
        CHINESE.format(digit="9"),
        "",
    ]
    groups = by_wording(texts)
    assert groups.reports.tolist() == [3, 2]
    assert groups.of.tolist() == [0, 0, -1, 1, 0, 1, -1]
    assert all(
        groups.alike[row] == jaccard(wording_of(texts[row]), wording_of(texts[groups.heads[group]]))
        for row, group in enumerate(groups.of.tolist())
        if group >= 0
    )


def test_a_text_that_changes_step_by_step_does_not_stay_in_one_group():
    words = [chr(97 + i // 26) + chr(97 + i % 26) for i in range(60)]
    texts = [" ".join(words[start : start + 30]) for start in range(0, 31, 5)]
    groups = by_wording(texts)
    ends = wording_of(texts[0]), wording_of(texts[-1])
    assert jaccard(*ends) == 0
    assert groups.of[0] != groups.of[-1]
