"""While several threads work the interpreter changes hands more often; afterwards it is as it was."""

from __future__ import annotations

import sys
import threading

import pytest

from quietline.wash.pipeline import in_order


def test_threads_wait_less_for_the_interpreter_while_they_work_and_afterwards_all_is_as_before() -> None:
    before = sys.getswitchinterval()
    seen = list(in_order(lambda _piece: sys.getswitchinterval(), range(6), workers=2))
    assert all(interval < before for interval in seen)
    assert sys.getswitchinterval() == before


def test_two_at_a_time_leave_it_as_the_first_one_found_it() -> None:
    before = sys.getswitchinterval()
    gates = [threading.Event(), threading.Event()]
    threads = [
        threading.Thread(target=lambda gate=gate: list(in_order(lambda _piece: gate.wait(20), range(4), workers=2)))
        for gate in gates
    ]
    for thread in threads:
        thread.start()
    for thread, gate in zip(threads, gates, strict=True):
        gate.set()
        thread.join()
    assert sys.getswitchinterval() == before


def test_an_error_leaves_it_as_it_was() -> None:
    before = sys.getswitchinterval()
    with pytest.raises(ZeroDivisionError):
        list(in_order(lambda piece: 1 // piece, [1, 0, 1, 1], workers=2))
    assert sys.getswitchinterval() == before


def test_work_of_one_piece_changes_nothing() -> None:
    before = sys.getswitchinterval()
    assert list(in_order(lambda _piece: sys.getswitchinterval(), [1], workers=2)) == [before]
