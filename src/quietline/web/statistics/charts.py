"""Charts as SVG, drawn on the server: they need no script, no style sheet of their own and nothing from another host.

Everything is drawn with attributes, since the pages' policy allows no style attributes. The words and the table beside a
chart say the same, so the drawing itself is hidden from screen readers but for its name, which the component gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["bars", "columns"]

_WIDTH = 400
_INK, _FILL, _FAINT = "#1b1b1b", "#1d6a6a", "#c6cdcd"
_ROW = 46
_HEIGHT = 190
_MOST_BARS = 10
_SHORT = 5


def bars(rows: Sequence[tuple[str, int, str]]) -> SafeString:
    """Draw one bar for each row, with its name above it and its figure behind it; the first ten.

    Args:
        rows: name, count, and the figure as it is written.
    """
    shown = rows[:_MOST_BARS]
    most = max((count for _name, count, _text in shown), default=0) or 1
    room = _WIDTH - 110
    drawn = format_html_join(
        "",
        '<text x="0" y="{}" font-size="15" fill="{}">{}</text><rect x="0" y="{}" width="{}" height="14" fill="{}"></rect>'
        '<text x="{}" y="{}" font-size="15" fill="{}">{}</text>',
        (
            (place * _ROW + 15, _INK, _short(name), place * _ROW + 22, max(1, room * count // most), _FILL,
             max(1, room * count // most) + 8, place * _ROW + 34, _INK, text)
            for place, (name, count, text) in enumerate(shown)
        ),
    )  # fmt: skip
    return _drawing(len(shown) * _ROW, drawn)


def columns(rows: Sequence[tuple[str, int | None, str]]) -> SafeString:
    """Draw one column for each row from left to right, with its figure above it and its name below; a gap where None.

    Where figures are long, every second column has one, the last among them; the table has all.

    Args:
        rows: short name, count, and the figure as it is written; at most eight.
    """
    most = max((count or 0 for _name, count, _text in rows), default=0) or 1
    step = _WIDTH // max(1, len(rows))
    room = _HEIGHT - 60
    every = 2 if any(len(text) > _SHORT for _name, _count, text in rows) else 1
    parts = []
    for place, (name, count, text) in enumerate(rows):
        height = 0 if count is None else max(1, room * count // most)
        middle = place * step + step // 2
        above = text if (len(rows) - 1 - place) % every == 0 else ""
        parts.append((
            place * step + 6, _HEIGHT - 30 - height, step - 12, height, _FILL,
            middle, _HEIGHT - 36 - height, _INK, above, middle, _HEIGHT - 8, _INK, name,
        ))  # fmt: skip
    drawn = format_html_join(
        "",
        '<rect x="{}" y="{}" width="{}" height="{}" fill="{}"></rect>'
        '<text x="{}" y="{}" font-size="14" text-anchor="middle" fill="{}">{}</text>'
        '<text x="{}" y="{}" font-size="14" text-anchor="middle" fill="{}">{}</text>',
        parts,
    )
    line = format_html(
        '<line x1="0" x2="{}" y1="{}" y2="{}" stroke="{}"></line>', _WIDTH, _HEIGHT - 29, _HEIGHT - 29, _FAINT
    )
    return _drawing(_HEIGHT, mark_safe(drawn + line))  # noqa: S308 - both were escaped


def _drawing(height: int, drawn: SafeString) -> SafeString:
    return format_html(
        '<svg viewBox="0 0 {} {}" width="{}" height="{}" aria-hidden="true" focusable="false">{}</svg>',
        _WIDTH, height, _WIDTH, height, drawn,
    )  # fmt: skip


def _short(name: str) -> str:
    return name if len(name) <= 48 else f"{name[:47]}…"
