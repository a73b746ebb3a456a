"""The voice menu: one step of a call for each request of a gateway; where the call is stands in the database.

A number that its network fully attests (SHAKEN "A", ATIS-1000074) counts as a call from the line itself. Any other caller
is called back with a code, and proves the line by keying it in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils.dateformat import format as format_date
from django.utils.translation import override

from quietline.errors import NotProvenError, TooManyError
from quietline.web.base.limits import Limit, count
from quietline.web.base.logs import log
from quietline.web.base.metrics import CODES
from quietline.web.keeping.rings import key_ring
from quietline.web.messaging.operations import check_cap, enqueue
from quietline.web.messaging.secrets import code_of
from quietline.web.publishing.models import Entry
from quietline.web.subscribers.answers import language_of_line
from quietline.web.subscribers.call_script import SCRIPT, prompt
from quietline.web.subscribers.line_sessions import ProvenLine, open_session
from quietline.web.subscribers.listing import change_terms, list_line, obeyed_by, standing_of, withdraw
from quietline.web.subscribers.low_tech_models import LineCall, LineLanguage
from quietline.web.subscribers.models import Challenge, LineHolder
from quietline.web.subscribers.proving import CODE_SECONDS, TRIES, try_code
from quietline.web.subscribers.terms import described, terms_from, terms_parts
from quietline.web.subscribers.text_dealings import caller_line, codes_left

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable
    from datetime import date, datetime

    from quietline.web.subscribers.numbers import Line

__all__ = ["challenge_by_call", "take_call"]

_LASTS = timedelta(minutes=5)
_MISSES = 3
_GATHER_SECONDS = 10
_CHOICES = {"1": "recorded", "2": "voice", "3": "text"}
_ATTESTED = Limit("call-attested", 20, 3_600)
_UNATTESTED = Limit("call-unattested", 10, 3_600)  # counted apart: forged calls do not keep the person out
_VOICES = {"en": "en-US", "zh-hans": "zh-CN"}
_OTHER = {"en": "zh-hans", "zh-hans": "en"}
_COVERED = {"en": ("everything", "any of these: ", "; or "), "zh-hans": ("全部", "以下任一项：", "；或")}
_HANG_UP: dict[str, Any] = {"say": [], "hang_up": True}


@dataclass(slots=True)
class _Step:
    """One step: the call, the line, and what is said so far."""

    call: LineCall
    line: Line
    digits: str
    at: datetime
    said: list[dict[str, str]]

    def say(self, spoken: str, /, **facts: Any) -> None:
        text = prompt(spoken, self.call.language) % facts
        self.said.append({"language": _VOICES[self.call.language], "text": text})

    def day(self, day: date) -> str:
        with override(self.call.language):
            return format_date(day, "j F Y" if self.call.language == "en" else "Y年n月j日")

    @property
    def proven(self) -> ProvenLine | None:
        """The line as it is proven by this call; None where it is not, or is in other hands by now."""
        holder = LineHolder.objects.filter(key=self.call.key).first()
        if not self.call.assurance or holder is None:
            return None
        return ProvenLine(self.call.key, self.call.assurance, self.at, holder.proven_at, self.call.expires_at)


def take_call(
    *, call_id: str, raw: str, attestation: str, digits: str, at: datetime, step: int | None = None
) -> dict[str, Any]:
    """Take one step of a call.

    Must run outside a transaction: limits count even where the rest fails.

    Args:
        call_id: the gateway's own, the same for all steps of a call.
        raw: the calling number.
        attestation: how far its network vouches for it: ``A``, ``B``, ``C`` or anything else for not at all. What counts
            is that of the first step.
        digits: keyed in since the last step; empty at first, and where nothing was.
        at: now.
        step: as it was given with the last answer. With an earlier one (a request that is repeated) nothing is done, and
            the prompt is said again.

    Returns:
        ``say``, a list of ``{language, text}``; and ``gather`` (``digits`` at most, ``ends_by``, ``seconds`` to wait) with
        ``step``, or ``hang_up``.
    """
    line = caller_line(raw)
    if line is None:
        return _HANG_UP
    if not LineCall.objects.filter(call_id=call_id).exists():
        limit = _ATTESTED if attestation == "A" else _UNATTESTED
        try:
            count([(limit, key_ring().keyed_hash("limit", line.key.to_bytes(8, "big")))], at=at)
        except TooManyError:
            log("subscribers").info("call dropped", reason="limit.exceeded")
            return _HANG_UP
    with transaction.atomic():
        call, is_new = LineCall.objects.select_for_update().get_or_create(
            call_id=call_id, defaults=_begun(line, attestation, at)
        )
        if call.key != line.key or call.ended_at is not None or call.expires_at <= at:
            return _HANG_UP
        now_at = _Step(call, line, digits, at, [])
        if is_new:
            if call.assurance:
                open_session(key=line.key, assurance=call.assurance, at=at)
            now_at.say("welcome", name=settings.ENVIRONMENT.name)
        elif step is None or step == call.step:
            _advance(now_at)
        return _answer(now_at)


def challenge_by_call(key: int, *, at: datetime) -> uuid.UUID | None:
    """Give the latest challenge whose code a line heard, in the menu or called back; None where none counts.

    For a page that takes a number and a code that was heard: the code is tried with
    :func:`quietline.web.subscribers.proving.try_code`.
    """
    heard = LineCall.objects.filter(key=key, challenge__isnull=False).order_by("-begun_at", "-pk").first()
    if (
        heard is None
        or heard.challenge is None
        or not Challenge.objects.filter(
            pk=heard.challenge, used_at__isnull=True, expires_at__gt=at, tries_left__gt=0
        ).exists()
    ):
        return None
    return heard.challenge


def _begun(line: Line, attestation: str, at: datetime) -> dict[str, Any]:
    is_attested = attestation == "A"
    return {
        "key": line.key, "assurance": Entry.Assurance.CALL if is_attested else "", "language": language_of_line(line.key),
        "state": "menu" if is_attested else "guest", "begun_at": at, "expires_at": at + _LASTS,
    }  # fmt: skip


def _advance(step: _Step) -> None:
    """Follow the keys that were pressed: to another state, or through an act."""
    call, state = step.call, SCRIPT[step.call.state]
    digits = step.digits.strip()
    if not digits and state.ends_by in state.keys:
        digits = state.ends_by
    target = state.keys.get(digits) or (state.keys.get("*") if digits.rstrip("#").isdigit() and digits.isascii() else None)
    if target is None:
        call.misses += 1
        step.say("not-understood")
        if call.misses >= _MISSES:
            call.state = "end"
        return
    call.misses = 0
    call.state = _ACTS[target](step) if target in _ACTS else target


def _answer(step: _Step) -> dict[str, Any]:
    call = step.call
    call.step += 1
    if call.state == "end":
        call.ended_at = step.at
        call.save()
        step.say("goodbye")
        return {"say": step.said, "hang_up": True}
    call.expires_at = step.at + _LASTS
    call.save()
    state = SCRIPT[call.state]
    step.say(state.say)
    if state.other_language:
        other = _OTHER[call.language]
        step.said.append({"language": _VOICES[other], "text": prompt("other-language", other)})
    gather = {"digits": state.most, "ends_by": state.ends_by, "seconds": _GATHER_SECONDS}
    return {"say": step.said, "gather": gather, "step": call.step}


def _list(step: _Step) -> str:
    if step.proven is None:
        return "end"
    _say_listed(step, list_line(line=step.line, terms="", assurance=step.call.assurance, at=step.at))
    return "menu"


def _choose(step: _Step) -> str:
    chosen = {_CHOICES.get(digit) for digit in step.digits.strip().rstrip("#")}
    if step.proven is None:
        return "end"
    if None in chosen:
        step.say("not-understood")
        return "choose"
    # all channels are everything, faxes and whatever comes after them included; what else the entry names stays named
    entry = standing_of(step.proven).entry
    parts = {**terms_parts(entry.terms if entry else ""), "channels": [channel for channel in chosen if channel]}
    _say_listed(step, change_terms(proven=step.proven, terms=terms_from(parts), at=step.at))
    return "menu"


def _status(step: _Step) -> str:
    if step.proven is None:
        return "end"
    standing = standing_of(step.proven)
    if standing.since_date is None:
        step.say("not-listed")
        return "menu"
    entry = standing.entry
    terms = entry.terms if entry else ""
    with override(step.call.language):
        covered = [row["value"] for row in described(terms)]
    everything, any_of, either = _COVERED[step.call.language]
    is_one = sum(map(len, terms_parts(terms).values())) == 1
    covers = (either.join(covered) if is_one else any_of + either.join(covered)) if covered else everything
    reference = _spelled(entry.reference) if entry else "-"
    step.say("status", day=step.day(standing.since_date), covers=covers, spelled=reference)
    return "menu"


def _withdraw(step: _Step) -> str:
    if step.proven is None:
        return "end"
    step.say("not-listed" if withdraw(proven=step.proven, at=step.at) is None else "withdrawn")
    return "menu"


def _code(step: _Step) -> str:
    """Read out a code: even where somebody else used up the line's codes, a call from the line itself gets one."""
    if step.proven is None:
        return "end"
    challenge = _challenge(step)
    CODES.labels("call", "read out").inc()
    step.say("code", code=", ".join(code_of(challenge.id)), minutes=CODE_SECONDS // 60)
    return "menu"


def _call_back(step: _Step) -> str:
    if not settings.ENVIRONMENT.makes_calls:
        step.say("no-calls")
        return "end"
    try:
        check_cap(step.at)
        codes_left(step.line.key, at=step.at)
    except TooManyError:
        step.say("too-many")
        return "end"
    challenge = _challenge(step)
    CODES.labels("call", "sent").inc()
    enqueue(
        channel="call", template="code", language=step.call.language, at=step.at, key=step.line.key, challenge=challenge.id,
        facts={"purpose": "prove", "minutes": CODE_SECONDS // 60},
    )  # fmt: skip
    step.say("call-back")
    return "end"


def _enter_code(step: _Step) -> str:
    challenge = challenge_by_call(step.line.key, at=step.at)
    outcome = (
        None if challenge is None else try_code(challenge_id=challenge, typed=step.digits.strip().rstrip("#"), at=step.at)
    )
    if outcome is None or isinstance(outcome, NotProvenError):
        over = outcome is None or outcome.code == "code.over"
        step.say("code-over" if over else "code-wrong")
        return "guest" if over else "enter-code"
    step.call.assurance = Entry.Assurance.CODE
    return "menu"


def _language(step: _Step) -> str:
    step.call.language = _OTHER[step.call.language]
    if step.call.assurance:
        LineLanguage.objects.update_or_create(
            key=step.line.key, defaults={"language": step.call.language, "chosen_at": step.at}
        )
    return step.call.state


def _challenge(step: _Step) -> Challenge:
    challenge = Challenge.objects.create(
        key=step.line.key, purpose=Challenge.Purpose.PROVE, language=step.call.language, tries_left=TRIES,
        created_at=step.at, expires_at=step.at + timedelta(seconds=CODE_SECONDS),
    )  # fmt: skip
    step.call.challenge = challenge.id
    return challenge


def _say_listed(step: _Step, entry: Entry) -> None:
    obeyed = obeyed_by(step.line.country, entry.since_date).from_date or entry.since_date
    step.say("listed", day=step.day(obeyed), spelled=_spelled(entry.reference))


def _spelled(reference: str) -> str:
    return ", ".join(reference.replace("-", ""))


_ACTS: dict[str, Callable[[_Step], str]] = {
    "do:list": _list,
    "do:choose": _choose,
    "do:status": _status,
    "do:withdraw": _withdraw,
    "do:code": _code,
    "do:call-back": _call_back,
    "do:enter-code": _enter_code,
    "do:language": _language,
}
