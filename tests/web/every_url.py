"""Every address of the platform, with a path that leads to it: for tests that walk them all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

__all__ = ["SAMPLES", "Address", "every_url"]

SAMPLES = {
    "int": "1",
    "path": "0/000",
    "slug": "sample",
    "str": "sample",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "uuidstr": "00000000-0000-4000-8000-000000000000",
    # parts of addresses that are regular expressions have no kind; here their own names count
    "key": "sample",
    "uidb36": "1",
    "provider_id": "sample",
    # of the emulators: which system, and which file of it
    "system": "au",
    "kind": "full",
    "form": "flat",
    "area": "212",
}
"""What stands in a path for each kind of parameter."""
_PARAMETER = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>")
_GROUP = re.compile(r"\(\?P<(?P<name>\w+)>(?:\[[^\]]*\]|[^()\[\]])*\)")


@dataclass(frozen=True, slots=True)
class Address:
    """One address.

    Attributes:
        name: with the names of its families, as the access table has it; empty where it has none.
        path: that leads to it.
        is_ours: whether it is one of the platform, not of a library: those stand in no family here.
    """

    name: str
    path: str
    is_ours: bool


def sample(kind: str, name: str, route: str) -> str:
    """Give what stands in a path for a parameter."""
    for known in (name, kind) if kind == "str" else (kind, name):
        if known in SAMPLES:
            return SAMPLES[known]
    raise AssertionError(
        f"{route!r} has a parameter {name!r} of kind {kind!r} without a sample; add it to SAMPLES of tests/web/every_url.py"
    )


def _written(pattern: Any) -> str:
    """Write one part of a path; of a regular expression, what it says outside its groups."""
    route = str(pattern)
    if hasattr(pattern, "_route"):
        return _PARAMETER.sub(lambda found: sample(found["kind"] or "str", found["name"], route), route)
    text = _GROUP.sub(lambda found: sample("", found["name"], route), route.removeprefix("^").removesuffix("$"))
    return text.replace(".*", "no-such-page").replace("\\.", ".")


def _walk(patterns: Any, families: tuple[str, ...] = (), before: str = "/") -> Any:
    from django.urls import URLPattern

    for each in patterns:
        path = before + _written(each.pattern)
        if isinstance(each, URLPattern):
            name = ":".join((*families, each.name)) if each.name else ""
            module = getattr(each.callback, "__module__", "")
            yield Address(name, path, bool(families) or module.startswith("quietline."))
        else:
            yield from _walk(each.url_patterns, (*families, each.namespace) if each.namespace else families, path)


@cache
def every_url() -> tuple[Address, ...]:
    """List all addresses of the platform, each with a path that resolves to it."""
    from django.urls import resolve

    from quietline.web.site import urls

    found = tuple(_walk(urls.urlpatterns))
    assert len(found) > 60
    for address in found:
        if address.name:
            match = resolve(address.path, urls)
            assert match.view_name == address.name, f"{address.path} leads to {match.view_name}, not to {address.name}"
    return found
