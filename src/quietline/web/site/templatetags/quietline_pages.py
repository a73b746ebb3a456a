"""Tags and filters of Quietline's pages: navigation, icons, and components that hold text of the page.

Load with ``{% load quietline_pages %}``. Components without inner text are plain includes from ``components/``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import phonenumbers
from django import template
from django.conf import settings
from django.db import DatabaseError
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.translation import get_language, get_language_info
from django.utils.translation import gettext_lazy as _

from quietline.web.base.clock import now
from quietline.web.base.words import as_day, as_moment, as_money

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.template.context import Context
    from django.utils.safestring import SafeString
    from django_stubs_ext import StrOrPromise

    from quietline.web.site.desks import Place

register = template.Library()

PRIMARY: tuple[tuple[StrOrPromise, str], ...] = (
    (_("My number"), "subscribers:status"),
    (_("Who asked"), "subscribers:who_asked"),
    (_("Report a call"), "reports:new"),
    (_("For sellers"), "sellers:start"),
    (_("Proofs"), "proofs:home"),
)
"""The navigation of every page: label and URL name, in order. A name that leads nowhere is left out."""

FOOTER: tuple[tuple[StrOrPromise, tuple[tuple[StrOrPromise, str], ...]], ...] = (
    (
        _("Your number"),
        (
            (_("List my number"), "subscribers:list"),
            (_("Check or change my entry"), "subscribers:status"),
            (_("Who asked about my number"), "subscribers:who_asked"),
            (_("Report a call"), "reports:new"),
            (_("Is a number sealed?"), "seals:check"),
        ),
    ),
    (
        _("Organisations"),
        (
            (_("For sellers"), "sellers:start"),
            (_("For operators"), "operators:home"),
            (_("Programming interface"), "api_docs"),
            (_("Sign in"), "account_login"),
        ),
    ),
    (
        _("About"),
        (
            (_("Help"), "help"),
            (_("How it is proved"), "proofs:home"),
            (_("Figures"), "statistics:home"),
            (_("Outcomes of cases"), "enforcement:outcomes"),
            (_("Privacy"), "privacy"),
            (_("Accessibility"), "accessibility"),
            (_("Source and licence"), "source"),
        ),
    ),
)
"""The footer of every page: columns of label and URL name. Names that lead nowhere are left out, empty columns too."""

REGION_LENGTH = 2


class Link(NamedTuple):
    """A link of the frame; ``is_current`` when the page shown stands under it."""

    label: StrOrPromise
    url: str
    is_current: bool


class Column(NamedTuple):
    """A column of links in the footer."""

    title: StrOrPromise
    links: list[Link]


@register.simple_tag
def page_url(name: str, *args: object) -> str:
    """Give the address of a named page, or an empty text where this installation has no such page."""
    try:
        return reverse(name, args=args or None)
    except NoReverseMatch:
        return ""


def _links(entries: Iterable[tuple[StrOrPromise, str]], path: str) -> list[Link]:
    """Resolve the names that lead somewhere; the page itself, and what stands below it, counts as current."""
    found = ((label, page_url(name)) for label, name in entries)
    return [Link(label, url, url != "/" and path.startswith(url)) for label, url in found if url]


def _path(context: Context) -> str:
    """Give the path of the request, or an empty text where a page is made without one."""
    return str(getattr(context.get("request"), "path", ""))


@register.simple_tag(takes_context=True)
def primary_links(context: Context) -> list[Link]:
    """Give the links of the navigation; at most one is current: the one with the longest address."""
    links = _links(PRIMARY, _path(context))
    current = max((link for link in links if link.is_current), key=lambda link: len(link.url), default=None)
    return [link._replace(is_current=link is current) for link in links]


@register.simple_tag(takes_context=True)
def places(context: Context, counted: bool = False) -> list[Place]:
    """Give what who asks may do, organisation by organisation; with ``counted`` also how much waits where."""
    from quietline.web.site.desks import places_of  # the access table needs all rooms, and rooms may load these tags

    request = context.get("request")
    if request is None:
        return []
    try:
        return places_of(request, at=now() if counted else None)
    except DatabaseError:  # a page that says so must not fail for the same reason
        return []


@register.simple_tag(takes_context=True)
def open_url(context: Context, name: str) -> str:
    """Give the address of a named page as :func:`page_url` does, or an empty text where it is closed to who asks for good.

    What opens after a log-in, or with a code, counts as open: the access table leads there.
    """
    from quietline.web.site.desks import is_closed

    url, request = page_url(name), context.get("request")
    return "" if url and request is not None and is_closed(request, name, url) else url


@register.simple_tag(takes_context=True)
def footer_columns(context: Context) -> list[Column]:
    """Give the columns of the footer that have links, without those that would refuse who asks."""
    columns = []
    is_known = getattr(context.get("user"), "is_authenticated", False)
    for title, entries in FOOTER:
        fitting = [(label, name) for label, name in entries if not (is_known and name == "account_login")]
        links = [Link(label, url, False) for label, name in fitting if (url := open_url(context, name))]
        columns.append(Column(title, links))
    return [column for column in columns if column.links]


@register.simple_tag
def other_languages() -> list[dict[str, str]]:
    """Give the languages other than the present one: ``code``, ``tag`` (BCP 47) and ``name``, each in its own words."""
    present = (get_language() or settings.LANGUAGE_CODE).lower()
    return [
        {"code": code, "tag": language_tag(code), "name": get_language_info(code)["name_local"]}
        for code, _name in settings.LANGUAGES
        if code.lower() != present
    ]


@register.filter
def language_tag(code: str) -> str:
    """Write a language code of Django as BCP 47 has it: ``zh-hans`` is ``zh-Hans``."""
    parts = code.split("-")
    return "-".join([parts[0], *(part.title() if len(part) > REGION_LENGTH else part.upper() for part in parts[1:])])


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw an icon of ``theme/icons.txt``. It is decoration: words beside it must say the same."""
    return format_html(
        '<svg class="ql-icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("quietline/icons.svg"),
        name,
    )


@register.filter
def as_number(number: str) -> SafeString:
    """Write a number (E.164 text) in groups, kept on one line and out of the hands of translators.

    What is no E.164 number is shown as it is. For the number's proven holder only: see the access table.
    """
    try:
        text = phonenumbers.format_number(phonenumbers.parse(number, None), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        text = number
    return format_html('<span class="ql-number" translate="no">{}</span>', text)


register.filter("as_day", as_day)
register.filter("as_moment", as_moment)
register.filter("as_money", as_money)


@register.filter
def with_columns(row: Sequence[Any], columns: Sequence[Any]) -> list[tuple[Any, dict[str, Any]]]:
    """Pair the cells of a table's row with their columns.

    A column is a text, or a dict with ``label`` and perhaps ``is_figure``. A cell is a text or a number, or a dict with
    ``text`` and perhaps ``url`` or ``tone`` (of ``components/status.html``), ``is_code`` or ``is_words``.
    """
    cells = (cell if isinstance(cell, dict) else {"text": cell} for cell in row)
    return list(zip((as_column(column) for column in columns), cells, strict=True))


@register.filter
def as_column(column: Any) -> dict[str, Any]:
    """Give a table's column as a dict, also where it was given as a text."""
    return column if isinstance(column, dict) else {"label": column}


@register.filter
def error_target(field: Any) -> str:
    """Give the id of the first control of a bound field: what a link in the list of errors leads to."""
    return str(field.id_for_label or f"{field.auto_id}_0")


@register.simple_block_tag
def alert_box(content: str, kind: str = "info", title: str = "") -> SafeString:
    """Show page text in an alert: ``{% alert_box "warning" title %}...{% endalert_box %}``."""
    return render_to_string("components/alert.html", {"kind": kind, "title": title, "body": content})


@register.simple_block_tag
def summary_box(content: str, title: str = "") -> SafeString:
    """Show page text in a summary box: ``{% summary_box title %}...{% endsummary_box %}``."""
    return render_to_string("components/summary_box.html", {"title": title, "body": content})


@register.simple_block_tag
def help_box(content: str, title: str = "") -> SafeString:
    """Hide page text behind a question: ``{% help_box title %}...{% endhelp_box %}``."""
    return render_to_string("components/help.html", {"title": title, "body": content})


@register.simple_block_tag
def certificate_box(content: str, title: str = "", number: str = "") -> SafeString:
    """Show page text on a certificate, below its number: ``{% certificate_box title number %}...``."""
    return render_to_string("components/certificate.html", {"title": title, "number": number, "body": content})
