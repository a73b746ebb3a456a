"""What is missing to reach a verdict, in words: for a complaint about a call of which only a part is known.

A decision names the facts on which it hangs (``Decision.unknown``). Here each of them is told in both languages, with the
answers that there are, and apart from what nobody can supply: a day that the rulebook does not cover, and a figure that it
does not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from quietline.law.deciding import Decision
    from quietline.law.money import Text

__all__ = ["Missing", "missing"]

_LAW = "law."
_HOUR: Text = {"en": "the time of day of the call, with its offset from UTC", "zh": "来电的具体时刻（带时区偏移）"}


@dataclass(frozen=True, slots=True)
class Missing:
    """Something on which a verdict hangs.

    Attributes:
        name: of the fact as in JSON; ``law.`` and the name of a parameter for a figure of the law.
        kind: ``fact``: somebody may know it; ``moment``: the day or the time of day of the call is not known; ``day``: the
            rulebook does not cover the day; ``law``: the rulebook does not know its own figure. The last two no answer to
            a question can cure.
        text: what it is, by language.
        values: of a choice: what each answer means, by language; else empty.
        regimes: short names of the laws that hang on it.
    """

    name: str
    kind: Literal["fact", "moment", "day", "law"]
    text: Text
    values: dict[str, Text]
    regimes: tuple[str, ...]

    @property
    def can_be_asked(self) -> bool:
        """Whether an answer to a question can supply it."""
        return self.kind in ("fact", "moment")

    def as_dict(self, lang: str = "en") -> dict[str, Any]:
        """Give it as JSON has it."""
        return {
            "name": self.name,
            "kind": self.kind,
            "can_be_asked": self.can_be_asked,
            "text": self.text[lang],
            "values": {value: text[lang] for value, text in self.values.items()},
            "regimes": list(self.regimes),
        }


def missing(decision: Decision) -> tuple[Missing, ...]:
    """Give what is missing to reach a verdict; empty where there is one.

    What can be asked comes first, then by name. A decision of :func:`~quietline.law.deciding.decide` on what is known of a
    call is all that is needed; a fact may be unknown by being left out.
    """
    found = []
    for name in decision.unknown:
        regimes = [judgement for judgement in decision.judgements if name in judgement.unknown]
        short = tuple(decision.rulebook.instruments[judgement.regime.name].short for judgement in regimes)
        uncovered = [j for j in regimes if j.outcome is None and j.on != date.min]
        if name == "called_at" and uncovered:
            first = min(judgement.regime.covers_from for judgement in uncovered)
            found.append(Missing(name, "day", _uncovered(first), {}, short))
        elif name.startswith(_LAW):
            found.append(Missing(name, "law", _figure(decision, name.removeprefix(_LAW)), {}, short))
        else:
            vocabulary = decision.rulebook.vocabulary
            fact = vocabulary.leaves.get(name) or vocabulary.facts[name]
            kind: Literal["fact", "moment"] = "moment" if fact.kind == "moment" else "fact"
            day_known = kind == "moment" and any(judgement.outcome is not None for judgement in regimes)
            found.append(Missing(name, kind, _HOUR if day_known else fact.text, fact.values, short))
    return tuple(sorted(found, key=lambda each: (not each.can_be_asked, each.name)))


def _uncovered(first: date) -> Text:
    return {
        "en": f"the day of the call lies before {first}, from which on the rulebook covers calls",
        "zh": f"来电日早于{first}，规则库自该日起才涵盖来电",
    }


def _figure(decision: Decision, name: str) -> Text:
    described = decision.rulebook.parameters[name].description
    return {
        "en": f"{described['en']}: the rulebook does not know it for that day",
        "zh": f"{described['zh']}：规则库不知其当日的规定",
    }
