"""Every template: nothing inline that the content security policy forbids, forms that are guarded, pages with a title."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

WEB = Path(__file__).parents[2] / "src/quietline/web"
LIBRARY = Path(next(iter(find_spec("allauth").submodule_search_locations))) / "templates"
COMMENTS = re.compile(r"\{#.*?#\}|\{% comment .*?%\}.*?\{% endcomment %\}|\{% comment %\}.*?\{% endcomment %\}", re.DOTALL)
INLINE = re.compile(r"""\sstyle\s*=|<style\b|<script\b(?![^>]*\ssrc=)|\son[a-z]+\s*=\s*["']|javascript:""", re.IGNORECASE)
HOSTS = re.compile(
    r"""(?:https?:)?//(?!www\.w3\.org/(?:2000/svg|1999/xlink))[a-z0-9][a-z0-9.-]*\.[a-z]{2,}""", re.IGNORECASE
)
POSTS = re.compile(r"<form\b[^>]*\bmethod=[\"']?post\b.*?</form>", re.IGNORECASE | re.DOTALL)
FRAMES = {"site/templates/base.html", "site/templates/error_page.html"} | {
    f"{room}/templates/allauth/layouts/{name}.html"
    for room in ("site", "accounts")
    for name in ("base", "entrance", "manage")
}
"""Templates that pages are built on; they give the title a place and leave it to the page."""
EXTENDS = re.compile(r"""\{% extends ["']([^"']+)["'] %\}""")
TITLE = re.compile(r"\{% block (?:title|head_title) %\}(?!\s*\{% endblock)")


@cache
def templates() -> dict[str, str]:
    """Give the text of each template without comments, by its path below ``web``."""
    found = {
        file.relative_to(WEB).as_posix(): COMMENTS.sub("", file.read_text("utf-8"))
        for file in sorted(WEB.glob("*/templates/**/*.html"))
    }
    assert len(found) > 80
    return found


def named(name: str) -> list[str]:
    """List the templates that Django may find under a name: ours, else the log-in library's."""
    ours = [text for path, text in templates().items() if path.partition("/templates/")[2] == name]
    library = LIBRARY / name
    return ours or ([library.read_text("utf-8")] if library.exists() else [])


def test_no_template_has_style_or_script_within_it():
    for path, text in templates().items():
        hit = INLINE.search(text)
        assert hit is None, f"{path}: {hit[0] if hit else ''!r} is against the content security policy"


def test_no_template_names_another_host():
    for path, text in templates().items():
        hit = HOSTS.search(text)
        assert hit is None, f"{path}: {hit[0] if hit else ''} is another host; take the address from a view or a setting"


def test_every_form_that_posts_is_guarded_against_other_sites():
    seen = 0
    for path, text in templates().items():
        for form in POSTS.findall(text):
            seen += 1
            assert "{% csrf_token %}" in form, f"{path}: a form without csrf_token"
    assert seen > 15


def has_title(text: str) -> bool:
    """Say whether a page, or a page that it is built on, fills the title."""
    if TITLE.search(text):
        return True
    base = EXTENDS.search(text)
    return base is not None and any(has_title(parent) for parent in named(base[1]) if EXTENDS.search(parent))


def test_every_page_has_a_title():
    pages = {path: text for path, text in templates().items() if EXTENDS.search(text) and path not in FRAMES}
    assert len(pages) > 30
    for path, text in pages.items():
        assert has_title(text), f"{path}: no title block"


def test_texts_of_pages_are_marked_for_translation():
    # letters between two tags that no tag of gettext surrounds; names, commands, marks and single letters aside
    block = re.compile(r"\{% (blocktranslate|blocktrans)\b.*?\{% end\1 %\}|<(code|pre)\b.*?</\2>", re.DOTALL)
    classes = re.compile(r"\{% block main_class %\}.*?\{% endblock %\}")
    noise = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|<[^>]*>|&\w+;", re.DOTALL)
    for path, text in templates().items():
        outside = "" if "txt" in path else noise.sub("|", block.sub("|", classes.sub("", text)))
        words = [part.strip() for part in outside.split("|") if re.search(r"[A-Za-z]{3,}", part)]
        assert set(words) <= {"Quietline", "UTC", "English"}, f"{path}: not translated: {words}"


@pytest.mark.parametrize(
    "text",
    [
        '<p style="color: red">', "<script>alert(1)</script>", '<a onclick="x()">', "<style>p {}</style>",
        "<a href='javascript:x()'>",
    ],
)  # fmt: skip
def test_the_test_finds_what_is_inline(text):
    assert INLINE.search(text)


@pytest.mark.parametrize("text", ['<a href="//cdn.example.net/x.js">', '<img src="https://pictures.example.org/a.png">'])
def test_the_test_finds_other_hosts(text):
    assert HOSTS.search(text)
