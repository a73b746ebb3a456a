"""What the platform knows of a reported call, as of its moment: joined from every room below, never asked of anybody twice.

Each fact has a value, where it comes from, and as of when. What is not known stays not known: an absent record is a fact
only where the platform would have it (the register, a seller's evidence here), never where somebody else would.

Facts are kept as codes and days; :mod:`quietline.web.complaints.showing` puts them into words.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from quietline.numbering import number_of
from quietline.web.accounts.models import Organisation
from quietline.web.complaints.models import Complaint, RefusedCall
from quietline.web.evidence.counting import Contested, standing
from quietline.web.evidence.models import Contest, Record
from quietline.web.evidence.settling import histories_of
from quietline.web.inquiries.models import Inquiry
from quietline.web.inquiries.queries import answered, asked_in, said_in
from quietline.web.lists.models import ListDownload
from quietline.web.operators.models import LineEvent
from quietline.web.operators.queries import operator_of
from quietline.web.publishing.areas import area_of
from quietline.web.publishing.models import Register
from quietline.web.publishing.queries import do_not_call_register, history, imported_since
from quietline.web.publishing.washes import washes_about
from quietline.web.seals.queries import seal_of, trusted_in
from quietline.web.sellers.queries import who_answers_for
from quietline.web.subscribers.numbers import listed_line
from quietline.web.subscriptions.queries import paid_areas

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from quietline.web.evidence.counting import Fact as Recorded
    from quietline.web.evidence.counting import Standing

__all__ = ["Fact", "Known", "country_of", "join"]

_WASHED_BEFORE = timedelta(days=31)
"""How long before a call washes are looked for: no law relies on older ones."""
_NEAR = timedelta(minutes=10)
_SELLERS = (Organisation.Kind.SELLER, Organisation.Kind.TELEMARKETER, Organisation.Kind.EXEMPT)


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact.

    Attributes:
        name: stable code.
        value: JSON; None where it is not known, or where there is none (``known`` tells the two apart).
        source: stable code of where it comes from.
        as_of: moment that it holds for, ISO 8601; empty where that is the call's and the call's is not known.
        known: whether the platform knows it.
        link: name of an address that shows more, and its arguments; empty where there is none.
    """

    name: str
    value: Any
    source: str
    as_of: str
    known: bool = True
    link: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """All facts of a call, and what the law is asked with.

    Attributes:
        facts: in the order in which they are shown.
        law: facts of :mod:`quietline.law.vocabulary`, as JSON has them; unknown ones are absent.
    """

    facts: tuple[Fact, ...]
    law: dict[str, Any]

    def as_json(self) -> list[dict[str, Any]]:
        """Give the facts as they are stored."""
        return [asdict(fact) for fact in self.facts]


def country_of(complaint: Complaint) -> str:
    """Give the country whose law a call falls under: that of the line that was called, else of the report."""
    return listed_line(complaint.key).country if complaint.key is not None else complaint.report.country


def join(complaint: Complaint) -> Known:
    """Join everything that is known of a call.

    Args:
        complaint: with its report; what was erased of it is not known.
    """
    call = _Call(complaint)
    record, attested = _records(call)
    is_false = record.value is not None and record.value["happened"] == "no"
    seller = _seller(call, is_false=is_false)
    facts = [call.fact, *_line(call), seller.fact, *_callers(call)]
    law: dict[str, Any] = dict(call.law)
    for part in (_entry(call), _access(call, seller.organisation), _evidence(call, seller.organisation), _said(call)):
        facts += part[0]
        law |= part[1]
    facts += [record, attested]
    if is_false or attested.value == "A":
        law["caller_id"] = "false" if is_false else "shown"
    if seller.organisation is not None:
        law["caller_class"] = "seller" if seller.organisation.kind == Organisation.Kind.SELLER else "seller_agent"
        law["caller_registered"] = True
    # what the person says against what is on file: neither decides alone
    if complaint.told_to_stop and law.get("stop_request_on", "") is None:
        del law["stop_request_on"]
    claimed = law.get("relationship", "")
    if (complaint.is_customer and claimed is None) or (complaint.is_customer is False and claimed):
        del law["relationship"]
    return Known(tuple(facts), law)


class _Call:
    """The call, its moment, and the line that was called."""

    def __init__(self, complaint: Complaint) -> None:
        self.complaint, self.report = complaint, complaint.report
        self.key = complaint.key
        self.caller = self.report.caller_key
        self.line = listed_line(self.key) if self.key is not None else None
        self.country = self.line.country if self.line is not None else self.report.country
        day = self.report.called_date
        self.is_exact = self.report.called_at is not None
        self.is_dated = self.is_exact or day is not None
        if self.report.called_at is not None:
            self.moment = self.report.called_at
        else:
            self.moment = datetime.combine(day, time(12), UTC) if day is not None else complaint.at
        self.on: date = day or (self.line.local_date(self.moment) if self.line else self.moment.astimezone(UTC).date())
        self.as_of = self.moment.isoformat() if self.is_exact else (day.isoformat() if day is not None else "")

    @property
    def fact(self) -> Fact:
        """When it was."""
        return Fact("called_at", self.as_of or None, "reporter", self.as_of, self.is_dated)

    @property
    def law(self) -> dict[str, Any]:
        """What the law asks of the call itself."""
        found: dict[str, Any] = {}
        if self.is_dated:
            found["called_at"] = self.moment if self.is_exact else self.on
        if self.line is not None and self.line.zones:
            found["callee_timezone"] = list(self.line.zones)
        if (purpose := _PURPOSES.get(self.report.subject)) is not None:
            found["purpose"] = purpose
        if self.report.is_recorded is not None:
            found["channel"] = "prerecorded_voice" if self.report.is_recorded else "live_voice"
        if self.report.caller_problem == "empty" and not self.report.caller_raw:
            found["caller_id"] = "withheld"
        return found


_PURPOSES = {
    **dict.fromkeys(
        ("debt", "medical", "warranty", "energy", "home", "security", "travel", "work", "computer", "property", "invest",
         "course", "telecom"), "sales",
    ),
    "charity": "charity_gift", "political": "political",
}  # fmt: skip
"""What a subject says of the purpose; silent calls, imposters and prizes say nothing that is certain."""


@dataclass(frozen=True, slots=True)
class _Seller:
    organisation: Organisation | None
    fact: Fact


def _seller(call: _Call, *, is_false: bool) -> _Seller:
    """Find who called: who said that they call from the number, unless it was borrowed; else whom the reporter named."""
    answering = who_answers_for(call.caller, at=call.moment) if call.caller is not None and not is_false else []
    named = call.complaint.promoted_organisation
    found, source = (answering[0].organisation, "calling-numbers") if answering else (named, "reporter")
    if found is None or found.kind not in _SELLERS:
        return _Seller(None, Fact("seller", None, "calling-numbers", call.as_of, known=False))
    value = {"code": found.code, "name": found.name, "kind": found.kind}
    return _Seller(found, Fact("seller", value, source, call.as_of, link=("sellers:case", found.code)))


def _line(call: _Call) -> Iterator[Fact]:
    if call.key is None:
        yield Fact("line", None, "reporter", call.as_of, known=False)
        return
    proven = "proven" if call.complaint.line_proven else "unproven"
    yield Fact("line", {"area": call.report.area, "country": call.country, "proof": proven}, "reporter", call.as_of)


def _callers(call: _Call) -> Iterator[Fact]:
    """Tell whose number the caller's was, and what became of it."""
    if call.caller is None:
        yield Fact("caller_operator", None, "operators", call.as_of, known=False)
        return
    holder = operator_of(call.caller, at=call.moment)
    value = {"code": holder.code, "name": holder.name} if holder is not None else None
    yield Fact("caller_operator", value, "operators", call.as_of, holder is not None)
    answering = who_answers_for(call.caller, at=call.moment)
    found = {"code": answering[0].organisation.code, "name": answering[0].organisation.name} if answering else None
    yield Fact("caller_holder", found, "calling-numbers", call.as_of, bool(answering))
    events = LineEvent.objects.filter(key=call.caller, undo__isnull=True).order_by("-happened_at", "-pk")
    before = events.filter(happened_at__lte=call.moment).first()
    after = events.filter(happened_at__gt=call.moment).order_by("happened_at").first()
    life = {
        name: {"kind": event.kind, "at": event.happened_at.isoformat()}
        for name, event in (("before", before), ("after", after)) if event is not None
    }  # fmt: skip
    yield Fact("caller_life", life or None, "operators", call.as_of, bool(life))
    trust = trusted_in(call.caller, call.caller, at=call.moment)
    held = {"holder": trust[0].holder, "reference": trust[0].reference, "own": trust[1]} if trust is not None else None
    yield Fact("trusted", held, "seals", call.as_of)
    seal = seal_of(call.caller, call.moment)
    yield Fact("sealed", seal.reference if seal is not None else None, "seals", call.as_of)


_Part = tuple[list[Fact], dict[str, Any]]


def _entry(call: _Call) -> _Part:
    """Tell whether the line stood in the do-not-call register, since when and for what."""
    unknown: _Part = [Fact("entry", None, "register", call.as_of, known=False)], {}
    if call.key is None:
        return unknown
    try:
        register = do_not_call_register(call.country)
    except Register.DoesNotExist:
        return unknown
    entries = history(register, call.key)
    then = [
        entry for entry in entries if entry.listed_at <= call.moment < (entry.ended_at or datetime.max.replace(tzinfo=UTC))
    ]
    since, terms, reference = (then[0].since_date, then[0].terms, then[0].reference) if then else (None, "", "")
    if not entries:
        since = imported_since(register, call.key)
        since = since if since is not None and since <= call.on else None
    value = {"since": since.isoformat(), "terms": terms, "reference": reference} if since is not None else None
    law: dict[str, Any] = {"listed_on": since.isoformat() if since is not None else None}
    if since is not None:
        law["terms"] = terms or None
    return [Fact("entry", value, "register", call.as_of)], law


def _access(call: _Call, seller: Organisation | None) -> _Part:
    """Tell what the seller had paid for, which list it had, and which of its washes held the number."""
    if seller is None or call.key is None:
        return [Fact(name, None, source, call.as_of, known=False) for name, source in (
            ("access", "subscriptions"), ("list", "lists"), ("washes", "washes"))], {}  # fmt: skip
    area = area_of(call.key)
    paid = paid_areas(seller, country=call.country, on=call.on)
    has_access = paid is None or area in paid
    fetched = (
        ListDownload.objects.filter(
            Q(client=seller) | Q(file__organisation=seller), at__lte=call.moment, file__register__country=call.country,
        ).filter(Q(file__area=area) | Q(file__area="")).select_related("file").order_by("-file__published_date").first()
    )  # fmt: skip
    held = [
        wash for wash in washes_about(call.key, since=call.moment - _WASHED_BEFORE)
        if wash.at <= call.moment and (wash.organisation_id == seller.pk or wash.client == seller.code)
    ]  # fmt: skip
    washes = [{"receipt": wash.receipt, "at": wash.at.isoformat(), "by": wash.organisation.code} for wash in held]
    days = [wash.at.date() for wash in held]
    if fetched is not None:
        days.append(fetched.file.published_date)
    facts = [
        Fact("access", {"paid": has_access, "area": area}, "subscriptions", call.as_of),
        Fact("list", _list_value(fetched), "lists", call.as_of),
        Fact("washes", washes or None, "washes", call.as_of),
    ]
    return facts, {"fee_paid": has_access, "list_version_date": max(days).isoformat() if days else None}


def _list_value(fetched: ListDownload | None) -> dict[str, Any] | None:
    if fetched is None:
        return None
    file = fetched.file
    return {"version": file.version, "published": file.published_date.isoformat(), "fetched": fetched.at.isoformat()}


def _evidence(call: _Call, seller: Organisation | None) -> _Part:
    """Tell what the seller had on file of the person then: consent, customer relation, request to stop."""
    if seller is None or call.key is None:
        names = ("consent", "relationship", "stop")
        return [Fact(name, None, "evidence", call.as_of, known=False) for name in names], {}
    found = histories_of(seller, [call.key])
    recorded = [fact for fact in found.facts.get(call.key, ()) if fact.happened_at <= call.moment]
    contests = [
        Contested(row.kind, row.at, _answer_of(row))
        for row in Contest.objects.filter(organisation=seller, key=call.key, at__lte=call.moment).select_related("outcome")
    ]
    moved = found.moved.get(call.key)
    then = standing(recorded, contests, call.on, moved if moved is not None and moved <= call.on else None)
    later = Contest.objects.filter(organisation=seller, key=call.key, at__gt=call.moment).exists()
    return _told_evidence(call, seller, then, recorded, contested_later=later)


def _answer_of(contest: Contest) -> int | None:
    outcome = getattr(contest, "outcome", None)
    return outcome.record_id if outcome is not None else None


def _told_evidence(
    call: _Call, seller: Organisation, then: Standing, recorded: list[Recorded], *, contested_later: bool
) -> _Part:
    consent = then.claims.get("consent")
    relation = max(
        (then.claims[kind] for kind in ("purchase", "inquiry") if kind in then.claims),
        key=lambda fact: fact.on_date, default=None,
    )  # fmt: skip
    claimed = sorted((fact for fact in recorded if fact.kind == "consent"), key=lambda fact: fact.happened_at)
    told: dict[str, Any] | None = None
    if consent is not None:
        told = {"state": "counts", "form": consent.form, "on": consent.on_date.isoformat(), "proof": consent.has_proof}
    elif claimed:
        why = then.why_not.get("consent", "")
        told = {
            "state": why,
            "form": claimed[-1].form,
            "on": claimed[-1].on_date.isoformat(),
            "proof": claimed[-1].has_proof,
        }
    if told is not None:
        told["contested_later"] = contested_later
    facts = [
        Fact("consent", told, "evidence", call.as_of),
        Fact("relationship", _related(relation), "evidence", call.as_of),
        Fact("stop", then.stop_since.isoformat() if then.stop_since else None, "evidence", call.as_of),
    ]
    law: dict[str, Any] = {
        "consent": _consent_of(consent), "stop_request_on": then.stop_since.isoformat() if then.stop_since else None,
        "relationship": None,
    }  # fmt: skip
    if relation is not None:
        law["relationship"] = {"kind": relation.kind, "last_event_on": relation.on_date.isoformat()}
    if contested_later and law["consent"] is not None:
        del law["consent"]  # whether it was ever given is in dispute
    if Record.objects.filter(
        organisation=seller, key=call.key or 0, holder=Record.Holder.PERSON, happened_at__lte=call.moment
    ).exists():
        law["callee_class"] = "residential"  # the seller's own word, against itself
    return facts, law


def _related(relation: Recorded | None) -> dict[str, Any] | None:
    return {"kind": relation.kind, "on": relation.on_date.isoformat()} if relation is not None else None


def _consent_of(consent: Recorded | None) -> dict[str, Any] | None:
    if consent is None:
        return None
    until = consent.due_date.isoformat() if consent.due_date else None
    return {"kind": consent.form or Record.Form.ORAL.value, "given_on": consent.on_date.isoformat(), "expires_on": until}


def _said(call: _Call) -> _Part:
    """Tell what the reporter said; it decides nothing alone."""
    row = call.complaint
    said = {
        "who": row.told_who, "why": row.told_why, "stop": row.told_to_stop, "customer": row.is_customer,
        "recorded": call.report.is_recorded,
    }  # fmt: skip
    known = {name: value for name, value in said.items() if value is not None}
    return [Fact("said", known or None, "reporter", row.at.isoformat(), bool(known))], {}


def _records(call: _Call) -> tuple[Fact, Fact]:
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


def _call_record(call: _Call) -> dict[str, Any] | None:
    subjects = [name for name in (call.complaint.reference, call.complaint.case_reference) if name]
    caller = number_of(call.caller) if call.caller is not None else ""
    callee = number_of(call.key) if call.key is not None else ""
    for subject in subjects:
        for answer in answered(subject, Inquiry.Kind.CALL_RECORD).filter(outcome="answered").order_by("-answered_at"):
            matter = asked_in(answer.inquiry).matter
            if matter.get("caller") != caller or matter.get("callee") not in (None, "", callee):
                continue
            first, last = (datetime.fromisoformat(matter[name]) for name in ("from_at", "until_at"))
            if subject != call.complaint.reference and not first <= call.moment <= last:
                continue
            values = said_in(answer).values
            return {
                "happened": values.get("happened", ""), "attestation": values.get("attestation", ""),
                "started": values.get("started_at", ""), "seconds": values.get("duration_seconds"),
                "operator": answer.inquiry.to.code, "request": answer.inquiry.reference,
            }  # fmt: skip
    return None


def _refused(call: _Call) -> RefusedCall | None:
    if call.key is None or call.caller is None or not call.is_exact:
        return None
    rows = RefusedCall.objects.filter(
        key=call.key, report__caller_key=call.caller,
        report__called_at__range=(call.moment - _NEAR, call.moment + _NEAR),
    )  # fmt: skip
    return rows.order_by("pk").first()
