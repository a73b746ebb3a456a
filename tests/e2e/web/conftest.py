"""One platform for all browser tests of a worker, one browser for each file, one window for each test."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from e2e.web.running import Platform
from e2e.web.visiting import ARGUMENTS, PROGRAM, WAYS, Visitor

_AREAS = dict(zip(map(str, WAYS), ("201", "303", "404", "503", "606", "713"), strict=True))


@pytest.fixture(scope="session")
def platform():
    """The platform, until all is done; that it ends with nothing left is checked then."""
    with Platform() as running:
        yield running


# not for the session: the browser's event loop lives in this thread, where Django refuses its database meanwhile
@pytest.fixture(scope="module")
def browser():
    if os.environ.get("QUIETLINE_NO_BROWSER"):
        pytest.skip("QUIETLINE_NO_BROWSER is set")
    if not Path(PROGRAM).exists():
        pytest.fail(f"There is no browser at {PROGRAM}: install Chromium, or set QUIETLINE_NO_BROWSER=1 to do without.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=PROGRAM, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def visit(browser, platform):
    """A function that opens a window: way, and the cookies to begin with."""
    opened = []

    def open_window(way, **options):
        opened.append(Visitor(browser, platform, way, **options))
        return opened[-1]

    yield open_window
    for visitor in opened:
        visitor.close()


@pytest.fixture(params=WAYS, ids=str)
def visitor(request, visit):
    """Somebody, in each way that people come."""
    return visit(request.param)


@pytest.fixture
def area(request):
    """An area code of one's own in each way, so that no test meets another's numbers or limits."""
    return _AREAS[str(request.node.callspec.params["visitor"])]
