"""What the platform knows of a reported call, as of its moment: joined from every room below, never asked of anybody twice.

Each fact has a value, where it comes from, and as of when. What is not known stays not known: an absent record is a fact
only where the platform would have it (the register, a seller's evidence here), never where somebody else would.

Facts are kept as codes and days; :mod:`quietline.web.complaints.showing` puts them into words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from quietline.web.accounts.models import Organisation
from quietline.web.complaints.answered_facts import admission_of, line_use_of, records_of
from quietline.web.complaints.establishing import established_of
from quietline.web.complaints.known_call import Call, Fact, Known
from quietline.web.evidence.counting import Contested, standing
from quietline.web.evidence.models import Contest, Record
from quietline.web.evidence.settling import histories_of
from quietline.web.lists.models import ListDownload
from quietline.web.operators.models import LineEvent
from quietline.web.operators.queries import operator_of
from quietline.web.publishing.areas import area_of
from quietline.web.publishing.models import Register
from quietline.web.publishing.queries import do_not_call_register, history, imported_until_first_entry
from quietline.web.publishing.washes import find_washes
from quietline.web.seals.queries import seal_of, trusted_in
from quietline.web.sellers.queries import live_mandates, who_answers_for
from quietline.web.subscribers.models import LineHolder
from quietline.web.subscriptions.queries import paid_areas

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quietline.web.complaints.models import Complaint
    from quietline.web.evidence.counting import Fact as Recorded
    from quietline.web.evidence.counting import Standing
    from quietline.web.publishing.models import WashSet

__all__ = ["join"]

_WASHED_BEFORE = timedelta(days=31)
"""How long before a call washes are looked for: no law relies on older ones."""
_SELLERS = (Organisation.Kind.SELLER, Organisation.Kind.TELEMARKETER, Organisation.Kind.EXEMPT)


def join(complaint: Complaint) -> Known:
    """Join everything that is known of a call.

    Args:
        complaint: with its report; what was erased of it is not known.
    """
    call = Call(complaint)
    record, attested = records_of(call)
    is_false = record.value is not None and record.value["happened"] == "no"
    seller = _seller(call, is_false=is_false)
    facts = [call.fact, *_line(call), seller.fact, *_callers(call)]
    law: dict[str, Any] = dict(call.law)
    parts = (
        line_use_of(call), _entry(call), _access(call, seller.organisation), _evidence(call, seller.organisation),
        _said(call), admission_of(call, is_false=is_false),
    )  # fmt: skip
    for part in parts:
        facts += part[0]
        law |= part[1]
    facts += [record, attested]
    if is_false or attested.value == "A":
        law["caller_id"] = "false" if is_false else "shown"
    if seller.organisation is not None:
        law["caller_class"] = "seller" if seller.is_direct else "seller_agent"
        law["caller_registered"] = True
    # what the person says against what is on file: neither decides alone
    if complaint.told_to_stop and law.get("stop_request_on", "") is None:
        del law["stop_request_on"]
    claimed = law.get("relationship", "")
    if (complaint.is_customer and claimed is None) or (complaint.is_customer is False and claimed):
        del law["relationship"]
    return _with_established(complaint, facts, law)


def _with_established(complaint: Complaint, facts: list[Fact], law: dict[str, Any]) -> Known:
    """Add what officers established: it fills what nothing else tells, and goes before what the reporter alone says."""
    sources: dict[str, set[str]] = {}
    for fact in facts:
        sources.setdefault(fact.name, set()).add(fact.source)
    found = {
        name: row for name, row in established_of(complaint).items()
        if name not in law or sources.get(name) == {"reporter"}
    }  # fmt: skip
    for name, row in found.items():
        facts = [fact for fact in facts if fact.name != name]
        facts.append(Fact(name, row.value, "officer", row.at.isoformat()))
    return Known(tuple(facts), law | {name: row.value for name, row in found.items()})


@dataclass(frozen=True, slots=True)
class _Seller:
    organisation: Organisation | None
    fact: Fact
    is_direct: bool = True


def _seller(call: Call, *, is_false: bool) -> _Seller:
    """Find whose call it was: of who said that they call from the number, unless it was borrowed; else whom was named.

    Where a call centre answers for the number and the reporter named one of its clients, it is the client's call: access,
    lists and consents are the client's.
    """
    answering = who_answers_for(call.caller, at=call.moment) if call.caller is not None and not is_false else []
    named = call.complaint.promoted_organisation
    found, source = (answering[0].organisation, "calling-numbers") if answering else (named, "reporter")
    is_direct = found is not None and found.kind == Organisation.Kind.SELLER
    if found is not None and named is not None and named != found and not is_direct:
        mandates = live_mandates(seller=named, telemarketer=found, on=call.on)
        if mandates:
            found, source = named, "mandates"
    if found is None or found.kind not in _SELLERS:
        return _Seller(None, Fact("seller", None, "calling-numbers", call.as_of, known=False))
    value = {"code": found.code, "name": found.name, "kind": found.kind}
    return _Seller(found, Fact("seller", value, source, call.as_of, link=("sellers:case", found.code)), is_direct)


def _line(call: Call) -> Iterator[Fact]:
    if call.key is None:
        yield Fact("line", None, "reporter", call.as_of, known=False)
        return
    proven = "proven" if call.complaint.line_proven else "unproven"
    yield Fact("line", {"area": call.report.area, "country": call.country, "proof": proven}, "reporter", call.as_of)


def _callers(call: Call) -> Iterator[Fact]:
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


def _entry(call: Call) -> _Part:
    """Tell whether the line stood in the do-not-call register, since when and for what."""
    unknown: _Part = [Fact("entry", None, "register", call.as_of, known=False)], {}
    if call.key is None or not call.is_shown:
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
    if not then and (not entries or call.moment < entries[-1].listed_at):  # an import holds until the first entry
        since = imported_until_first_entry(register, call.key)
        since = since if since is not None and since <= call.on else None
    value = {"since": since.isoformat(), "terms": terms, "reference": reference} if since is not None else None
    law: dict[str, Any] = {"listed_on": since.isoformat() if since is not None else None}
    if since is not None:
        law["terms"] = terms or None
    return [Fact("entry", value, "register", call.as_of)], law


def _access(call: Call, seller: Organisation | None) -> _Part:
    """Tell what the seller had paid for, which list it had, and which of its washes held the number."""
    if seller is None or call.key is None or not call.is_shown:
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
    held = _washes(call, seller)
    washes = [{"receipt": wash.receipt, "at": wash.at.isoformat(), "by": wash.organisation.code} for wash in held or ()]
    days = [wash.at.date() for wash in held or ()]
    if fetched is not None:
        days.append(fetched.file.published_date)
    facts = [
        Fact("access", {"paid": has_access, "area": area}, "subscriptions", call.as_of),
        Fact("list", _list_value(fetched), "lists", call.as_of),
        Fact("washes", washes or None, "washes", call.as_of, held is not None),
    ]
    # a wash that may not be looked up is for the seller to show, by its receipt: who relies on a list has to prove it
    return facts, {"fee_paid": has_access, "list_version_date": max(days).isoformat() if days else None}


def _washes(call: Call, seller: Organisation) -> list[WashSet] | None:
    """Give the seller's washes with the number in them; None where that is not known.

    Sealed sets are opened for the line's proven holder only, and no further back than the first proof.
    """
    if call.key is None:
        return None
    since = LineHolder.objects.filter(pk=call.key).values_list("proven_at", flat=True).first()
    if since is None or since > call.moment:
        return None
    found = find_washes(call.key, since=max(since, call.moment - _WASHED_BEFORE))
    if found.unread_count:
        return None
    return [
        wash for wash in found.rows
        if wash.at <= call.moment and (wash.organisation_id == seller.pk or wash.client == seller.code)
    ]  # fmt: skip


def _list_value(fetched: ListDownload | None) -> dict[str, Any] | None:
    if fetched is None:
        return None
    file = fetched.file
    return {"version": file.version, "published": file.published_date.isoformat(), "fetched": fetched.at.isoformat()}


def _evidence(call: Call, seller: Organisation | None) -> _Part:
    """Tell what the seller had on file of the person then: consent, customer relation, request to stop."""
    if seller is None or call.key is None or not call.is_shown:
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
    call: Call, seller: Organisation, then: Standing, recorded: list[Recorded], *, contested_later: bool
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
        facts.append(Fact("callee_class", "residential", "evidence", call.as_of))
    return facts, law


def _related(relation: Recorded | None) -> dict[str, Any] | None:
    return {"kind": relation.kind, "on": relation.on_date.isoformat()} if relation is not None else None


def _consent_of(consent: Recorded | None) -> dict[str, Any] | None:
    if consent is None:
        return None
    until = consent.due_date.isoformat() if consent.due_date else None
    return {"kind": consent.form or Record.Form.ORAL.value, "given_on": consent.on_date.isoformat(), "expires_on": until}


def _said(call: Call) -> _Part:
    """Tell what the reporter said; it decides nothing alone."""
    row = call.complaint
    said = {
        "who": row.told_who, "why": row.told_why, "stop": row.told_to_stop, "customer": row.is_customer,
        "recorded": call.report.is_recorded,
    }  # fmt: skip
    known = {name: value for name, value in said.items() if value is not None}
    return [Fact("said", known or None, "reporter", row.at.isoformat(), bool(known))], {}
