"""Appeals: received, confirmed, taken, decided, withdrawn. One answer reaches every list.

An appeal against a seal is decided with the seal: where it is granted, the seal is lifted in the same transaction, and with
it go the register, the feed and the orders to operators. What follows where something else was appealed against, the rooms
above know: they enter it in :data:`DECIDED`, and what it was in :data:`AGAINST`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, OperationError
from quietline.web.keeping.data_keys import destroy_keys
from quietline.web.proofs.operations import write_leaves
from quietline.web.publishing.models import Register
from quietline.web.publishing.operations import new_reference
from quietline.web.seals.clocks import appeal_clock
from quietline.web.seals.letters import tell_appellant
from quietline.web.seals.models import Appeal, AppealAct, Seal
from quietline.web.seals.operations import lift_seal
from quietline.web.seals.registers import keys_standing
from quietline.web.seals.releasing import release_number
from quietline.web.seals.stages import APPEAL_STEPS
from quietline.web.seals.stepping import move, take_turns
from quietline.web.seals.wording import cleaned, close_words, new_data_key

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import date, datetime

    from quietline.web.accounts.models import Organisation, Person
    from quietline.web.subscribers.line_sessions import ProvenLine

__all__ = [
    "AGAINST", "CONFIRM_DAYS", "DECIDED", "LANGUAGES", "Against", "against", "confirm", "grant", "may_be_partly", "receive",
    "refuse", "take", "tidy", "withdraw",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Against:
    """What an appeal is against, as the room that decided it tells.

    Attributes:
        facts: for officers alone, as rows of ``components/key_value_list.html``; empty for others.
        until: end of the time to appeal; None where it has none.
        last_day: of that time, as it was told.
        basis: who sets it, in a sentence.
    """

    facts: Sequence[dict[str, str | bool]]
    until: datetime | None = None
    last_day: date | None = None
    basis: str = ""


AGAINST: list[Callable[[Appeal, bool], Against | None]] = []
"""Asked what an appeal is against that is no seal, in the language in force, and whether an officer asks: rooms above enter
theirs when the platform starts."""
DECIDED: list[Callable[[Appeal], None]] = []
"""Called with each appeal that was granted, granted in part or refused, in the transaction that decides: rooms above enter
theirs when the platform starts. What one raises undoes the decision."""
LANGUAGES = ("en", "zh-hans")
"""Languages in which every answer is given."""
CONFIRM_DAYS = 3
"""So long an address can be confirmed; what was written is destroyed afterwards."""
_S = Appeal.State
_OPEN = (_S.RECEIVED, _S.DECIDING)


def against(appeal: Appeal, *, for_officer: bool) -> Against | None:
    """Give what an appeal is against; None for a seal, which this room shows itself, and where no room knows it."""
    return next((found for ask in AGAINST if (found := ask(appeal, for_officer)) is not None), None)


@transaction.atomic
def receive(
    *,
    subject_kind: str,
    subject: str,
    words: str,
    language: str,
    country: str,
    at: datetime,
    zone: str = "UTC",
    organisation: Organisation | None = None,
    proven: ProvenLine | None = None,
    mail: str = "",
    name: str = "",
    conflicted: Collection[int] = (),
) -> Appeal:
    """Take an appeal. Its clock begins at once, or, for an address that nobody has confirmed, when that is done.

    Args:
        subject_kind: one of :class:`~quietline.web.seals.models.Appeal.Subject`.
        subject: reference of what it is against.
        words: why it is wrong.
        language: in which the person reads, ``en`` or ``zh-hans``.
        country: whose law sets the time of the answer.
        at: now.
        zone: IANA name of the zone on whose clock days are counted.
        organisation: that appeals; the caller has made sure of who acts for it.
        proven: the line of who appeals.
        mail: address of who has neither; it has to be confirmed.
        name: who they say they are, if they do.
        conflicted: ids of the people who took part in what is appealed against; for a seal they are known here.

    Raises:
        OperationError: ``appeal.words``, ``appeal.subject``, ``appeal.who``, ``appeal.name``.
        ConflictError: ``appeal.open``: the same one has an open appeal against the same.
    """
    said = {
        "words": cleaned(words, code="appeal.words"), "mail": mail.strip()[:254],
        "name": cleaned(name, code="appeal.name", most=200, needed=False),
    }  # fmt: skip
    if organisation is None and proven is None and not said["mail"]:
        raise OperationError(_("Say where the answer shall go."), code="appeal.who")
    barred = {*conflicted, *_took_part(subject_kind, subject)}
    _check_once(subject_kind, subject, organisation, proven)
    is_known = organisation is not None or proven is not None
    clock = appeal_clock(country=country, zone=zone, at=at)
    key = new_data_key("appeal", at=at)
    closed, digest = close_words(key, {**said, "country": country, "zone": zone}, "words")
    appeal = Appeal.objects.create(
        reference=new_reference("AP"), subject_kind=subject_kind, subject=subject, organisation=organisation,
        key=proven.key if proven else None, challenge=uuid4(), data_key=key, words=closed, words_sha256=digest,
        language=language if language in LANGUAGES else LANGUAGES[0], conflicted=sorted(barred),
        state=_S.RECEIVED if is_known else _S.UNCONFIRMED, due_at=clock.due_at, basis=clock.basis, at=at,
    )  # fmt: skip
    if is_known:
        _begin(appeal, at)
    else:
        tell_appellant(appeal, "confirm", at=at)
    return appeal


@transaction.atomic
def confirm(*, appeal: Appeal, country: str, zone: str, at: datetime) -> Appeal:
    """Take an appeal whose address was confirmed by the link that went there. Its clock begins now.

    Raises:
        ConflictError: ``seal.no-step``, ``seal.moved-on``; ``appeal.stale``: that was to be done within three days.
    """
    if appeal.state == _S.UNCONFIRMED and appeal.at < at - timedelta(days=CONFIRM_DAYS):
        raise ConflictError(_("The time to confirm is over."), advice=_("Appeal again."), code="appeal.stale")
    clock = appeal_clock(country=country, zone=zone, at=at)
    move(appeal, APPEAL_STEPS, "confirm", by=None, due_at=clock.due_at, basis=clock.basis)
    _begin(appeal, at)
    return appeal


@transaction.atomic
def take(*, appeal: Appeal, by: Person, at: datetime) -> Appeal:
    """Take an appeal to decide it.

    Raises:
        ConflictError: ``seal.no-step``, ``seal.moved-on``.
        NotProvenError: ``seal.second``: who took part in what it is against does not decide it; ``seal.not-yours``.
    """
    before = appeal.state
    move(appeal, APPEAL_STEPS, "take", by=by, barred=appeal.conflicted, assigned_to=by)
    _act(appeal, "take", before, by=by, at=at)
    return appeal


@transaction.atomic
def grant(
    *, appeal: Appeal, answer: Mapping[str, str], by: Person, at: datetime, was_wrong: bool = True, partly: bool = False
) -> Appeal:  # fmt: skip
    """Grant an appeal, wholly or in part.

    Against a seal it lifts the seal in the same transaction; other open appeals against that seal get the same answer. In
    part, it frees the number of the line that appealed, and the others stay sealed: see :func:`may_be_partly`.

    Args:
        appeal: which.
        answer: why, in each of :data:`LANGUAGES`.
        by: a supervisor who took no part in what it is against.
        at: now.
        was_wrong: whether the seal should never have been placed.
        partly: only in part.

    Raises:
        OperationError: ``appeal.answer``; ``appeal.partly``.
        ConflictError: ``seal.no-step``, ``seal.moved-on``, ``seal.last-number``.
        NotProvenError: ``seal.second``, ``seal.not-yours``.
    """
    is_seal = appeal.subject_kind == Appeal.Subject.SEAL
    if partly and not may_be_partly(appeal):
        raise OperationError(
            _("A seal is lifted or stands."),
            advice=_("Grant the appeal, and propose a seal of fewer numbers or a shorter time."), code="appeal.partly",
        )  # fmt: skip
    take_turns()
    _decide(appeal, "partly" if partly else "grant", answer, by, at)
    if is_seal and partly:
        seal = Seal.objects.select_for_update(of=("self",)).select_related("data_key").get(reference=appeal.subject)
        words = answer[LANGUAGES[0]]
        release_number(seal=seal, key=appeal.key or 0, reason="appeal", words=words, by=by, at=at)
    elif is_seal:
        others = Appeal.objects.select_for_update().filter(
            subject_kind=appeal.subject_kind, subject=appeal.subject, state__in=_OPEN
        )
        for other in others.exclude(pk=appeal.pk).order_by("pk"):
            if by.pk not in other.conflicted:
                _decide(other, "grant", answer, by, at)
        _lift(appeal.subject, answer, was_wrong=was_wrong, by=by, at=at)
    return appeal


@transaction.atomic
def refuse(*, appeal: Appeal, answer: Mapping[str, str], by: Person, at: datetime) -> Appeal:
    """Turn an appeal down, with reasons in both languages; raises as :func:`grant`."""
    _decide(appeal, "refuse", answer, by, at)
    return appeal


@transaction.atomic
def withdraw(*, appeal: Appeal, at: datetime) -> Appeal:
    """Let who appealed take it back; the page has made sure of who asks.

    Raises:
        ConflictError: ``seal.no-step``, ``seal.moved-on``.
    """
    before = appeal.state
    move(appeal, APPEAL_STEPS, "withdraw", by=None)
    if before == _S.UNCONFIRMED:  # nobody has read it, and the ledger does not know it
        write_leaves("appeal", [appeal], at=at)
    _act(appeal, "withdraw", before, by=None, at=at)
    return appeal


def may_be_partly(appeal: Appeal) -> bool:
    """Say whether an appeal can be granted in part: against a seal, where its line is one of several that are sealed."""
    if appeal.subject_kind != Appeal.Subject.SEAL:
        return True
    if appeal.key is None or keys_standing(Register.Kind.SEALED, appeal.key, appeal.key) == 0:
        return False
    ranges = Seal.objects.filter(reference=appeal.subject, state=Seal.State.SEALED, first_key__lt=F("last_key"))
    return ranges.filter(first_key__lte=appeal.key, last_key__gte=appeal.key).exists()


def tidy(*, at: datetime) -> int:
    """Destroy appeals whose address nobody confirmed in three days; give how many."""
    with transaction.atomic():
        rows = list(
            Appeal.objects.select_for_update(skip_locked=True)
            .filter(state=_S.UNCONFIRMED, at__lt=at - timedelta(days=CONFIRM_DAYS))
            .order_by("pk")[:500]
        )
        Appeal.objects.filter(pk__in=[row.pk for row in rows]).delete()
        destroy_keys([row.data_key_id for row in rows], at=at)
    return len(rows)


def _begin(appeal: Appeal, at: datetime) -> None:
    write_leaves("appeal", [appeal], at=at)
    _act(appeal, "receive", "", by=None, at=at)
    tell_appellant(appeal, "received", at=at)


def _took_part(subject_kind: str, subject: str) -> set[int]:
    """Give who took part in a seal: who proposed it, and whoever did something with it.

    Raises:
        OperationError: ``appeal.subject``.
    """
    if subject_kind not in Appeal.Subject.values or not 0 < len(subject) <= 16:
        raise OperationError(_("There is nothing of that kind."), code="appeal.subject")
    if subject_kind != Appeal.Subject.SEAL:
        return set()
    seal = Seal.objects.filter(reference=subject).exclude(sealed_at=None).first()
    if seal is None:
        raise OperationError(
            _("There is no such seal."), advice=_("Check the reference, or ask about the number."), code="appeal.subject"
        )
    people = {seal.proposed_by_id, seal.decided_by_id, *seal.acts.values_list("by", flat=True)}
    return {person for person in people if person is not None}


def _check_once(kind: str, subject: str, organisation: Organisation | None, proven: ProvenLine | None) -> None:
    rows = Appeal.objects.filter(subject_kind=kind, subject=subject, state__in=_OPEN)
    if (organisation is not None and rows.filter(organisation=organisation).exists()) or (
        organisation is None and proven is not None and rows.filter(key=proven.key, organisation=None).exists()
    ):
        raise ConflictError(
            _("Your appeal against this waits for its answer already."), advice=_("Follow that one."), code="appeal.open"
        )


def _decide(appeal: Appeal, act: str, answer: Mapping[str, str], by: Person, at: datetime) -> None:
    kept = {name: cleaned(answer.get(name, ""), code="appeal.answer") for name in LANGUAGES}
    before = appeal.state
    closed, digest = close_words(appeal.data_key, kept, "answer")
    changes: dict[str, Any] = {"answer": closed, "answer_sha256": digest, "decided_by": by, "decided_at": at}
    move(appeal, APPEAL_STEPS, act, by=by, barred=appeal.conflicted, **changes)
    _act(appeal, act, before, by=by, at=at, digest=digest)
    tell_appellant(appeal, {"grant": "granted", "partly": "partly", "refuse": "refused"}[act], at=at)
    for hook in DECIDED:
        hook(appeal)


def _lift(reference: str, answer: Mapping[str, str], *, was_wrong: bool, by: Person, at: datetime) -> None:
    seal = Seal.objects.select_for_update().get(reference=reference)
    if seal.state == Seal.State.SEALED:
        lift_seal(seal=seal, reason="appeal", words=answer[LANGUAGES[0]], was_wrong=was_wrong, by=by, at=at)
    elif was_wrong:  # it has ended meanwhile, and was wrong all the same
        Seal.objects.filter(pk=seal.pk).update(was_wrong=True)


def _act(appeal: Appeal, act: str, before: str, *, by: Person | None, at: datetime, digest: str = "") -> None:
    row = AppealAct.objects.create(
        appeal=appeal, act=act, from_state=before, to_state=appeal.state, words_sha256=digest, by=by, at=at
    )
    write_leaves("appeal-act", [row], at=at)
