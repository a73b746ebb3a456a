"""What can be wrong with a record or a file, in words, by code."""

from __future__ import annotations

from django.utils.translation import gettext as _

__all__ = ["problem_text"]


def problem_text(code: str) -> str:
    """Say what is wrong and what to do, in the language in force."""
    texts = {
        "number.invalid": _("This is no telephone number."),
        "number.nowhere": _("This number belongs to no country."),
        "date.unread": _("This is no day. Write it as 2026-11-22, or with the time as 2026-11-22T09:30:00Z."),
        "date.future": _("This lies in the future."),
        "date.old": _("This is too long ago: before 1990."),
        "until.before": _("The end lies before the day itself."),
        "until.stop": _("A request to stop has no end."),
        "kind.unknown": _("This does not say whether it is a consent, a purchase, an inquiry or a request to stop."),
        "form.unknown": _("This is no known form of consent."),
        "form.kind": _("Only a consent has a form."),
        "channel.unknown": _("This is neither calls nor texts."),
        "holder.unknown": _("This is neither a person nor a business."),
        "value.long": _("This is too long."),
        "reference.other": _("This reference stands for another record. A record is never written over: take a new one."),
        "iys.missing": _("This is missing."),
        "iys.unknown-field": _("This field is not known."),
        "iys.recipient": _("This is no telephone number such as +905321234567."),
        "iys.recipientType": _("This is neither BIREYSEL nor TACIR."),
        "iys.type": _("This is neither ARAMA nor MESAJ; e-mail is not kept here."),
        "iys.status": _("This is neither ONAY nor RET."),
        "iys.source": _("This is no source such as HS_WEB."),
        "iys.consentDate": _("This is no time such as 2026-11-22 12:30:00."),
        "iys.first-refusal": _("A first record cannot be a refusal."),
        "input.column": _("No column is known to hold the number, the day or the kind. Name the columns in the first row."),
        "input.rows": _("The file has more than a million rows. Split it."),
        "input.dates": _("Days such as 03/04/2026 can be read in two ways. Say below which stands first."),
        "evidence.refused": _("Some of its references stand for other records already."),
        "operation.conflict": _("The same records were being handed in at that moment. Hand the file in once more."),
    }
    return texts.get(code) or _("This cannot be read. Export it again, as CSV in UTF-8.")
