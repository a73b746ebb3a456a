"""``python -m quietline.cli.sample FOLDER``: a sample register and a sample list, washed before your eyes.

All numbers are made up: US numbers from 555-0100 to 555-0199, UK numbers that Ofcom keeps for drama, and one in a range
that China has not given out. Every step is a real command, shown as it is typed.
"""

from __future__ import annotations

import contextlib
import csv
import shlex
import sys
import unicodedata
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quietline.cli.clock import today

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

__all__ = ["FILES", "main", "run_sample"]

_DO_NOT_CALL = "".join(f"{number}\n" for number in (
    "212,5550101", "212,5550107", "305,5550123", "312,5550144", "415,5550110",
    "415,5550170", "415,5550171", "617,5550199", "702,5550133", "808,5550155",
))  # fmt: skip
_STOP_LIST = """\
phone,since,asked by
+44 20 7946 0321,2026-03-02,letter
+44 7700 900456,2026-05-17,telephone
(206) 555-0186,2026-01-09,telephone
416-555-0162,2025-12-30,e-mail
"""
_LEADS = """\
id,name,phone,city
1,Ann Abbott,(212) 555-0101,New York
2,Bao Li,212-555-0102,New York
3,"Castillo, Eva",+1 212 555 0103,New York
4,Dora Dean,1-305-555-0123,Miami
5,Emil Ek,305.555.0124,Miami
6,王芳,４１５-５５５-０１１０,旧金山
7,李伟,４１５ ５５５ ０１１１,旧金山
8,Farid Fox,'3125550144,Chicago
9,Gus Gray,3125550145.0,Chicago
10,Hana Horn,6.175550199E+09,Boston
11,Ivo Ito,6.17556E+09,Boston
12,Jan Jansen,617****0198,Boston
13,Kim Kay,702-JKL-0133,Las Vegas
14,Lea Lund,702-555-0134 ext. 12,Las Vegas
15,Mia Moss,011 44 20 7946 0321,London
16,Ned Nash,+44 20 7946 0322,London
17,Oda Orr,0044 7700 900456,Leeds
18,Pia Park,206-555-0186 / 206-555-0187,Seattle
19,Quinn Quist,416 555 0162,Toronto
20,Rosa Reed,808-555-0155,Honolulu
21,Sam Stone,,Dallas
22,Tom Tran,555-01,Dallas
23,Uma Unger,call after six,Dallas
24,张敏,+86 100 0000 0001,北京
25,Bao Li again,(212) 555-0102,New York
"""
_CAMPAIGN = """\
seller = "Sample Books"

[facts]
purpose = "sales"
channel = "live_voice"
callee_class = "residential"
caller_class = "seller"
caller_id = "shown"
fee_paid = true
consent = {{}}
called_at = {day}T10:00:00        # the clock of whoever is called

[facts.safe_harbour]
written_procedures = true
staff_trained = true
own_list_kept = true
version_process = true

[registers]
do_not_call = ["do-not-call.qlr"]
purchases = ["customers.qlr"]
inquiries = ["customers.qlr"]
stop_requests = ["stop-list.qlr"]

[versions]
fetched = [{day}]
"""
_CALLS = """\
call_date,phone_number_dialed,status,user,list_id,length_in_sec
{day} 10:05:00,2125550101,SALE,anna,101,180
{day} 10:06:00,3055550123,NI,anna,101,20
{day} 11:30:00,8085550155,NI,bert,102,15
{day} 11:45:00,2065550186,DNC,bert,102,31
{day} 12:10:00,4155550111,SALE,anna,101,240
{day} 21:40:00,2125550102,A,bert,102,0
"""
FILES = {"do-not-call.txt": _DO_NOT_CALL, "stop-list.csv": _STOP_LIST, "leads.csv": _LEADS}
"""What the sample is made of, by file name."""

_KEY = ("sample.key", "sample.key.pub")
_LINE_WIDTH = 100


def run_sample(folder: Path, *, today: date) -> None:
    """Write the sample into a folder, wash it, sign and check it, and show every step.

    Args:
        folder: made where it is missing; files of an earlier sample in it are replaced.
        today: day that the register is of.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in _KEY:  # a key is never overwritten; the one of an earlier sample is of no use to anybody
        (folder / name).unlink(missing_ok=True)
    for name, text in FILES.items():
        (folder / name).write_text(text, "utf-8")
    bought = today - timedelta(days=60)
    (folder / "customers.csv").write_text(f"phone,since\n212-555-0101,{bought}\n", "utf-8")
    (folder / "campaign.toml").write_text(_CAMPAIGN.format(day=today), "utf-8")
    (folder / "calls.csv").write_text(_CALLS.format(day=today), "utf-8")
    with contextlib.chdir(folder):
        _washed(today.isoformat())
        _judged(today.isoformat())
    click.echo(f"""
All of this is in {folder}/. Try next:
  quietline number "(415) 555-0171" --country US
  quietline register info {folder}/do-not-call.qlr
  quietline receipt prove "(415) 555-0111" --receipt {folder}/leads.receipt
  quietline law show GB --lang zh
Then read docs/tutorial/first-wash.md.""")


def _washed(day: str) -> None:
    _say("A do-not-call list as the FTC hands it out, and a firm's own stop list, become register files.")
    common = ["--country", "US", "--list-date", day]
    _quietline("register", "build", "do-not-call.txt", "-o", "do-not-call.qlr", "--name", "DNC", *common)
    _quietline("register", "build", "stop-list.csv", "-o", "stop-list.qlr", "--name", "Stop list", *common)
    _say("A key signs what is done with them. (A real one stays outside of such folders.)")
    _quietline("key", "create", "--key", "sample.key", "--holder", "Sample Calls Ltd.")
    _say("A messy list is washed against both.")
    options = ["--country", "US", "--duplicates", "-o", "clean.csv", "--removed", "removed.csv"]
    against = ["--against", "do-not-call.qlr", "--against", "stop-list.qlr"]
    _quietline("wash", "leads.csv", *against, *options, "--receipt", "leads.receipt", "--key", "sample.key")
    _say("The removed rows, and why:")
    _show_removed(Path("removed.csv"))
    _say("The receipt holds, and belongs to these files:")
    files = ["--list", "leads.csv", "--clean", "clean.csv", "--removed", "removed.csv", "--trust", "sample.key.pub"]
    _quietline("receipt", "verify", "leads.receipt", *files, "--on", day)


def _judged(day: str) -> None:
    _say("By law: a customer may be called although listed; for London there is no register here, so nobody can say.")
    kept = ["--country", "US", "--list-date", day, "--keep", "latest"]
    _quietline("register", "build", "customers.csv", "-o", "customers.qlr", "--name", "Customers", *kept)
    outputs = ["-o", "may-call.csv", "--removed", "may-not.csv", "--undetermined", "ask.csv"]
    _quietline("wash", "leads.csv", "--campaign", "campaign.toml", "--country", "US", *outputs)
    _say("Looking back: what the dialler did that day, and what that can cost.")
    log = ["calls.csv", "--campaign", "campaign.toml", "--country", "US", "--zone", "America/New_York"]
    _quietline("audit", *log, "--report", "audit.html", "--rows", "act.csv")
    _say("What the law was, and is:")
    _quietline("law", "fee", "US", "--areas", "280", "--on", "2009-06-01")


def _quietline(*arguments: str) -> None:
    """Show a command as it is typed, and run it."""
    from quietline.cli.main import cli

    line, lines = "$ quietline", []
    for argument in map(shlex.quote, arguments):
        if len(line) + len(argument) > _LINE_WIDTH:
            lines.append(line + " \\")
            line = "   "
        line += " " + argument
    click.secho("\n".join([*lines, line]), bold=True)
    cli.main(list(arguments), prog_name="quietline", standalone_mode=False)
    sys.stdout.flush()


def _say(text: str) -> None:
    click.echo(f"\n{text}\n")


def _show_removed(file: Path) -> None:
    names = ("name", "phone", "wash_reason", "wash_register", "wash_since", "wash_status")
    with file.open(encoding="utf-8", newline="") as lines:
        rows = [[row[name] for name in names] for row in csv.DictReader(lines)]
    _show_table([[name.removeprefix("wash_") for name in names], *rows])


def _show_table(rows: Sequence[Sequence[str]]) -> None:
    """Show rows in aligned columns; a Chinese character takes two places."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        click.echo(("  " + "  ".join(cells)).rstrip())


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def main(arguments: Iterable[str]) -> None:
    """Run the sample in the folder that is named, ``sample`` where none is."""
    folder = next(iter(arguments), "sample")
    run_sample(Path(folder), today=today())


if __name__ == "__main__":
    main(sys.argv[1:])
