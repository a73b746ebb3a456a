"""What the law says of a reported call, by what is known of it: a verdict with its citations, or what is missing for one.

Where nothing is missing but what is so of most calls (a household's line, a true number displayed), the page also tells what
the verdict would be then; the verdict itself stays open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from quietline.errors import LawError, UsageError
from quietline.law import decide, load_rulebook
from quietline.law.missing import missing
from quietline.web.complaints.facts import join
from quietline.web.complaints.known_call import country_of
from quietline.web.complaints.models import Complaint
from quietline.web.complaints.sealing import erased

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from quietline.law import Decision

__all__ = ["grounds_of", "judge", "locked_unerased"]

_LANGUAGES = ("en", "zh")
_USUAL = {"callee_class": "residential", "caller_id": "shown"}
"""What is so of most calls that people report."""


def judge(complaint: Complaint, *, at: datetime) -> None:
    """Join what is known of a complaint's call, decide, and store both.

    What was erased is not joined again; only ``facts_at`` is set, so that it does not seem to wait.

    Args:
        complaint: with its report.
        at: now.
    """
    if erased(complaint):
        Complaint.objects.filter(pk=complaint.pk).update(facts_at=at)
        return
    known = join(complaint)
    country = country_of(complaint)
    verdict, grounds = "undetermined", _without_law(country)
    try:
        rulebook = load_rulebook(country.lower())
    except LawError as error:
        if error.code == "law.invalid":
            raise
    else:
        if rulebook.regimes:
            try:
                decision = decide(rulebook, known.law)
            except UsageError as error:  # a fact that the rulebook's vocabulary does not take: shown, not hidden
                grounds = {**grounds, "problem": error.code}
            else:
                verdict, grounds = decision.verdict, grounds_of(decision)
                grounds["presumed"] = _presumed(decision, known.law)
    with transaction.atomic():
        found: dict[str, Any] = {"facts": known.as_json(), "verdict": verdict, "grounds": grounds}
        Complaint.objects.filter(pk=complaint.pk).update(facts_at=at, **(found if locked_unerased(complaint) else {}))
    complaint.refresh_from_db(fields=["facts", "facts_at", "verdict", "grounds"])


def locked_unerased(complaint: Complaint) -> bool:
    """Lock a complaint to the end of the transaction, and say whether what was said stands: it was read a while ago.

    The lock comes first and the look after it, in a statement of its own: one statement that did both would look at the key
    as it was before it had to wait for the lock, and write back what was erased meanwhile.
    """
    list(Complaint.objects.select_for_update().filter(pk=complaint.pk).values_list("pk"))
    return Complaint.objects.filter(pk=complaint.pk, data_key__destroyed_at=None).exists()


def _without_law(country: str) -> dict[str, Any]:
    text = {
        "en": f"Quietline has no rulebook of {country} to decide a call by",
        "zh": f"Quietline没有可用于裁断来电的{country}规则库",
    }
    none = {"name": "rulebook", "kind": "law", "text": text, "values": {}, "can_be_asked": False}
    return {"rules": [], "flags": [], "missing": [none], "assumptions": [], "rulebook": {}}


def _presumed(decision: Decision, law: dict[str, Any]) -> dict[str, Any] | None:
    """Tell what the verdict would be if what is missing were as usual; None where it is none then either."""
    names = [name for name in decision.unknown if name in _USUAL]
    if not names:
        return None
    # one by one: what is not needed is not presumed
    for some in ([names[0]], names):
        found = decide(decision.rulebook, {**law, **{name: _USUAL[name] for name in some}})
        if found.verdict != "undetermined":
            leaves = decision.rulebook.vocabulary.leaves
            told = [{"text": dict(leaves[name].text), "value": dict(leaves[name].values[_USUAL[name]])} for name in some]
            rules = [rule for rule in grounds_of(found)["rules"] if rule["decides"]]
            return {"verdict": found.verdict, "if": told, "rules": rules}
    return None


def grounds_of(decision: Decision) -> dict[str, Any]:
    """Give the grounds of a decision as they are stored: texts in both languages.

    Returns:
        ``rules`` and ``flags`` that speak, each with ``text`` by language, ``citation`` and ``confidence``; ``missing``:
        what a verdict hangs on; ``assumptions``; ``rulebook`` with its digest.
    """
    told = {language: decision.as_dict(language) for language in _LANGUAGES}
    english = told["en"]
    return {
        "rules": _both(told["en"]["reasons"], told["zh"]["reasons"]),
        "flags": _both(told["en"]["flags"], told["zh"]["flags"]),
        "missing": [
            {"name": one.name, "kind": one.kind, "text": dict(one.text), "values": {}, "can_be_asked": one.can_be_asked}
            for one in missing(decision)
        ],
        "assumptions": _both(told["en"]["assumptions"], told["zh"]["assumptions"]),
        "rulebook": {"name": english["rulebook"]["name"], "digest": english["rulebook"]["digest"]},
        "rule": english["rule"],
    }


def _both(english: Iterable[dict[str, Any]], chinese: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**one, "text": {"en": one["text"], "zh": other["text"]}} for one, other in zip(english, chinese, strict=True)]
