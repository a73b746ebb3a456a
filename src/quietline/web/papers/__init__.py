"""Documents for people: letters, invoices, certificates, reports as PDF that can be kept, searched and read aloud.

One template, ``document``, sets what other rooms hand it as data; nobody writes markup. The data are::

    title: text                      # also the title of the PDF
    issuer: [line, ...]              # who writes; the first line is a name
    to: [line, ...]                  # whom it is for; may be empty
    day: date or ISO text            # of the document
    blocks:
      - {kind: heading, text: ...}
      - {kind: text, text: ...}      # a paragraph
      - {kind: notice, text: ...}    # what matters most, on a coloured ground
      - {kind: list, items: [text, ...]}
      - {kind: facts, rows: [[label, value], ...]}
      - {kind: table, columns: [text, ...], figures: [false, true, ...], rows: [[text, ...], ...]}
      - {kind: total, label: ..., amount: ...}
      - {kind: code, text: ...}      # hashes and references; Latin letters only
    footer: text                     # at the foot of each page

Equal data give equal bytes with the same release: the only date in a document is its own ``day``.
"""

from __future__ import annotations

from quietline.web.papers.rendering import LANGUAGES, render, render_picture

__all__ = ["LANGUAGES", "render", "render_picture"]
