"""Facts that an officer establishes: what a verdict still hangs on, and no room below can tell.

Who called said in a hearing that nobody had agreed; a bill shows whose line it is: the officer writes down what is so and
what it rests on, for one report or for all of a case that lack it. What is on file goes before; what is established goes
before what the reporter alone says. A finding that rests on it is still confirmed by a second person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, NotProvenError, OperationError, UsageError
from quietline.law.vocabulary import load_vocabulary, read_facts
from quietline.web.accounts.models import Role
from quietline.web.complaints.models import Complaint, Established
from quietline.web.complaints.queries import membership_in_office
from quietline.web.complaints.sealing import erased
from quietline.web.keeping.data_keys import opened_key
from quietline.web.keeping.sealed_content import open_content, seal_content
from quietline.web.proofs.operations import write_leaves

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.law.vocabulary import Fact
    from quietline.web.accounts.models import Person

__all__ = ["MOST_WORDS", "Settled", "askable", "establish", "established_of", "history_of", "lacking"]

MOST_WORDS = 1_000
"""Characters of what a fact rests on."""
_KINDS = frozenset(("choice", "truth", "day", "count", "object"))
_ALIVE = (Complaint.State.RECEIVED, Complaint.State.VALIDATED, Complaint.State.IN_CASE)


@dataclass(frozen=True, slots=True)
class Settled:
    """A fact that was established.

    Attributes:
        name: in the vocabulary.
        value: as JSON has it.
        words: what it rests on.
        by: name of the officer.
        at: when.
    """

    name: str
    value: Any
    words: str
    by: str
    at: datetime


def askable(complaint: Complaint) -> dict[str, Fact]:
    """Give the facts by name that the verdict of a call hangs on and that somebody could establish, as its grounds say."""
    facts = load_vocabulary("call").facts
    found = {}
    for one in (complaint.grounds or {}).get("missing", ()):
        fact = facts.get(str(one["name"]).partition(".")[0])
        if one["can_be_asked"] and fact is not None and fact.kind in _KINDS:
            found[fact.name] = fact
    return found


def lacking(complaint: Complaint, name: str) -> list[Complaint]:
    """Give the other reports of a complaint's case whose verdict hangs on the same fact."""
    if not complaint.case_reference:
        return []
    others = Complaint.objects.filter(case_reference=complaint.case_reference, state__in=_ALIVE).exclude(pk=complaint.pk)
    rows = others.select_related("report", "data_key").order_by("pk")
    return [row for row in rows if name in askable(row) and not erased(row)]


def established_of(complaint: Complaint) -> dict[str, Settled]:
    """Give what was established about a call by name, the latest of each; nothing where it was erased."""
    return {row.name: row for row in reversed(history_of(complaint))}


def history_of(complaint: Complaint) -> list[Settled]:
    """Give all that was ever established about a call, the newest first; nothing where it was erased."""
    rows = list(complaint.established.select_related("by").order_by("-pk"))
    if not rows or erased(complaint):
        return []
    key, found = opened_key(complaint.data_key), []
    for row in rows:
        content = open_content(key, row.content, f"established:{row.name}")
        found.append(Settled(row.name, content["value"], content["words"], row.by.name, row.at))
    return found


@transaction.atomic
def establish(
    *, complaint: Complaint, name: str, value: Any, words: str, with_case: bool = False, by: Person, at: datetime
) -> list[Complaint]:
    """Write down a fact of a call, and what it rests on.

    Args:
        complaint: about which call.
        name: one of :func:`askable`.
        value: as JSON of the vocabulary has it; None for a day or an object that there is none of.
        words: what it rests on, at most :data:`MOST_WORDS` characters.
        with_case: also for the reports of :func:`lacking`.
        by: an investigator or supervisor of an authority.
        at: now.

    Returns:
        The complaints that it was written down for; their facts are to be joined again.

    Raises:
        OperationError: ``fact.words``; ``fact.value``: it is none of the fact.
        ConflictError: ``fact.known``: the verdict does not hang on it (any more); ``complaint.step``: it is over, or erased.
        NotProvenError: ``complaint.no-right``.
    """
    words = words.strip()
    if not words or len(words) > MOST_WORDS:
        raise OperationError(
            _("Write what it rests on, at most %(most)s characters.") % {"most": MOST_WORDS}, code="fact.words"
        )
    if membership_in_office(by, (Role.INVESTIGATOR, Role.SUPERVISOR)) is None:
        raise NotProvenError(_("This is not yours to decide."), code="complaint.no-right")
    complaint = Complaint.objects.select_for_update(of=("self",)).select_related("report", "data_key").get(pk=complaint.pk)
    if complaint.state not in _ALIVE or erased(complaint):
        raise ConflictError(_("This report is over: its facts stay as they are."), code="complaint.step")
    if name not in askable(complaint):
        raise ConflictError(
            _("The verdict does not hang on this any more."), advice=_("Look at the report again."), code="fact.known"
        )
    try:
        read_facts({name: value}, load_vocabulary("call"))
    except UsageError as error:
        raise OperationError(_("This value cannot be."), advice=error.message, code="fact.value") from error
    about = [complaint, *(lacking(complaint, name) if with_case else ())]
    rows = []
    for one in about:
        sealed, digest = seal_content(opened_key(one.data_key), {"value": value, "words": words}, f"established:{name}")
        rows.append(
            Established.objects.create(complaint=one, name=name, content=sealed, content_sha256=digest, by=by, at=at)
        )
    write_leaves(Established.leaf_kind, rows, at=at)
    return about
