"""Files as CRMs export them: what is understood, what is refused and where, and that nothing is half written."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from .conftest import AT, KEY

HUBSPOT = """\
Record ID,First Name,Phone Number,Opt-in Date,Marketing Status,Original Source,Page URL,Consent Text
1,Ada,(212) 555-0123,2026-10-01 14:30,Subscribed,web,https://brightbath.example/q,I agree to calls.
2,Bo,212-555-0124,2026-10-02,Unsubscribed,,,
3,Cy,+1 212 555 0125,2026-10-03T09:00:00Z,Subscribed,call,,"I agree, ""yes"", to calls."
"""
EUROPEAN = "Telefon;Bestellung;Date;Type\r\n07700 900123;A-1;22/10/2026;Order\r\n+44 7700 900124;A-2;03/11/2026;Lead\r\n"
CHINESE = "手机号,日期,类型,来源\n13800138000,2026年10月1日,同意,网页\n13800138001,2026/10/2,拒绝,\n"


def read(text, encoding="utf-8", **options):
    from quietline.web.evidence.reading import Options, read_file

    return read_file(text.encode(encoding), Options(**options), at=AT)


def rows_of(found):
    return [(record.kind, record.key, record.happened) for record in found.records]


def test_columns_are_found_by_the_names_that_programs_give_them():
    found = read(HUBSPOT)
    assert found.columns == {
        "reference": "Record ID", "number": "Phone Number", "happened_at": "Opt-in Date", "kind": "Marketing Status",
        "source": "Original Source", "place": "Page URL", "text": "Consent Text",
    }  # fmt: skip
    assert found.unused == ["First Name"]
    assert found.bad == 0
    assert rows_of(found) == [
        ("consent", KEY, datetime.fromisoformat("2026-10-01T14:30")), ("stop", KEY + 1, date(2026, 10, 2)),
        ("consent", KEY + 2, datetime(2026, 10, 3, 9, tzinfo=UTC)),
    ]  # fmt: skip
    assert found.records[2].text == 'I agree, "yes", to calls.'
    assert (found.first, found.last) == ("2026-10-01", "2026-10-03")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_other_separators_orders_and_encodings_are_read(encoding):
    found = read(EUROPEAN, encoding, country="GB")
    assert rows_of(found) == [
        ("purchase", 447700900123, date(2026, 10, 22)), ("inquiry", 447700900124, date(2026, 11, 3)),
    ]  # fmt: skip
    assert found.unused == ["Bestellung"]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_chinese_exports_are_read(encoding):
    found = read(CHINESE, encoding, country="CN")
    assert [(record.kind, record.happened) for record in found.records] == [
        ("consent", date(2026, 10, 1)), ("stop", date(2026, 10, 2)),
    ]  # fmt: skip


def test_each_bad_row_is_named_with_row_and_column_and_never_its_value():
    found = read(
        "phone,date,status,valid until\n"
        "12,2026-10-01,yes,\n212-555-0123,soon,yes,\n212-555-0123,2026-10-01,perhaps,\n\n"
        "212-555-0123,2026-12-24,yes,\n212-555-0124,2026-10-01,yes,2026-09-01\n212-555-0125,2026-10-01,yes,2027-10-01\n"
    )
    assert found.problems == [
        (2, "phone", "number.invalid"), (3, "date", "date.unread"), (4, "status", "kind.unknown"),
        (6, "date", "date.future"),
        (7, "valid until", "until.before"),
    ]  # fmt: skip
    assert (found.rows, found.bad, dict(found.kinds)) == (6, 5, {"consent": 1})


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        ("phone,date\n212-555-0123,2026-10-01\n", {}, "input.column"),
        ("name,date\nAda,2026-10-01\n", {"kind": "consent"}, "input.column"),
        ("phone,date\n212-555-0123,03/04/2026\n", {"kind": "consent"}, "input.dates"),
        ("phone,date\n212-555-0123,13/04/2026\n212-555-0123,04/13/2026\n", {"kind": "consent"}, "input.dates"),
    ],
)
def test_a_file_that_would_have_to_be_guessed_at_is_refused(text, options, code):
    from quietline.errors import InputError

    with pytest.raises(InputError) as refused:
        read(text, **options)
    assert refused.value.code == code


def test_the_order_of_day_and_month_is_that_of_the_whole_file_or_as_it_is_said():
    text = "phone,date\n212-555-0123,03/04/2026\n212-555-0124,04/13/2026\n"
    assert [record.happened for record in read(text, kind="consent").records] == [date(2026, 3, 4), date(2026, 4, 13)]
    text = "phone,date\n212-555-0123,03/04/2026\n"
    assert read(text, kind="consent", order="day").records[0].happened == date(2026, 4, 3)
    assert read(text, kind="consent", order="month").records[0].happened == date(2026, 3, 4)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("2026-11-22", date(2026, 11, 22)), ("20261122", date(2026, 11, 22)), ("22.11.2026", date(2026, 11, 22)),
        ("22 Nov 2026", date(2026, 11, 22)), ("22-November-2026 09:05", datetime.fromisoformat("2026-11-22T09:05")),
        ("2026-11-22 12:05 AM", datetime.fromisoformat("2026-11-22T00:05")),
        ("2026-11-22 12:05 p.m.", datetime.fromisoformat("2026-11-22T12:05")),
        ("2026-11-22T09:30:15.250+01:00", datetime(2026, 11, 22, 8, 30, 15, 250_000, tzinfo=UTC)),
        ("2026-11-22T09:30:15-0500", datetime(2026, 11, 22, 14, 30, 15, tzinfo=UTC)), ("2026-02-30", None),
        ("2026-11-22 25:00", None), ("22/11/2026", None), ("yesterday", None), ("", None), ("1732233600", None),
    ],
)  # fmt: skip
def test_days_and_moments_are_read_as_they_are_written(raw, value):
    from quietline.web.evidence.dates import DateReader

    assert DateReader("").read(raw) == value


@pytest.fixture
def upload(seller):
    from quietline.web.evidence.reading import Options
    from quietline.web.evidence.uploads import keep_upload

    def make(text, at=AT, **options):
        return keep_upload(
            organisation=seller, via=seller, by="person:1", data=text.encode(), options=Options(**options), at=at
        )

    return make


def folder():
    from quietline.web.publishing.objects import objects_folder

    return [path for path in (objects_folder() / "evidence").glob("*") if path.is_file()]


@pytest.mark.django_db
def test_a_small_file_is_read_shown_recorded_and_forgotten(upload, stands):
    from quietline.web.evidence.uploads import accept_upload

    made = upload("phone,date,status\n212-555-0123,2026-10-01,yes\n")
    assert made.state == "read"
    (sealed,) = folder()
    assert b"555" not in sealed.read_bytes()
    done = accept_upload(upload=made, leaves_out_bad=False, at=AT)
    assert (done.state, done.found["new"], done.batch.file_sha256) == ("done", 1, made.sha256)
    assert stands() == {"consents": date(2026, 10, 1)}
    assert folder() == []


@pytest.mark.django_db
def test_with_a_bad_row_nothing_is_recorded_unless_it_is_left_out_on_purpose(upload, stands):
    from quietline.errors import ConflictError, OperationError
    from quietline.web.evidence.uploads import accept_upload

    made = upload("phone,date,status\n212-555-0123,2026-10-01,yes\n12,2026-10-01,yes\n")
    with pytest.raises(OperationError) as refused:
        accept_upload(upload=made, leaves_out_bad=False, at=AT)
    assert refused.value.code == "upload.bad"
    assert stands() == {}
    accept_upload(upload=made, leaves_out_bad=True, at=AT)
    assert stands() == {"consents": date(2026, 10, 1)}
    with pytest.raises(ConflictError):
        accept_upload(upload=made, leaves_out_bad=True, at=AT)


@pytest.mark.django_db
def test_a_file_with_a_reference_of_another_record_fails_whole(upload, stands, hand_in):
    from quietline.web.evidence.given import Given
    from quietline.web.evidence.uploads import accept_upload

    hand_in(Given("purchase", KEY, date(2026, 1, 1), reference="7"))
    made = upload("phone,date,status,record id\n212-555-0123,2026-10-01,yes,7\n212-555-0124,2026-10-01,yes,8\n")
    done = accept_upload(upload=made, leaves_out_bad=False, at=AT)
    assert (done.state, done.found["failure"]) == ("failed", "evidence.refused")
    assert stands(KEY + 1) == {}


@pytest.mark.django_db
def test_large_files_are_worked_on_by_the_chore_and_old_ones_forgotten(upload, stands, monkeypatch):
    from quietline.web.evidence import uploads

    monkeypatch.setattr(uploads, "_AT_ONCE", 10)
    made = upload("phone,date,status\n212-555-0123,2026-10-01,yes\n")
    left = upload("phone,date,status\n212-555-0124,2026-10-01,yes\n")
    assert made.state == "reading"
    assert uploads.work_uploads(at=AT) == 2
    made.refresh_from_db()
    assert uploads.accept_upload(upload=made, leaves_out_bad=False, at=AT).state == "waiting"
    assert stands() == {}
    assert uploads.work_uploads(at=AT) == 1
    assert stands() == {"consents": date(2026, 10, 1)}
    uploads.work_uploads(at=AT + timedelta(hours=25))
    left.refresh_from_db()
    assert left.state == "dropped"
    assert folder() == []


@pytest.mark.django_db(transaction=True)
def test_a_hundred_thousand_rows_are_on_file_and_in_the_registers(upload, seller):
    from quietline.web.evidence import uploads
    from quietline.web.evidence.models import Record
    from quietline.web.evidence.writing import check_batch
    from quietline.web.proofs.models import Leaf
    from quietline.web.publishing.models import Change, Entry

    areas = [*range(201, 211), *range(212, 222), *range(301, 311)]
    lines = [
        f"+1{areas[i % 30]}{200 + i // 30 % 700:03d}{i // 21_000:04d},2026-{1 + i % 10:02d}-{1 + i % 28:02d},"
        f"{('yes', 'order', 'lead', 'opt out')[i % 4]},web,{i}"
        for i in range(100_000)
    ]
    text = "phone,date,status,source,record id\n" + "\n".join(lines) + "\n"
    made = upload(text)
    uploads.work_uploads(at=AT)
    made.refresh_from_db()
    assert made.state == "read", made.found
    uploads.accept_upload(upload=made, leaves_out_bad=made.found["bad"] > 0, at=AT)
    uploads.work_uploads(at=AT)
    made.refresh_from_db()
    good = made.found["new"]
    assert good > 80_000
    assert Record.objects.count() == good
    assert check_batch(made.batch)
    assert Entry.objects.filter(register__owner=seller, ended_at=None).count() == Change.objects.count()
    assert Leaf.objects.filter(kind="change").count() == Change.objects.count() > 50_000
