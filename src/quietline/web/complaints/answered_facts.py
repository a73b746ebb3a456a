"""What operators and the accused answered about a reported call, and how far a network vouched for its number."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from quietline.numbering import number_of
from quietline.web.complaints.known_call import Fact
from quietline.web.complaints.models import RefusedCall
from quietline.web.inquiries.models import Inquiry
from quietline.web.inquiries.queries import answered, asked_in, said_in
from quietline.web.sellers.queries import who_answers_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quietline.web.complaints.known_call import Call
    from quietline.web.inquiries.models import Answer

__all__ = ["admission_of", "line_use_of", "records_of"]

_NEAR = timedelta(minutes=10)
_USES = frozenset(("residential", "business"))


def records_of(call: Call) -> tuple[Fact, Fact]:
    """Tell what operators say of the call: a record of it, and how far it was vouched for."""
    record, attested = _call_record(call), ""
    if record is not None and record.get("attestation"):
        attested = record["attestation"]
    refused = _refused(call)
    if refused is not None:
        attested = refused.attestation or "none"
    source = "refused-calls" if refused is not None else "inquiries"
    return (
        Fact("call_record", record, "inquiries", call.as_of, record is not None),
        Fact("attestation", attested or None, source, call.as_of, bool(attested)),
    )


def line_use_of(call: Call) -> tuple[list[Fact], dict[str, Any]]:
    """Tell whose line was called: as its operator says, else as the reporter does."""
    found, source = call.complaint.callee_class, "reporter"
    if call.key is not None:
        for answer, matter in _answers(call, Inquiry.Kind.HOLDER):
            told = said_in(answer).values.get("holder_class", "")
            if matter.get("number") == number_of(call.key) and matter.get("on") == call.on.isoformat() and told in _USES:
                found, source = told, "inquiries"
                break
    return [Fact("callee_class", found or None, source, call.as_of, bool(found))], {"callee_class": found} if found else {}


def admission_of(call: Call, *, is_false: bool) -> tuple[list[Fact], dict[str, Any]]:
    """Tell whether who answers for the calling number said in its reply that the calls were its own: then it was no other's.

    Args:
        call: the call.
        is_false: the operator has no such call: then nobody's word makes the number a true one.
    """
    if call.caller is None or is_false:
        return [], {}
    owners = {row.organisation_id for row in who_answers_for(call.caller, at=call.moment)}
    for answer, matter in _answers(call, Inquiry.Kind.REPLY):
        is_about = matter.get("caller") in (None, "", number_of(call.caller))
        if is_about and answer.inquiry.to_id in owners and said_in(answer).values.get("made_call") == "yes":
            told = {"by": answer.inquiry.to.code, "request": answer.inquiry.reference}
            return [Fact("admission", told, "inquiries", answer.answered_at.isoformat())], {"caller_id": "shown"}
    return [], {}


def _answers(call: Call, kind: str) -> Iterator[tuple[Answer, dict[str, Any]]]:
    """Give the answers of a kind about the complaint, then its case, the newest first of each, with what was asked."""
    for subject in (call.complaint.reference, call.complaint.case_reference):
        for answer in answered(subject, kind).filter(outcome="answered").order_by("-answered_at") if subject else ():
            yield answer, asked_in(answer.inquiry).matter


def _call_record(call: Call) -> dict[str, Any] | None:
    caller = number_of(call.caller) if call.caller is not None else ""
    callee = number_of(call.key) if call.key is not None else ""
    for answer, matter in _answers(call, Inquiry.Kind.CALL_RECORD):
        if matter.get("caller") != caller or matter.get("callee") not in (None, "", callee):
            continue
        first, last = (datetime.fromisoformat(matter[name]) for name in ("from_at", "until_at"))
        if answer.inquiry.subject != call.complaint.reference and not first <= call.moment <= last:
            continue
        values = said_in(answer).values
        return {
            "happened": values.get("happened", ""), "attestation": values.get("attestation", ""),
            "started": values.get("started_at", ""), "seconds": values.get("duration_seconds"),
            "operator": answer.inquiry.to.code, "request": answer.inquiry.reference,
        }  # fmt: skip
    return None


def _refused(call: Call) -> RefusedCall | None:
    if call.key is None or call.caller is None or not call.is_exact:
        return None
    rows = RefusedCall.objects.filter(
        key=call.key, report__caller_key=call.caller,
        report__called_at__range=(call.moment - _NEAR, call.moment + _NEAR),
    )  # fmt: skip
    return rows.order_by("pk").first()
