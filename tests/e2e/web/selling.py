"""What somebody does in a browser to sell by telephone: joining, subscribing, washing; each step looks at its pages."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from dataclasses import dataclass

from e2e.web.visiting import Visitor, app_code

PASSWORD = "quiet-evening-2026"
SECRET = "QUIETLINEDEMONSTRATION22"
LISTED = "+1 212 555 0101"
_SIGN_IN_SECONDS, _WASH_SECONDS = 130, 180
_FACTS = {"purpose": "sales", "channel": "live_voice", "callee_class": "residential", "caller_id": "shown"}
_PDF = """%PDF-1.4
% {code}
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]>>endobj
trailer<</Root 1 0 R/Size 4>>
%%EOF
"""


@dataclass(frozen=True)
class Words:
    """What an organisation writes of itself, in its own language."""

    name: str
    person: str
    password: str
    address: str
    sells: str
    proof: str
    reason: str
    remedy: str


WORDS = {
    "en": Words(
        "Quiet Kettles Ltd.", "Joan Jones", "a-kettle-sings-at-noon", "2 Quiet Street\nDover", "Kettles.", "extract.pdf",
        "Entered in the register of companies.", "Write to us, and say how you stop the calls.",
    ),
    "zh-Hans": Words(
        "静水厨具有限公司", "林静", "中午时分水壶在唱歌呀你听到了吗", "多佛市静街二号", "厨房用具。", "公司登记摘录.pdf",
        "该公司已列入公司登记簿。", "请来信说明您怎样停止这些呼叫。",
    ),
}  # fmt: skip


def sign_in_with_app(visitor, email):
    """Sign in with a second factor. A code works once: where somebody took it, the next one is waited for."""
    end = time.monotonic() + _SIGN_IN_SECONDS
    visitor.sign_in(email, PASSWORD, app_code(SECRET))
    while visitor.path == "/account/2fa/authenticate/" and time.monotonic() < end:
        time.sleep(31 - time.time() % 30)
        visitor.fill(code=app_code(SECRET)).press()
    assert visitor.path == "/account/", visitor.path
    return visitor


def state_of(browser, platform, way, email, *, app=False):
    """Sign in once, and give the cookies."""
    visitor = Visitor(browser, platform, way)
    if app:
        sign_in_with_app(visitor, email)
    else:
        visitor.sign_in(email, PASSWORD)
        assert visitor.path == "/account/", visitor.path
    state = visitor.context.storage_state()
    visitor.close()
    return state


def code_of(visitor):
    """The account number of the organisation whose page this is."""
    return re.search(r"QL-[A-Z]-\d+-\d", visitor.main)[0]


def own_code(visitor):
    """Go to the one organisation that somebody acts for, and give its account number."""
    visitor.open("/sellers/home/")
    return code_of(visitor)


# -- joining -------------------------------------------------------------------------------------------------------------


def join(visitor, words, mail):
    """From the page for sellers to one's own desk; gives the account number."""
    visitor.open("/sellers/").press("main a[href$='/sellers/join/']")
    visitor.press(status=422)  # nothing is filled in
    visitor.tick("kind", "seller").fill(name=words.name, person=words.person, email=mail)
    visitor.page.select_option("main [name=country]", "US")
    visitor.press()
    assert mail in visitor.main
    link = re.search(r"https?://\S+", visitor.platform.wait_for_message(mail))[0]
    visitor.open(link).fill(password="kettle").press(status=422)
    visitor.fill(password=words.password).press()
    assert visitor.path == "/account/login/", visitor.path
    visitor.fill(login=mail, password=words.password).press()
    assert visitor.path.startswith("/sellers/of/"), visitor.path
    assert visitor.page.inner_text("h1") == words.name
    code = code_of(visitor)
    visitor.open(link, status=410)
    visitor.open(f"/sellers/who/{code}/")
    assert words.name not in visitor.main  # nobody is named before the authority has looked
    visitor.open(f"/sellers/of/{code}/")
    return code


def tell_profile(visitor, code, words, mail):
    """Fill in the profile."""
    visitor.press(f"main a[href$='/of/{code}/profile/']")
    visitor.fill(legal_id=f"DX-{int(code[5:11]):06d}", address=words.address, website="https://kettles.example", email=mail)
    visitor.fill(sells=words.sells).press()
    assert visitor.has(".usa-alert--success")


def _proof(code):
    """A file of an organisation's own: the same one from two of them is something that the authority is told."""
    return _PDF.replace("{code}", code).encode()


def add_proof(visitor, code, words):
    """Upload a proof; what is none is refused."""
    visitor.press(f"main a[href$='/of/{code}/proofs/']")
    visitor.page.set_input_files("main [name=file]", {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"no"})
    visitor.press("main form[enctype] button", status=422)
    visitor.page.set_input_files(
        "main [name=file]", {"name": words.proof, "mimeType": "application/pdf", "buffer": _proof(code)}
    )
    visitor.press("main form[enctype] button")
    assert words.proof in visitor.main
    visitor.press(f"main .ql-actions a[href$='/of/{code}/']")


def certify(visitor, code):
    """Certify lawful use."""
    visitor.press(f"main a[href$='/of/{code}/certify/']")
    visitor.press(status=422)  # the box is not ticked
    visitor.page.locator("label[for=id_agreed]").click()
    visitor.press()
    assert visitor.path == f"/sellers/of/{code}/"


def verify(supervisor, code, words):
    """The authority looks at everything, the proof too, and decides."""
    supervisor.open("/sellers/office/").press(f"main a[href$='/office/{code}/']")
    assert words.name in supervisor.page.inner_text("h1")
    assert not supervisor.has("main [class*='status--bad']"), "the checks find nothing"
    with supervisor.page.expect_download() as proof:
        supervisor.page.locator(f"main a[href*='/office/{code}/proofs/']").first.click()
    assert proof.value.path().read_bytes() == _proof(code)
    supervisor.tick("outcome", "more").fill(reason=words.reason)
    supervisor.press(status=422)  # what it can do has to be said
    supervisor.tick("outcome", "verified").fill(reason=words.reason).press()
    assert supervisor.has(".usa-alert--success")


# -- subscribing ---------------------------------------------------------------------------------------------------------


def order_areas(visitor, code, areas, size, price):
    """Choose areas and order them at the price that stands beside them."""
    visitor.open(f"/subscriptions/organisation/{code}/").press("main a[href$='/areas/US/']")
    visitor.fill(codes=areas, list_size=str(size))
    if visitor.way.scripts:
        visitor.page.locator("main [name=codes]").press("Tab")
        visitor.page.wait_for_selector("#price .ql-price__amount", timeout=30_000)
        visitor.look()
    else:
        visitor.press("main button[name=do][value=price]")
    shown = visitor.page.inner_text("#price .ql-price__amount")
    assert price in shown, shown
    visitor.press("main button[name=do][value=order]")
    assert "/orders/" in visitor.path


def pay_by_card(visitor):
    """Pay on the page of the payment service, after having thought better of it once."""
    assert not visitor.has(".usa-alert--success")
    for button in ("decline", "pay"):
        visitor.press("main a[href$='/card/']")
        assert visitor.path == "/subscriptions/sandbox/"
        visitor.press(f"main button[value={button}]")
    assert visitor.has("main .usa-alert--success")


def download(visitor, selector):
    """Press a link that hands out a file; gives the file's name and bytes."""
    with visitor.page.expect_download(timeout=60_000) as found:
        visitor.page.locator(selector).first.click()
    return found.value.suggested_filename, found.value.path().read_bytes()


# -- washing -------------------------------------------------------------------------------------------------------------


def check_numbers(visitor, code, numbers, status=200):
    """Ask about a few numbers on the page for that."""
    visitor.open(f"/washing/organisation/{code}/check/").fill(numbers="\n".join(numbers))
    return visitor.press("main form button[type=submit]", status)


def answers(visitor):
    """What the page answers: for each number the tone of its answer (good, bad, waiting or none)."""
    tones = {}
    for row in visitor.page.locator("main .ql-table tbody tr").all():
        shown = row.locator("td").first.locator("[class*=ql-status]").first.get_attribute("class")
        tone = re.search(r"ql-status--(\w+)", shown)
        tones[row.locator("th").inner_text().strip()] = tone[1] if tone else ""
    return tones


def hand_in(visitor, code, content, *, client=None, status=200):
    """Hand in a list."""
    visitor.open(f"/washing/organisation/{code}/").press(f"main a[href$='/{code}/new/']")
    visitor.page.set_input_files("main [name=list]", {"name": "leads.csv", "mimeType": "text/csv", "buffer": content})
    if client is not None:
        visitor.page.select_option("main [name=client]", client)
    return visitor.press("main form[enctype] button", status)


def wait_until_washed(visitor):
    """Wait at the wash's page: it renews itself where that is wanted and scripts run, else it is looked at again."""
    end, path = time.monotonic() + _WASH_SECONDS, visitor.path
    if visitor.way.scripts and visitor.has("main a[href$='live=1']"):
        visitor.press("main a[href$='live=1']")
    while not visitor.has("main a[href$='/clean/']"):
        assert time.monotonic() < end, visitor.main
        assert not visitor.has("main .usa-alert--error"), visitor.main
        time.sleep(1)
        if not visitor.way.scripts:
            visitor.open(path)
    visitor.page.wait_for_load_state()
    return visitor.look()


def fetch_results(visitor, folder):
    """Download rows that may be called, the others, and the receipt."""
    files = {}
    for part in ("clean", "removed", "receipt"):
        name, content = download(visitor, f"main a[href$='/{part}/']")
        files[part] = folder / f"{part}-{name}"
        files[part].write_bytes(content)
    return files


def verify_receipt(receipt, *options):
    """Check a receipt as its reader does, with the command line; gives the exit status and what it says."""
    command = [sys.executable, "-m", "quietline.cli.main", "receipt", "verify", str(receipt), *map(str, options)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


# -- programs ------------------------------------------------------------------------------------------------------------


def make_key(visitor, code, scope="washes:write"):
    """Make a key for a program on the page for that; gives its secret."""
    visitor.open(f"/account/organisation/{code}/keys/")
    visitor.fill(title="e2e").tick("scopes", scope).press("main form[action$='/keys/'] button")
    return visitor.page.inner_text(".usa-summary-box code")


def wash_by_program(visitor, secret, numbers, client=""):
    """Wash as a program does; gives the status and the answer."""
    answer = visitor.context.request.post(
        f"{visitor.base}/api/v1/washes",
        data={"numbers": numbers, "client": client, "country": "US", "facts": _FACTS},
        headers={"Authorization": f"Bearer {secret}", "Accept-Language": visitor.language},
    )
    return answer.status, answer.json()
