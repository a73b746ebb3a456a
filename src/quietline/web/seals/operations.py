"""All writing of seals: proposed, sent back, placed, lifted. What falls by itself: :mod:`quietline.web.seals.falling`.

A seal is placed by two people. In the same transaction its numbers enter the country's register of sealed numbers, whose
signed feed says so within seconds, its operators get their orders, and who answers for the numbers is told.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, OperationError
from quietline.numbering import number_of
from quietline.web.proofs.operations import write_leaves
from quietline.web.publishing.models import Register
from quietline.web.publishing.operations import new_reference
from quietline.web.seals.letters import tell_lifted, tell_sealed
from quietline.web.seals.models import Seal, SealAct
from quietline.web.seals.orders import order_block, order_lift, zone_of
from quietline.web.seals.queries import answering_for, sealed_in, trusted_in
from quietline.web.seals.reasons import LIFTS, REASONS, may_stand_without_end
from quietline.web.seals.registers import end_numbers, enter_numbers
from quietline.web.seals.stages import SEAL_STEPS
from quietline.web.seals.stepping import check_officer, check_step, move, take_turns
from quietline.web.seals.telling import tell_lines
from quietline.web.seals.wording import cleaned, close_words, new_data_key
from quietline.web.subscribers.numbers import listed_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from quietline.web.accounts.models import Person

__all__ = [
    "LONGEST", "MOST_EVIDENCE", "MOST_NUMBERS", "check_free", "check_range", "confirm_seal", "lift_seal", "note_act",
    "place", "propose_seal", "return_seal", "take_away",
]  # fmt: skip

MOST_NUMBERS = 10_000
"""Numbers of one seal."""
MOST_EVIDENCE = 100
"""References that one seal rests on."""
LONGEST = timedelta(days=731)
"""So long a seal stands at most, but where a law lets it stand without an end. Two years are the longest time that a law
names (India, Telecom Commercial Communications Customer Preference Regulations 2018, reg. 25)."""
_SUBJECT = 64


@transaction.atomic
def propose_seal(
    *,
    first_key: int,
    last_key: int,
    country: str,
    subject: str,
    reason: str,
    evidence: Sequence[str],
    remedy: str,
    until_at: datetime | None,
    by: Person,
    at: datetime,
) -> Seal:
    """Propose to seal a number, or a range of them.

    Args:
        first_key: of the first number.
        last_key: of the last number; the same as ``first_key`` for one.
        country: whose register of sealed numbers it shall stand in, two letters.
        subject: reference of the case that it comes from.
        reason: one of :data:`~quietline.web.seals.reasons.REASONS`.
        evidence: references of what it rests on: complaints, findings; at least one.
        remedy: what ends it early: one of :data:`~quietline.web.seals.reasons.REMEDIES`, or words.
        until_at: it ends then by itself, two years from now at most; None only for reasons whose law says so.
        by: an investigator or a supervisor.
        at: now.

    Raises:
        OperationError: ``seal.range``, ``seal.country``, ``seal.subject``, ``seal.reason``, ``seal.evidence``,
            ``seal.remedy``, ``seal.until``.
        ConflictError: ``seal.trusted``, ``seal.trusted-holder``, ``seal.overlaps``; the message says why.
        NotProvenError: ``seal.not-yours``.
    """
    check_officer(by, code="seal.not-yours")
    check_range(first_key, last_key, country=country)
    _check_terms(subject, reason, evidence, country, until_at, at)
    check_free(first_key, last_key, at=at)
    kept = {
        "evidence": [cleaned(one, code="seal.evidence", most=200) for one in evidence],
        "remedy": cleaned(remedy, code="seal.remedy"),
    }
    key = new_data_key("seal", at=at)
    words, digest = close_words(key, kept, "words")
    seal = Seal.objects.create(
        reference=new_reference("SL"), country=country, first_key=first_key, last_key=last_key, subject=subject,
        reason=reason, data_key=key, words=words, words_sha256=digest, until_at=until_at, proposed_by=by, proposed_at=at,
    )  # fmt: skip
    write_leaves("seal", [seal], at=at)
    _act(seal, "propose", "", by=by, at=at)
    return seal


@transaction.atomic
def confirm_seal(*, seal: Seal, words: str = "", by: Person, at: datetime) -> Seal:
    """Place a seal that somebody else proposed.

    Args:
        seal: as proposed.
        words: why, if something is to be said.
        by: a supervisor who did not propose it.
        at: now.

    Raises:
        ConflictError: ``seal.trusted``, ``seal.trusted-holder``, ``seal.overlaps``: so it is by now; ``seal.late``: its last
            day has come; ``seal.no-step``, ``seal.moved-on``.
        NotProvenError: ``seal.second``: who proposed it does not confirm it; ``seal.not-yours``.
        OperationError: ``seal.words``.
    """
    take_turns()
    check_step(seal, SEAL_STEPS, "seal", by=by, barred=(seal.proposed_by_id,))
    check_free(seal.first_key, seal.last_key, at=at)
    if seal.until_at is not None and seal.until_at <= at:
        raise ConflictError(
            _("The last day of this seal has come."), advice=_("Send it back and propose another one."), code="seal.late"
        )
    before = seal.state
    try:
        with transaction.atomic():
            move(seal, SEAL_STEPS, "seal", by=by, barred=(seal.proposed_by_id,), decided_by=by, sealed_at=at)
    except IntegrityError as error:
        raise _overlaps() from error
    _act(seal, "seal", before, words=words, by=by, at=at)
    place(seal, by=by, at=at)
    return seal


@transaction.atomic
def return_seal(*, seal: Seal, words: str, by: Person, at: datetime) -> Seal:
    """Send a proposal back, and say what is missing.

    Raises:
        ConflictError: ``seal.no-step``, ``seal.moved-on``.
        NotProvenError: ``seal.not-yours``.
        OperationError: ``seal.words``.
    """
    before = seal.state
    cleaned(words, code="seal.words")
    move(seal, SEAL_STEPS, "return", by=by, ended_at=at)
    _act(seal, "return", before, words=words, by=by, at=at)
    return seal


@transaction.atomic
def lift_seal(*, seal: Seal, reason: str, words: str, was_wrong: bool, by: Person, at: datetime) -> Seal:
    """Lift a seal at once: its numbers leave the register, the feed says so, operators are ordered, the holder is told.

    Args:
        seal: that stands.
        reason: one of :data:`~quietline.web.seals.reasons.LIFTS`.
        words: why.
        was_wrong: whether it should never have been placed; it then counts in the published rate.
        by: a supervisor.
        at: now.

    Raises:
        OperationError: ``seal.lift-reason``, ``seal.words``.
        ConflictError: ``seal.no-step``, ``seal.moved-on``.
        NotProvenError: ``seal.not-yours``.
    """
    if reason not in LIFTS:
        raise OperationError(_("There is no such reason to lift a seal."), code="seal.lift-reason")
    take_turns()
    cleaned(words, code="seal.words")
    before = seal.state
    move(seal, SEAL_STEPS, "lift", by=by, ended_at=at, was_wrong=was_wrong)
    _act(seal, "lift", before, reason=reason, words=words, by=by, at=at)
    take_away(seal, reason=reason, by=by, at=at)
    return seal


def place(seal: Seal, *, by: Person | None, at: datetime) -> None:
    """Let what a seal means happen; in the transaction of its act, whose taker holds the turn."""
    enter_numbers(Register.Kind.SEALED, seal.country, seal.first_key, seal.last_key, at=at)
    order_block(seal, by=by, at=at)
    tell_sealed(seal, answering_for(seal.first_key, seal.last_key, at=at), zone=zone_of(seal.first_key), at=at)
    tell_lines(seal, at=at)


def take_away(seal: Seal, *, reason: str, by: Person | None, at: datetime) -> None:
    """Let what a seal means end; as :func:`place`."""
    end_numbers(Register.Kind.SEALED, seal.first_key, seal.last_key, at=at)
    order_lift(seal, by=by, at=at)
    tell_lifted(seal, answering_for(seal.first_key, seal.last_key, at=at), reason=reason, at=at)
    if seal.state != Seal.State.FELL:  # whoever has the number now was never told of the seal
        tell_lines(seal, at=at)


def note_act(
    seal: Seal, act: str, before: str, *, reason: str = "", words: str = "", by: Person | None = None, at: datetime
) -> SealAct:  # fmt: skip
    """Write down a step: of the platform itself where nobody took it."""
    return _act(seal, act, before, reason=reason, words=words, by=by, at=at)


def check_range(first: int, last: int, *, country: str) -> None:
    """Refuse a range that is upside down, too long, of numbers of several lengths, or of another country.

    Raises:
        OperationError: ``seal.range``, ``seal.country``.
    """
    fits = 0 < first <= last and last - first < MOST_NUMBERS and len(number_of(first)) == len(number_of(last)) <= 16
    if not fits:
        raise OperationError(
            _("This is not a number, or a range of at most %(most)s numbers in a row.") % {"most": f"{MOST_NUMBERS:,}"},
            advice=_("Give the first and the last number of the range."), code="seal.range",
        )  # fmt: skip
    if country not in settings.ENVIRONMENT.countries or any(
        listed_line(key).country not in ("", country) for key in (first, last)
    ):
        raise OperationError(
            _("These are no numbers of that country."), advice=_("Choose the country of the numbers."), code="seal.country"
        )


def check_free(first: int, last: int, *, at: datetime) -> None:
    """Refuse a range of which a number is trusted, is answered for by a trusted organisation, or is sealed already.

    Hundreds of complaints change nothing about that: what shows on a telephone can be forged, and whose calls must come
    through is protected from those who borrow their number.

    Raises:
        ConflictError: ``seal.trusted``, ``seal.trusted-holder``, ``seal.overlaps``.
    """
    found = trusted_in(first, last, at=at)
    if found is not None:
        trust, is_number = found
        why = (
            _("A number of it stands in the list of trusted numbers: %(holder)s (%(kind)s), %(reference)s.")
            if is_number
            else _("A number of it belongs to an organisation with trusted numbers: %(holder)s (%(kind)s), %(reference)s.")
        )
        told = {"holder": trust.holder, "kind": trust.get_kind_display(), "reference": trust.reference}
        raise ConflictError(
            why % told,
            advice=_("Its number is most likely forged by others: ask operators for the record of a call. Where its own"
                     " calls break the law, end the trust first."),
            code="seal.trusted" if is_number else "seal.trusted-holder",
        )  # fmt: skip
    if sealed_in(first, last).exists():
        raise _overlaps()


def _overlaps() -> ConflictError:
    return ConflictError(
        _("A number of it is sealed already."), advice=_("Look at the seal that stands, and leave its numbers out."),
        code="seal.overlaps",
    )  # fmt: skip


def _check_terms(
    subject: str, reason: str, evidence: Sequence[str], country: str, until_at: datetime | None, at: datetime
) -> None:  # fmt: skip
    if not 0 < len(subject) <= _SUBJECT or not subject.isprintable():
        raise OperationError(_("Say which case the seal belongs to."), code="seal.subject")
    if reason not in REASONS:
        raise OperationError(_("There is no such reason to seal a number."), code="seal.reason")
    if isinstance(evidence, str) or not 0 < len(evidence) <= MOST_EVIDENCE:
        raise OperationError(
            _("Say what the seal rests on."), advice=_("Give the references of complaints or findings."),
            code="seal.evidence",
        )  # fmt: skip
    ends = until_at is not None and at < until_at <= at + LONGEST
    if not ends and not (until_at is None and may_stand_without_end(reason, country)):
        raise OperationError(
            _("A seal has a last day, within two years."),
            advice=_("Only where a law says so, a number is stopped without an end: one that nobody holds, say."),
            code="seal.until",
        )  # fmt: skip


def _act(
    seal: Seal, act: str, before: str, *, reason: str = "", words: str = "", by: Person | None, at: datetime
) -> SealAct:  # fmt: skip
    said = cleaned(words, code="seal.words", needed=False)
    closed: dict[str, Any] = {}
    if said:
        closed["words"], closed["words_sha256"] = close_words(seal.data_key, {"words": said}, f"act:{act}")
    row = SealAct.objects.create(
        seal=seal, act=act, from_state=before, to_state=seal.state, reason=reason, by=by, at=at, **closed
    )
    write_leaves("seal-act", [row], at=at)
    return row
