"""Logs of dialers and exchanges: layouts found out, rows numbered, nothing dropped."""

from __future__ import annotations

import gzip
import io
from datetime import UTC, datetime

import numpy as np
import pytest

from quietline.audit import CallLog, ReadAs, parse_mapping
from quietline.errors import ColumnError, InputError, UsageError
from quietline.tables import write_sheet

NUMBER = 12125550101
LOCAL, UTC_TEXT = "2026-03-09 10:30:00", "2026-03-09T14:30:00"
MAPPED = {"number": "Phone", "called_at": "Start"}
VICIDIAL_HEAD = (
    "call_date\tphone_number_dialed\tstatus\tuser\tfull_name\tcampaign_id\tvendor_lead_code\tsource_id\tlist_id\t"
    "gmt_offset_now\tphone_code\tphone_number\ttitle\tlength_in_sec\tuser_group\talt_dial"
)


def vicidial_row(number="2125550101", code="1", alt_dial="MAIN", at=LOCAL):
    return f"{at}\t{number}\tNA\t6666\tAnn\tSOLAR\t\t\t101\t-5.00\t{code}\t3475550000\t\t12\tADMIN\t{alt_dial}"


def all_calls(source, **options):
    options = {"country": "US", "zone": "America/New_York"} | options
    with CallLog.open(source.encode() if isinstance(source, str) else source, **options) as log:
        batches = list(log)
    return log, batches


def only(source, **options):
    log, batches = all_calls(source, **options)
    assert len(batches) == 1
    return log, batches[0]


def test_a_vicidial_export_is_known_by_its_header():
    log, calls = only(f"{VICIDIAL_HEAD}\r\n{vicidial_row()}\r\n")
    assert log.layout.name == "vicidial"
    assert "VICIdial" in log.describe()
    assert calls.keys.tolist() == [NUMBER]  # the number that was dialled, not the lead's first
    assert str(calls.called_at[0]).startswith(UTC_TEXT)
    assert {role: texts[0] for role, texts in calls.texts.items()} == {
        "agent": "6666",
        "list": "101",
        "disposition": "NA",
        "campaign": "SOLAR",
        "direction": "outbound",
    }


def test_the_older_vicidial_export_has_a_name_twice_and_the_first_is_dialled():
    head = VICIDIAL_HEAD.replace("phone_number_dialed", "phone_number")
    assert only(f"{head}\n{vicidial_row()}\n")[1].keys.tolist() == [NUMBER]


def test_vicidials_alternate_export_has_bars_and_short_moments():
    head = "call_date|phone_number_dialed|status|campaign_id|vendor_lead_code|source_id|first_name|last_name|length_in_sec"
    # its rows end in one bar more than its header
    log, calls = only(f"{head}|caller_code\r\n" + "202603091030|2125550101|NA|SOLAR|1|2|Ann|Lee|12|V309|\r\n" * 3)
    assert log.layout.name == "vicidial"
    assert str(calls.called_at[0]).startswith(UTC_TEXT)


def test_vicidials_own_table_has_the_moment_as_unix_time():
    text = "uniqueid,lead_id,list_id,campaign_id,call_date,start_epoch,status,phone_code,phone_number,user\n"
    log, calls = only(f"{text}1.1,7,101,SOLAR,{LOCAL},1773066600,NA,1,2125550101,6666\n", zone=None)
    assert log.columns["called_at"] == "start_epoch"
    assert str(calls.called_at[0]).startswith(UTC_TEXT)


def test_an_export_without_header_is_read_by_the_order_of_its_columns_where_the_layout_is_named():
    log, calls = only(f"{vicidial_row()}\n{vicidial_row()}\n", layout="vicidial")
    assert (calls.rows.tolist(), calls.keys.tolist()) == ([1, 2], [NUMBER, NUMBER])
    assert log.columns["list"] == "list_id"


@pytest.mark.parametrize(
    ("code", "number", "expected"),
    [
        ("44", "2079460018", 442079460018),
        ("44", "02079460018", 442079460018),
        ("01144", "2079460018", 442079460018),
        ("44", "442079460018", 442079460018),
        ("44", "+442079460018", 442079460018),
        ("1", "2125550101", NUMBER),
        ("1", "12125550101", NUMBER),
        ("", "2125550101", NUMBER),
        ("x", "2125550101", NUMBER),
    ],
)
def test_a_calling_code_in_a_column_of_its_own_is_put_before_the_number(code, number, expected):
    assert only(f"{VICIDIAL_HEAD}\n{vicidial_row(number, code)}\n")[1].keys.tolist() == [expected]


def test_vicidials_incoming_calls_are_told_by_the_seconds_they_waited():
    _, calls = only(f"{VICIDIAL_HEAD}\n{vicidial_row()}\n{vicidial_row(alt_dial='12.00')}\n")
    assert calls.incoming.tolist() == [False, True]


ASTERISK_HEAD = "accountcode,src,dst,dcontext,clid,channel,dstchannel,lastapp,lastdata,start,answer,end,duration,billsec"
ASTERISK_ROW = (
    f'"ann","1001","12125550101","out","""Ann"" <1001>","SIP/1-1","SIP/t-2","Dial","SIP/x,30","{LOCAL}",'
    f'"","{LOCAL}","60","55","NO ANSWER","DOCUMENTATION"'
)


@pytest.mark.parametrize("tail", ["", ',"1773066600.17"', ',"1773066600.17",""'])
@pytest.mark.parametrize("header", [True, False])
def test_asterisks_call_records_are_known_with_and_without_a_header(header, tail):
    names = ["", "disposition", "amaflags", "uniqueid", "userfield"]
    head = ASTERISK_HEAD + ",".join(names[: 3 + tail.count(",")]) + "\n" if header else ""
    log, calls = only(head + f"{ASTERISK_ROW}{tail}\n" * 3)
    assert log.layout.name == "asterisk"
    assert calls.keys.tolist() == [NUMBER] * 3
    assert calls.rows.tolist() == [1 + header, 2 + header, 3 + header]
    assert calls.texts["caller"] == ["1001"] * 3
    assert calls.texts["disposition"] == ["NO ANSWER"] * 3
    assert calls.texts["agent"] == ["ann"] * 3
    assert str(calls.called_at[0]).startswith(UTC_TEXT)


def test_asterisks_database_export_is_known():
    text = "calldate,clid,src,dst,dcontext,channel,lastapp,duration,disposition,accountcode\n"
    log, calls = only(f"{text}{LOCAL},Ann,1001,2125550101,out,SIP/1,Dial,60,ANSWERED,ann\n")
    assert log.layout.name == "asterisk"
    assert calls.keys.tolist() == [NUMBER]


@pytest.mark.parametrize("header", [True, False])
def test_freeswitchs_call_records_are_known_with_and_without_a_header(header):
    head = (
        "caller_id_name,caller_id_number,destination_number,context,start_stamp,answer_stamp,end_stamp,duration,billsec,"
        "hangup_cause,uuid,bleg_uuid,accountcode,read_codec,write_codec\n"
    )
    row = f'"Ann","3475550000","2125550101","default","{LOCAL}","","{LOCAL}","0","0","NO_ANSWER","a5c9","","ann","",""\n'
    log, calls = only((head if header else "") + row * 3)
    assert log.layout.name == "freeswitch"
    assert calls.keys.tolist() == [NUMBER] * 3
    assert calls.texts["disposition"] == ["NO_ANSWER"] * 3


def test_columns_are_named_by_the_user():
    columns = parse_mapping("number=phone, called_at=2 ,agent=User,list=ListID")
    log, calls = only(f"Phone;Start;User;ListID\n2125550101;{LOCAL};Ann;L1\n", columns=columns)
    assert log.layout.name == "mapped"
    assert log.columns == {"number": "Phone", "called_at": "Start", "agent": "User", "list": "ListID"}
    assert calls.texts == {"agent": ["Ann"], "list": ["L1"]}
    assert log.as_dict()["zone"] == "America/New_York"


def test_what_the_user_names_goes_before_what_the_layout_says():
    _, calls = only(f"{VICIDIAL_HEAD}\n{vicidial_row()}\n", columns={"agent": "full_name", "number": "phone_number"})
    assert calls.texts["agent"] == ["Ann"]
    assert calls.keys.tolist() == [13475550000]


@pytest.mark.parametrize("text", ["number", "number=", "=Phone", "number=A,number=B", "", "colour=Red", "alt_dial=X"])
def test_a_mapping_that_says_nothing_is_refused(text):
    with pytest.raises(UsageError) as caught:
        parse_mapping(text)
    assert caught.value.code == "usage.columns"


def test_an_unknown_log_is_refused_with_its_columns_and_the_option():
    with pytest.raises(ColumnError) as caught:
        all_calls("Who,Telephone,When\nAnn,2125550101,2026-03-09T14:30:00Z\n")
    assert "'Telephone'" in caught.value.message
    assert "--columns" in caught.value.advice


@pytest.mark.parametrize("options", [{"layout": "genesys"}, {"layout": "mapped"}, {"dates": "ymd"}, {"zone": "Mars/Base"}])
def test_options_that_cannot_be_meant_are_refused(options):
    with pytest.raises(UsageError):
        all_calls(f"{VICIDIAL_HEAD}\n{vicidial_row()}\n", **options)


def test_a_layout_without_a_needed_column_is_refused():
    with pytest.raises(ColumnError, match="the time of the call"):
        all_calls("dst,src\n2125550101,1\n", layout="asterisk")


def test_rows_that_cannot_be_read_are_counted_by_reason_with_their_row_numbers():
    rows = [f"2125550101,{LOCAL}", f",{LOCAL}", "", f"212555,{LOCAL}", "2125550101,", "2125550101,soon", "2125550101", "x,"]
    rows += ["2125550101,2026-03-09", "138****1234," + LOCAL]
    _, calls = only("Phone,Start\n" + "\n".join(rows) + "\n", columns=MAPPED)
    assert calls.rows.tolist() == [2, 3, 5, 6, 7, 8, 9, 10, 11]  # row 4 is a blank line and no row
    assert calls.readable.tolist() == [True] + [False] * 8
    assert {reason: found.tolist() for reason, found in calls.reasons().items()} == {
        "no_number": [3],
        "number_too_short": [5],
        "no_time": [6, 8],
        "unreadable_time": [7],
        "number_not_a_number": [9],
        "date_without_time": [10],
        "number_damaged": [11],
    }


def test_row_numbers_are_those_a_spreadsheet_shows():
    _, calls = only(f'\n"Pho\nne",Start\n\n2125550101,{LOCAL}\n', columns={"number": "1", "called_at": "Start"})
    assert calls.rows.tolist() == [4]


def test_a_log_of_local_times_without_a_zone_is_refused_before_anything_is_read():
    with pytest.raises(UsageError) as caught:
        CallLog.open(f"Phone,Start\n2125550101,{LOCAL}\n".encode(), country="US", columns=MAPPED)
    assert caught.value.code == "usage.zone_needed"
    assert "2125550101" not in str(caught.value)


def test_the_order_of_dates_is_taken_from_the_whole_log_where_it_allows_only_one():
    rows = ["2125550101,3/8/2026 2:30 PM"] * 400 + ["2125550101,3/28/2026 2:30 PM"]
    log, batches = all_calls("Phone,Start\n" + "\n".join(rows), columns=MAPPED)
    assert log.dates == "mdy"
    assert {str(at)[:16] for batch in batches for at in batch.called_at} == {"2026-03-08T18:30", "2026-03-28T18:30"}


def test_dates_whose_order_nobody_knows_are_refused_with_their_rows():
    source = io.BytesIO(b"Phone,Start\n2125550101,3/3/2026 2:30 PM\n2125550101,3/8/2026 2:30 PM\n")
    with pytest.raises(UsageError, match="rows 3") as caught:
        all_calls(source, columns=MAPPED)
    assert caught.value.code == "usage.dates_needed"
    source.seek(0)
    assert only(source, columns=MAPPED, dates="dmy")[1].called_at.astype("M8[D]").astype(str).tolist() == [
        "2026-03-03",
        "2026-08-03",
    ]


def test_dates_in_both_orders_are_refused_unless_one_is_declared():
    text = "Phone,Start\n2125550101,3/28/2026 2:30 PM\n2125550101,28/3/2026 2:30 PM\n"
    with pytest.raises(InputError, match="row 2.*row 3") as caught:
        all_calls(text, columns=MAPPED)
    assert caught.value.code == "input.dates"
    _, calls = only(text, columns=MAPPED, dates="mdy")
    assert list(calls.reasons()) == ["unreadable_time"]


def test_local_times_around_a_change_of_clocks_are_marked_and_read():
    text = "Phone,Start\n2125550101,2026-03-08 02:30:00\n2125550101,2026-11-01 01:30:00\n" + f"2125550101,{LOCAL}\n"
    _, calls = only(text, columns=MAPPED)
    assert calls.ambiguous.tolist() == [True, True, False]
    assert calls.readable.all()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030"])
def test_logs_of_any_encoding_are_read(encoding):
    text = f"号码,时间,坐席\n2125550101,{LOCAL},陈小明\n"
    columns = {"number": "号码", "called_at": "时间", "agent": "坐席"}
    _, calls = only(gzip.compress(text.encode(encoding)), columns=columns)
    assert (calls.keys.tolist(), calls.texts["agent"]) == ([NUMBER], ["陈小明"])


def test_a_workbook_is_read_with_its_cells_of_moments():
    book = io.BytesIO()
    moment = datetime(2026, 3, 9, 10, 30)  # noqa: DTZ001 - workbooks know no zones
    write_sheet(book, [["Phone", "Start", "User"], [2125550101, moment, "Ann"], [], ["2125550123", LOCAL, None]])
    _, calls = only(book.getvalue(), columns={**MAPPED, "agent": "User"})
    assert calls.rows.tolist() == [2, 4]
    assert calls.keys.tolist() == [NUMBER, 12125550123]
    assert {str(at)[:19] for at in calls.called_at} == {UTC_TEXT}
    assert calls.texts["agent"] == ["Ann", ""]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_parquet_is_read_with_its_moments(tmp_path, unit):
    import pyarrow as pa
    import pyarrow.parquet as pq

    at = datetime(2026, 3, 9, 14, 30, tzinfo=UTC)
    local = datetime(2026, 3, 9, 10, 30)  # noqa: DTZ001 - a column without a zone
    table = pa.table(
        {
            "Phone": ["2125550101", "2125550123"],
            "Start": pa.array([at, None], pa.timestamp(unit, tz="Asia/Shanghai")),
            "Local": pa.array([local, None], pa.timestamp(unit)),
            "Text": ["2026-03-09T14:30:00Z", None],
        }
    )
    pq.write_table(table, tmp_path / "calls.parquet")
    for column in ("Start", "Local", "Text"):
        _, calls = only(tmp_path / "calls.parquet", columns={"number": "Phone", "called_at": column})
        assert str(calls.called_at[0]).startswith(UTC_TEXT)
        assert calls.readable.tolist() == [True, False]
        assert calls.rows.tolist() == [1, 2]


def test_texts_of_a_log_are_made_fit_to_be_shown():
    name = "An\u202en\x07  \u200b Lee" + "x" * 300
    _, calls = only(f"Phone,Start,User\n2125550101,{LOCAL},{name}\n", columns={**MAPPED, "agent": "User"})
    (shown,) = calls.texts["agent"]
    assert shown.startswith("Ann Leex")
    assert len(shown) == 200


def test_batches_together_are_the_whole_log_in_order():
    rows = "".join(f"+1212555{i % 10000:04d},{LOCAL},agent {i % 7}\n" for i in range(60_000))
    log, batches = all_calls(f"Phone,Start,User\n{rows}", columns={**MAPPED, "agent": "User"})
    assert len(batches) > 1
    assert np.concatenate([batch.rows for batch in batches]).tolist() == list(range(2, 60_002))
    assert log.rows == 60_000


def test_an_empty_log_with_a_header_has_no_calls():
    assert all_calls(f"{VICIDIAL_HEAD}\n")[1] == []


def test_how_to_read_a_log_can_be_said():
    read_as = ReadAs(encoding="latin-1", delimiter="tab", quote="none", header=False)
    _, calls = only(
        f'"Jos\xe9\t2125550101\t{LOCAL}\n'.encode("latin-1"),
        columns=parse_mapping("number=2,called_at=3,agent=1"),
        read_as=read_as,
    )
    assert calls.texts["agent"] == ['"José']
