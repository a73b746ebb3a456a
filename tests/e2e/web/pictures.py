"""``python tests/e2e/web/pictures.py``: make the pictures of the main pages in ``docs/pictures`` anew."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
MOST_BYTES = 150_000


class _Album:
    """Where pictures go, and the windows they are taken in."""

    def __init__(self, browser, platform, folder):
        from e2e.web.visiting import PLAIN_WAYS, Visitor

        self.folder = folder
        self.windows = {str(way): Visitor(browser, platform, way) for way in PLAIN_WAYS}

    def take(self, name, window, *, whole=False):
        """Photograph a window, or its page from head to foot."""
        file = self.folder / f"{name}.png"
        self.windows[window].page.screenshot(path=file, full_page=whole)
        size = file.stat().st_size
        print(f"{file.name:32}{size // 1024:>5} kB")  # noqa: T201 - the command's answer
        if size > MOST_BYTES:
            sys.exit(f"{file} has more than {MOST_BYTES} bytes")


def _public(album):
    desk, phone, chinese = (album.windows[name] for name in ("en-desk", "en-phone", "zh-Hans-phone"))
    desk.open("/")
    album.take("front-desk", "en-desk")
    chinese.open("/")
    album.take("front-phone-chinese", "zh-Hans-phone")
    phone.open("/my-number/list/").fill(raw="(201) 555-0123").press()
    album.take("code-phone", "en-phone")
    phone.enter_code("+12015550123")
    album.take("listed-phone", "en-phone", whole=True)
    phone.open("/my-number/terms/").press("main button[name=of]").enter_code("+12015550123", 2)
    album.take("terms-phone", "en-phone")
    desk.open("/proofs/")
    album.take("proofs-desk", "en-desk")


def _holder(album):
    desk, chinese = album.windows["en-desk"], album.windows["zh-Hans-phone"]
    desk.prove("+12125550101")
    album.take("my-number-desk", "en-desk")
    desk.open("/my-number/certificate/")
    album.take("certificate-desk", "en-desk")
    desk.open("/my-number/who-asked/")
    album.take("who-asked-desk", "en-desk")
    chinese.prove("+12125550113", path="/my-number/consents/")
    album.take("consents-phone-chinese", "zh-Hans-phone")


def main():
    """Start a platform and a browser, walk, and take pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / "docs/pictures", help="where they go (docs/pictures)")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    sys.path.insert(0, str(ROOT / "tests"))
    from playwright.sync_api import sync_playwright

    from e2e.web.running import Platform
    from e2e.web.visiting import ARGUMENTS, PROGRAM

    with Platform() as platform, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=ARGUMENTS)
        album = _Album(browser, platform, folder)
        _public(album)
        _holder(album)
        browser.close()


if __name__ == "__main__":
    main()
