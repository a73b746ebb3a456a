"""Write the decision cells of the rulebooks anew: ``make law-cells``, or this file with the names of some rulebooks.

A decision cell is a set of calls that one rule decides; together the cells of a regime are all calls. They follow from the
rules alone, so a change of a file here is what a change of the rules means, row by row.
"""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from quietline.law import load_rulebook, rulebook_names

if TYPE_CHECKING:
    from quietline.law import Rulebook
    from quietline.law.regime import Cell, Regime

HERE = Path(__file__).parent
COLUMNS = ("regime", "rule", "verdict", "conditions", "mask", "value")


def names_with_rules() -> list[str]:
    """Name the rulebooks that have cells."""
    return [name for name in rulebook_names() if load_rulebook(name).regimes]


def cells_text(rulebook: Rulebook) -> str:
    """Give the cells of a rulebook as CSV: regimes and rules in their order, the cells of a rule by their conditions."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(COLUMNS)
    for regime in rulebook.regimes:
        order = {None: len(regime.rules)}
        rows = [(order.get(cell.rule, cell.rule), _row(regime, cell)) for cell in regime.cells()]
        writer.writerows([rulebook.instruments[regime.name].short, *row] for _, row in sorted(rows))
    return table.getvalue()


def _row(regime: Regime, cell: Cell) -> list[str]:
    rule = None if cell.rule is None else regime.rules[cell.rule]
    return [
        rule.id if rule else "",
        ("scope" if rule.scope else rule.verdict) if rule else "undetermined",
        conditions(regime, cell),
        f"{cell.mask:#x}",
        f"{cell.value:#x}",
    ]


def conditions(regime: Regime, cell: Cell) -> str:
    """Say what holds in a cell: ``channel=text listed=yes``, ``purpose=sales|pension`` where no rule tells them apart."""
    said = []
    for atom in regime.atoms.values():
        if atom.mask & cell.mask == 0:
            continue
        if atom.values:
            said.append(f"{atom.name}={'|'.join(word for word, bit in atom.values.items() if bit & cell.value)}")
        else:
            said.append(f"{atom.name}={'yes' if atom.mask & cell.value else 'no'}")
    return " ".join(said)


def main(names: list[str]) -> None:
    """Write the files of some rulebooks; of all, and no others, where none is named."""
    if not names:
        names = names_with_rules()
        for file in HERE.glob("*.csv"):
            if file.stem not in names:
                file.unlink()
    for name in names:
        text = cells_text(load_rulebook(name))
        (HERE / f"{name}.csv").write_text(text, "utf-8")
        sys.stdout.write(f"{name}.csv: {text.count(chr(10)) - 1} cells\n")


if __name__ == "__main__":
    main(sys.argv[1:])
