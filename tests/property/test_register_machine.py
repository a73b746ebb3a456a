"""Register files and a plain dict, driven together: built, changed, stopped half-way, reloaded, compared, exported."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from quietline.numbering import number_of, parse
from quietline.registers import (
    ADD,
    DELETE,
    HISTORY,
    Changes,
    Entries,
    Metadata,
    Register,
    RegisterBuilder,
    apply_changes,
    date_of,
    day_of,
    diff_registers,
    rewrite_register,
)
from quietline.registers import (
    changes as changes_module,
)
from quietline.registers.build import apply_to_register, build_register
from quietline.registers.export import export_register, write_difference

LIST_DATE = date(2026, 11, 22)
TERMS = ("", "channels=voice", "days=mon,sun")
COUNTRIES = (12_125_550_000, 442_079_460_000, 8_613_812_340_000, 999_999_999_990_000)
EDGES = sorted(
    {1, 2, 9_999, 10_000, 10_001, 999_999_999_999_999}
    | {base + edge for base in COUNTRIES for edge in (-1, 0, 1, 2, 5_000, 9_998, 9_999)}
)
KEYS = st.sampled_from(EDGES)
DAYS = st.sampled_from([0, *(day_of(LIST_DATE) - back for back in (0, 1, 400))])
ENTRIES = st.dictionaries(KEYS, st.tuples(DAYS, st.sampled_from(TERMS)), max_size=40)
STEPS = st.lists(st.tuples(st.sampled_from([ADD, DELETE]), KEYS, DAYS, st.sampled_from(TERMS)), max_size=15)
Standing = dict[int, tuple[int, str]]
REAL = frozenset(key for key in EDGES if parse(number_of(key), country="US").key == key)
"""Keys that a list can have; the others lie at the ends of what a file can hold."""


def columns_of(steps: list[tuple[int, int, int, str]]) -> Changes:
    return Changes(
        np.array([step[0] for step in steps], np.uint8),
        np.array([step[1] for step in steps], np.uint64),
        np.array([step[2] for step in steps], np.uint16),
        np.array([TERMS.index(step[3]) for step in steps], np.uint16),
        TERMS,
    )


def changed(standing: Standing, steps: list[tuple[int, int, int, str]]) -> Standing:
    """Say what changes come to, the plain way: the day of listing stays where only the terms change."""
    after = dict(standing)
    for operation, key, day, terms in steps:
        if operation == DELETE:
            after.pop(key, None)
        elif key in after:
            after[key] = (after[key][0], terms)
        else:
            after[key] = (day, terms)
    return after


class StoppedError(Exception):
    """The machine stops here."""


class RegisterMachine(RuleBasedStateMachine):
    """One register file, a reader that keeps it open, and what should stand in it."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.folder = Path(self._folder.name)
        self.path = self.folder / "dnc.qlr"
        self.model: Standing = {}
        self.reader: Register | None = None

    def teardown(self) -> None:
        if self.reader is not None:
            self.reader.close()
        self._folder.cleanup()

    def build(self, path: Path, model: Standing) -> None:
        with RegisterBuilder(run_entries=7) as builder:
            items = list(model.items())
            for start in range(0, len(items), 3):
                part = items[start : start + 3]
                builder.add(
                    Entries(
                        np.array([key for key, _ in part], np.uint64),
                        np.array([day for _, (day, _) in part], np.uint16),
                        None,
                        np.array([TERMS.index(terms) for _, (_, terms) in part], np.uint16),
                    )
                )
            builder.write(path, Metadata("DNC", country="US", list_date=LIST_DATE, terms=TERMS))

    @initialize(entries=ENTRIES)
    def begin(self, entries: Standing) -> None:
        self.model = entries
        self.build(self.path, entries)
        self.reader = Register(self.path)

    @rule(steps=STEPS)
    def apply(self, steps: list[tuple[int, int, int, str]]) -> None:
        before = self.model
        self.model = changed(before, steps)
        applied = apply_changes(self.path, columns_of(steps))
        assert sum((applied.added, applied.altered, applied.withdrawn, applied.unchanged)) == len(steps)
        assert applied.added - applied.withdrawn == len(self.model) - len(before)

    @rule(steps=STEPS, stop=st.integers(0, 12))
    def stop_between_two_pointers(self, steps: list[tuple[int, int, int, str]], stop: int) -> None:
        real, after = changes_module._kernel, changed(self.model, steps)

        class Kernel:
            def __getattr__(self, name: str) -> object:
                return getattr(real, name)

            def index_put(self, mapped, offset, capacity, prefixes, pointers) -> int:
                real.index_put(mapped, offset, capacity, prefixes[:stop].copy(), pointers[:stop].copy())
                raise StoppedError

        changes_module._kernel = Kernel()  # type: ignore[assignment]
        try:
            apply_changes(self.path, columns_of(steps))
        except StoppedError:
            pass
        finally:
            changes_module._kernel = real
        with Register(self.path) as register:
            register.verify()
            for key in self.model.keys() | after.keys():
                entry = register.entry(key)
                found = None if entry is None else (day_of(entry.since), entry.terms)
                assert found in (self.model.get(key), after.get(key))
        apply_changes(self.path, columns_of(steps))
        # an add that came to pass before the stop is "unchanged" now; one that follows a delete is done anew
        self.model = after

    @rule()
    def reload(self) -> None:
        assert self.reader is not None
        self.reader.close()
        self.reader = Register(self.path)
        self.reader.verify()

    @rule()
    def publish(self) -> None:
        new = self.folder / "new.qlr"
        with Register(self.path) as register:
            rewrite_register(register, new, register.metadata)
            version, listed = register.metadata.version, register.metadata.list_date
        new.replace(self.path)
        self.reload()
        assert self.reader is not None
        assert self.reader.digest
        assert (self.reader.metadata.version, self.reader.metadata.list_date) == (version, listed)

    @rule(entries=ENTRIES)
    def compare(self, entries: Standing) -> None:
        other, changes = self.folder / "other.qlr", self.folder / "changes.csv"
        self.build(other, entries)
        assert self.reader is not None
        with Register(other) as wanted:
            count = write_difference(self.reader, wanted, changes)
            assert count == sum(
                (key in self.model) + (key in entries)
                for key in self.model.keys() | entries.keys()
                if self.model.get(key) != entries.get(key)
            )
            if all(key in REAL for key in self.model.keys() | entries.keys()):
                apply_to_register(self.path, [changes])
            else:  # no text is read as such a number
                steps = [(ADD if what == "A" else DELETE, *rest) for what, *rest in diff_registers(self.reader, wanted)]
                apply_changes(self.path, columns_of(steps))
            assert list(diff_registers(self.reader, wanted)) == []
        self.model = entries

    @rule(form=st.sampled_from(["csv", "parquet"]))
    def export_and_build(self, form: str) -> None:
        assert self.reader is not None
        out, again, fresh = self.folder / f"out.{form}", self.folder / "again.qlr", self.folder / "fresh.qlr"
        metadata = self.reader.metadata
        self.build(fresh, {key: entry for key, entry in self.model.items() if key in REAL})
        with Register(fresh) as register:
            rewrite_register(register, self.folder / "rewritten.qlr", metadata.with_terms(register.metadata.terms))
        fresh = self.folder / "rewritten.qlr"
        export_register(fresh, out)
        build_register(
            [out], again, name=metadata.name, country=metadata.country, list_date=metadata.list_date,
            version=metadata.version,
        )  # fmt: skip
        with Register(fresh) as one, Register(again) as other:
            assert one.digest == other.digest

    @invariant()
    def answers_are_those_of_the_dict(self) -> None:
        if self.reader is None:
            return
        reader = self.reader
        found = reader.lookup(np.array(EDGES, np.uint64), columns=True)
        assert found.since is not None
        assert found.terms is not None
        terms = reader.metadata.terms
        rows = zip(EDGES, found.hits.tolist(), found.since.tolist(), found.terms.tolist(), strict=True)
        assert {key: (since, terms[term]) for key, hit, since, term in rows if hit} == self.model
        assert len(reader) == len(self.model)
        for key in EDGES[:: max(1, len(EDGES) // 5)]:
            entry = reader.entry(key)
            assert (None if entry is None else (day_of(entry.since), entry.terms)) == self.model.get(key)
        assert [entry.key for entry in reader.entries()] == sorted(self.model)


RegisterMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=10, deadline=None)
TestRegisters = RegisterMachine.TestCase


@given(st.lists(st.tuples(st.sampled_from([ADD, DELETE]), KEYS, st.integers(1, 9)), max_size=25), st.booleans())
@settings(max_examples=40, deadline=None)
def test_a_history_answers_each_day_as_it_was_on_that_day(
    tmp_path_factory, events: list[tuple[int, int, int]], one_by_one: bool
) -> None:
    """Events in the order of their days; a number stands on a day if the last event up to that day was an add."""
    path = tmp_path_factory.mktemp("history") / "dnc.qlr"
    events.sort(key=lambda event: event[2])
    first = day_of(LIST_DATE)
    with RegisterBuilder() as builder:
        builder.write(path, Metadata("DNC", kind=HISTORY, list_date=LIST_DATE))
    steps = [(operation, key, first + day, "") for operation, key, day in events]
    for part in ([step] for step in steps) if one_by_one else [steps]:
        apply_changes(path, columns_of(part), list_date=LIST_DATE + timedelta(days=20))
    with Register(path) as register:
        register.verify()
        for day in range(11):
            standing = {}
            for operation, key, when in events:
                if when <= day:
                    standing[key] = operation == ADD
            on = date_of(first + day)
            hits = register.lookup(np.array(EDGES, np.uint64), on=on).hits.tolist()
            assert {key for key, hit in zip(EDGES, hits, strict=True) if hit} == {k for k, v in standing.items() if v}
