"""Decision cells: the files say what the rules give, and the cells are proved to be the rules.

The proof goes over all patterns of bits, not over samples: cells that exclude one another, and whose sizes add up to the
number of all patterns, divide them; and a rule that holds in a whole cell while none before it can hold anywhere in it
decides all of it. That bits mean what the YAML says is checked against a reader of its own, in and across all cells.
"""

from __future__ import annotations

import csv
import io
import math
import random
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaml

import quietline.law
from law.cells.write import COLUMNS, cells_text, names_with_rules
from quietline.law import load_rulebook
from twins.law_twin import first_rule

if TYPE_CHECKING:
    from quietline.law.regime import Atom, Cell, Regime

HERE = Path(__file__).parent
RULEBOOKS = Path(quietline.law.__file__).parent / "rulebooks"
NAMES = names_with_rules()
REGIMES = [(name, regime.name) for name in NAMES for regime in load_rulebook(name).regimes]
each_regime = pytest.mark.parametrize(("name", "regime_name"), REGIMES, ids=["/".join(pair) for pair in REGIMES])


@cache
def regime_of(name: str, regime_name: str) -> Regime:
    return next(regime for regime in load_rulebook(name).regimes if regime.name == regime_name)


@cache
def cells_of(name: str, regime_name: str) -> tuple[Cell, ...]:
    return tuple(regime_of(name, regime_name).cells())


@cache
def rules_in_yaml(name: str, regime_name: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Give rules and flags as they stand in the file."""
    content = yaml.safe_load((RULEBOOKS / name / f"{regime_name}.yaml").read_text("utf-8"))
    return content["rules"], content.get("flags", [])


def options(atom: Atom) -> list[int]:
    """Give the bits that an atom can have."""
    return sorted(set(atom.values.values())) or [0, atom.mask]


# -- the files --------------------------------------------------------------------------------------------------------


def test_there_is_a_file_for_each_rulebook_with_rules_and_no_other() -> None:
    assert len(NAMES) >= 4
    assert sorted(file.stem for file in HERE.glob("*.csv")) == NAMES, "run: make law-cells"


@pytest.mark.parametrize("name", NAMES)
def test_the_file_says_what_the_rules_give(name: str) -> None:
    file = HERE / f"{name}.csv"
    wanted = cells_text(load_rulebook(name))
    found = file.read_text("utf-8") if file.exists() else ""
    before, after = set(found.splitlines()), set(wanted.splitlines())
    assert found == wanted, (
        f"The rules of {name} give other decision cells than {file.name} holds: {len(after - before)} new, "
        f"{len(before - after)} gone. Look at what changes with 'make law-cells' and a diff; first new: "
        f"{min(after - before, default='none, the order differs')}"
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_rows_can_be_read_back_and_name_every_rule(name: str) -> None:
    rulebook = load_rulebook(name)
    table = csv.DictReader(io.StringIO(cells_text(rulebook)))
    rows = list(table)
    assert tuple(table.fieldnames or ()) == COLUMNS
    assert len(rows) < 5000
    for regime in rulebook.regimes:
        short = rulebook.instruments[regime.name].short
        own = [row for row in rows if row["regime"] == short]
        assert {row["rule"] for row in own} - {""} == {rule.id for rule in regime.rules}
        for row in own:
            said = dict(part.split("=") for part in row["conditions"].split())
            assert set(said) <= set(regime.atoms)
            mask = sum(regime.atoms[atom].mask for atom in said)
            bits = sum(bits_of(regime.atoms[atom], words.split("|")[0]) for atom, words in said.items())
            assert (int(row["mask"], 16), int(row["value"], 16)) == (mask, bits)


def bits_of(atom: Atom, word: str) -> int:
    return atom.values[word] if atom.values else atom.mask if word == "yes" else 0


# -- the proof --------------------------------------------------------------------------------------------------------


@each_regime
def test_bits_of_facts_do_not_overlap_and_exactly_one_of_a_choice_is_set(name: str, regime_name: str) -> None:
    regime = regime_of(name, regime_name)
    taken = 0
    for atom in regime.atoms.values():
        assert taken & atom.mask == 0
        taken |= atom.mask
        if atom.values:
            assert sum(set(atom.values.values())) == atom.mask
            assert set(atom.values) == set(regime.vocabulary.leaves[atom.name].values)
    assert taken == (1 << taken.bit_length()) - 1
    for cell in cells_of(name, regime_name):
        for atom in regime.atoms.values():
            assert cell.mask & atom.mask in (0, atom.mask)
            assert cell.mask & atom.mask == 0 or cell.value & atom.mask in options(atom)
        assert cell.value & ~cell.mask == 0


@each_regime
def test_no_pattern_lies_in_two_cells(name: str, regime_name: str) -> None:
    cells = cells_of(name, regime_name)
    masks = np.array([cell.mask for cell in cells], dtype=np.uint64)
    values = np.array([cell.value for cell in cells], dtype=np.uint64)
    for i in range(len(cells) - 1):
        apart = (masks[i] & masks[i + 1 :]) & (values[i] ^ values[i + 1 :])
        assert apart.all(), (cells[i], cells[i + 1 + int(np.argmin(apart))])


@each_regime
def test_every_pattern_lies_in_a_cell(name: str, regime_name: str) -> None:
    atoms = regime_of(name, regime_name).atoms.values()
    sizes = [
        math.prod(len(options(atom)) for atom in atoms if not atom.mask & cell.mask) for cell in cells_of(name, regime_name)
    ]
    assert sum(sizes) == math.prod(len(options(atom)) for atom in atoms)


@each_regime
def test_in_each_cell_the_first_rule_that_can_hold_is_the_cells_and_holds_in_all_of_it(name: str, regime_name: str) -> None:
    regime = regime_of(name, regime_name)
    pairs = regime.pairs[: len(regime.rules)]
    for mask, value in pairs:  # whatever a rule leaves open of a fact is possible, so that "can hold" needs no search below
        for atom in regime.atoms.values():
            own = mask & atom.mask
            assert not own or any(bits & own == value & atom.mask for bits in options(atom))
    decided = set()
    for cell in cells_of(name, regime_name):
        first = next((i for i, (mask, value) in enumerate(pairs) if not (cell.value ^ value) & mask & cell.mask), None)
        assert first == cell.rule
        assert first is None or pairs[first][0] & ~cell.mask == 0
        decided.add(first)
    assert decided >= set(range(len(regime.rules))), "a rule that decides nothing"


# -- what the bits mean -----------------------------------------------------------------------------------------------


def drawn(regime: Regime, cell: Cell | None, rng: random.Random) -> tuple[dict[str, Any], int]:
    """Draw facts at random (of a cell), as words and truths, and as bits."""
    facts: dict[str, Any] = {}
    bits = 0
    for atom in regime.atoms.values():
        words = list(atom.values) or [True, False]
        if cell is not None and cell.mask & atom.mask:
            words = [word for word in words if _bit(atom, word) == cell.value & atom.mask]
        facts[atom.name] = rng.choice(words)
        bits |= _bit(atom, facts[atom.name])
    return facts, bits


def _bit(atom: Atom, word: Any) -> int:
    return atom.values[word] if atom.values else atom.mask if word else 0


@each_regime
def test_in_every_cell_the_rules_as_the_yaml_has_them_come_to_its_rule(name: str, regime_name: str) -> None:
    regime, (rules, _) = regime_of(name, regime_name), rules_in_yaml(name, regime_name)
    rng = random.Random(f"{name} {regime_name}")
    for cell in cells_of(name, regime_name):
        facts, bits = drawn(regime, cell, rng)
        assert bits & cell.mask == cell.value
        found = first_rule(rules, facts)
        assert (found and found["id"]) == (None if cell.rule is None else regime.rules[cell.rule].id), facts


@each_regime
def test_random_patterns_lie_in_the_cell_of_their_rule_and_are_judged_by_it(name: str, regime_name: str) -> None:
    regime, (rules, flags) = regime_of(name, regime_name), rules_in_yaml(name, regime_name)
    cells = cells_of(name, regime_name)
    masks = np.array([cell.mask for cell in cells], dtype=np.uint64)
    values = np.array([cell.value for cell in cells], dtype=np.uint64)
    everything = sum(atom.mask for atom in regime.atoms.values())
    rng = random.Random(f"{regime_name} {name}")
    for _ in range(300):
        facts, bits = drawn(regime, None, rng)
        [place] = np.flatnonzero(np.uint64(bits) & masks == values)
        rule = cells[int(place)].rule
        found = first_rule(rules, facts)
        assert (found and found["id"]) == (None if rule is None else regime.rules[rule].id), facts
        outcome = regime.judge(bits, everything)
        assert (outcome.rule, outcome.verdict) == (rule, found["verdict"] if found else "undetermined")
        assert outcome.pivots == ()
        assert [regime.rules[i].id for i in outcome.speaking] == [r["id"] for r in rules if first_rule([r], facts)]
        assert [regime.flags[i].id for i in outcome.flags] == [f["id"] for f in flags if first_rule([f], facts)]


# -- what is not known ------------------------------------------------------------------------------------------------


@each_regime
def test_with_facts_unknown_the_verdicts_are_those_of_all_cells_that_are_left(name: str, regime_name: str) -> None:
    regime, cells = regime_of(name, regime_name), cells_of(name, regime_name)
    masks = np.array([cell.mask for cell in cells], dtype=np.uint64)
    values = np.array([cell.value for cell in cells], dtype=np.uint64)
    verdicts = np.array(["undetermined" if cell.rule is None else regime.rules[cell.rule].verdict for cell in cells])
    rng = random.Random(f"unknown {regime_name} {name}")
    for _ in range(60):
        _, bits = drawn(regime, None, rng)
        share = rng.random() / 2
        known = sum(atom.mask for atom in regime.atoms.values() if rng.random() > share)
        left = set(verdicts[((values ^ np.uint64(bits)) & masks & np.uint64(known)) == 0].tolist())
        outcome = regime.judge(bits & known, known)
        assert outcome.verdict == (left.pop() if len(left) == 1 else "undetermined")
        assert bool(outcome.pivots) is bool(left)
        assert all(regime.atoms[pivot].mask & known == 0 for pivot in outcome.pivots)
