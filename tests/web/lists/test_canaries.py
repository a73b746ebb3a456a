"""The pool: listed like anybody's numbers, sealed, and coming and going as the register itself does."""

from __future__ import annotations

import numpy as np
import pytest

from quietline.errors import ConflictError
from quietline.registers import Entries, Metadata, RegisterBuilder
from quietline.web.lists.canaries import add_canaries, batches_of, code_of, hidden_from, in_force, turn_over
from quietline.web.lists.models import CanaryBatch
from quietline.web.proofs.models import Leaf
from quietline.web.publishing.importing import import_register
from quietline.web.publishing.models import Change, Entry
from quietline.web.publishing.operations import end_entry, list_number
from quietline.web.publishing.queries import standing_entry
from web.lists.common import AREAS, AT, CANARIES, PEOPLE

pytestmark = pytest.mark.django_db(transaction=True)


def test_canaries_stand_in_the_register_like_any_number(register, canaries):
    standing = [standing_entry(register, key) for key in canaries.tolist()]
    entries = [entry for entry in standing if entry is not None]
    assert 0.7 * len(canaries) <= len(entries) <= 0.8 * len(canaries)
    assert {(entry.terms, entry.end_reason) for entry in entries} == {("", "")}
    assert Change.objects.filter(operation="add", key__in=[entry.key for entry in entries]).count() == len(entries)
    assert [batch.area for batch in batches_of(register)] == sorted(AREAS)
    assert Leaf.objects.filter(kind="canaries").count() == len(AREAS)


def test_who_reads_the_database_without_the_keys_cannot_tell_canaries_from_others(register, canaries):
    for row in CanaryBatch.objects.all():
        batch = batches_of(register, area=row.area)[0]
        assert batch.keys.tolist() == [int(f"{row.area}{number}") for number in CANARIES]
        for key in batch.keys.tolist():
            assert key.to_bytes(8, "little") not in bytes(row.sealed)
            assert str(key).encode() not in bytes(row.sealed)
    # no kind of proof is the canaries' own: it is one that operators give for any line
    assert set(Entry.objects.filter(key__in=canaries.tolist()).values_list("assurance", flat=True)) == {"operator"}


def test_numbers_that_stand_or_stood_or_are_canaries_already_are_refused(register, canaries):
    somebody = int(f"{AREAS[0]}{PEOPLE[0]}")
    for key, code in ((somebody, "canary.stands"), (int(canaries[0]), "canary.known")):
        with pytest.raises(ConflictError) as refused:
            add_canaries(register=register, keys=np.array([12135550100, key], dtype=np.uint64), at=AT)
        assert refused.value.code == code
    end_entry(register=register, key=somebody, reason="withdrawn", at=AT)
    with pytest.raises(ConflictError):
        add_canaries(register=register, keys=np.array([somebody], dtype=np.uint64), at=AT)
    assert CanaryBatch.objects.count() == len(AREAS)


def test_a_number_that_stands_by_an_import_is_refused(register, tmp_path):
    taken_over = np.array([12135550150], dtype=np.uint64)
    with RegisterBuilder() as builder:
        builder.add(Entries(taken_over))
        builder.write(tmp_path / "old.qlr", Metadata(name="old", country="US", list_date=AT.date()))
    import_register(register=register, path=tmp_path / "old.qlr", source="earlier register", at=AT)
    with pytest.raises(ConflictError):
        add_canaries(register=register, keys=taken_over, at=AT)


def test_each_organisation_misses_other_canaries_and_always_the_same(register, canaries, organisation):
    one, other = organisation("Evergreen Windows"), organisation("Brightbath")
    batches = batches_of(register)
    hidden = [set(hidden_from(body, batches).tolist()) for body in (one, other)]
    assert hidden[0] == set(hidden_from(one, batches_of(register)).tolist())
    assert hidden[0] != hidden[1]
    assert hidden[0] <= set(canaries.tolist())
    held = np.concatenate([code_of(one.pk, batch) for batch in batches])
    assert 0.2 < held.mean() < 0.6


def changed(what, keys):
    return set(Change.objects.filter(operation=what, key__in=keys.tolist()).values_list("key", flat=True))


def test_canaries_come_and_go_in_proportion_to_what_the_register_gains_and_loses(register, canaries, publish, days):
    publish()
    assert turn_over(at=days(1)) == 0  # nothing happened since there are canaries
    came, gone = changed("add", canaries), changed("withdraw", canaries)
    area, other = AREAS[0], AREAS[1]
    for number in PEOPLE[:20]:
        end_entry(register=register, key=int(f"{area}{number}"), reason="withdrawn", at=days(1))
        end_entry(register=register, key=int(f"{other}{number}"), reason="withdrawn", at=days(1))
        list_number(
            register=register, key=int(f"{other}{number}"), since_date=AT.date(), terms="", assurance="code", at=days(1)
        )
    publish(days(1))
    turn_over(at=days(1))
    left = changed("withdraw", canaries) - gone
    # of the 85 or so numbers of each area 45 or so are canaries: for 20 people some 10 of them
    for where in (area, other):
        assert 7 <= sum(str(key).startswith(where) for key in left) <= 18
    fresh = changed("add", canaries) - came
    assert {str(key)[:4] for key in left} == {area, other}
    assert {str(key)[:4] for key in fresh} == {other}  # nothing was gained in the first area
    assert 7 <= len(fresh) <= 18
    assert turn_over(at=days(1)) == 0


def test_a_canary_that_was_retired_comes_back_only_when_the_reserve_is_used_up(register, publish, days):
    keys = np.array([int(f"{AREAS[0]}{number}") for number in CANARIES[:20]], dtype=np.uint64)
    add_canaries(register=register, keys=keys, at=AT, share=0.5)
    publish()
    (batch,) = batches_of(register)
    first = set(keys[in_force(batch)].tolist())
    for day in range(1, 4):
        for number in PEOPLE:
            key = int(f"{AREAS[0]}{number}")
            end_entry(register=register, key=key, reason="withdrawn", at=days(day))
            list_number(register=register, key=key, since_date=AT.date(), terms="", assurance="code", at=days(day))
        publish(days(day))
        turn_over(at=days(day))
        if day == 1:
            came = changed("add", keys) - first
            assert 6 <= len(came) <= 10  # 40 of 50 numbers changed, and 10 of 50 are canaries
    assert changed("add", keys) == set(keys.tolist())
