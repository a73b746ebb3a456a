"""What is written in a case: opened, refused elsewhere, hashed so that it cannot be guessed; and as it was sealed before."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from quietline.errors import VaultError
from web.enforcement.common import AT

pytestmark = pytest.mark.django_db

_WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
_FIELD = st.sampled_from(["act", "reasons", "letter"])


@pytest.fixture
def sealing():
    from quietline.web.enforcement import sealing

    return sealing


@pytest.fixture
def two():
    """Two cases that are about to be saved."""
    from quietline.web.enforcement.models import Case
    from quietline.web.enforcement.sealing import new_key

    cases = [Case(reference=f"CS-{number}") for number in (1, 2)]
    for case in cases:
        case.data_key = new_key(case, at=AT)
    return cases


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(_WORDS, _FIELD, _FIELD)
@example('{"":"00112233445566778899aabbccddeeff","text":"another"}', "act", "act")
@example("", "act", "act")
def test_words_open_in_their_field_of_their_case_and_nowhere_else(sealing, two, words, field, asked):
    from quietline.web.keeping.data_keys import opened_key

    case, other = two
    (first, digest), (second, again) = (sealing.closed(case, words, field) for _time in range(2))
    if not words:
        assert (first, digest) == (None, "")
        assert sealing.opened(case, first, field) == ""
        return
    assert first != second
    assert digest != again  # equal words, other random bytes
    inside = opened_key(case.data_key).open_text(first, field)
    assert sha256(inside.encode()).hexdigest() == digest != sha256(words.encode()).hexdigest()
    assert sealing.opened(case, first, field) == sealing.opened(case, memoryview(second), field) == words
    if asked != field:
        with pytest.raises(VaultError):
            sealing.opened(case, first, asked)
    with pytest.raises(VaultError):
        sealing.opened(other, first, field)
    moved = type(case)(reference=other.reference, data_key=case.data_key)  # the key with it: the name keeps it shut
    with pytest.raises(VaultError):
        sealing.opened(moved, first, field)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(_WORDS.filter(bool))
@example('{"en": "Mend it.", "": "x"}')
def test_words_that_were_sealed_alone_still_open(sealing, two, words):
    from quietline.web.keeping.data_keys import opened_key

    case, _other = two
    old = opened_key(case.data_key, f"enforcement.case:{case.reference}").seal_text(words, "reasons")
    assert sealing.opened(case, old, "reasons") == words


def test_nothing_opens_and_nothing_is_sealed_once_the_key_is_destroyed(sealing, two):
    from quietline.web.keeping.data_keys import destroy_keys

    case, other = two
    (mine, _mine), (theirs, _theirs) = (sealing.closed(each, "Three calls.", "act") for each in two)
    destroy_keys([case.data_key_id], at=AT)
    case.data_key.refresh_from_db()
    assert case.data_key.destroyed_at == AT
    for tried in (lambda: sealing.opened(case, mine, "act"), lambda: sealing.closed(case, "More.", "act")):
        with pytest.raises(VaultError) as error:
            tried()
        assert error.value.code == "vault.erased"
    assert sealing.opened(other, theirs, "act") == "Three calls."
    assert b"".join(sealing.open_stream(other, sealing.seal_stream(other, [b"a", b"b"], "package"), "package")) == b"ab"


def test_leaves_of_steps_hold_whichever_way_their_words_were_sealed(case, office, sealing):
    from quietline.web.enforcement.models import CaseAct
    from quietline.web.keeping.data_keys import opened_key
    from quietline.web.proofs.models import Leaf
    from quietline.web.proofs.operations import hash_of, write_leaves

    words = "We wrote to both."
    alone = opened_key(case.data_key).seal_text(words, "act")
    ways = [(alone, sha256(words.encode()).hexdigest()), sealing.closed(case, words, "act")]
    for number, (closed, digest) in enumerate(ways, start=90):
        row = CaseAct(
            case=case, number=number, act=CaseAct._meta.get_field("act").choices[0][0], to_state=case.state, words=closed,
            words_sha256=digest, by=office.olga, at=AT,
        )  # fmt: skip
        row.save(force_insert=True)
        write_leaves("case-act", [row], at=AT)
    acts = list(CaseAct.objects.filter(case=case, number__gte=90).order_by("number"))
    assert [sealing.opened(case, act.words, "act") for act in acts] == [words, words]
    assert acts[0].words_sha256 != acts[1].words_sha256
    for act in acts:
        leaf = Leaf.objects.get(kind="case-act", record=act.pk)
        assert bytes(leaf.hash) == hash_of(bytes(leaf.salt), "case-act", act.pk, act.canonical)
        inside = opened_key(case.data_key).open_text(bytes(act.words), "act")
        assert sha256(inside.encode()).hexdigest() == act.words_sha256
