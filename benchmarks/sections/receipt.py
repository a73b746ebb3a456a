"""What a signed receipt adds to a wash."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from options import QUIETLINE
from processes import Run, run, settle
from quietline.ledger.signing import create_key
from sections.wash import warm
from tables import Section, Spread, megabytes, ratios

if TYPE_CHECKING:
    from pathlib import Path

    from options import Options


def measure(options: Options) -> Section:
    """Time a wash without and with a receipt in turn."""
    data = options.data
    calling_list, register = data.calling_list, data.register
    key = data.output("key.pem")
    key.with_name(f"{key.name}.pub").unlink(missing_ok=True)
    create_key(key, holder="Measurement", at=datetime.now(UTC))
    receipt, output = data.output("receipt.json"), data.output("clean.csv")
    proofs = receipt.with_name(f"{receipt.name}.proofs")
    plain: list[str | Path] = [
        *(QUIETLINE, "wash", calling_list, "--against", register, "--country", "US", "--quiet", "-o", output)
    ]
    commands = {"without": plain, "with a receipt": [*plain, "--receipt", receipt, "--key", key]}
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    warm(calling_list, register)
    for _ in range(options.rounds):
        for name, command in commands.items():
            for path in (output, receipt, proofs):
                path.unlink(missing_ok=True)
            settle()
            runs[name].append(run(command))
    section = Section(
        "receipt",
        f"A receipt with that wash ({data.rows:,} rows)",
        ("Quietline", "seconds", "x without", "CPU s", "private MB", "receipt and proofs MB"),
    )
    base = [one.seconds for one in runs["without"]]
    size = megabytes(receipt.stat().st_size + proofs.stat().st_size)
    for name, some in runs.items():
        seconds = [one.seconds for one in some]
        section.add(
            name,
            Spread.of(seconds).text(),
            ratios(seconds, base).text(),
            Spread.of([one.cpu_seconds for one in some]).text(),
            megabytes(max(one.private for one in some)),
            "-" if name == "without" else size,
        )
    section.figures = {name: [one.__dict__ for one in some] for name, some in runs.items()}
    for path in (output, receipt, proofs, key, key.with_name(f"{key.name}.pub")):
        path.unlink(missing_ok=True)
    return section
