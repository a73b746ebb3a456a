"""What people do in a browser from a reported call to its outcome; each step looks at its pages."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_WAIT_SECONDS = 60
_MOMENT = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True)
class Words:
    """What people write, each in the language of the browser they sit at."""

    said: str
    title: str
    reply: str
    basis: str
    reasons: str
    appeal: str
    answer_en: str = "The number was used by others: the seal is lifted."
    answer_zh: str = "该号码遭他人冒用，现予解封。"


WORDS = {
    "en": Words(
        "They said a new bathroom costs half today, and would not hang up.", "Bathrooms at half the price",
        "We called. We had washed our list, and did not see that the line is listed.",
        "Said by the firm in its reply of today.", "Two people on the register were called for a sale without consent.",
        "Somebody else showed our number on that day; our exchange was switched off.",
    ),
    "zh-Hans": Words(
        "对方说今天装新浴室只要半价，一直不肯挂断。", "半价浴室", "电话是我们打的。名单已清洗，但未发现该线路已登记。",
        "该企业在今日的答复中自述。", "两名已登记的人未经同意而接到推销来电。", "当日有他人冒用我方号码，我方交换机已关闭。",
    ),
}  # fmt: skip


def until(visitor, path, selector, status=200):
    """Look at a page again until it has something: what workers do takes a few seconds."""
    end = time.monotonic() + _WAIT_SECONDS
    visitor.open(path, status)
    while not visitor.has(selector):
        assert time.monotonic() < end, f"{selector} does not come to {path}:\n{visitor.main[:1500]}"
        time.sleep(0.5)
        visitor.open(path, status)
    return visitor


def fold_out(visitor, name):
    """Open the folded part of a form that a field lies in."""
    if not visitor.page.locator(f"main details[open] [name={name}]").count():
        visitor.page.locator(f"main details:has([name={name}]) > summary").first.click()
    return visitor


def report(visitor, caller, line, words, firm, *, whose=""):
    """Report a call and prove the line; gives the reference."""
    visitor.open("/reports/").press("main form button[type=submit]", 422)  # nothing was said
    visitor.fill(caller=caller, raw=line).tick("voice", "person").tick("callee_class", whose)
    visitor.page.select_option("main [name=subject]", "home")
    fold_out(visitor, "promoted").fill(promoted=firm, words=words.said)
    visitor.press("main form button.usa-button--big")
    reference = re.search(r"RP-\w{4}-\w{4}", visitor.main)[0]
    visitor.press("main form[action$='/confirm/'] button")
    visitor.enter_code("+1" + re.sub(r"\D", "", line))
    assert visitor.path == f"/reports/{reference}/"
    return reference


def proof_places(visitor, reference, least=1):
    """Look a reference up in the public log until all that was recorded under it is numbered; gives the places."""
    end = time.monotonic() + _WAIT_SECONDS
    while True:
        visitor.open("/proofs/find/").fill(reference=reference).press("main form button.usa-button--big")
        places = [int(place) for place in re.findall(r"/entry/(\d+)\.json", visitor.page.content())]
        panels = visitor.page.locator("main .ql-panel").count()
        if len(places) == panels >= least:
            return places
        assert time.monotonic() < end, visitor.main
        time.sleep(4)  # an address may ask thirty times an hour


def take_step(visitor, case, step, *, status=200, choices=(), **fields):
    """Go to the page of a step from the case's page, fill it in and take it; of ``choices`` the first offered is taken."""
    visitor.open(f"/cases/{case}/").press(f"main .ql-actions a[href$='/{case}/{step}/']")
    for name in choices:
        visitor.page.select_option(f"main [name={name}]", index=1)
    visitor.fill(**fields)
    visitor.press("main form .usa-button", status)
    if status == 200:
        assert visitor.path == f"/cases/{case}/", visitor.main
        assert visitor.has(".usa-alert--success")
    return visitor


def moment(days):
    """A moment so many days from now, as the forms of cases take it."""
    return (datetime.now(UTC) + timedelta(days=days)).strftime(_MOMENT)


def open_inquiry(visitor, code, kind):
    """Open the newest inquiry of a kind in an organisation's inbox, once it is there; gives its reference."""
    until(visitor, f"/inquiries/{code}/?kind={kind}", "main .ql-table tbody a")
    visitor.press("main .ql-table tbody tr:last-child th a")
    return re.search(r"IQ-\w{4}-\w{4}", visitor.path)[0]


def acknowledge(visitor, code, kind):
    """Carry an order out, and say so; gives its reference."""
    reference = open_inquiry(visitor, code, kind)
    visitor.press("main form[enctype] button")
    assert visitor.has(".usa-alert--success")
    return reference


def look_up(visitor, number):
    """Ask whether a number is sealed."""
    visitor.open("/seals/").fill(number=number)
    return visitor.press("main form[action='/seals/'] button")
