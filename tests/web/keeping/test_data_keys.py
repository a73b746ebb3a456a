"""Data keys and sealed content: what opens, what is refused, and what a hash gives away."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from django.db import IntegrityError, transaction
from hypothesis import example, given
from hypothesis import strategies as st

from quietline.errors import VaultError
from quietline.vault import DataKey as OpenKey

AT = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
LATER = AT + timedelta(days=30)
RECORDS = ("keeping.test:1", "keeping.test:2", "keeping.test:11")
FIELDS = ("words", "answer", "act:lift")

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=8,
)
CONTENT = st.dictionaries(_TEXT.filter(bool), _JSON, max_size=5)


def code_of(wanted):
    """The code of the error that something raises."""
    with pytest.raises(VaultError) as error:
        wanted()
    return error.value.code


# -- content ---------------------------------------------------------------------------------------------------------


@given(CONTENT, st.sampled_from(RECORDS), st.sampled_from(RECORDS), st.sampled_from(FIELDS), st.sampled_from(FIELDS))
@example({}, RECORDS[0], RECORDS[0], FIELDS[0], FIELDS[0])
def test_content_opens_where_it_was_sealed_and_nowhere_else(content, record, asked_record, field, asked_field):
    from quietline.web.keeping.sealed_content import open_content, seal_content

    secret = bytes(range(32))  # one for both records, so that nothing but the name keeps them apart
    sealed, _digest = seal_content(OpenKey(secret, record), content, field)
    if (record, field) == (asked_record, asked_field):
        assert open_content(OpenKey(secret, asked_record), sealed, asked_field) == content
        assert open_content(OpenKey(secret, asked_record), memoryview(sealed), asked_field) == content
    else:
        assert code_of(lambda: open_content(OpenKey(secret, asked_record), sealed, asked_field)) == "vault.tampered"
    assert code_of(lambda: open_content(OpenKey(bytes(32), record), sealed, field)) == "vault.tampered"


@given(CONTENT, st.randoms(use_true_random=False))
def test_the_hash_fits_what_is_sealed_and_tells_nothing_of_it(content, shuffled):
    from quietline.web.keeping.sealed_content import as_json, is_content, seal_content

    key = OpenKey(bytes(range(32)), RECORDS[0])
    again = list(content.items())
    shuffled.shuffle(again)
    made = [seal_content(key, each, "words") for each in (content, content, dict(again))]
    assert len({sealed for sealed, _digest in made}) == len({digest for _sealed, digest in made}) == 3
    for sealed, digest in made:
        text = key.open_text(sealed, "words")
        assert sha256(text.encode()).hexdigest() == digest  # who opens it can show that it is what was hashed
        assert is_content(text)
        salted = json.loads(text)
        assert (len(bytes.fromhex(salted.pop(""))), salted) == (16, content)
    guesses = {
        sha256(guess.encode()).hexdigest() for guess in (as_json(content), json.dumps(content), as_json({"": "", **content}))
    }
    assert guesses.isdisjoint(digest for _sealed, digest in made)


@given(CONTENT)
def test_content_that_was_sealed_without_random_bytes_still_opens(content):
    from quietline.web.keeping.sealed_content import is_content, open_content

    key = OpenKey(bytes(range(32)), RECORDS[0])
    for text in (json.dumps(content), json.dumps(content, ensure_ascii=False, separators=(",", ":"))):
        assert open_content(key, key.seal_text(text, "words"), "words") == content
        assert not is_content(text)


@given(_TEXT, _TEXT)
def test_short_content_has_one_length(one, other):
    from quietline.web.keeping.sealed_content import seal_content

    key = OpenKey(bytes(range(32)), RECORDS[0])
    lengths = {
        len(seal_content(key, {"words": each}, "words")[0]) for each in ("", one, other) if len(json.dumps(each)) < 150
    }
    assert len(lengths) == 1


def test_the_empty_name_is_refused():
    from quietline.web.keeping.sealed_content import seal_content

    with pytest.raises(ValueError, match="empty name"):
        seal_content(OpenKey(bytes(range(32)), RECORDS[0]), {"": "x"}, "words")


# -- keys ------------------------------------------------------------------------------------------------------------

_NAME = st.sampled_from(RECORDS)
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("make"), _NAME, st.booleans()),
        st.tuples(st.just("seal"), _NAME, _TEXT),
        st.tuples(st.just("destroy"), st.sets(_NAME), st.integers(0, 5)),
        st.tuples(st.just("open as"), _NAME, _NAME),
    ),
    max_size=12,
)


@pytest.mark.django_db
@given(_STEPS)
def test_whatever_is_done_with_keys_they_open_what_a_plain_book_says(steps):
    from quietline.web.keeping import data_keys
    from quietline.web.keeping.models import DataKey

    with transaction.atomic():
        book = {}  # record: [what was sealed under its key of now, by text; when it was destroyed]
        for step, what, other in steps:
            if step == "make":
                with suppress(IntegrityError), transaction.atomic():
                    data_keys.draw_key(what).keep(at=AT, replace=other)
                    assert other or what not in book, "a second key for a record"
                    book[what] = [{}, None]
            elif step == "seal" and what in book and book[what][1] is None:
                key = data_keys.opened_key(DataKey.objects.get(record=what))
                book[what][0][other] = key.seal_text(other, "words")
            elif step == "destroy":
                moment = AT + timedelta(days=other)
                ids = [DataKey.objects.filter(record=record).values_list("pk", flat=True).first() for record in what]
                data_keys.destroy_keys(ids, at=moment)
                for record in what & book.keys():
                    book[record][1] = book[record][1] or moment
            elif step == "open as" and what != other and what in book and book[what][1] is None:
                row = DataKey.objects.get(record=what)
                assert code_of(lambda row=row, other=other: data_keys.opened_key(row, other)) == "vault.tampered"
        rows = {row.record: row for row in DataKey.objects.filter(record__in=RECORDS)}
        assert rows.keys() == book.keys()
        for record, (sealed, destroyed_at) in book.items():
            row = rows[record]
            assert (row.created_at, row.destroyed_at, row.wrapped is None) == (AT, destroyed_at, destroyed_at is not None)
            if destroyed_at is not None:
                assert code_of(lambda row=row: data_keys.opened_key(row)) == "vault.erased"
                assert code_of(lambda row=row: data_keys.opened_key(row, row.record)) == "vault.erased"
                continue
            for text, closed in sealed.items():
                assert data_keys.opened_key(row).open_text(closed, "words") == text
                assert data_keys.opened_key(row, record).open_text(closed, "words") == text
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_a_record_has_one_key_unless_it_is_said_that_the_former_goes():
    from quietline.web.keeping.data_keys import draw_key, new_data_key, opened_key
    from quietline.web.keeping.models import DataKey

    row, key = new_data_key(RECORDS[0], at=AT)
    sealed = key.seal_text("said", "words")
    with pytest.raises(IntegrityError), transaction.atomic():
        new_data_key(RECORDS[0], at=AT)
    drawn = draw_key(RECORDS[0])
    assert not DataKey.objects.exclude(pk=row.pk).exists()  # a drawn key stands nowhere yet
    fresh = drawn.keep(at=LATER, replace=True)
    assert list(DataKey.objects.values_list("pk", "created_at")) == [(fresh.pk, LATER)]
    assert code_of(lambda: opened_key(fresh).open_text(sealed, "words")) == "vault.tampered"
    assert opened_key(fresh).open_text(drawn.opened.seal_text("anew", "words"), "words") == "anew"


@pytest.mark.django_db
def test_no_key_opens_nothing_and_a_drawn_one_is_not_shown():
    from quietline.web.keeping.data_keys import destroy_keys, draw_key, opened_key, random_record

    assert code_of(lambda: opened_key(None)) == code_of(lambda: opened_key(None, RECORDS[0])) == "vault.erased"
    destroy_keys([None], at=AT)
    drawn = draw_key(RECORDS[0])
    assert repr(drawn) == f"DrawnKey(record={RECORDS[0]!r})"
    one, other = random_record("keeping.test"), random_record("keeping.test")
    assert one != other
    assert one.startswith("keeping.test:")
    assert len(one) <= 80


@pytest.mark.django_db
def test_a_key_that_was_sealed_before_this_mechanism_opens():
    """As every room wrote its rows until then: made by the ring, under the record's name."""
    from quietline.web.keeping.data_keys import opened_key
    from quietline.web.keeping.models import DataKey
    from quietline.web.keeping.rings import key_ring

    wrapped = key_ring().new_data_key("washing.wash:7")
    row = DataKey.objects.create(record="washing.wash:7", wrapped=wrapped, created_at=AT)
    sealed = key_ring().unwrap(wrapped, "washing.wash:7").seal_text("as it was", "clean")
    for each in (row, DataKey.objects.get()):  # from memory, and as the database gives it back
        assert opened_key(each).open_text(sealed, "clean") == opened_key(each, "washing.wash:7").open_text(sealed, "clean")
        assert opened_key(each).open_text(sealed, "clean") == "as it was"
