"""The rules of a rulebook as decision tables of zen-engine, evaluated call by call.

The peer is given what Quietline derives from the facts (within the hours, customer, ...), so that only choosing the row is
measured; each regime is a table with the policy "first".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import zen

if TYPE_CHECKING:
    from quietline.law import Rulebook
    from quietline.law.regime import Regime
    from quietline.law.vocabulary import Facts

__all__ = ["ZenRules", "answers_of"]


class ZenRules:
    """All regimes of a rulebook."""

    def __init__(self, rulebook: Rulebook) -> None:
        engine = zen.ZenEngine()
        self._decisions = {regime.name: engine.create_decision(json.dumps(_graph(regime))) for regime in rulebook.regimes}

    def decide(self, asked: dict[str, dict[str, Any]]) -> dict[str, str]:
        """Give the id of the rule that decides in each regime."""
        return {name: decision.evaluate(asked[name])["result"]["rule"] for name, decision in self._decisions.items()}


def answers_of(regime: Regime, facts: Facts) -> dict[str, Any]:
    """Answer every fact that the rules of a regime ask for, by name; none may be unknown."""
    local = facts["called_at"].astimezone(facts["callee_timezone"][0])
    bits, known = regime.observe(facts, regime.moment(local.date(), local))
    asked: dict[str, Any] = {}
    for atom in regime.atoms.values():
        asked[atom.name.replace(".", "_")] = facts.get(atom.name) if atom.values else bool(bits & known & atom.mask)
    return asked


def _graph(regime: Regime) -> dict[str, Any]:
    columns = [{"id": f"i{i}", "name": name, "field": name.replace(".", "_")} for i, name in enumerate(regime.atoms)]
    places = {column["name"]: column["id"] for column in columns}
    rows = []
    for rule in regime.rules:
        row = {"_id": rule.id, "o": json.dumps(rule.id)}
        for condition in rule.when:
            row[places[condition.name]] = (
                ", ".join(map(json.dumps, condition.words)) if condition.words else str(condition.truth).lower()
            )
        rows.append(row)
    table = {
        "hitPolicy": "first",
        "inputs": columns,
        "outputs": [{"id": "o", "name": "rule", "field": "rule"}],
        "rules": rows,
    }
    return {
        "nodes": [
            {"id": "in", "name": "in", "type": "inputNode"},
            {"id": "table", "name": "table", "type": "decisionTableNode", "content": table},
            {"id": "out", "name": "out", "type": "outputNode"},
        ],
        "edges": [
            {"id": "1", "sourceId": "in", "targetId": "table", "type": "edge"},
            {"id": "2", "sourceId": "table", "targetId": "out", "type": "edge"},
        ],
    }
