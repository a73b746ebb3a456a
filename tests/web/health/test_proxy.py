"""The proxy that is handed out lets through what the pages and the interface take."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest
from django.urls import reverse

CONF = (Path(__file__).parents[3] / "deploy/nginx/quietline.conf").read_text("utf-8")
_LOCATION = re.compile(r"^    location (?:(=|~) )?(\S.*?) \{\n?(.*?)\}$", re.MULTILINE | re.DOTALL)
_FORM = 65_536  # what a form puts around its files
_CODE, _ID = "QL-O-482193-4", "00000000-0000-4000-8000-000000000000"
WAYS = [
    ("washing:new", [_CODE], "washing.uploads", 1),
    ("api:uploads", [], "washing.uploads", 1),
    ("evidence:upload", [_CODE], "evidence.uploads", 1),
    ("compliance:new_audit", [_CODE], "compliance.audits", 1),
    ("triage:files", [], "complaints.uploads", 1),
    ("reports:new", [], "complaints.attachments", 3),
    ("reports:bulk", [], "complaints.bulk", 1),
    ("api:complaint_files", [], "complaints.bulk", 1),
    ("inquiries:one", [_CODE, "QL-2345-6789"], "inquiries.sealing", 8),
    ("sellers:proofs", [_CODE], "sellers.documents", 1),
    ("subscriptions:payments", [], "subscriptions.bank_files", 1),
    ("operators:lines", [_CODE], "operators.handing_in", 1),
    ("lists:leaks", [], "lists.forms", 1),
    ("lists:canaries", [], "lists.forms", 1),
]
WHOLE_LISTS = WAYS[:5]


def room_at(path):
    """How many bytes the location takes that nginx chooses for a path, and what else it says."""
    (default,) = re.findall(r"^    client_max_body_size (\w+);", CONF, re.MULTILINE)
    chosen = next((body for kind, where, body in _LOCATION.findall(CONF) if kind == "~" and re.search(where, path)), "")
    size = (re.findall(r"client_max_body_size (\w+);", chosen) or [default])[0]
    return int(size[:-1]) << {"k": 10, "m": 20, "g": 30}[size[-1]], chosen


@pytest.mark.parametrize(("name", "arguments", "module", "files"), WAYS, ids=[way[0] for way in WAYS])
def test_what_the_pages_take_passes_the_proxy(name, arguments, module, files):
    rules = import_module(f"quietline.web.{module}")
    most = getattr(rules, "MOST_BYTES", None) or rules._MOST_BYTES
    room, body = room_at(reverse(name, args=arguments))
    assert room >= files * most + _FORM, f"{name} takes {files} x {most} bytes"
    assert ("proxy_request_buffering off;" in body) == ((name, arguments, module, files) in WHOLE_LISTS)
    assert not body or "proxy_pass http://quietline;" in body


@pytest.mark.parametrize("path", ["/", "/account/login/", "/my-number/", "/api/v1/listings", "/evidence/x/"])
def test_everything_else_stays_small(path):
    assert room_at(path)[0] == 3 << 20


def test_the_headers_hold_in_every_location():
    """nginx takes a server's proxy_set_header only where the location has none of its own."""
    for kind, where, body in _LOCATION.findall(CONF):
        if "proxy_pass" in body:
            assert "proxy_set_header" not in body, (kind, where)
    assert CONF.index("proxy_set_header X-Forwarded-For $remote_addr;") < CONF.index("    location / {")
