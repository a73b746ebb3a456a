"""Calls that wash numbers, from a process of their own, and what a seller needs to make them."""

from __future__ import annotations

import io
import json
import os
import socket
import time
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np

__all__ = ["Call", "Result", "make_seller", "run_calls", "take_over", "wait_for_copies"]


class Call:
    """One request as bytes, so that sending it takes next to nothing."""

    def __init__(self, port: int, key: str, body: bytes) -> None:
        self.body = body
        self.port = port
        self.request = (
            f"POST /api/v1/washes HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode() + body

    def answer(self) -> dict[str, Any]:
        """Make the call once and read the answer."""
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            status, body = exchange(connection, self.request)
        if status != 200:
            raise RuntimeError(f"{status}: {body[:500]!r}")
        answer: dict[str, Any] = json.loads(body)
        return answer


@dataclass
class Result:
    """What came of it."""

    milliseconds: list[float] = field(default_factory=list)
    refused: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0


def exchange(connection: socket.socket, request: bytes) -> tuple[int, bytes]:
    """Send a request and read its answer, whose length stands in the head."""
    connection.sendall(request)
    data = b""
    while (end := data.find(b"\r\n\r\n")) < 0:
        more = connection.recv(1 << 16)
        if not more:
            raise ConnectionError("closed")
        data += more
    head = data[:end].lower()
    length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
    parts, have = [data[end + 4 :]], len(data) - end - 4
    while have < length:
        more = connection.recv(1 << 18)
        if not more:
            raise ConnectionError("closed")
        parts.append(more)
        have += len(more)
    return int(head.split()[1]), b"".join(parts)


def run_calls(port: int, calls: list[Call], *, connections: int, seconds: float) -> Result:
    """Make calls over so many connections at once, each as soon as the last is answered."""
    context = get_context("fork")
    here, there = context.Pipe()
    process = context.Process(target=_generate, args=(port, calls, connections, seconds, there))
    process.start()
    result: Result = here.recv()
    process.join()
    return result


def _generate(port: int, calls: list[Call], connections: int, seconds: float, out: Any) -> None:
    result = Result()
    began, own = time.monotonic(), time.process_time()
    end = began + seconds

    def work(place: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            while time.monotonic() < end:
                call = calls[place % len(calls)]
                place += connections
                started = time.monotonic()
                status, _ = exchange(connection, call.request)
                result.milliseconds.append(1000 * (time.monotonic() - started))
                result.refused += status != 200

    threads = [Thread(target=work, args=(place,)) for place in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result.seconds, result.cpu_seconds = time.monotonic() - began, time.process_time() - own
    out.send(result)
    os._exit(0)


def take_over(national: Path) -> None:
    """Take over a register into that of the demonstration country."""
    from django.core.management import call_command

    call_command("import_register", str(national), into="dnc-us", source="benchmark", verbosity=0, stdout=io.StringIO())


def make_seller(evidence: int, numbers: int) -> str:
    """Make a seller that may wash everything, with consents, customers and requests to stop; give its API key."""
    from django.db import connection

    from quietline.web.accounts import key_operations, operations
    from quietline.web.accounts.models import ApiKey, Organisation, Role, Scope
    from quietline.web.accounts.people import enter_person
    from quietline.web.base.clock import now
    from quietline.web.publishing.importing import import_register
    from quietline.web.publishing.models import Register
    from quietline.web.subscribers.claims import owned_register
    from quietline.web.subscriptions.ordering import declare_list_size

    at = now()
    body = operations.found_organisation(kind=Organisation.Kind.EXEMPT, name="Bulk Caller", country="US", by=None, at=at)
    operations.verify_organisation(organisation=body, by=None, at=at)
    person = enter_person(email="bulk@example.org", name="Bulk", password=None)
    operations.grant_role(person=person, organisation=body, role=Role.REPRESENTATIVE, by=None, at=at)
    certified(body, person, at)
    declare_list_size(organisation=body, size=10_000_000, by=None, at=at)
    chance = np.random.default_rng(3)
    for kind in (Register.Kind.CONSENTS, Register.Kind.CUSTOMERS, Register.Kind.STOP_REQUESTS):
        register = owned_register(owner=body, kind=kind, country="US", at=at)
        keys = np.unique(12_012_000_000 + chance.integers(0, 2 * numbers, evidence)).astype(np.uint64)
        import_register(register=register, path=_file(keys), source="benchmark", at=at)
    made = key_operations.make_key(
        organisation=body, kind=ApiKey.Kind.KEY, title="Bench", scopes=[Scope.WASHES_WRITE], days=30, by=person, at=at
    )
    connection.close()
    return made.secret


def certified(body: Any, person: Any, at: Any) -> None:
    """Certify lawful use, as every caller does once a year."""
    from quietline.web.sellers.certifying import certify

    certify(organisation=body, by=person, at=at)


def _file(keys: Any) -> Path:
    import tempfile

    from quietline.registers import Entries, Metadata, RegisterBuilder, day_of
    from quietline.web.base.clock import now

    path = Path(tempfile.mkdtemp()) / "evidence.qlr"
    today = now().date()
    with RegisterBuilder() as builder:
        builder.add(Entries(keys, np.full(len(keys), day_of(today) - 30, dtype=np.uint16)))
        builder.write(path, Metadata("evidence", country="US", list_date=today))
    return path


def wait_for_copies() -> None:
    """Wait until the platform's worker has brought its copies up to all that was taken over."""
    from django.db import connection
    from django.db.models import Max

    from quietline.errors import OperationError
    from quietline.web.base.clock import now
    from quietline.web.publishing.models import Change
    from quietline.web.washing.copies import as_of

    end = time.monotonic() + 300
    while time.monotonic() < end:
        waiting = Change.objects.filter(number=None).exists()
        newest = Change.objects.aggregate(newest=Max("number"))["newest"]
        try:
            if not waiting and as_of(at=now()).number >= newest:
                connection.close()
                return
        except OperationError:
            pass
        time.sleep(0.5)
    raise RuntimeError("the copies do not come up")
