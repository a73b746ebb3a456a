"""Build registers from sources, and take change lists into them: the verbs behind ``quietline register``."""

from __future__ import annotations

import csv
import fcntl
import io
import shutil
import tempfile
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from quietline import __version__
from quietline.errors import InputError, OutputError, RegisterError, StrictError
from quietline.registers.builder import Built, RegisterBuilder
from quietline.registers.changes import Applied, apply_changes, rewrite_register
from quietline.registers.days import date_of, day_of
from quietline.registers.format import HISTORY, SNAPSHOT, Metadata
from quietline.registers.register import Register
from quietline.registers.sources import ReadOptions, ReadPlan, SourceReader, read_changes
from quietline.tables import OutputSet, refuse_same
from quietline.tables.output_files import status_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import date, datetime
    from types import TracebackType

    from quietline.registers.sources import ReadProgress, Reject, SourceFacts
    from quietline.tables import OutputFile
    from quietline.tables.streams import Source

__all__ = ["REJECTS_SUFFIX", "ApplyReport", "BuildReport", "apply_to_register", "build_register", "software_name"]

REJECTS_SUFFIX = ".rejects.csv"
"""What the name of a rejects file ends with where none is given."""


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What building a register came to.

    Attributes:
        built: what was written.
        sources: what was found out about each source.
        rows: rows read, blank ones not counted.
        rejects: rows of them that could not be read, by reason.
        rejects_file: where they are listed, None where there are none.
    """

    built: Built
    sources: tuple[SourceFacts, ...]
    rows: int
    rejects: dict[str, int]
    rejects_file: Path | None

    @property
    def rejects_count(self) -> int:
        """Rows that could not be read."""
        return sum(self.rejects.values())


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """What applying change lists came to.

    Attributes:
        applied: what the changes came to.
        output: the file that has them now.
        changes: changes that were applied.
        sources: what was found out about each change list.
        rejects: rows that could not be read, by reason.
        rejects_file: where they are listed, None where there are none.
    """

    applied: Applied
    output: Path
    changes: int
    sources: tuple[SourceFacts, ...]
    rejects: dict[str, int]
    rejects_file: Path | None

    @property
    def rejects_count(self) -> int:
        """Rows that could not be read."""
        return sum(self.rejects.values())


def software_name() -> str:
    """Give what register files say wrote them."""
    return f"quietline {__version__}"


@dataclass(slots=True)
class _Rejects:
    """The file that lists rejected rows; it is made when the first one comes.

    Args:
        outputs: the set with which it appears.
        path: its name, or None for ``base`` with a suffix.
        base: the register.
        strict: a rejected row is an error.
    """

    outputs: OutputSet
    path: Path | None
    base: Path
    strict: bool
    counts: Counter[str] = field(default_factory=Counter)
    first: str = ""
    _file: OutputFile | None = None

    @property
    def target(self) -> Path:
        return self.path or self.base.with_name(self.base.name + REJECTS_SUFFIX)

    @property
    def written(self) -> Path | None:
        return self.target if self._file is not None else None

    def __enter__(self) -> Self:
        if self.path is not None:
            self._open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        pass

    def _open(self) -> OutputFile:
        self._file = self.outputs.open(self.target)
        self._file.write(b"file,line,reason,text\n")
        return self._file

    def add(self, rejects: Iterable[Reject]) -> None:
        """Count and list rows.

        Raises:
            StrictError: only good rows were asked for.
        """
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        for reject in rejects:
            said = f"{reject.file}, line {reject.line:,}: {reject.reason.replace('_', ' ')} in '{reject.text[:200]}'"
            self.first = self.first or said
            if self.strict:
                raise StrictError(
                    f"{said}.",
                    advice="Correct the row, or leave --strict out: bad rows are then listed and left out.",
                )
            self.counts[reject.reason] += 1
            writer.writerow((reject.file, reject.line, reject.reason, reject.text))
        (self._file or self._open()).write(text.getvalue().encode("utf-8", "replace"))

    def tidy(self) -> None:
        """Take away the list of an earlier run where this one has nothing to list; once its outputs stand."""
        if self._file is None and status_of(self.base) is not None:
            self.target.unlink(missing_ok=True)


def build_register(
    sources: Sequence[Source],
    output: str | Path,
    *,
    name: str,
    country: str,
    list_date: date,
    version: int = 1,
    time_zone: str = "UTC",
    history: bool = False,
    latest: bool = False,
    holds: Sequence[str] = ("e164",),
    strict: bool = False,
    rejects: str | Path | None = None,
    options: ReadOptions | None = None,
    built_at: datetime | None = None,
    progress: Callable[[ReadProgress], None] | None = None,
) -> BuildReport:
    """Build a register file from full lists.

    What has a key stands in the register, numbers that their plan calls unassigned included: official lists hold such.
    Any other row is rejected, listed with its file, line and reason, and the others count; or, with ``strict``, nothing
    is written. Register and list of rejects appear together when all is done.

    Args:
        sources: paths, ``-``, bytes or binary files: delimited text, the XML of the FTC and the CRTC, XLSX, Parquet,
            gzip or zip of these.
        output: the register file; replaced only on success.
        name: what the register is called in reasons and receipts.
        country: whose register it is, and default country of its numbers; ISO 3166 code.
        list_date: the day its content is of, in its time zone.
        version: number of the published version.
        time_zone: IANA name; the register's days are days there.
        history: keep all periods, not only who stands in the register on ``list_date``.
        latest: of several entries of a number the latest day counts (of purchases, inquiries, requests to stop), not the
            earliest.
        holds: kinds of keys: ``e164``, ``service``, ``sender``.
        strict: refuse bad rows.
        rejects: where they are listed; by default beside the output, with ``.rejects.csv`` behind its name.
        options: how to read the sources, where that is not to be found out.
        built_at: the time to write into the file, with its offset.
        progress: is called now and then.

    Raises:
        UsageError: arguments that cannot be meant, such as an output that is also a source.
        InputError: a source cannot be read; nothing is written.
        StrictError: a bad row, with ``strict``; nothing is written.
        OutputError: an output cannot be written.
    """
    output = Path(output)
    how = ReadPlan(country, time_zone, tuple(holds), options or ReadOptions())
    metadata = Metadata(
        name=name,
        country=how.country,
        kind=HISTORY if history else SNAPSHOT,
        list_date=list_date,
        version=version,
        time_zone=time_zone,
        holds=tuple(how.holds),
        built_at=built_at,
        software=software_name(),
    )
    day_of(list_date)  # refuses a day that no register can hold
    with ExitStack() as stack:
        outputs = stack.enter_context(OutputSet())
        listed = _Rejects(outputs, Path(rejects) if rejects is not None else None, output, strict)
        refuse_same(sources, [output, listed.target])
        out = outputs.open(output)
        stack.enter_context(listed)
        builder = stack.enter_context(RegisterBuilder(latest=latest))
        reader = SourceReader(how, progress=progress)
        for batch in reader.read(sources):
            if batch.rejects:
                listed.add(batch.rejects)
            builder.add(batch.entries)
        if reader.rows and not builder.given:
            raise InputError(
                f"Not one of the {reader.rows:,} rows could be read as a number: {listed.first}.",
                advice="Check that these are the right files, and name the column of numbers with --column.",
                code="input.no_numbers",
            )
        built = builder.write_into(out, metadata.with_terms(how.terms.table))
    listed.tidy()
    return BuildReport(built, tuple(reader.facts), reader.rows, dict(listed.counts), listed.written)


@contextmanager
def _working_copy(path: Path, directory: Path) -> Iterator[Path]:
    """Copy a register into a file that has no name, so that nothing is left behind however the process ends."""
    try:
        with path.open("rb") as source, tempfile.TemporaryFile(dir=directory) as copy:
            try:
                fcntl.flock(source, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RegisterError(
                    f"Another process is changing {path.name}.", advice="Wait until it is done.", code="register.locked"
                ) from None
            shutil.copyfileobj(source, copy, 1 << 20)
            copy.flush()
            fcntl.flock(source, fcntl.LOCK_UN)
            yield Path(f"/proc/self/fd/{copy.fileno()}")
    except OSError as problem:
        raise OutputError(
            f"{path.name} could not be copied into {directory}: {problem.strerror}.",
            advice="Check that there is room for another copy of it.",
        ) from problem


def apply_to_register(
    path: str | Path,
    sources: Sequence[Source],
    *,
    output: str | Path | None = None,
    list_date: date | None = None,
    version: int | None = None,
    strict: bool = False,
    rejects: str | Path | None = None,
    default_day: date | None = None,
    options: ReadOptions | None = None,
    built_at: datetime | None = None,
    progress: Callable[[ReadProgress], None] | None = None,
) -> ApplyReport:
    """Apply change lists to a register file: in place, or into a new published file.

    Args:
        path: the register file.
        sources: change lists, applied in this order.
        output: a new file, which appears whole or not at all; ``path`` is then left as it is.
        list_date: the day the content is of from now on; by default the latest day of the changes, or the register's
            where that is later.
        version: its version from now on; by default one more than before.
        strict: refuse bad rows.
        rejects: where they are listed; by default beside the file that is written.
        default_day: the day of changes that do not say one; by default ``list_date``, else the register's.
        options: how to read the lists.
        built_at: the time to write into a new file.
        progress: is called now and then.

    Raises:
        InputError: a change list or the register cannot be read, or a source is a full list; nothing is changed.
        StrictError: a bad row, with ``strict``; nothing is changed.
        OutputError: an output cannot be written.
    """
    path = Path(path)
    target = path if output is None else Path(output)
    with Register(path) as register:
        metadata = register.metadata
    facts: list[SourceFacts] = []
    with OutputSet() as outputs:
        listed = _Rejects(outputs, Path(rejects) if rejects is not None else None, target, strict)
        refuse_same([*sources, *([] if output is None else [path])], [target, listed.target])
        with listed:
            changes = read_changes(
                sources,
                country=metadata.country,
                time_zone=metadata.time_zone,
                holds=metadata.holds,
                options=options,
                empty_day=day_of(default_day or list_date or metadata.list_date),
                on_rejects=listed.add,
                progress=progress,
                facts=facts,
            )
        if list_date is None:
            latest = date_of(int(changes.days.max())) if len(changes) else None
            list_date = max(metadata.list_date, latest or metadata.list_date)
        if output is None:
            applied = apply_changes(path, changes, list_date=list_date, version=version)
        else:
            with _working_copy(path, target.parent) as copy:
                applied = apply_changes(copy, changes, list_date=list_date, version=version)
                said = replace(applied.metadata, built_at=built_at, software=software_name())
                with Register(copy) as changed:
                    rewrite_register(changed, target, said)
                applied = replace(applied, metadata=said)
    listed.tidy()
    return ApplyReport(applied, target, len(changes), tuple(facts), dict(listed.counts), listed.written)
