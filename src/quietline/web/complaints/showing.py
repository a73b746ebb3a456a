"""Facts, verdicts and clusters in words, for the pages of the staff; what is stored are codes and days."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language, gettext, gettext_lazy
from django.utils.translation import gettext as _

from quietline.law.vocabulary import load_vocabulary
from quietline.numbering import number_of
from quietline.web.base.words import as_day, as_moment
from quietline.web.complaints.cluster_models import Cluster
from quietline.web.subscribers.terms import described
from quietline.web.subscriptions.areas import area_name, areas_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from django_stubs_ext import StrOrPromise

    from quietline.law.vocabulary import Fact

__all__ = [
    "SIGNALS", "SPOOFING", "VERDICTS", "VERDICT_TONES", "cluster_name", "facts_rows", "grounds_told", "language", "masked",
    "numbered", "question", "settled", "signals_told", "why_told",
]  # fmt: skip

VERDICTS: dict[str, StrOrPromise] = {
    "permit": gettext_lazy("allowed"), "forbid": gettext_lazy("forbidden"),
    "undetermined": gettext_lazy("cannot be told yet"), "": gettext_lazy("being worked out"),
}  # fmt: skip
"""Name of each verdict."""
VERDICT_TONES = {"permit": "good", "forbid": "bad", "undetermined": "waiting", "": ""}
"""Tone of ``components/status.html``."""
_NAMES: dict[str, StrOrPromise] = {
    "called_at": gettext_lazy("Call"), "line": gettext_lazy("Line that was called"), "seller": gettext_lazy("Who called"),
    "caller_operator": gettext_lazy("Operator of the calling number"),
    "caller_holder": gettext_lazy("Who answers for the calling number"),
    "caller_life": gettext_lazy("What happened to the calling number"),
    "trusted": gettext_lazy("Trusted list"), "sealed": gettext_lazy("Seal on the calling number"),
    "entry": gettext_lazy("Entry in the do-not-call register"), "access": gettext_lazy("Access to the register paid for"),
    "list": gettext_lazy("Latest list fetched"), "washes": gettext_lazy("Washes that held the number"),
    "consent": gettext_lazy("Consent claimed"), "relationship": gettext_lazy("Customer relation"),
    "stop": gettext_lazy("Request to stop on file"), "said": gettext_lazy("What the person says"),
    "callee_class": gettext_lazy("Whose line it is"), "admission": gettext_lazy("Said to be their own call"),
    "call_record": gettext_lazy("Record of the call"), "attestation": gettext_lazy("Attestation of the caller's number"),
}  # fmt: skip
_SOURCES: dict[str, StrOrPromise] = {
    "reporter": gettext_lazy("the report"), "register": gettext_lazy("do-not-call register"),
    "subscriptions": gettext_lazy("subscriptions"), "lists": gettext_lazy("lists handed out"),
    "washes": gettext_lazy("sealed sets of washes"), "evidence": gettext_lazy("evidence of the seller"),
    "operators": gettext_lazy("operators' numbers and events"), "calling-numbers": gettext_lazy("declared calling numbers"),
    "seals": gettext_lazy("sealed and trusted numbers"), "inquiries": gettext_lazy("answer of an operator"),
    "refused-calls": gettext_lazy("refused call from an operator"), "officer": gettext_lazy("established by an officer"),
    "mandates": gettext_lazy("mandate of the call centre"),
}  # fmt: skip
_NONE: dict[str, StrOrPromise] = {
    "entry": gettext_lazy("not listed"), "list": gettext_lazy("none was fetched"),
    "washes": gettext_lazy("none in 31 days"), "consent": gettext_lazy("none on file"),
    "relationship": gettext_lazy("none on file"), "stop": gettext_lazy("none on file"),
    "trusted": gettext_lazy("not on it"), "sealed": gettext_lazy("none"),
}  # fmt: skip
_CONSENT: dict[str, StrOrPromise] = {
    "counts": gettext_lazy("counts"), "revoked": gettext_lazy("had been taken back"), "lapsed": gettext_lazy("was over"),
    "contested": gettext_lazy("was contested"), "replaced": gettext_lazy("was about somebody else, or about texts"),
    "": gettext_lazy("does not count"),
}  # fmt: skip
_SAID: dict[str, tuple[StrOrPromise, StrOrPromise]] = {
    "who": (gettext_lazy("they said who they were"), gettext_lazy("they did not say who they were")),
    "why": (gettext_lazy("they said why they called"), gettext_lazy("they did not say why they called")),
    "stop": (gettext_lazy("they had been told to stop"), gettext_lazy("they had not been told to stop")),
    "customer": (gettext_lazy("is or was a customer"), gettext_lazy("is no customer")),
    "recorded": (gettext_lazy("a recorded voice"), gettext_lazy("a person spoke")),
}
_LIFE: dict[str, StrOrPromise] = {
    "disconnected": gettext_lazy("disconnected"), "reassigned": gettext_lazy("given to somebody else"),
    "ported_out": gettext_lazy("ported to another operator"),
}  # fmt: skip
_HAPPENED: dict[str, StrOrPromise] = {
    "yes": gettext_lazy("the operator has a record of it"), "no": gettext_lazy("the operator has no such call"),
    "not-kept": gettext_lazy("records of that time are not kept any more"),
}  # fmt: skip
_ATTESTED: dict[str, StrOrPromise] = {
    "A": gettext_lazy("A: full"), "B": gettext_lazy("B: partial"), "C": gettext_lazy("C: gateway"),
    "failed": gettext_lazy("it did not hold"), "none": gettext_lazy("none came with the call"),
}  # fmt: skip
SPOOFING: dict[str, StrOrPromise] = {
    "records-missing": gettext_lazy("The operator of the number's holder has no record of most of these calls."),
    "records-present": gettext_lazy("The operator of the number's holder has records of most of these calls."),
    "records-too-few": gettext_lazy("Too few of the calls were looked up at the operator to tell."),
    "attested": gettext_lazy("Most of the calls were signed in full by a network: it vouches for the number."),
    "usually-attested": gettext_lazy("The holder's own calls are usually signed; these were not."),
    "signature-without-record": gettext_lazy("Calls were signed of which the holder's operator knows nothing."),
    "contradiction": gettext_lazy("Records and signatures contradict each other: somebody has to find out."),
    "trusted-holder": gettext_lazy("The number belongs to an organisation on the trusted list."),
    "no-evidence": gettext_lazy("Nothing shows that its holder made these calls: no record of an operator, no attestation."),
}
"""What each reason of a judgement on spoofing says."""
SIGNALS: dict[str, StrOrPromise] = {
    "burst": gettext_lazy("Most reports came within a few hours."),
    "few-reporters": gettext_lazy("Few people told of it, each several times."),
    "young-reporters": gettext_lazy("Most of those who told of it are new here."),
    "alike-words": gettext_lazy("People wrote nearly the same words."),
    "no-matching-calls": gettext_lazy("Operators have no record of calls that were told of."),
    "co-reporting": gettext_lazy("The same people report the same set of numbers."),
}
"""What each signal of arranged reports says."""


def language() -> str:
    """Give the key of texts by language."""
    return "zh" if (get_language() or "").startswith("zh") else "en"


def masked(key: int | None) -> str:
    """Write a number so that it is not recognised: its country and last two digits."""
    if key is None:
        return _("not known")
    number = number_of(key)
    return f"{number[:3]} ••• ••{number[-2:]}"


def numbered(first: int | None, last: int | None) -> str:
    """Write a number, or a range from its first to its last."""
    if first is None or last is None:
        return _("no number")
    return number_of(first) if first == last else f"{number_of(first)} – {number_of(last)}"


def cluster_name(cluster: Cluster) -> str:
    """Name a cluster for people."""
    if cluster.kind == Cluster.Kind.PRODUCT:
        return cluster.handle
    if cluster.kind == Cluster.Kind.NUMBER or cluster.kind.startswith("range-"):
        return numbered(cluster.first_key, cluster.last_key)
    kind = cluster.get_kind_display()
    return _("%(kind)s %(id)s, %(numbers)s numbers") % {"kind": kind, "id": cluster.pk, "numbers": cluster.number_count}


def facts_rows(facts: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """Give the facts as rows of ``components/key_value_list.html``: value, source and as of when, and a link."""
    rows = []
    for fact in facts or ():
        name, known = fact["name"], fact["known"]
        source = gettext(str(_SOURCES.get(fact["source"], fact["source"])))
        when = _when(fact["as_of"])
        hint = _("Source: %(source)s. As of: %(when)s.") % {"source": source, "when": when} if when else _(
            "Source: %(source)s.") % {"source": source}  # fmt: skip
        row = {
            "label": _NAMES.get(name) or _worded(name),
            "value": _fact_value(fact) if known else _("not known"),
            "hint": hint,
        }
        if url := _link(fact.get("link") or ()):
            row |= {"action_url": url, "action_label": _("Look")}
        rows.append(row)
    return rows


def _link(link: Any) -> str:
    if not link:
        return ""
    try:
        return reverse(link[0], args=list(link[1:]) or None)
    except NoReverseMatch:
        return ""


def _when(text: str) -> str:
    if not text:
        return ""
    return as_moment(datetime.fromisoformat(text)) if "T" in text else as_day(date.fromisoformat(text))


def _fact_value(fact: dict[str, Any]) -> str:
    name, value = fact["name"], fact["value"]
    if fact["source"] == "officer" or (name in _WORDED and value is not None):
        return _in_words(load_vocabulary("call").facts[name], value)
    return _value(name, value)


_WORDED = frozenset(("callee_class",))
"""Facts of the platform whose values are the law's own words."""


def settled(name: str, value: Any) -> str:
    """Say in a line what was established."""
    fact = load_vocabulary("call").facts[name]
    return _("%(what)s: %(value)s") % {"what": _NAMES.get(name) or _worded(name), "value": _in_words(fact, value)}


def _worded(name: str) -> str:
    fact = load_vocabulary("call").facts.get(name)
    return question(fact.text[language()]) if fact is not None else name


def question(text: str) -> str:
    """Give what a fact of the vocabulary means, without what its text tells programs of JSON's null."""
    return _FOR_PROGRAMS.split(text)[0]


_FOR_PROGRAMS = re.compile("[;；] ?null")


def _in_words(fact: Fact, value: Any) -> str:
    """Put a value of the vocabulary into words."""
    if value is None:
        return _("none")
    if fact.kind == "object":
        members = {member.name.rpartition(".")[2]: member for member in fact.members}
        return "; ".join(
            f"{members[name].text[language()]}: {_in_words(members[name], part)}"
            for name, part in value.items() if part is not None
        )  # fmt: skip
    if fact.kind == "choice":
        return fact.values[value][language()]
    if fact.kind == "truth":
        return _("yes") if value else _("no")
    return _when(value) if fact.kind == "day" else str(value)


def _value(name: str, value: Any) -> str:
    if value is None:
        return str(_NONE.get(name, _("none")))
    return _TOLD.get(name, str)(value)


def _told_line(value: dict[str, Any]) -> str:
    proof = _("confirmed by the person") if value["proof"] == "proven" else _("not confirmed")
    found = next((area for area in areas_of(value["country"]) if area.code == value["area"]), None)
    where = area_name(found) if found is not None else value["area"] or value["country"]
    return f"{where}; {proof}"


def _told_entry(value: dict[str, Any]) -> str:
    terms = "; ".join(f"{row['label']}: {row['value']}" for row in described(value["terms"])) or _("for everything")
    return _("listed since %(day)s, %(terms)s") % {"day": _when(value["since"]), "terms": terms}


def _told_life(value: dict[str, Any]) -> str:
    parts = []
    for place, words in (("before", _("before the call: %(what)s on %(day)s")), ("after", _("since: %(what)s on %(day)s"))):
        if place in value:
            event = value[place]
            parts.append(words % {"what": _LIFE.get(event["kind"], event["kind"]), "day": _when(event["at"])})
    return "; ".join(parts)


def _told_list(value: dict[str, Any]) -> str:
    return _("version of %(day)s, fetched on %(fetched)s") % {
        "day": _when(value["published"]),
        "fetched": _when(value["fetched"]),
    }


def _told_consent(value: dict[str, Any]) -> str:
    told = _("of %(day)s: %(state)s") % {"day": _when(value["on"]), "state": _CONSENT.get(value["state"], value["state"])}
    if not value["proof"]:
        told += "; " + _("nothing shows it")
    return told + ("; " + _("contested since") if value["contested_later"] else "")


def _told_record(value: dict[str, Any]) -> str:
    told = str(_HAPPENED.get(value["happened"], value["happened"]))
    return f"{told} ({value['operator']}, {value['request']})"


_TOLD: dict[str, Callable[[Any], str]] = {
    "called_at": _when,
    "line": _told_line,
    "seller": lambda value: f"{value['name']} ({value['code']})",
    "caller_operator": lambda value: f"{value['name']} ({value['code']})",
    "caller_holder": lambda value: f"{value['name']} ({value['code']})",
    "caller_life": _told_life,
    "trusted": lambda value: f"{value['holder']} ({value['reference']})",
    "entry": _told_entry,
    "access": lambda value: _("yes") if value["paid"] else _("no, not for this area"),
    "list": _told_list,
    "washes": lambda value: ", ".join(_when(wash["at"]) for wash in value[:10]),
    "consent": _told_consent,
    "relationship": lambda value: _("of %(day)s") % {"day": _when(value["on"])},
    "stop": lambda value: _("since %(day)s") % {"day": _when(value)},
    "said": lambda value: "; ".join(str(_SAID[name][0 if yes else 1]) for name, yes in value.items()),
    "call_record": _told_record,
    "attestation": lambda value: str(_ATTESTED.get(value, value)),
    "admission": lambda value: f"{value['by']} ({value['request']})",
}  # fmt: skip


def grounds_told(grounds: dict[str, Any] | None) -> dict[str, Any]:
    """Give the grounds of a verdict in the reader's language."""
    tongue, found = language(), grounds or {}

    def texts(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**row, "text": row["text"][tongue]} for row in rows]

    presumed = found.get("presumed")
    if presumed:
        presumed = {
            "verdict": VERDICTS[presumed["verdict"]], "tone": VERDICT_TONES[presumed["verdict"]],
            "if": [f"{leaf['text'][tongue]}: {leaf['value'][tongue]}" for leaf in presumed["if"]],
            "rules": texts(presumed["rules"]),
        }  # fmt: skip
    return {
        "presumed": presumed, "rules": texts(found.get("rules", [])), "flags": texts(found.get("flags", [])),
        "missing": [{**row, "text": question(row["text"])} for row in texts(found.get("missing", []))],
        "assumptions": texts(found.get("assumptions", [])), "rulebook": found.get("rulebook", {}),
    }  # fmt: skip


def signals_told(cluster: Cluster) -> dict[str, Any]:
    """Give what speaks against taking a cluster at its word, in the reader's language."""
    spoofed = cluster.signals.get("spoofing") or {}
    arranged = cluster.signals.get("brigading") or {}
    return {
        "protected": cluster.state == Cluster.State.PROTECTED,
        "holder": spoofed.get("holder", ""),
        "reasons": [SPOOFING[reason] for reason in spoofed.get("reasons", ()) if reason in SPOOFING],
        "counts": spoofed.get("counts", {}),
        "arranged": [SIGNALS[one["kind"]] for one in arranged.get("signals", ()) if one["kind"] in SIGNALS],
        "suspected": bool(arranged.get("suspected")),
    }


def why_told(cluster: Cluster) -> str:
    """Say in a sentence why the reports are one cluster."""
    score = cluster.score
    if cluster.kind.startswith("range-"):
        told = _(
            "%(numbers)s different numbers of this range were reported, where its surroundings let expect %(expected)s. The"
            " chance that any range shows so many by accident is below %(bound)s."
        )
        bound = f"{score.get('bound', 1):.2g}"
        return told % {"numbers": cluster.number_count, "expected": score.get("expected", "?"), "bound": bound}
    if cluster.kind == Cluster.Kind.WORDING:
        told = _("People wrote nearly the same: %(share)s of the pairs of words on average.")
        return told % {"share": f"{score.get('alike', 0):.0%}"}
    if cluster.kind == Cluster.Kind.CAMPAIGN:
        reasons = ", ".join(f"{_KINDS.get(name, name)} ({count})" for name, count in score.get("reasons", {}).items())
        return _("Several numbers belong together by: %(reasons)s.") % {"reasons": reasons}
    return str(_WHY[cluster.kind])


_WHY: dict[str, StrOrPromise] = {
    Cluster.Kind.NUMBER: gettext_lazy("All of them name this number."),
    Cluster.Kind.PRODUCT: gettext_lazy("All of them say that this was promoted; slips of spelling are allowed for."),
    Cluster.Kind.TIME: gettext_lazy(
        "The numbers call in step with each other, or at the same hours, more than chance explains."
    ),
    Cluster.Kind.CALLEE: gettext_lazy(
        "The numbers reach the same people, or neighbouring lines, more than chance explains."
    ),
}  # fmt: skip
_KINDS = dict(Cluster.Kind.choices)
