"""The page, read with an HTML parser, the data, and the file of rows."""

from __future__ import annotations

import csv
import io
import json
import re
import string
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest

from quietline.audit import (
    AMBIGUOUS_TIME,
    HARBOUR_ELEMENTS,
    LANGUAGES,
    ROW_NAMES,
    Findings,
    Judged,
    ReportFacts,
    RowFile,
    advice,
    calls,
    render_report,
    report_data,
    write_report,
)
from quietline.audit._charts import shown_days
from quietline.audit._texts import COUNTED, REASONS, TEXTS
from quietline.audit.words import words_of
from quietline.errors import OutputError, UsageError
from quietline.tables import OutputSet, open_output
from unit.audit import audit_samples as samples

VOID = {"meta", "link", "img", "br", "hr", "input"}
DAY = "2026-03-09T14:00:00"


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.texts, self.ids = [], [], {}, []
        self.problems = []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append((tag, attributes, tuple(name for name in self.open)))
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs), tuple(self.open)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open:
            self.texts.setdefault(self.open[-1], []).append(data)

    def all(self, tag):
        return [attributes for name, attributes, _ in self.tags if name == tag]

    @property
    def text(self):
        return " ".join(" ".join(texts) for tag, texts in self.texts.items() if tag != "style")


def page(lang="en", **changes):
    findings, _, _ = samples.some_findings()
    text = render_report(findings, samples.some_facts(**changes), lang=lang)
    return Page(text), text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_needs_nothing_from_elsewhere_and_no_script(lang):
    parsed, text = page(lang)
    assert {tag for tag, _, _ in parsed.tags} & {"script", "link", "img", "iframe", "object", "form", "base"} == set()
    assert not re.search(r"(?:src|srcset)=|@import|https?:|//[a-z]", text)
    assert all(url.startswith("#") for url in re.findall(r"url\(([^)]*)\)", text))
    assert {a["href"][0] for a in parsed.all("a")} == {"#"}
    assert not [name for _, attributes, _ in parsed.tags for name in attributes if name.startswith("on")]
    policies = [a["content"] for a in parsed.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_can_be_read_by_ear_and_with_the_keyboard(lang):
    parsed, _ = page(lang)
    assert parsed.all("html") == [{"lang": {"en": "en", "zh": "zh-Hans"}[lang]}]
    assert len(parsed.ids) == len(set(parsed.ids))
    references = [a["href"][1:] for a in parsed.all("a")]
    references += [i for _, a, _ in parsed.tags for i in a.get("aria-labelledby", "").split()]
    assert set(references) <= set(parsed.ids)
    assert len(parsed.all("h1")) == 1
    levels = [int(tag[1]) for tag, _, _ in parsed.tags if re.fullmatch("h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert len(parsed.all("caption")) == len(parsed.all("table")) > 8
    assert {th.get("scope") for th in parsed.all("th")} == {"col", "row"}
    scrolled = [a for a in parsed.all("div") if a.get("class", "").startswith("scroll")]
    assert all(a["tabindex"] == "0" and a["role"] == "region" and a["aria-labelledby"] for a in scrolled)
    assert len(parsed.all("main")) == len(parsed.all("nav")) == 1


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_chart_has_a_title_a_description_and_its_table_beside_it(lang):
    parsed, text = page(lang)
    charts = parsed.all("svg")
    assert len(charts) == 5  # rule, day, agent, list, hour
    for chart in charts:
        title, description = chart["aria-labelledby"].split()
        assert chart["role"] == "img"
        assert {title, description} <= set(parsed.ids)
    assert [part.count("<svg") for part in text.split('<div class="beside">')] == [0, 1, 1, 1, 1, 1]
    assert all("<table>" in part for part in text.split('<div class="beside">')[1:])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_to_do_comes_first(lang):
    parsed, text = page(lang)
    first = text.index('<section class="do"')
    assert first < text.index("<table")
    assert first < text.index("<svg")
    sentences = advice(samples.some_findings()[0], samples.some_facts().safe_harbour, words_of(lang))
    assert all(sentence in parsed.text for sentence in sentences)


def test_what_to_do_names_the_worst_rule_agents_lists_and_what_is_missing():
    sentences = advice(samples.some_findings()[0], samples.some_facts().safe_harbour, words_of("en"))
    assert sentences == [
        "4 of 6 calls (66.7%) were forbidden.",
        "Begin with rule US-29, which 2 calls broke: The number was registered.",
        "Wash every list against the current register before it is dialled, and not only once.",
        "Wash these lists again before the next call: L1 (2), =L3 (1).",
        f"Speak first with Ann (3), {samples.HOSTILE} (1): 4 of the forbidden calls (100.0%) are theirs.",
        "1 number was called again although it was forbidden. Put it into the own stop list now.",
        "1 call could not be determined. Supply what is missing and audit again: whether there is a relationship (1).",
        "Look at 1 row that could not be read: they may be forbidden calls.",
        "At most USD 157,920.50 by the law in force on the date of each call. That is a ceiling, not a forecast.",
        "Safe harbour cannot be claimed on what is on file. Missing or not stated: "
        + "; ".join(TEXTS[e][0] for e in HARBOUR_ELEMENTS if e != "written_procedures")
        + ".",
    ]


@pytest.mark.parametrize(
    ("outcomes", "begins"),
    [
        ([], "No call could be judged."),
        ([samples.PERMIT], "All 1 call that"),
        ([samples.OPEN], "None of 1 call was forbidden, but 1"),
        ([samples.FORBID], "1 of 1 call (100.0%) was forbidden."),
    ],
)
def test_the_first_sentence_sums_up(outcomes, begins):
    findings = Findings()
    findings.add(samples.calls(*[(1, DAY, "", "")] * len(outcomes)), Judged.of(outcomes))
    assert advice(findings, None, words_of("en"))[0].startswith(begins)
    for lang in LANGUAGES:
        Page(render_report(findings, ReportFacts({"name": "x"}, datetime(2026, 1, 1, tzinfo=UTC)), lang=lang))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_names_from_the_log_are_shown_and_never_run(lang):
    parsed, text = page(lang)
    assert samples.HOSTILE in parsed.text
    assert "<script" not in text
    assert text.count("&lt;script&gt;") > 3


@pytest.mark.parametrize("lang", LANGUAGES)
def test_neither_page_nor_data_name_a_number(lang):
    findings, batch, _ = samples.some_findings()
    written = render_report(findings, samples.some_facts(), lang=lang) + json.dumps(
        report_data(findings, samples.some_facts())
    )
    for key in batch.keys.tolist():
        assert not key or str(key) not in written
        assert not key or str(key)[1:] not in written


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_says_what_it_rests_on(lang):
    parsed, _ = page(lang)
    words = words_of(lang)
    for said in (
        "National",
        "sha256:ab",
        "TSR",
        "sha256:cd",
        "2026-03-01",
        "16 CFR 310.4(c)",
        "VICIdial",
        "2026-11-22 09:00:00",
    ):
        assert said in parsed.text
    assert words["exposure_ceiling"] in parsed.text
    assert words["unstated"] in parsed.text
    assert words.reason("number_not_a_number") in parsed.text


def test_a_country_without_safe_harbour_has_no_checklist():
    parsed, _ = page(safe_harbour=None)
    assert "harbour" not in parsed.ids
    assert "arbour" not in parsed.text


def test_facts_that_cannot_be_meant_are_refused():
    with pytest.raises(UsageError, match="trained_staff"):
        samples.some_facts(safe_harbour={"trained_staff": True})
    with pytest.raises(UsageError, match="time zone"):
        samples.some_facts(made_at=datetime(2026, 1, 1))  # noqa: DTZ001 - that is what is refused
    with pytest.raises(UsageError, match="en or zh"):
        page("fr")


def test_the_data_have_everything_and_both_languages():
    findings, _, _ = samples.some_findings()
    data = json.loads(json.dumps(report_data(findings, samples.some_facts())))
    assert data["format"] == "quietline.audit/1"
    assert data["counts"] == {"calls": 6, "permit": 1, "forbid": 4, "undetermined": 1}
    assert data["exposure"]["totals"] == {"USD": "157920.50"}
    assert data["safe_harbour"] == dict.fromkeys(HARBOUR_ELEMENTS) | {"written_procedures": True, "own_list_kept": False}
    assert set(data["what_to_do"]) == set(LANGUAGES)
    assert data["unreadable"]["number_not_a_number"] == {"count": 1, "rows": [[9, 9]], "complete": True}
    assert data["by_rule"][0]["zh"] == "号码已登记。"
    assert data["registers"][0]["version"] == 7


def test_page_and_data_appear_together_or_not_at_all(tmp_path):
    findings, _, _ = samples.some_findings()
    html, data = tmp_path / "report.html", tmp_path / "audit.json"
    with pytest.raises(OutputError):
        write_report(findings, samples.some_facts(), html=html, data=tmp_path / "missing" / "audit.json")
    assert list(tmp_path.iterdir()) == []
    write_report(findings, samples.some_facts(), lang="zh", html=html, data=data)
    assert "zh-Hans" in html.read_text(encoding="utf-8")
    assert json.loads(data.read_text(encoding="utf-8"))["rows"] == 8


def test_a_report_can_appear_with_other_outputs(tmp_path):
    findings, _, _ = samples.some_findings()
    with OutputSet() as outputs:
        write_report(findings, samples.some_facts(), html=tmp_path / "report.html", outputs=outputs)
        assert not (tmp_path / "report.html").exists()
    assert (tmp_path / "report.html").exists()


def test_every_reason_has_its_words():
    assert {*calls._NUMBER_REASONS.values(), *calls._TIME_REASONS.values(), AMBIGUOUS_TIME} <= set(REASONS)


def test_both_languages_have_every_text_with_the_same_gaps():
    for texts in (TEXTS, REASONS):
        for name, (english, chinese) in texts.items():
            assert english, name
            assert re.search("[\u4e00-\u9fff（]", chinese), name
            gaps = [sorted({gap for _, gap, _, _ in string.Formatter().parse(text) if gap}) for text in (english, chinese)]
            assert gaps[0] == gaps[1], name
    assert set(COUNTED) == {"call", "row", "number"}


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(0, 0, "0%"), (0, 5, "0%"), (1, 100_000, "<0.1%"), (99_999, 100_000, ">99.9%"), (5, 5, "100.0%")],
)
def test_a_share_is_never_rounded_to_nothing_or_to_all(part, whole, said):
    assert words_of("en").share(part, whole) == said


def test_money_shows_parts_of_a_unit_only_where_there_are_some():
    words = words_of("en")
    assert words.money(Decimal("53088"), "USD") == "USD 53,088"
    assert words.money(Decimal("1E+3"), "SGD") == "SGD 1,000"
    assert words.money(Decimal("0.5"), "GBP") == "GBP 0.50"


@pytest.mark.parametrize(
    ("days", "unit", "count"), [(1, "day", 1), (62, "day", 62), (63, "week", 10), (400, "week", 58), (900, "month", 30)]
)
def test_days_are_drawn_together_where_they_are_many_and_gaps_are_kept(days, unit, count):
    findings = Findings()
    moments = np.array([datetime(2026, 1, 1, 12) + timedelta(d) for d in (0, days - 1)], "M8[us]")  # noqa: DTZ001 - local
    findings.add(samples.calls((1, DAY, "", ""), (2, DAY, "", "")), Judged.of([samples.FORBID] * 2, moments))
    lines, found = shown_days(findings)
    assert (found, len(lines)) == (unit, count)
    assert sum(line.counts.forbid for line in lines) == 2


def test_a_long_list_of_agents_ends_in_all_others():
    findings = Findings()
    rows = [(1, DAY, f"agent {i:03d}", "") for i in range(50)]
    findings.add(samples.calls(*rows), Judged.of([samples.FORBID] * 50))
    parsed = Page(render_report(findings, samples.some_facts()))
    assert "agent 019" in parsed.text
    assert "agent 020" not in parsed.text
    assert "(others: 30)" in parsed.text


def row_file(lang="en"):
    findings, batch, judged = samples.some_findings()
    target = io.BytesIO()
    with open_output(target) as output:
        RowFile(output, rules=findings.rules, lang=lang).add(batch, judged)
    return list(csv.DictReader(io.StringIO(target.getvalue().decode())))


def test_the_file_of_rows_has_what_those_need_who_must_act():
    rows = row_file()
    assert tuple(rows[0]) == ROW_NAMES
    assert [(row["row"], row["verdict"]) for row in rows] == [
        ("2", "forbid"),
        ("3", "forbid"),
        ("4", "forbid"),
        ("5", "forbid"),
        ("6", "undetermined"),
        ("9", "unreadable"),
    ]
    assert rows[0]["number"] == "+12125550123"
    assert (rows[0]["called_at"], rows[0]["local_at"]) == ("2026-03-09T14:00:00Z", "2026-03-09T09:00:00")
    assert (rows[0]["rule"], rows[0]["reason"]) == ("US-29", "The number was registered.")
    assert rows[4]["unknown"] == "relationship"
    assert rows[5]["reason"] == "the text is no telephone number"
    assert row_file("zh")[0]["reason"] == "号码已登记。"


def test_no_cell_of_the_file_of_rows_runs_as_a_formula():
    rows = row_file()
    assert rows[3]["list"] == "'=L3"
    for row in rows:
        cells = [cell for name, cell in row.items() if name != "number"]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
        assert re.fullmatch(r"(\+\d+)?", row["number"])
