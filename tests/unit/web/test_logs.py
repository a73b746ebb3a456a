"""Nothing about a person reaches the log, whoever writes the line."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from quietline.web.base.logs import configure, log

PERSONAL = ("212", "0123", "someone", "mail.example", "203.0.113", "2001:db8", "tok3n", "Jane")


@pytest.fixture(scope="module")
def _configured():
    root, quietline = logging.getLogger(), logging.getLogger("quietline")
    before = (root.handlers[:], root.level, quietline.level, structlog.get_config())
    configure()
    yield
    root.handlers[:], root.level, quietline.level = before[:3]
    structlog.configure(**before[3])


@pytest.fixture(scope="module")
def lines(_configured):
    """Give a function: call something, get the lines that it logged."""
    handler = next(handler for handler in logging.getLogger().handlers if hasattr(handler, "setStream"))

    def logged(act):
        stream = io.StringIO()
        before = handler.setStream(stream)
        try:
            act()
        finally:
            handler.setStream(before)
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    return logged


def nothing_personal(line):
    text = json.dumps({name: value for name, value in line.items() if name != "timestamp"}, ensure_ascii=False)
    return not any(part in text for part in PERSONAL)


@pytest.mark.parametrize(
    "value",
    [
        "(212) 555-0123",
        "+12125550123",
        "tel:+1-212-555-0123;ext=7",
        12125550123,
        [12125550123, "212 555 0123"],
        {"+12125550123": 12125550123},
        {"who": {"mail": "someone@mail.example"}},
        "someone@mail.example",
        "Someone <someone@mail.example>",
        "/my-number/?raw=%2B12125550123&token=tok3n",
        "203.0.113.9",
        "2001:db8:7::1",
        "::ffff:203.0.113.9",
        ValueError("Jane"),
        b"Jane",
    ],
)
def test_a_value_that_slipped_into_a_field_is_blotted_out(lines, value):
    (line,) = lines(lambda: log("room").warning("happened", code="x.y", value=value))
    assert nothing_personal(line), line
    assert line["event"] == "happened"
    assert line["code"] == "x.y"


def test_what_may_be_logged_is_left_as_it_is(lines):
    (line,) = lines(
        lambda: log("publishing").info(
            "published",
            register="dnc-us",
            version=3,
            count=50_000_000_000,
            record=123_456_789,
            milliseconds=12.5,
            whole=True,
        )
    )
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "published", "level": "info", "register": "dnc-us", "version": 3, "count": 50_000_000_000,
        "record": 123_456_789, "milliseconds": 12.5, "whole": True,
    }  # fmt: skip


def test_an_exception_shows_where_and_what_kind_and_none_of_its_words(lines):
    def act():
        try:
            raise ValueError('duplicate key: Key (key)=(12125550123) of Jane "someone@mail.example"')
        except ValueError:
            log("worker").warning("chore failed", exc_info=True)
            logging.getLogger("library").exception("Failed for %s", "Jane")

    own, foreign = lines(act)
    for line in (own, foreign):
        assert line["exception"] == "ValueError"
        assert line["at"].startswith("test_logs.py:")
        assert nothing_personal(line), line
    assert foreign["event"] == "Failed for %s"
    assert foreign["logger"] == "library"


def test_the_cause_of_an_exception_is_not_shown_either(lines):
    def act():
        try:
            try:
                raise KeyError("Jane")
            except KeyError as error:
                raise RuntimeError("of Jane") from error
        except RuntimeError as error:
            logging.getLogger("library").error("no", exc_info=error, stack_info=True)

    (line,) = lines(act)
    assert line["exception"] == "RuntimeError"
    assert nothing_personal(line), line


@pytest.mark.parametrize(
    ("message", "arguments", "kept"),
    [
        ("Not Found: %s", ("/my-number/list/by-mail/tok3n/",), "Not Found: %s"),
        ("%s of %s", ("Jane", 12125550123), "%s of %s"),
        ("Invalid HTTP_HOST header: 'someone.mail.example'.", (), "Invalid HTTP_HOST header"),
        ("could not send (212) 555-0123 to Jane: refused", (), "could not send"),
        ("refused someone@mail.example", (), "refused …"),
        ("'Jane'", (), "message"),
    ],
)
def test_of_what_a_library_logs_only_its_own_words_are_kept(lines, message, arguments, kept):
    (line,) = lines(lambda: logging.getLogger("library").warning(message, *arguments))
    assert line["event"] == kept
    assert nothing_personal(line), line


class Match:
    view_name = "subscribers:confirm_mail"


class Request:
    method = "GET"
    path = "/my-number/list/by-mail/tok3n/"

    def __init__(self, match):
        self.resolver_match = match

    def __repr__(self):
        return f"<Request {self.path}>"


@pytest.mark.parametrize(("match", "view"), [(Match, "subscribers:confirm_mail"), (None, "none")])
def test_a_refused_request_is_named_by_its_view_and_never_by_its_path(lines, match, view):
    extra = {"status_code": 404, "request": Request(match)}
    act = lambda: logging.getLogger("django.request").warning("Not Found: %s", Request.path, extra=extra)  # noqa: E731
    (line,) = lines(act)
    assert nothing_personal(line), line
    del line["timestamp"]
    assert line == {
        "event": "answered", "level": "warning", "logger": "django.request", "status": 404, "method": "GET", "view": view,
    }  # fmt: skip


def test_what_a_client_sent_as_its_host_is_not_logged(lines):
    extra = {"status_code": 400, "request": Request(None)}
    act = lambda: logging.getLogger("django.security.DisallowedHost").error("Invalid: 'tok3n'", extra=extra)  # noqa: E731
    (line,) = lines(act)
    assert nothing_personal(line), line
    assert line["status"] == 400


@given(
    number=st.integers(10**9, 10**15 - 1),
    spaces=st.lists(st.sampled_from(["", " ", "-", ".", ") "]), min_size=15, max_size=15),
)
def test_no_number_is_left_however_it_is_written(lines, number, spaces):
    written = "".join(digit + space for digit, space in zip(str(number), spaces, strict=False)).rstrip(" -.)")
    (line,) = lines(lambda: log("room").warning("happened", value=f"for {written}!", other=number))
    assert line["value"] == "for …!"
    assert line["other"] == "…"
