"""Decisions in sentences, and the shape of the answer as JSON Schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quietline.law.deciding import Decision

__all__ = ["answer_schema", "explanation"]

_TEXT = {
    "en": {
        "permit": "The call is permitted.",
        "forbid": "The call is forbidden.",
        "undetermined": "Whether the call is permitted cannot be said.",
        "decides": "{rule} ({regime}) decides: {text} {citation} [{confidence}]",
        "may": "{rule} ({regime}) may decide, or another rule with the same verdict: {text} {citation} [{confidence}]",
        "scope": "{regime} does not apply: {text} {citation} [{confidence}]",
        "also": "{rule} ({regime}) would forbid as well: {text} {citation} [{confidence}]",
        "but": "{rule} ({regime}) speaks too, and comes after: {text} {citation} [{confidence}]",
        "alone": "{rule} ({regime}) would decide if nothing before it did: {text} {citation} [{confidence}]",
        "flag": "Besides, {flag}: {text} {citation} [{confidence}]",
        "unknown": "It hangs on what is not known: {names}.",
        "silent": "{regime}: no rule speaks of this call.",
        "uncovered": "{regime}: the rulebook does not cover that day, or the day is not given.",
        "next": "Only the time of day is in the way. The call may be made from {moment}.",
        "assumed": "It was assumed that {fact} is {value}: {text} {citation}",
        "parameter": "{text} (since {from}, {citation} [{confidence}])",
    },
    "zh": {
        "permit": "允许拨打。",
        "forbid": "禁止拨打。",
        "undetermined": "无法确定是否允许拨打。",
        "decides": "由{rule}（{regime}）决定：{text}{citation} [{confidence}]",
        "may": "可能由{rule}（{regime}）决定；尚不清楚的事实只影响由哪条规则得出同一结论：{text}{citation} [{confidence}]",
        "scope": "{regime}不适用：{text}{citation} [{confidence}]",
        "also": "{rule}（{regime}）同样禁止：{text}{citation} [{confidence}]",
        "but": "{rule}（{regime}）亦成立，但次序在后：{text}{citation} [{confidence}]",
        "alone": "若其前各条均不成立，则由{rule}（{regime}）决定：{text}{citation} [{confidence}]",
        "flag": "另外，{flag}：{text}{citation} [{confidence}]",
        "unknown": "取决于尚不清楚的事实：{names}。",
        "silent": "{regime}：没有规则涉及该通话。",
        "uncovered": "{regime}：规则库不涵盖该日，或未给出日期。",
        "next": "仅时间不合。自{moment}起可以拨打。",
        "assumed": "假定{fact}为{value}：{text}{citation}",
        "parameter": "{text}（自{from}起，{citation} [{confidence}]）",
    },
}


def explanation(decision: Decision, lang: str = "en") -> list[str]:
    """Say in sentences what decides, what else speaks, and what would have to be known."""
    words = _TEXT[lang]
    answer = decision.as_dict(lang)
    lines = [words[decision.verdict]]
    for judgement, (short, regime) in zip(decision.judgements, answer["regimes"].items(), strict=True):
        reasons = [reason for reason in answer["reasons"] if reason["regime"] == short]
        how = words["decides" if regime["applies"] else "scope"]
        lines += [how.format(**reason) for reason in reasons if reason["decides"] and reason["certain"]]
        lines += [words["may"].format(**reason) for reason in reasons if not reason["certain"]]
        if regime["rule"] is None and not regime["unknown"]:
            lines.append(words["silent"].format(regime=short))
        elif judgement.outcome is None:
            lines.append(words["uncovered"].format(regime=short))
        for reason in reasons:
            if reason["certain"] and not reason["decides"] and regime["applies"]:
                also = reason["verdict"] == "forbid" and regime["verdict"] == "forbid"
                how = "also" if also else "alone" if regime["rule"] is None else "but"
                lines.append(words[how].format(**reason))
    lines += [words["flag"].format(**flag) for flag in answer["flags"]]
    if answer["unknown"]:
        lines.append(words["unknown"].format(names=", ".join(answer["unknown"])))
    if answer["next_permitted_at"]:
        lines.append(words["next"].format(moment=answer["next_permitted_at"]))
    lines += [words["assumed"].format(**assumption) for assumption in answer["assumptions"]]
    lines += [words["parameter"].format(**parameter) for parameter in answer["parameters"]]
    return lines


def answer_schema() -> dict[str, Any]:
    """Describe the answer of a decision as JSON Schema (draft 2020-12)."""
    text = {"type": "string"}
    nullable = {"type": ["string", "null"]}
    verdict = {"enum": ["permit", "forbid", "undetermined"]}
    cited = {"citation": text, "confidence": text, "text": text, "note": text}

    def listed(**properties: Any) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "object", "properties": properties, "additionalProperties": False}}

    regime = {
        "verdict": verdict,
        "rule": nullable,
        "applies": {"type": "boolean"},
        "unknown": {"type": "array", "items": text},
    }
    properties = {
        "country": {**text, "description": "Name of the rulebook."},
        "verdict": verdict,
        "rule": {**nullable, "description": "Id of the rule that decides; null where undetermined."},
        "regimes": {
            "type": "object",
            "description": "Each regime by its short name; forbid beats undetermined beats permit.",
            "additionalProperties": {"type": "object", "properties": regime, "additionalProperties": False},
        },
        "reasons": {
            **listed(
                regime=text, rule=text, verdict=verdict, decides={"type": "boolean"}, certain={"type": "boolean"}, **cited
            ),
            "description": "Every rule that speaks, the deciding one first in each regime; not all need be certain.",
        },
        "flags": {**listed(regime=text, flag=text, **cited), "description": "Side duties that are breached."},
        "unknown": {"type": "array", "items": text, "description": "Names of the facts that would decide."},
        "next_permitted_at": {
            **nullable,
            "description": "Where time alone forbids: when the call may be made, in the zone of the person called.",
        },
        "assumptions": listed(fact=text, value={}, citation=text, confidence=text, text=text),
        "rulebook": {
            "type": "object",
            "properties": {
                "name": text,
                "digest": {**text, "description": "SHA-256 over the files of the rulebook."},
                "instruments": listed(id=text, short=text, title=text, status=text),
            },
            "additionalProperties": False,
        },
        "parameters": listed(name=text, value={}, unit=text, **{"from": text}, citation=text, confidence=text, text=text),
        "explanation": {"type": "array", "items": text, "description": "Only with --explain."},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Decision on a call",
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name != "explanation"],
        "additionalProperties": False,
    }
