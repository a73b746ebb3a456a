"""What to do, in sentences, the most pressing first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quietline.audit.findings import Findings
    from quietline.audit.words import Words

__all__ = ["HARBOUR_ELEMENTS", "advice"]

HARBOUR_ELEMENTS = (
    "written_procedures",
    "staff_trained",
    "own_list_kept",
    "version_process",
    "monitored",
    "call_was_error",
)
"""The elements of the safe harbour. Source: 16 CFR 310.4(b)(3)(i)-(vi)."""
_MOST_NAMES = 3
_REMEDIES = frozenset({"register", "request", "hours", "consent"})


def advice(findings: Findings, safe_harbour: Mapping[str, bool | None] | None, words: Words) -> list[str]:
    """Say what to do about what was found.

    Args:
        findings: what was found.
        safe_harbour: for each of :data:`HARBOUR_ELEMENTS` whether it is on file; None or left out where not stated.
            None in all where the law knows no such thing.
        words: of the language wanted.

    Returns:
        Sentences as plain text; the first sums up.
    """
    counts = findings.counts
    unreadable = sum(rows.count for rows in findings.unreadable.values())
    sentences = [_summing_up(findings, words)]
    if counts.forbid:
        sentences += _about_forbidden(findings, words)
    if counts.undetermined:
        facts = [
            words.say("do_named", name=words.term(name, findings.terms), count=words.number(count))
            for name, count in findings.unknown()[:_MOST_NAMES]
        ]
        undetermined = words.count(counts.undetermined, "call")
        if facts:
            sentences.append(words.say("do_unknown", undetermined=undetermined, facts=words.join(facts)))
        else:
            sentences.append(words.say("do_undetermined", undetermined=undetermined))
    if unreadable:
        sentences.append(words.say("do_unreadable", rows=words.count(unreadable, "row")))
    totals = findings.exposure_totals()
    if totals:
        sums = words.join([words.money(total, currency) for currency, total in totals.items()])
        sentences.append(words.say("do_exposure", sums=sums))
    missing = [] if safe_harbour is None else [words[e] for e in HARBOUR_ELEMENTS if not safe_harbour.get(e)]
    if counts.forbid and missing:
        joined = ("；" if words.lang == "zh" else "; ").join(missing)
        sentences.append(words.say("do_harbour", elements=joined))
    return sentences


def _summing_up(findings: Findings, words: Words) -> str:
    counts = findings.counts
    calls = words.count(counts.calls, "call")
    if not counts.calls:
        return words["do_nothing_judged"]
    if counts.forbid:
        name = "do_forbidden_one" if counts.forbid == 1 else "do_forbidden"
        forbid = words.number(counts.forbid) if words.lang == "en" else words.count(counts.forbid, "call")
        return words.say(name, forbid=forbid, calls=calls, share=words.share(counts.forbid, counts.calls))
    if counts.undetermined:
        return words.say("do_none_forbidden", calls=calls, undetermined=words.number(counts.undetermined))
    return words.say("do_clean", calls=calls)


def _about_forbidden(findings: Findings, words: Words) -> list[str]:
    sentences = []
    worst = findings.by_rule()[0]
    text = findings.rules.get(worst.name or "")
    if worst.name:
        forbid = words.count(worst.counts.forbid, "call")
        said = words.say("do_rule", rule=worst.name, forbid=forbid, says=words.rule(text)).rstrip(":： ")
        sentences.append(said if said.endswith((".", "。")) else said + ("。" if words.lang == "zh" else "."))
        if text is not None and text.about in _REMEDIES:
            sentences.append(words[f"do_{text.about}"])
    lists = [(name, count) for name, count in findings.lists_to_wash() if name]
    if lists:
        sentences.append(words.say("do_lists", names=_named(lists, words)))
    agents = [(g.name, g.counts.forbid) for g in findings.by_agent() if g.name and g.counts.forbid]
    if agents:
        theirs = sum(count for _, count in agents[:_MOST_NAMES])
        share = words.share(theirs, findings.counts.forbid)
        forbid = words.number(theirs) if words.lang == "en" else words.count(theirs, "call")
        sentences.append(words.say("do_agents", names=_named(agents, words), forbid=forbid, share=share))
    again, _ = findings.repeated()
    if again:
        name = "do_repeated_one" if again == 1 else "do_repeated"
        sentences.append(words.say(name, numbers=words.count(again, "number")))
    return sentences


def _named(named: list[tuple[str, int]], words: Words) -> str:
    texts = [words.say("do_named", name=name, count=words.number(count)) for name, count in named[:_MOST_NAMES]]
    return words.join(texts)
