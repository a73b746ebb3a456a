"""From a reported call to its outcome, by everybody whom it concerns, and each step in the public log."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from e2e.web.enforcing import WORDS, acknowledge, look_up, moment, open_inquiry, proof_places, report, take_step, until
from e2e.web.selling import state_of
from e2e.web.visiting import SCRIPTED_WAYS, WAYS

_PEOPLE = {
    "ines": ("ines@authority.example", True), "sam": ("sam@authority.example", True), "sue": ("sue@authority.example", True),
    "tom": ("tom@busylines.example", False), "rosa": ("rosa@brightbath.example", False),
    "olga": ("olga@northtel.example", False),
}  # fmt: skip
_LINES = {"en": ("(212) 555-0118", "(212) 555-0104"), "zh-Hans": ("(212) 555-0135", "(212) 555-0137")}
_CALLERS = {"en": "+1 212 555 0196", "zh-Hans": "+1 212 555 0197"}


@pytest.fixture(scope="module")
def states(browser, platform):
    """The cookies of all who are signed in."""
    return {
        name: state_of(browser, platform, WAYS[0], email, app=app) for name, (email, app) in _PEOPLE.items()
    }  # fmt: skip


@pytest.mark.parametrize("way", SCRIPTED_WAYS, ids=str)
def test_a_report_becomes_a_case_a_penalty_and_a_seal_that_an_appeal_lifts_and_the_log_has_each_step(visit, way, states):
    words, caller = WORDS[way.language], _CALLERS[way.language]
    first, second = visit(way), visit(way)
    ines, sam, sue, tom, rosa, olga = (visit(way, state=states[name]) for name in _PEOPLE)
    agency, seller, operator = (_code(who) for who in (tom, rosa, olga))
    line, other = _LINES[way.language]

    reports = [
        report(first, caller, line, words, "Brightbath Bathrooms", whose="residential"),
        report(second, caller, other, words, "Brightbath Bathrooms"),
    ]
    case = _case(ines, caller, words, reports)
    replies = _heard(ines, tom, rosa, case, words, agency, seller)
    _established(ines, case, words, reports)
    findings, penalty = _punished(ines, sam, rosa, case, words, seller)
    seal = _sealed(ines, sam, case)
    blocked = acknowledge(olga, operator, "block")
    assert seal in look_up(first, caller).main
    assert rosa.open(f"/seals/{seal}/").has("main .ql-status--bad")
    appeal = _appealed(tom, sam, sue, seal, words, agency)
    lifted = acknowledge(olga, operator, "lift")
    _lifted_for_everybody(first, tom, ines, seal, caller, appeal, case)
    _paid_and_closed(sam, case)
    for person, reference in zip((first, second), reports, strict=True):
        assert until(person, f"/reports/{reference}/", "main p .ql-status--good")

    said = {**dict.fromkeys(reports, 3), **dict.fromkeys(replies, 2), **dict.fromkeys(findings, 1), penalty: 2, seal: 3}
    _stands_in_the_log(second, {**said, blocked: 2, appeal: 3, lifted: 2})
    _database_holds(first.platform)


def _code(visitor):
    """The account number of the one organisation that somebody acts for, whose inbox this opens."""
    visitor.open("/inquiries/")
    return re.search(r"QL-[A-Z]-\d+-\d", visitor.path)[0]


def _case(ines, caller, words, reports):
    """The two reports are a cluster, and the cluster becomes a case."""
    number = f"main a:has-text('{caller.replace(' ', '')}')"
    until(ines, "/triage/clusters/?kind=number&sort=recent", number).press(number)
    ines.press("main .ql-actions a[href*='/cases/open/']")
    shown = ines.page.input_value("main [name=complaints]")
    assert all(reference in shown for reference in reports)
    assert ines.page.input_value("main [name=caller]"), "who declared the number"
    assert ines.page.input_value("main [name=profits]"), "whom both named"
    ines.fill(title=words.title).press("main form .usa-button")
    case = re.search(r"CS-\w{4}-\w{4}", ines.path)[0]
    ines.open(f"/cases/{case}/").press(f"main .ql-actions a[href$='/{case}/assign/']")
    ines.page.select_option("main [name=to]", label="Ines Ito")
    ines.press("main form .usa-button")
    return case


def _heard(ines, tom, rosa, case, words, agency, seller):
    """Both who are accused reply; nothing can be found before. Gives what each was asked by."""
    for place in (1, 2):
        ines.open(f"/cases/{case}/").press(f"main .ql-actions a[href$='/{case}/reply/']")
        ines.page.select_option("main [name=to]", index=place)
        ines.fill(due_at=moment(20)).press("main form .usa-button")
    take_step(ines, case, "propose-finding", status=422, reasons=words.reasons)
    asked = []
    for person, code in ((tom, agency), (rosa, seller)):
        asked.append(open_inquiry(person, code, "reply"))
        assert words.said not in person.main, "what was said is not passed on without consent"
        person.tick("stance", "partly").tick("made_call", "yes").tick("ground", "not-listed").fill(words=words.reply)
        person.press("main form[enctype] button")
        assert person.has(".usa-alert--success")
    return asked


def _established(ines, case, words, reports):
    """One said whose line it is, and the law forbids the call; of the other the officer finds it out, with the ground."""
    until(ines, f"/triage/reports/{reports[0]}/", "main .ql-status--bad")
    assert not ines.has("main a[href$='/facts/callee_class/']")
    ines.open(f"/triage/reports/{reports[1]}/").press("main a[href$='/facts/callee_class/']")
    ines.page.select_option("main [name=part_0]", "residential")
    ines.press("main form .usa-button", 422)  # on what does it rest?
    ines.page.select_option("main [name=part_0]", "residential")
    ines.fill(words=words.basis).press("main form .usa-button")
    assert ines.has("main .ql-status--bad"), ines.main
    assert words.basis in ines.main


def _punished(ines, sam, rosa, case, words, seller):
    """Two people find the breach, two impose the penalty; the firm that profits reads why. Gives their references."""
    take_step(ines, case, "propose-finding", reasons=words.reasons)
    assert not ines.has(f"main a[href$='/{case}/confirm-finding/']"), "who proposes does not confirm"
    take_step(sam, case, "confirm-finding")
    ines.open(f"/cases/{case}/").press(f"main .ql-actions a[href$='/{case}/propose-penalty/']")
    part = ines.page.locator("main fieldset").nth(1)
    part.locator("select").select_option(index=1)
    part.locator("textarea").fill(words.reasons)
    part.locator("input[name^=amount_]").fill("900000")
    ines.press("main form .usa-button", 422)  # more than the law allows
    ines.page.locator("main fieldset").nth(1).locator("input[name^=amount_]").fill("1500")
    ines.press("main form .usa-button")
    take_step(sam, case, "confirm-penalty")
    rosa.open(f"/cases/about/{seller}/").press(f"main a[href$='/{case}/']")
    assert words.reasons in rosa.main
    return sorted(set(re.findall(r"FN-\w{4}-\w{4}", sam.main))), re.search(r"PN-\w{4}-\w{4}", rosa.main)[0]


def _sealed(ines, sam, case):
    """One officer proposes to seal the number, another does."""
    take_step(ines, case, "seal", choices=("number",), until_at=moment(90))
    seal = re.search(r"SL-\w{4}-\w{4}", ines.main)[0]
    assert not ines.open(f"/seals/office/seals/{seal}/").has("main form [name=step][value=seal]"), "two people seal"
    sam.open(f"/seals/office/seals/{seal}/").press("main details[open] form .usa-button")
    return seal


def _appealed(tom, sam, sue, seal, words, agency):
    """Whose number it is appeals; somebody who took no part before grants it, and the seal is lifted at that moment."""
    tom.open(f"/seals/appeals/new/?seal={seal}")
    tom.page.select_option("main [name=organisation]", agency)
    tom.fill(words=words.appeal).press("main form .usa-button")
    appeal = re.search(r"AP-\w{4}-\w{4}", tom.path)[0]
    assert not sam.open(f"/seals/office/appeals/{appeal}/").has("main button[value=grant]"), "who sealed does not decide"
    sue.open(f"/seals/office/appeals/{appeal}/").press("main button[value=take]")
    sue.fill(en=words.answer_en, zh=words.answer_zh).press("main button[value=grant]")
    return appeal


def _lifted_for_everybody(first, tom, ines, seal, caller, appeal, case):
    """The public, who appealed and the officers see the same."""
    assert seal not in look_up(first, caller).main
    assert not first.open(f"/seals/{seal}/").has("main .ql-status--bad")
    assert tom.open(f"/seals/appeals/{appeal}/").has("main .ql-status--good")
    shown = ines.open(f"/cases/{case}/").main
    assert seal in shown
    assert appeal in shown


def _paid_and_closed(sam, case):
    """The money comes in, the case is closed, and everybody who reported is answered."""
    take_step(sam, case, "pay", choices=("penalty",), amount="1500", reference=f"TREASURY-{case}")
    sam.open(f"/cases/{case}/").press(f"main .ql-actions a[href$='/{case}/close/']")
    sam.page.select_option("main [name=outcome]", "breach")
    sam.fill(words="-").press("main form .usa-button")


def _stands_in_the_log(visitor, least):
    """Everything that has a reference is found by it in the public log, each step with a place of its own."""
    places = [place for reference, count in least.items() for place in proof_places(visitor, reference, count)]
    assert len(set(places)) == len(places)
    assert len(places) >= sum(least.values())


def _database_holds(platform):
    """Whoever runs the platform compares all rows with the log, and nothing differs."""
    served = next(one for one in platform.processes() if "QUIETLINE_DATABASE_URL" in one.environ())
    command = [sys.executable, "-m", "quietline.cli.main", "ledger", "verify", "--database", "--format", "json"]
    done = subprocess.run(command, env=served.environ(), capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["holds"]
