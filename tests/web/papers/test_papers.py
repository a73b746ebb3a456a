"""Documents: what they hold, that nothing in them acts as markup, and that equal data give equal bytes."""

from __future__ import annotations

import re
import threading
import zlib

import pytest

from quietline.errors import UsageError
from quietline.web.papers import render, render_picture

DATA = {
    "title": "发票 Invoice 1",
    "issuer": ["Office for Quiet Lines", "1 Harbour Street"],
    "to": ["常青窗业"],
    "day": "2026-11-22",
    "blocks": [
        {"kind": "heading", "text": "What it is for"},
        {"kind": "text", "text": "A paragraph"},
        {"kind": "notice", "text": "Please pay"},
        {"kind": "list", "items": ["one", "two"]},
        {"kind": "facts", "rows": [["区域", "龍龜"]]},
        {"kind": "table", "columns": ["What", "Sum"], "figures": [False, True], "rows": [["Areas", "EUR 50.00"]]},
        {"kind": "total", "label": "Total", "amount": "EUR 50.00"},
        {"kind": "code", "text": "deadbeef"},
    ],
    "footer": "Foot",
}


def opened(pdf):
    """A PDF with its compressed streams opened: enough to look for words in it, without a library."""
    streams = []
    for found in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            streams.append(zlib.decompress(found[1]))
        except zlib.error:
            streams.append(found[1])
    return streams, pdf + b"".join(streams)


def characters_of(pdf):
    """All characters that a PDF shows, by its fonts' own tables (ToUnicode, ISO 32000-1, 9.10.3)."""
    found = set()
    for stream in opened(pdf)[0]:
        for block in re.findall(rb"beginbfchar\n(.*?)endbfchar", stream, re.DOTALL):
            for value in re.findall(rb"<[0-9A-Fa-f]+>\s*<([0-9A-Fa-f]+)>", block):
                found |= set(bytes.fromhex(value.decode()).decode("utf-16-be"))
    return found


@pytest.mark.parametrize("lang", ["en", "zh-hans"])
def test_a_document_is_archivable_tagged_and_in_its_language(lang):
    pdf = render("document", DATA, lang=lang)
    whole = opened(pdf)[1]
    assert pdf.startswith(b"%PDF-1.7")
    assert re.search(rb"<pdfaid:part>2<", whole)
    assert re.search(rb"<pdfaid:conformance>A<", whole)
    assert b"/StructTreeRoot" in whole
    assert re.search(rb"/Marked true", whole)
    assert {"en": b"en-GB", "zh-hans": b"zh-CN"}[lang] in whole or {"en": b"(en", "zh-hans": b"(zh"}[lang] in whole


def test_every_chinese_character_is_in_the_document_with_a_glyph_of_its_own():
    characters = characters_of(render("document", DATA, lang="zh-hans"))
    assert set("发票常青窗业区域龍龜第页共") <= characters
    assert "\ufffd" not in characters


def test_equal_data_give_equal_bytes_and_other_data_others():
    first = render("document", DATA, lang="en")
    assert render("document", DATA, lang="en") == first
    assert render("document", {**DATA, "footer": "Other"}, lang="en") != first


@pytest.mark.parametrize(
    "text", ['#eval("1/0")', "$x$ #set page(width: 1pt)", "*bold* `raw` @label <tag>", "\\u{41}", "{page} [x]"]
)
def test_what_people_wrote_is_never_markup(text):
    plain = render("document", {**DATA, "title": text}, lang="en")
    assert plain.startswith(b"%PDF")
    assert set(text.replace(" ", "")) <= characters_of(plain)


def test_a_name_in_letters_that_the_type_lacks_does_not_stop_a_document():
    for name in ("한국 주식회사", "Smile \U0001f600", "control \x07 \ud800 \ue000"):
        assert render("document", {**DATA, "to": [name]}, lang="en").startswith(b"%PDF")


def test_threads_take_turns_and_get_their_own_documents():
    wanted = [{**DATA, "title": f"Invoice {number}"} for number in range(6)]
    expected = [render("document", data, lang="en") for data in wanted]
    got = [None] * len(wanted)

    def work(number):
        got[number] = render("document", wanted[number], lang="en")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(wanted))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == expected


def test_a_long_table_runs_over_pages_as_pictures_too():
    rows = [[f"Row {number}", "EUR 1.00"] for number in range(120)]
    block = {"kind": "table", "columns": ["What", "Sum"], "figures": [False, True], "rows": rows}
    pictures = render_picture("document", {**DATA, "blocks": [block]}, lang="en")
    assert len(pictures) > 2
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)


@pytest.mark.parametrize(
    ("template", "data", "lang"),
    [
        ("none", DATA, "en"), ("../document", DATA, "en"), ("document", DATA, "de"), ("document", {"title": "x"}, "en"),
        ("document", {**DATA, "title": 1.5}, "en"), ("document", {**DATA, "blocks": [{"kind": "facts"}]}, "en"),
        ("document", {**DATA, "footer": "x" * 9_000_000}, "en"),
    ],
)  # fmt: skip
def test_what_cannot_be_set_is_refused_with_words(template, data, lang):
    with pytest.raises(UsageError):
        render(template, data, lang=lang)
