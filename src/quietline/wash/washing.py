"""Wash a list: the one function that everything else here serves."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quietline.errors import ColumnError, UsageError
from quietline.kernel import MAX_COLUMNS
from quietline.numbering import FieldParser, country_code
from quietline.registers import Register, day_of
from quietline.tables import (
    OutputSet,
    TextReader,
    delimiter_named,
    find_number_columns,
    open_stream,
    other_number_columns,
    refuse_same,
    resolve_columns,
    rows_of,
    sniff,
)
from quietline.wash.notes import Notes
from quietline.wash.parts import WashParts
from quietline.wash.seen import SeenNumbers
from quietline.wash.summary import Summary, Tally
from quietline.wash.text_list import TextWash
from quietline.wash.verdicts import Judge

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date
    from pathlib import Path
    from typing import BinaryIO

    from quietline.tables import Stream
    from quietline.wash.campaign import Campaign
    from quietline.wash.lawful import Rulings
    from quietline.wash.receipts import ReceiptRequest
    from quietline.wash.table_list import Table, TableWash
    from quietline.wash.verdicts import Judging

__all__ = ["ListOptions", "Progress", "register_facts", "register_names", "wash"]

_SAMPLE_BYTES = 1 << 18
_SAMPLE_ROWS = 300
_WORTH_CHECKING_ALL = 8
"""A list of at least one byte for so many of a register's will touch most of its blocks."""


@dataclass(frozen=True, slots=True)
class ListOptions:
    """How a list is to be read, where that is not to be found out.

    Attributes:
        columns: names of the columns to wash (or their numbers, counted from 1); found out where empty.
        encoding: a name such as ``utf-8``, ``gb18030``, ``latin-1``; found out where None.
        delimiter: one character or a word such as ``tab``; ``none`` where each line is one field; found out where None.
        quote: ``'"'``, ``none``, or None to find out.
        header: whether the first row names the columns; found out where None.
        sheet: name of a workbook's sheet, or its number; the first where None.
    """

    columns: Sequence[str] = ()
    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    header: bool | None = None
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a wash is: bytes of the list read so far and in all (None where unknown), and rows washed."""

    done_bytes: int
    all_bytes: int | None
    rows: int


def wash(
    source: str | Path | bytes | BinaryIO,
    *,
    against: Sequence[str | Path | Register] = (),
    country: str,
    campaign: Campaign | None = None,
    clean: str | Path | BinaryIO | None = None,
    removed: str | Path | BinaryIO | None = None,
    annotated: str | Path | BinaryIO | None = None,
    undetermined: str | Path | BinaryIO | None = None,
    options: ListOptions | None = None,
    on: date | None = None,
    keep_invalid: bool = False,
    duplicates: bool = False,
    only_country: bool = False,
    first_of_several: bool = False,
    receipt: ReceiptRequest | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Summary:
    """Check a calling list against registers and write what may be called.

    The list may be delimited text in UTF-8, UTF-16, GB 18030 or Latin-1, plain or gzipped, an XLSX workbook or a Parquet
    file. Rows of text leave as the bytes they came as, in order. All outputs appear together when everything is done; a
    wash that is stopped leaves nothing behind and replaces nothing.

    Args:
        source: a path, ``-`` for standard input, bytes, or a binary file.
        against: register files, or open registers, of numbers that are not to be called.
        country: default country of the list's numbers, ISO 3166, two letters. A number of any other country, written
            with its calling code, is looked up all the same.
        campaign: judge by law: each number by the rulebook of its country, with what the campaign and its registers know.
        clean: where rows go that stand in none of the registers and have a valid number; of a campaign, rows whose call the
            law permits.
        removed: where the other rows go, with six more columns that say why (:data:`~quietline.wash.NOTE_NAMES`).
        annotated: where all rows go, with these columns.
        undetermined: of a campaign, where rows go on which the law does not say; by default they are removed.
        options: how to read the list.
        on: the day for which registers are asked; by default the list date of each.
        keep_invalid: rows without a valid number are clean.
        duplicates: a row whose number an earlier kept row had is removed.
        only_country: valid numbers of other countries are removed.
        first_of_several: of several numbers in one field take the first; otherwise the field is invalid (``ambiguous``).
        receipt: what to sign about this wash.
        progress: is called now and then.

    Returns:
        Counts and what was found out.

    Raises:
        UsageError: arguments that cannot be meant, such as an output that is also an input.
        InputError: the list or a register cannot be read.
        ColumnError: a column is missing or none could be found.
        OutputError: an output cannot be written.
    """
    options = options or ListOptions()
    country = country_code(country)
    _check_day(on)
    roles = {"clean": clean, "removed": removed, "annotated": annotated, "undetermined": undetermined}
    targets = [target for target in roles.values() if target is not None]
    _check_asked(targets, against, campaign, undetermined)
    named = [r.path if isinstance(r, Register) else r for r in against]
    held = [evidence.path for evidence in campaign.evidence] if campaign else []
    refuse_same([source, *named, *held], [*targets, *(receipt.targets if receipt else ())])
    with ExitStack() as stack:
        asking = _Asking.begin(stack, against, campaign, on=on, days=targets != [clean])
        registers, names = asking.registers, asking.names
        decisive = {
            "keep_invalid": keep_invalid,
            "duplicates": duplicates,
            "only_country": only_country,
            "first_of_several": first_of_several,
            "on": on.isoformat() if on else None,
        }
        collector = receipt.begin(stack, registers, names, country, decisive, asking.roles) if receipt else None
        stream = stack.enter_context(open_stream(collector.watch_list(source) if collector else source))
        outputs = stack.enter_context(OutputSet())
        tally = Tally(names, keep_invalid=keep_invalid, rulings=asking.rulings)
        reading = {"first_of_several": first_of_several, "only_country": only_country}
        for register in registers:
            if stream.size is None or stream.size > register.root.end // _WORTH_CHECKING_ALL:
                register.check()
        opened = {name: outputs.open(target) if target is not None else None for name, target in roles.items()}
        if collector is not None:
            opened = collector.watch_outputs(outputs, opened)
        parts = WashParts(
            judge=collector.watch_judge(asking.judge) if collector else asking.judge,
            tally=tally,
            notes=Notes(names, (), asking.rulings),
            **opened,
            seen=SeenNumbers() if duplicates else None,
            progress=_progress(stream, tally, progress),
        )
        prepare = _text_wash if stream.expect("text", "xlsx", "parquet") == "text" else _table_wash
        job, found, chosen = prepare(stream, options, country, reading, parts)
        job.run()
        summary = Summary(
            list_name=stream.name,
            country=country,
            format=found,
            columns=chosen.names,
            unwashed_columns=chosen.unwashed,
            registers=tuple(register_facts(r, name) for r, name in zip(registers, names, strict=True)),
            outputs={name: output.name for name, output in opened.items() if output is not None},
            law=asking.law(tally),
            **tally.counts(),
        )
        if collector is not None:
            collector.finish(summary)
        return summary


def _check_asked(targets: Sequence[Any], against: Sequence[Any], campaign: Campaign | None, undetermined: Any) -> None:
    if not targets:
        raise UsageError("There is nowhere to write to.", advice="Name at least one output.")
    if undetermined is not None and campaign is None:
        raise UsageError("Only a campaign has undetermined rows.", advice="Name the campaign.")
    if not against and campaign is None:
        raise UsageError("There is no register to wash against.", advice="Name at least one.")


@dataclass(frozen=True, slots=True)
class _Asking:
    """The registers of a wash, and what decides on its rows.

    Attributes:
        registers: open.
        names: of them, each its own.
        judge: decides.
        roles: of the registers in a campaign; None where there is none.
        law: gives what the summary says of the law; nothing without a campaign.
        rulings: of a campaign.
    """

    registers: list[Register]
    names: list[str]
    judge: Judging
    roles: list[str] | None
    law: Callable[[Tally], dict[str, Any]]
    rulings: Rulings | None

    @classmethod
    def begin(
        cls,
        stack: ExitStack,
        against: Sequence[str | Path | Register],
        campaign: Campaign | None,
        *,
        on: date | None,
        days: bool,
    ) -> _Asking:
        """Open the registers; those opened here are closed with the stack."""
        if campaign is None:
            registers = [r if isinstance(r, Register) else stack.enter_context(Register(r)) for r in against]
            _refuse_private(registers)
            judge = Judge(registers, on=on, days=days)
            return cls(registers, register_names(registers), judge, None, lambda _: {}, None)
        if on is not None:
            raise UsageError("A campaign says itself when it calls.", advice="Leave the day out.")
        from quietline.wash.evidence import EvidenceRegisters
        from quietline.wash.law_judge import LawJudge

        held = EvidenceRegisters(campaign, against, stack)
        _refuse_private(held.registers)
        lawful = LawJudge(campaign, held)
        roles = [one.evidence.role for one in held.held]
        facts = {"name": campaign.name, "seller": campaign.seller, "sha256": campaign.digest}
        return cls(
            held.registers,
            register_names(held.registers),
            lawful,
            roles,
            lambda tally: {"campaign": facts, "rulebooks": lawful.rulebooks(), **tally.law_counts()},
            lawful.rulings,
        )


def _refuse_private(registers: Sequence[Register]) -> None:
    """Refuse the private half of a receipt, which is kept in the form of a register but is none to wash against."""
    for register in registers:
        purpose = register.metadata.extra.get("purpose")
        if purpose:
            raise UsageError(
                f"{register.path.name} is no register to wash against: it holds {purpose}.",
                advice="Name a file that 'quietline register build' wrote.",
                code="usage.purpose",
            )


def _check_day(on: date | None) -> None:
    try:
        day_of(on)
    except ValueError as error:
        raise UsageError(f"{error}.", advice="Give a day within these.") from None


def register_names(registers: Sequence[Register]) -> list[str]:
    """Give each register a name of its own: the one it says, numbered where several say the same."""
    names: list[str] = []
    for register in registers:
        name, again = register.metadata.name or register.path.stem, 2
        unique = name
        while unique in names:
            unique, again = f"{name} ({again})", again + 1
        names.append(unique)
    return names


def register_facts(register: Register, name: str) -> dict[str, Any]:
    """Say which register was asked, for summaries and receipts."""
    metadata = register.metadata
    return {
        "name": name,
        "country": metadata.country,
        "version": metadata.version,
        "list_date": metadata.list_date.isoformat(),
        "numbers": len(register),
        "digest": register.digest,
    }


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The columns to wash, and those that look as if they should have been."""

    places: tuple[int, ...]
    names: tuple[str, ...]
    unwashed: tuple[str, ...]


def _choose_columns(
    rows: Sequence[Sequence[str]], names: Sequence[str], options: ListOptions, country: str, *, header: bool
) -> _Chosen:
    if options.columns:
        places, others = resolve_columns(names, options.columns), []
    else:
        places = find_number_columns(rows, names, country=country, header=header)
        others = other_number_columns(rows, names, places, country=country)
    if len(places) > MAX_COLUMNS:
        raise ColumnError(f"{len(places)} columns of numbers are too many.", advice=f"Name at most {MAX_COLUMNS}.")
    called = [names[i] if i < len(names) else f"column {i + 1}" for i in places]
    return _Chosen(tuple(places), tuple(called), tuple(names[i] for i in others))


def _progress(stream: Stream, tally: Tally, report: Callable[[Progress], None] | None) -> Callable[[], None] | None:
    if report is None:
        return None
    return lambda: report(Progress(stream.position, stream.size, tally.rows))


def _text_wash(
    stream: Stream,
    options: ListOptions,
    country: str,
    reading: dict[str, Any],
    parts: WashParts,
) -> tuple[TextWash, dict[str, Any], _Chosen]:
    sample = stream.peek(_SAMPLE_BYTES)
    complete = len(sample) < _SAMPLE_BYTES
    text_format = sniff(
        sample,
        complete=complete,
        file_name=stream.name,
        encoding=options.encoding,
        delimiter="auto" if options.delimiter is None else delimiter_named(options.delimiter),
        quote="auto" if options.quote is None else (None if options.quote == "none" else options.quote),
        header=options.header,
    )
    rows = rows_of(sample, text_format, _SAMPLE_ROWS, complete=complete)
    chosen = _choose_columns(rows, text_format.names, options, country, header=text_format.header)
    for _, output in parts.outputs:
        if output.name.lower().endswith((".xlsx", ".parquet")):
            raise UsageError(
                f"{output.name}: rows of a text list leave as the text they are.", advice="Give a name such as clean.csv."
            )
    job = TextWash(
        reader=TextReader(stream, text_format, chosen.places),
        parser=FieldParser(country, **reading),
        column_count=len(chosen.places),
        parts=parts.with_notes(parts.notes.for_columns(chosen.names)),
    )
    found = {
        "kind": "text",
        "encoding": text_format.encoding,
        "delimiter": text_format.delimiter,
        "quote": text_format.quote,
        "header": text_format.header,
        "description": text_format.describe(),
    }
    return job, found, chosen


def _table_wash(
    stream: Stream,
    options: ListOptions,
    country: str,
    reading: dict[str, Any],
    parts: WashParts,
) -> tuple[TableWash, dict[str, Any], _Chosen]:
    from quietline.wash.table_list import ParquetTable, SheetTable, TableWash

    table: Table = (
        SheetTable(stream, sheet=options.sheet, header=options.header) if stream.kind == "xlsx" else ParquetTable(stream)
    )
    chosen = _choose_columns(table.sample(), table.names, options, country, header=table.header)
    job = TableWash(
        table=table,
        columns=chosen.places,
        country=country,
        reading=reading,
        parts=parts.with_notes(parts.notes.for_columns(chosen.names)),
    )
    return job, {"kind": table.kind, "header": table.header, "description": table.kind.upper()}, chosen
