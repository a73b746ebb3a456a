"""What pages say of codes: why a wash ended, why rows were removed, what a number comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from quietline.web.sellers.acting import explained
from quietline.web.washing.lists import MOST_WAITING

if TYPE_CHECKING:
    from quietline.web.washing.engine import Outcome
    from quietline.web.washing.models import Wash

__all__ = ["invalid_words", "problem_words", "reason_words", "verdict_words"]


def problem_words(code: str) -> tuple[str, str]:
    """Give the message and the advice for why a wash waits or ended, by :attr:`Wash.problem`."""
    known = _problems()
    if code in known:
        return known[code]
    if code.startswith(("organisation.", "client.")):
        return explained(code)
    if code.startswith(("input.", "extra.")):
        return (
            _("The list cannot be read."),
            _("Save it again as CSV in UTF-8, XLSX or Parquet, and hand in the new file."),
        )
    return (
        _("Something went wrong on our side."),
        _("Hand the list in once more. If it happens again, write to the authority and give the number of the wash."),
    )


def _problems() -> dict[str, tuple[str, str]]:
    return {
        "quota.over": (
            _("It asks about more different numbers than the subscription year has room for."),
            _("Declare a longer list, or take more areas, and hand it in again. Nothing of it was counted."),
        ),
        "probing.slowed": (
            _("It holds numbers one after another, or most numbers of a block. Such lists are washed slowly."),
            _("It is washed by itself when its time has come. If your list is truly so dense, write to the authority."),
        ),
        "list.too-long": (_("It has more than ten million rows."), _("Hand it in in parts.")),
        "input.column": (
            _("No column with telephone numbers was found, or not the one you named."),
            _("Look at the first row of the list and name the column."),
        ),
        "wash.stale": (_("The register on this machine is not up to date."), _("It is washed as soon as it is.")),
        "wash.too-many": (
            _("%(count)s lists of yours wait already.") % {"count": MOST_WAITING},
            _("Wait until some of them are washed, then send this one."),
        ),
    }


def reason_words() -> dict[str, str]:
    """Name the reasons for which rows are kept or removed (:class:`quietline.wash.Reason`)."""
    return {
        "clean": _("may be called"),
        "registered": _("on the register"),
        "forbidden": _("the law forbids the call"),
        "undetermined": _("the law, or what is known, does not say"),
        "invalid": _("no telephone number"),
        "wrong_country": _("number of another country"),
        "duplicate": _("in an earlier row already"),
    }


def verdict_words(outcome: Outcome) -> tuple[str, str]:
    """Give what a number comes to, and its tone (``components/status.html``)."""
    if outcome.verdict == "forbid" and outcome.next_permitted_at:
        return _("Not now"), "waiting"
    return {
        "permit": (_("May be called"), "good"),
        "forbid": (_("May not be called"), "bad"),
        "undetermined": (_("Not certain: do not call"), "waiting"),
    }.get(outcome.verdict, (_("No telephone number"), ""))


def invalid_words(reason: str) -> str:
    """Say what is wrong with what is no number; the statuses are those of docs/reference/statuses.md."""
    return {
        "too_short": _("It has too few digits."),
        "too_long": _("It has too many digits."),
        "empty": _("Nothing stands there."),
        "ambiguous": _("There are several numbers; write each on a line of its own."),
        "unassigned": _("No operator has numbers that begin like this."),
    }.get(reason, _("It cannot be read as a number: %(reason)s.") % {"reason": reason.replace("_", " ")})


def state_tone(wash: Wash) -> str:
    """Give the tone of a wash's state."""
    return {"finished": "good", "refused": "bad", "failed": "bad"}.get(wash.state, "waiting")
