"""The kinds of inquiries in one table: who gets them, what is asked, what an answer holds.

What is asked of operators about a holder is answered as a class, never as a name: the kind ``holder`` takes no free text
and no files. The ten-digit and range forms of numbers are E.164; attestation levels are those of SHAKEN (ATIS-1000074).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from django.utils.translation import gettext_lazy as _

from quietline.web.accounts.models import Organisation
from quietline.web.inquiries.fields import BadValuesError, Field, Problem, checked
from quietline.web.inquiries.models import Inquiry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["KINDS", "KindRule", "checked_matter", "checked_values"]

_Kind = Organisation.Kind
_LINES = frozenset((_Kind.OPERATOR, _Kind.RESELLER))
_ANYONE = frozenset(kind for kind in _Kind if kind != _Kind.AUTHORITY)


@dataclass(frozen=True, slots=True)
class KindRule:
    """What goes with a kind.

    Attributes:
        to: kinds of organisations that can get it.
        closes: whether it is answered, or acknowledged as carried out.
        asks: what it can hold beside words.
        gives: what an answer, or the acknowledgement, holds.
        words: whether an answer has free text.
        files: whether an answer has files; ``must`` only where ``needs_files`` says so.
        check: what else has to be right with what is asked.
        needs_files: says of the values of an answer whether files have to be there.
    """

    to: frozenset[Organisation.Kind]
    closes: Literal["answer", "acknowledge"]
    asks: dict[str, Field]
    gives: dict[str, Field]
    words: Literal["none", "may", "must"] = "may"
    files: Literal["none", "may"] = "none"
    check: Callable[[Mapping[str, Any]], list[Problem]] = field(default=lambda _given: [])
    needs_files: Callable[[Mapping[str, Any]], bool] = field(default=lambda _given: False)

    @property
    def is_order(self) -> bool:
        """Whether it is carried out rather than answered."""
        return self.closes == "acknowledge"


def _one_or_range(given: Mapping[str, Any]) -> list[Problem]:
    """One number, or the first and the last of a range of the same length, in their order."""
    has_range = "first" in given and "last" in given
    is_half = ("first" in given) != ("last" in given)
    if is_half or has_range == ("number" in given):
        return [("number", "range")]
    if has_range and (len(given["first"]) != len(given["last"]) or given["first"] > given["last"]):
        return [("last", "range")]
    return []


_CARRIED_OUT = {"done_at": Field("moment", _("When it was done"), hint=_("If it was not just now."))}
_NUMBERS = {
    "number": Field("number", _("Number")),
    "first": Field("number", _("First number")),
    "last": Field("number", _("Last number")),
    "since_at": Field("moment", _("From when")),
}
_PAPERS = (
    ("procedures", _("written procedures")),
    ("training", _("records of training")),
    ("scripts", _("scripts of calls")),
    ("contracts", _("contracts with those who call for you")),
    ("lists", _("where lists of numbers came from")),
    ("consents", _("records of consents")),
    ("own-list", _("the organisation's own stop list")),
)

KINDS: dict[str, KindRule] = {
    Inquiry.Kind.REPLY: KindRule(
        to=_ANYONE, closes="answer", words="must", files="may",
        asks={
            "complaints": Field("whole", _("Complaints"), most=10_000_000),
            "caller": Field("number", _("Number that called")),
            "callee": Field("number", _("Number that was called")),
            "called_at": Field("moment", _("When")),
            "product": Field("text", _("What was offered"), most=200),
        },
        gives={
            "stance": Field("choice", _("What you say to it"), needed=True, choices=(
                ("accepted", _("It is right")), ("partly", _("Part of it is right")), ("disputed", _("It is not right")),
            )),
            "made_call": Field("choice", _("Did you, or somebody for you, make the call?"), needed=True, choices=(
                ("yes", _("Yes")), ("no", _("No")), ("unknown", _("We cannot tell")),
            )),
            "ground": Field("choice", _("Why you thought that you might call"), only=("made_call", frozenset(("yes",))),
                choices=(
                    ("consent", _("the person had agreed")), ("relationship", _("the person is or was a customer")),
                    ("not-listed", _("the number was not listed when we checked")), ("exempt", _("we are exempt")),
                    ("mistake", _("it was a mistake")), ("other", _("another reason")),
                )),
        },
    ),
    Inquiry.Kind.CALL_RECORD: KindRule(
        to=_LINES, closes="answer",
        asks={
            "caller": Field("number", _("Number that called"), needed=True),
            "callee": Field("number", _("Number that was called")),
            "from_at": Field("moment", _("Not before"), needed=True),
            "until_at": Field("moment", _("Not after"), needed=True),
        },
        gives={
            "happened": Field("choice", _("Did this call happen?"), needed=True, choices=(
                ("yes", _("Yes")), ("no", _("No")), ("not-kept", _("Records of that time are not kept any more")),
            )),
            "started_at": Field("moment", _("When it began"), needed=True, only=("happened", frozenset(("yes",)))),
            "duration_seconds": Field("whole", _("How long it lasted, in seconds"), needed=True, most=604_800,
                only=("happened", frozenset(("yes",)))),
            "attestation": Field("choice", _("Attestation that came with it"), only=("happened", frozenset(("yes",))),
                choices=(
                    ("A", _("A: full")), ("B", _("B: partial")), ("C", _("C: gateway")), ("failed", _("It did not hold")),
                    ("none", _("None came with it")),
                )),
            "from_network": Field("text", _("Network that handed it over"), most=120,
                only=("happened", frozenset(("yes",))), hint=_("Its name or its operator's account number.")),
        },
    ),
    Inquiry.Kind.HOLDER: KindRule(
        to=_LINES, closes="answer", words="none",
        asks={
            "number": Field("number", _("Number"), needed=True),
            "on": Field("day", _("On which day"), needed=True),
        },
        gives={
            "holder": Field("choice", _("Whose number it was on that day"), needed=True, choices=(
                ("subscriber", _("A subscriber's of ours")), ("reseller", _("A reseller's")),
                ("ported", _("Ported to another operator")), ("not-assigned", _("Nobody's: not assigned")),
            ), hint=_("Never give a name.")),
            "holder_class": Field("choice", _("What kind of subscriber"), needed=True,
                only=("holder", frozenset(("subscriber",))), choices=(
                    ("residential", _("residential")), ("business", _("business")), ("trusted", _("trusted organisation")),
                )),
            "account": Field("account", _("Account number of the operator or reseller"),
                only=("holder", frozenset(("reseller", "ported"))), hint=_("Such as QL-O-482193-4, if you know it.")),
            "since": Field("day", _("Since when"), only=("holder", frozenset(("subscriber", "reseller", "ported")))),
        },
    ),
    Inquiry.Kind.CONDUCT: KindRule(
        to=_ANYONE, closes="answer", files="may", needs_files=lambda given: given.get("complete") == "yes",
        asks={
            "papers": Field("choices", _("Papers that are wanted"), needed=True, choices=_PAPERS),
            "from_on": Field("day", _("From")),
            "until_on": Field("day", _("Until")),
        },
        gives={
            "complete": Field("choice", _("Are these all papers that are asked for?"), needed=True, choices=(
                ("yes", _("Yes, all")), ("partly", _("Some are missing; the text says why")),
                ("none", _("There are none")),
            )),
        },
    ),
    Inquiry.Kind.CORRECT: KindRule(
        to=_ANYONE, closes="answer", words="must", files="may",
        asks={"what": Field("text", _("What has to be put right"), needed=True)},
        gives={
            "done": Field("choice", _("Has it been put right?"), needed=True, choices=(
                ("yes", _("Yes")), ("partly", _("In part")), ("no", _("No")),
            )),
            "done_on": Field("day", _("On which day"), needed=True, only=("done", frozenset(("yes",)))),
            "until_on": Field("day", _("By when the rest"), needed=True, only=("done", frozenset(("partly",)))),
        },
    ),
    Inquiry.Kind.RESTRICT: KindRule(
        to=_LINES, closes="acknowledge",
        asks={
            "line": Field("number", _("Line"), needed=True),
            "what": Field("choice", _("What has to be barred"), needed=True, choices=(
                ("outgoing", _("outgoing calls")), ("access", _("access to the network")),
            )),
            "days": Field("whole", _("For how many days"), needed=True, most=3_660),
        },
        gives=dict(_CARRIED_OUT),
    ),
    Inquiry.Kind.BLOCK: KindRule(
        to=_LINES, closes="acknowledge", check=_one_or_range,
        asks={**_NUMBERS, "until_at": Field("moment", _("Until when"))}, gives=dict(_CARRIED_OUT),
    ),
    Inquiry.Kind.LIFT: KindRule(
        to=_LINES, closes="acknowledge", check=_one_or_range, asks=dict(_NUMBERS), gives=dict(_CARRIED_OUT),
    ),
}  # fmt: skip
"""What goes with each kind."""


def checked_matter(kind: str, matter: Mapping[str, Any]) -> dict[str, Any]:
    """Check what is asked; give it as it is kept.

    Raises:
        BadValuesError: something does not fit the kind.
        KeyError: there is no such kind.
    """
    rule = KINDS[kind]
    kept = checked(rule.asks, matter)
    if problems := rule.check(kept):
        raise BadValuesError(problems)
    return kept


def checked_values(kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Check the values of an answer, or of an acknowledgement; give them as they are kept.

    Raises:
        BadValuesError: something does not fit the kind.
        KeyError: there is no such kind.
    """
    return checked(KINDS[kind].gives, values)
