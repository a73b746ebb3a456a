"""Texts as people write them."""

from __future__ import annotations

from datetime import date

import pytest

from quietline.web.subscribers import texts_in as t
from quietline.web.subscribers.terms import union, without


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("BLOCK", t.Block()),
        ("stop", t.Block()),
        ("STOP.", t.Block()),
        ("ＢＬＯＣＫ", t.Block()),
        ("Blóck!", t.Block()),
        ("退订", t.Block()),
        ("屏蔽", t.Block()),
        ("屏蔽全部。", t.Block()),
        ("BLOCK 0,2,3", t.Block()),
        ("BLOCK ALL CALLS", t.Block()),
        ("BLOCK 1,4", t.Block("categories=1,4")),
        ("block 1 and 4", t.Block("categories=1,4")),
        ("屏蔽１、４", t.Block("categories=1,4")),
        ("BLOCK1,4", t.Block("categories=1,4")),
        ("BLOCK 1,4 SAT SUN", t.Block("categories=1,4; days=36,37")),
        ("屏蔽周六和星期天", t.Block("days=36,37")),
        ("屏蔽周末 录音", t.Block("channels=recorded; days=36,37")),
        ("BLOCK VOICE", t.Block("channels=voice")),
        ("BLOCK TEXT RECORDED", t.Block("channels=recorded,text")),
        ("屏蔽短信", t.Block("channels=text")),
        ("BLOCK 18-24", t.Block("bands=28,29")),
        ("BLOCK 20:00 to 22:00", t.Block("bands=28,29")),
        ("BLOCK 38", t.Block("days=38")),
        ("屏蔽21点到24点", t.Block("bands=29")),
        ("BLOCK 11", t.Block("modes=11")),
        ("BLOCK VOICE TEXT RECORDED 2", t.Block()),
        ("BLOCK 31-37", t.Unknown("BLOCK")),
        ("BLOCK WEEKDAYS WEEKEND", t.Block()),
        ("BLOCK 1 2 3 4 5 6 7 8", t.Block()),
        ("UNBLOCK VOICE TEXT RECORDED", t.Unblock("channels=recorded,text,voice")),
        ("UNBLOCK", t.Unblock()),
        ("恢复", t.Unblock()),
        ("取消屏蔽 1", t.Unblock("categories=1")),
        ("YES 48210394", t.Yes("48210394")),
        ("yes 4821 0394", t.Yes("48210394")),
        ("确认４８２１０３９４", t.Yes("48210394")),
        ("是 48210394", t.Yes("48210394")),
        ("48210394", t.Yes("48210394")),
        ("Yes!", t.Yes("")),
        ("Status?", t.Status()),
        ("查询", t.Status()),
        ("please", t.Unknown()),
        ("?", t.Help()),
        ("帮助", t.Help()),
        ("help me", t.Help()),
        ("LANG ZH", t.Language("zh-hans")),
        ("language english", t.Language("en")),
        ("语言 中文", t.Language("zh-hans")),
        ("ALLOW s-1234", t.Allow("S-1234")),
        ("拒绝 S1234", t.Refuse("S1234")),
    ],
)
def test_a_text_is_understood(text, command):
    assert t.understand(text) == command


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "COMP +12125550123 22/11 Robot about my car",
            t.Complaint("+12125550123", t.SaidDay(22, 11), "", "Robot about my car"),
        ),
        ("comp (212) 555-0123 22/11/26 14:05 robot", t.Complaint("2125550123", t.SaidDay(22, 11, 2026), "14:05", "robot")),
        (
            "COMP TEL NO 2125550123;22/11/26;9:30;sold; things",
            t.Complaint("2125550123", t.SaidDay(22, 11, 2026), "09:30", "sold; things"),
        ),
        ("投诉02079460123 11月22日 推销贷款", t.Complaint("02079460123", t.SaidDay(22, 11), "", "推销贷款")),
        ("COMP 212 555 0123 3 calls today", t.Complaint("2125550123", None, "", "3 calls today")),
        (
            "COMP 2125550123 11/22 the only way to read it",
            t.Complaint("2125550123", t.SaidDay(22, 11), "", "the only way to read it"),
        ),
        ("COMP they hide their number", t.Complaint("", None, "", "they hide their number")),
        ("COMP AX-LOANCO 2026-11-22 loan", t.Complaint("AX-LOANCO", t.SaidDay(22, 11, 2026), "", "loan")),
    ],
)
def test_a_complaint_is_taken_apart(text, complaint):
    assert t.understand(text) == complaint


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("BLCOK", "BLOCK"),
        ("STATSU", "STATUS"),
        ("STOP calling me", "BLOCK"),
        ("BLOCK 9", "BLOCK"),
        ("BLOCK 22-18", "BLOCK"),
        ("COMP", "COMP 2125550123 22/11 ..."),
        ("hello there", "HELP"),
        ("", "HELP"),
        ("1234", "HELP"),
        ("LANG FR", "LANG EN"),
    ],
)
def test_what_is_not_understood_is_not_guessed(text, suggestion):
    assert t.understand(text) == t.Unknown(suggestion)


def test_a_day_without_a_year_is_the_latest_one():
    today = date(2026, 11, 22)
    assert t.SaidDay(23, 11).before(today) == date(2025, 11, 23)
    assert t.SaidDay(22, 11).before(today) == today
    assert t.SaidDay(29, 2).before(today) == date(2024, 2, 29)
    assert t.SaidDay(23, 11, 2026).before(today) is None


def test_terms_are_written_as_people_text_them():
    assert t.terms_text("categories=1,4; channels=recorded; days=36,38") == "1,4 RECORDED SAT HOLIDAY"


def test_unblocking_a_part_leaves_the_rest():
    assert without("categories=1,4; days=36", "categories=4") == "categories=1; days=36"
    assert without("", "channels=text") == "channels=recorded,voice"
    assert without("categories=4", "categories=4") is None
    assert without("", "") is None
    assert without("categories=2; channels=voice", "channels=recorded,text,voice") == "categories=2"
    assert without("", "channels=recorded,text,voice") is None
    assert without("", "days=38") == "", "a holiday is a day of the week as well"
    assert without("", "categories=2; days=38") == "categories=1,3,4,5,6,7,8"


def test_joined_terms_that_name_all_of_a_kind_are_everything():
    assert union(["channels=voice", "channels=text", "days=36"]) == "channels=text,voice; days=36"
    assert union(["channels=voice; days=36", "channels=text", "channels=recorded"]) == ""


def test_the_language_is_that_of_the_letters():
    assert [t.language_of(text) for text in ("屏蔽 1", "BLOCK", "48210394")] == ["zh-hans", "en", None]
