"""Somebody at a browser, who looks at every page they come to: at a telephone or a desk, in English or in Chinese."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import re
import struct
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}
LOCALES = {"en": "en-US", "zh-Hans": "zh-CN"}
PROGRAM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
_AXE = {"resultTypes": ["violations"], "iframes": False}

# what may stand in Latin letters on a Chinese page: names, addresses, citations, units and file formats
_LATIN = re.compile(
    r"""(?<![A-Za-z])(?: Quietline | Apache | JavaScript | English | UTC | PDF | PNG | JPEG | KB | MB | CSV
    | Webhook | FTC | CRTC | XML | zip | WAV | MP3 | UTF-8 | camt\.053
    | XLSX | Parquet | gz | SFTP | SHA-256 | JSON | PEM | API | APP | OAuth2? | TOTP | QR
    | IT | US | GB | EUR | USD | tlog-tiles | Chrome | Chromium | Linux | Headless\w* | Telemarketing[ ]Sales[ ]Rule
    | Ada | Ames | Ines | Ito | Sam | Shah | Sue | Sato | Pia | Park | Otto | Olsen | Rosa | Reyes | Dan | Diaz | Una | Udo
    | Tom | Tran | Olga | Orr | Rui | Rocha | Joan | Jones
    | Office | for | Quiet | Lines | Brightbath | Bathrooms | Ltd | Hearth | Home | Insurance | Busylines | Call | Centre
    | Sunny[ ]Roofs[ ]Direct | New[ ]Windows[ ]Now | Friends[ ]of[ ]Rivers | Kettles | Fay | Fox | Nora | Nash
    | New[ ]York | Los[ ]Angeles | Chicago | Omaha | Palm[ ]Beach | Philadelphia
    | San[ ]Antonio | San[ ]Francisco | Vallejo
    | Northtel | City | Mobile | BLOCK | STATUS | HELP | PIN | Email | checkpoint | tile )(?![A-Za-z])
    | Calling[ ]Act[ ]of[ ]the[ ]demonstration[ ]country,[ ]section[ ][\d()]+(?:,[ ]as[ ]amended[ ]for[ ]\d+)?
    | \d+[ ](?:CFR|U\.S\.C\.|Federal[ ]Register)[^。]* | \S+@\S+ | https?://\S+
    | (?<![0-9A-Za-z])[0-9A-Z]{2,6}-[0-9A-Z-]{2,} """,
    re.VERBOSE,
)
_WORD = re.compile(r"[A-Za-z]{2,}(?:[ '’-][A-Za-z]+)*")

_FACTS = """() => {
  const texts = [document.title];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || parent.closest('script, style, template, textarea, [translate=no], [lang]:not(html)')) continue;
    texts.push(node.data.trim());
  }
  for (const name of ['aria-label', 'placeholder', 'alt', 'title'])
    for (const node of document.body.querySelectorAll(`[${name}]`))
      if (!node.closest('[translate=no], [lang]:not(html)')) texts.push(node.getAttribute(name));
  const root = document.documentElement;
  const wide = [...document.body.querySelectorAll('*')].filter(node => {
    const box = node.getBoundingClientRect();
    return box.width && box.right > root.clientWidth + 1 && !node.closest('svg, .usa-sr-only, .usa-skipnav');
  });
  return {
    title: document.title, lang: root.lang, texts: texts, over: root.scrollWidth - root.clientWidth,
    headings: [...document.querySelectorAll('h1')].map(node => node.textContent.trim()),
    wide: wide.slice(0, 3).map(node => `${node.tagName}.${node.className}`),
  };
}"""


@dataclass(frozen=True)
class Way:
    """How somebody comes: language, size, and whether their browser runs scripts."""

    language: str
    size: str
    scripts: bool = False

    @property
    def viewport(self):
        return PHONE if self.size == "phone" else DESK

    def __str__(self):
        return f"{self.language}-{self.size}{'-scripts' if self.scripts else ''}"


PLAIN_WAYS = [Way(language, size) for language in LOCALES for size in ("phone", "desk")]
SCRIPTED_WAYS = [Way("en", "phone", scripts=True), Way("zh-Hans", "desk", scripts=True)]
WAYS = PLAIN_WAYS + SCRIPTED_WAYS

_clients = itertools.count(1)
_audited: set[tuple[str, ...]] = set()


class Visitor:
    """A browser window. Each page it comes to is checked; where it runs scripts, axe looks at it too, once for each."""

    def __init__(self, browser, platform, way, *, state=None, audits=True, host="127.0.0.1"):
        client = next(_clients)
        self.platform, self.way, self.audits = platform, way, audits and way.scripts
        self.context = browser.new_context(
            viewport=way.viewport,
            locale=LOCALES[way.language],
            java_script_enabled=way.scripts,
            reduced_motion="reduce",
            storage_state=state,
            extra_http_headers={"X-Forwarded-For": f"198.51.{client // 250}.{client % 250 + 1}"},
        )
        self.context.set_default_timeout(15_000)
        self.page = self.context.new_page()
        self.base = f"http://{host}:{platform.port}"
        self.language = way.language
        self.faults: list[str] = []
        self.own_words: frozenset[str] = frozenset()
        """Latin words that stand on the page as they are in every language: names of columns, say."""
        self.status = 0
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        self.context.on("request", self._request)
        self.page.on("response", self._response)

    def close(self):
        self.context.close()

    def _console(self, message):
        # the browser itself writes an "error" for each answer of 4xx, which pages of refusal are
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.faults.append(f"console: {message.text}")

    def _request(self, request):
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.netloc != urlsplit(self.base).netloc:
            self.faults.append(f"asks another host: {request.url}")

    def _response(self, response):
        if response.request.is_navigation_request():
            self.status = response.status
        elif response.status >= 400:
            self.faults.append(f"{response.status} for {urlsplit(response.url).path}")

    @property
    def path(self):
        return urlsplit(self.page.url).path

    @property
    def main(self):
        return self.page.inner_text("main")

    def open(self, path, status=200):
        """Go to an address and look at the page."""
        self.page.goto(self.base + path if path.startswith("/") else path)
        return self.look(status)

    def press(self, selector="main form button[type=submit]", status=200):
        """Press a button or follow a link, and look at the page it leads to."""
        with self.page.expect_navigation():
            self.page.locator(selector).first.click()
        return self.look(status)

    def fill(self, **values):
        """Fill in fields by their names."""
        for name, value in values.items():
            self.page.fill(f"main [name={name}]", value)
        return self

    def tick(self, name, value):
        """Press the label of a box: the box itself lies out of sight, its label draws it."""
        box = self.page.locator(f"main [name={name}][value='{value}']")
        self.page.locator(f"label[for='{box.get_attribute('id')}']").click()
        return self

    def has(self, selector):
        return self.page.locator(selector).count() > 0

    def look(self, status=200):
        """Check what every page has to fulfil."""
        where = f"{self.path} ({self.way})"
        assert self.status == status, f"{where}: status {self.status}, not {status}\n{self.main[:600]}"
        facts = self.page.evaluate(_FACTS)
        assert facts["lang"] == self.language, f"{where}: lang is {facts['lang']}"
        assert len(facts["headings"]) == 1, f"{where}: headings {facts['headings']}"
        assert facts["headings"][0], f"{where}: an empty heading"
        assert re.fullmatch(r"\S.* – Quietline", facts["title"]), f"{where}: title {facts['title']!r}"
        assert facts["over"] <= 0, f"{where}: {facts['over']} pixels too wide: {facts['wide']}"
        assert not self.faults, f"{where}: {self.faults}"
        if self.language == "zh-Hans":
            found = {word for text in facts["texts"] for word in _WORD.findall(_LATIN.sub(" ", text))}
            left = sorted(found - self.own_words)
            assert not left, f"{where}: still in English: {left}"
        if self.audits:
            self._audit(where, facts["headings"][0])
        return self

    def _audit(self, where, heading):
        """Let axe look at both sizes, once for each kind of page."""
        path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}(/[^/]+)?|\d+", "*", self.path)
        kind = (path, re.sub(r"\d", "*", heading), str(self.status), self.language, str(self.has(".usa-error-message")))
        if kind in _audited:
            return
        found = []
        other = DESK if self.way.size == "phone" else PHONE
        for viewport in (self.way.viewport, other):
            self.page.set_viewport_size(viewport)
            result = Axe().run(self.page, options=_AXE)
            found += [
                f"{fault['id']} ({viewport['width']}): {fault['nodes'][0]['html'][:160]}"
                for fault in result.response["violations"]
            ]
            over = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if over > 0:
                found.append(f"{over} pixels too wide at {viewport['width']}")
        self.page.set_viewport_size(self.way.viewport)
        assert not found, f"{where}: {found}"
        _audited.add(kind)

    def prove(self, number, path="/my-number/", count=1):
        """Show that a line is one's own, on the way to a page about it."""
        self.open(path)
        assert self.path == "/my-number/prove/"
        self.fill(raw=number).press()
        return self.enter_code(number, count)

    def enter_code(self, number, count=1):
        """Take the code from the telephone and enter it."""
        return self.fill(code=self.platform.wait_for_code(number, count)).press()

    def sign_in(self, email, password, code=None):
        """Sign in, with a code of an authenticator app where one is given."""
        self.open("/account/login/").fill(login=email, password=password).press()
        if code is not None:
            assert self.path == "/account/2fa/authenticate/", self.path
            self.fill(code=code).press()
        return self


def app_code(secret, steps=0):
    """What an authenticator app shows (RFC 6238: SHA-1, 30 seconds, 6 digits), or did or will so many steps from now."""
    counter = struct.pack(">Q", int(time.time()) // 30 + steps)
    digest = hmac.new(base64.b32decode(secret + "=" * (-len(secret) % 8)), counter, hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset : offset + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"
