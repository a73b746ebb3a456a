"""What can be asked and answered, kind by kind; and that nothing of it lies in the database in the clear."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.inquiries.common import AT, CALLEE, CALLER, DAYS, DUE, MATTERS, ORDERS, PDF, VALUES, WAV, do

pytestmark = pytest.mark.django_db

NAMES = {kind: sorted({*VALUES[kind], "name", "holder", "holder_class", "account", "done_at"}) for kind in MATTERS}


def problems(kind, values):
    from quietline.web.inquiries.fields import BadValuesError
    from quietline.web.inquiries.kinds import checked_values

    with pytest.raises(BadValuesError) as refused:
        checked_values(kind, values)
    return refused.value.problems


@pytest.mark.parametrize("kind", list(MATTERS))
def test_what_is_asked_and_answered_comes_back_as_it_was_given(kind, sent, clerk, investigator):
    from quietline.web.inquiries import queries
    from quietline.web.inquiries.kinds import checked_values

    inquiry = sent(kind, words="Please hurry.\nThank you.")
    asked = queries.asked_in(inquiry)
    assert asked.words == "Please hurry.\nThank you."
    assert asked.matter.keys() == MATTERS[kind].keys()
    answer = do(inquiry, "acknowledge" if kind in ORDERS else "answer", by=clerk, officer=investigator)
    said = queries.said_in(answer)
    assert said.values == checked_values(kind, VALUES[kind])
    assert said.values.keys() == VALUES[kind].keys()


def test_the_holder_of_a_number_is_a_class_and_never_a_name(sent, clerk):
    from quietline.web.inquiries.fields import BadValuesError
    from quietline.web.inquiries.operations import answer

    assert problems("holder", {**VALUES["holder"], "name": "Otto Olsen"}) == [("name", "unknown")]
    assert problems("holder", {"holder": "subscriber"}) == [("holder_class", "missing")]
    assert problems("holder", {"holder": "ported", "account": "Otto Olsen"}) == [("account", "type")]
    assert problems("holder", {"holder": "not-assigned", "holder_class": "business"}) == [("holder_class", "senseless")]
    for more in ({"words": "It is Otto Olsen."}, {"files": [_file("o.pdf", PDF)]}):
        with pytest.raises(BadValuesError):
            answer(sent("holder"), values=VALUES["holder"], **more, by=clerk, at=AT)


def test_a_call_that_did_not_happen_has_no_beginning_and_no_length():
    assert problems("call-record", {"happened": "yes"}) == [("started_at", "missing"), ("duration_seconds", "missing")]
    assert problems("call-record", {**VALUES["call-record"], "happened": "no"}) == [
        (name, "senseless") for name in ("started_at", "duration_seconds", "attestation", "from_network")
    ]
    assert problems("call-record", {**VALUES["call-record"], "started_at": "2026-11-21T10:00:00"}) == [
        ("started_at", "type")
    ]
    assert problems("call-record", {**VALUES["call-record"], "duration_seconds": True}) == [("duration_seconds", "type")]
    assert problems("call-record", {**VALUES["call-record"], "duration_seconds": 604_801}) == [("duration_seconds", "long")]
    assert problems("call-record", {"happened": "maybe"}) == [("happened", "choice")]


@pytest.mark.parametrize(("matter", "is_good"), [
    ({"number": CALLER}, True), ({"first": "+12125550140", "last": "+12125550149"}, True),
    ({"first": "+12125550140", "last": "+12125550140"}, True), ({}, False), ({"first": "+12125550140"}, False),
    ({"last": "+12125550140"}, False), ({"number": CALLER, "first": CALLER, "last": CALLER}, False),
    ({"first": "+12125550149", "last": "+12125550140"}, False), ({"first": "+1212555014", "last": "+12125550149"}, False),
    ({"number": CALLER, "first": CALLER}, False), ({"number": "2125550147"}, False), ({"number": CALLER, "who": "x"}, False),
])  # fmt: skip
def test_an_order_to_block_names_one_number_or_one_range(matter, is_good):
    from quietline.web.inquiries.fields import BadValuesError
    from quietline.web.inquiries.kinds import checked_matter

    if is_good:
        assert checked_matter("block", matter) == matter
    else:
        with pytest.raises(BadValuesError):
            checked_matter("block", matter)


@given(data=st.data(), kind=st.sampled_from(sorted(MATTERS)))
def test_checked_values_are_stable_and_fit_their_table(data, kind):
    """Whatever is given: it is refused, or what is kept says the same when it is checked again, and is plain JSON."""
    from quietline.web.inquiries.fields import BadValuesError
    from quietline.web.inquiries.kinds import KINDS, checked_values

    moments = st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1), timezones=st.sampled_from([None, UTC]))  # noqa: DTZ001 - also naive ones
    values = data.draw(
        st.dictionaries(
            st.sampled_from(NAMES[kind]),
            st.one_of(
                st.sampled_from(["yes", "no", "subscriber", "business", "A", "2026-11-22", "", CALLER]),
                st.text(max_size=130), st.integers(-5, 10**7), moments, st.none(), st.booleans(), st.lists(st.text()),
            ),
            max_size=6,
        )
    )  # fmt: skip
    try:
        kept = checked_values(kind, values)
    except BadValuesError as error:
        assert error.problems
        return
    assert checked_values(kind, kept) == kept == json.loads(json.dumps(kept))
    fields = KINDS[kind].gives
    assert kept.keys() <= fields.keys()
    assert all(name in kept for name, field in fields.items() if field.needed and field.has_sense(kept))
    assert all(fields[name].has_sense(kept) for name in kept)


def test_what_is_sent_is_refused_where_something_is_wrong(sent, seller, investigator):
    from quietline.errors import OperationError
    from quietline.web.inquiries.operations import send

    good = {"kind": "reply", "to": seller, "subject": "CASE-1", "matter": {}, "words": "", "due_at": DUE}
    wrong = {
        "inquiry.kind": {"kind": "gossip"}, "inquiry.to": {"kind": "block", "matter": MATTERS["block"]},
        "inquiry.subject": {"subject": ""}, "inquiry.due": {"due_at": AT}, "inquiry.words": {"words": "x" * 10_001},
        "inquiry.values": {"matter": {"caller": "12"}},
    }  # fmt: skip
    for code, change in wrong.items():
        with pytest.raises(OperationError) as refused:
            send(**{**good, **change}, by=investigator, at=AT)
        assert refused.value.code == code
    with pytest.raises(OperationError, match="within a year"):
        send(**{**good, "due_at": AT + 367 * DAYS}, by=investigator, at=AT)
    made = send(**good, by=None, at=AT)
    assert (made.by, made.office) == (None, None)


def test_an_acknowledgement_cannot_come_from_the_future(sent, clerk):
    from quietline.web.inquiries.fields import BadValuesError
    from quietline.web.inquiries.operations import acknowledge

    with pytest.raises(BadValuesError):
        acknowledge(sent("block"), values={"done_at": AT + timedelta(hours=1)}, by=clerk, at=AT)
    assert acknowledge(sent("block"), values={"done_at": AT}, by=clerk, at=AT).outcome == "acknowledged"


# --- what lies in the database


def test_no_row_and_no_object_holds_a_number_or_a_word_in_the_clear(sent, clerk, investigator, objects):
    from django.db import connection

    from quietline.web.inquiries.operations import answer

    inquiry = sent("call-record", words="The caller promised windows.")
    do(inquiry, "ask-time", by=clerk, officer=investigator)
    do(inquiry, "extend", by=clerk, officer=investigator)
    answer(
        inquiry, values=VALUES["call-record"], words="Handed over at midnight.", by=clerk, at=AT,
    )  # fmt: skip
    other = sent("conduct")
    answer(other, values={"complete": "yes"}, files=[_file("secret plans.pdf", PDF)], by=clerk, at=AT)
    held = b""
    with connection.cursor() as cursor:
        tables = [
            name for name in connection.introspection.table_names(cursor) if name.startswith(("inquiries_", "proofs_"))
        ]
        assert len(tables) >= 5
        for table in tables:
            cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} t")
            held += b"".join(row[0].encode() for row in cursor.fetchall())
            cursor.execute(f"SELECT t.* FROM {table} t")
            held += b"".join(bytes(v) for row in cursor.fetchall() for v in row if isinstance(v, (bytes, memoryview)))
    files = [path for path in objects.rglob("*") if path.is_file() and "inquiries" in path.parts]
    assert len(files) == 1
    held += files[0].read_bytes()
    for word in (
        CALLER,
        CALLEE,
        CALLER[1:],
        "2125550147",
        "windows",
        "midnight",
        "Northtel says",
        "Holidays",
        "secret",
        "%PDF",
    ):
        assert word.encode() not in held, word
        assert word.encode().hex().encode() not in held, word


def test_the_hash_in_a_row_is_that_of_what_is_sealed_and_tells_no_number(sent):
    from hashlib import sha256

    from quietline.web.keeping.data_keys import opened_key

    first, second = sent("holder"), sent("holder")
    assert first.content_sha256 != second.content_sha256  # so nobody finds a number by trying
    text = opened_key(first.data_key).open_text(bytes(first.sealed), "content")
    assert sha256(text.encode()).hexdigest() == first.content_sha256


def test_erasing_leaves_the_proof_and_nothing_else(sent, clerk, investigator, objects, django_capture_on_commit_callbacks):
    from quietline.errors import ConflictError
    from quietline.web.inquiries import queries
    from quietline.web.inquiries.erasing import erase
    from quietline.web.inquiries.operations import answer, refuse
    from quietline.web.keeping.models import DataKey
    from quietline.web.proofs.objects import objects_store
    from web.inquiries.common import fresh, leaves

    inquiry = sent("conduct", words="Please hurry.")
    with pytest.raises(ConflictError):
        erase(inquiry, at=AT)
    do(inquiry, "ask-time", by=clerk, officer=investigator)
    refuse(inquiry, reason="We have none.", by=clerk, at=AT)
    made = answer(inquiry, values={"complete": "yes"}, files=[_file("plan.pdf", PDF)], by=clerk, at=AT)
    path = made.attachments.get().object_path
    assert objects_store("inquiries").exists(path)
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(2):
            erase(inquiry, at=AT + DAYS)
    assert not objects_store("inquiries").exists(path)
    assert not DataKey.objects.filter(record__startswith="inquiries.").exclude(wrapped=None).exists()
    row = fresh(inquiry)
    assert (queries.asked_in(row).words, row.erased_at, row.closed_at) == ("", AT + DAYS, AT + DAYS)
    assert {queries.said_in(each).words for each in row.answers.all()} == {""}
    assert {queries.reason_of(each) for each in row.acts.all()} == {""}
    assert (leaves("inquiry"), leaves("inquiry-answer"), leaves("inquiry-act")) == (1, 2, 2)
    with pytest.raises(ConflictError):
        do(row, "answer", by=clerk, officer=investigator)


# --- files


def _file(name, content):
    from quietline.web.inquiries.sealing import File

    return File(name, content)


@pytest.mark.parametrize(("content", "media_type"), [
    (PDF, "application/pdf"), (WAV, "audio/wav"), (b"ID3\x04" + bytes(20), "audio/mpeg"), (b"\xff\xfb\x90", "audio/mpeg"),
    (b"number,date\r\n1,2\r\n", "text/plain"), ("号码".encode(), "text/plain"), (b"<html>", ""), (b"MZ\x90\x00", ""),
    (b"PK\x03\x04", ""), (b"", ""), (b"\x7fELF", ""), (b"%PDF-1.7 cut off", "text/plain"), (b"text\x00", ""),
])  # fmt: skip
def test_a_file_is_what_it_contains_whatever_its_name_says(content, media_type):
    assert _file("harmless.pdf", content).media_type == media_type


def test_files_are_bounded_and_come_back_whole(sent, clerk):
    from quietline.web.inquiries import queries, sealing
    from quietline.web.inquiries.fields import BadValuesError
    from quietline.web.inquiries.models import Attachment
    from quietline.web.inquiries.operations import answer

    inquiry = sent("conduct")
    for files, code in (
        ([], "file-missing"), ([_file("a.exe", b"MZ\x90\x00")], "file-type"), ([_file("a.txt", b"")], "file-size"),
        ([_file("a.txt", b"a" * (sealing.MOST_BYTES + 1))], "file-size"),
        ([_file(f"{n}.txt", b"%d" % n) for n in range(sealing.MOST_FILES + 1)], "file-many"),
    ):  # fmt: skip
        with pytest.raises(BadValuesError) as refused:
            answer(inquiry, values={"complete": "yes"}, files=files, by=clerk, at=AT)
        assert refused.value.problems == [("files", code)]
    big = b"%PDF-1.7\n" + b"x" * 3_000_000 + b"\n%%EOF\n"
    made = answer(inquiry, values={"complete": "yes"}, files=[_file("..\\plans\x07.pdf", big)], by=clerk, at=AT)
    [told] = queries.said_in(made).files
    assert (told.name, told.size_bytes) == ("plans.pdf", len(big))
    assert sealing.read_file(Attachment.objects.get()) == big
