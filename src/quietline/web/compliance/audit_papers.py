"""What an audit found as one PDF, to be filed or handed on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext as _

from quietline.web.compliance.audit_words import (
    cost_rows,
    figures_of,
    rule_rows,
    tongue,
    totals_of,
    unknown_rows,
    unreadable_rows,
)
from quietline.web.papers import render

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quietline.web.compliance.models import CallAudit

__all__ = ["audit_document"]


def audit_document(audit: CallAudit, data: Mapping[str, Any], *, lang: str) -> bytes:
    """Write the report as PDF, in a language of the pages. It names no telephone number.

    Args:
        audit: finished.
        data: what it found (:func:`quietline.web.compliance.audits.data_of`).
        lang: as the pages have it.
    """
    days = [str(data[name])[:10] for name in ("first_at", "last_at") if data[name]]
    facts = [
        [_("Organisation"), f"{audit.organisation.name} ({audit.organisation.code})"],
        [_("On whose behalf"), f"{audit.client.name} ({audit.client.code})"],
        [_("Days of the calls (UTC)"), " – ".join(dict.fromkeys(days)) or "–"],
        *([one["label"], one["value"]] for one in figures_of(data)),
    ]
    blocks: list[dict[str, Any]] = [
        {"kind": "facts", "rows": facts},
        {"kind": "heading", "text": _("What to do")},
        {"kind": "list", "items": list(data["what_to_do"][tongue(lang)])},
        *_table(_("By rule"), [_("Rule"), _("Where it is written"), _("Forbidden"), _("Not certain"), _("Permitted")],
                rule_rows(data, lang), texts=2),
        *_table(_("What it can cost at most"), [_("Rule"), _("Days"), _("Calls"), _("One call"), _("All")],
                cost_rows(data, lang), texts=2),
    ]  # fmt: skip
    if totals := totals_of(data):
        text = _("In all at most %(sums)s by the law of each call's day: a ceiling, not a forecast.")
        blocks.append({"kind": "notice", "text": text % {"sums": ", ".join(totals)}})
    blocks += _table(_("What was not known"), [_("Fact"), _("Calls")], unknown_rows(data, lang), texts=1)
    blocks += _table(_("Rows that were not judged"), [_("Why"), _("Rows")], unreadable_rows(data, lang), texts=1)
    if audit.made is not None:
        text = _("SHA-256 of the report as data; the public ledger holds it, and nothing else of this audit:")
        blocks += [{"kind": "text", "text": text}, {"kind": "code", "text": audit.made.report}]
    document = {
        "title": _("Audit of past calls"), "issuer": [settings.ENVIRONMENT.title],
        "to": [audit.organisation.name, audit.organisation.code], "day": str(data["made_at"])[:10], "blocks": blocks,
        "footer": _("What the log said was not checked. It tells what the law says to it, as far as that is known."),
    }  # fmt: skip
    return render("document", document, lang=lang)


def _table(heading: str, columns: list[str], rows: list[list[str]], *, texts: int) -> list[dict[str, Any]]:
    """Give a table under a heading; the first columns hold texts, the others figures. Nothing where there are no rows."""
    if not rows:
        return []
    figures = [place >= texts for place in range(len(columns))]
    return [
        {"kind": "heading", "text": heading},
        {"kind": "table", "columns": columns, "figures": figures, "rows": rows},
    ]  # fmt: skip
