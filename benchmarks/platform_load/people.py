"""People who list their numbers, at a steady rate whether the platform keeps up or not, in one process."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from quietline.numbering import Status, facts, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Result", "fictitious_numbers", "percentiles", "run_people"]

_CODE = re.compile(r"(?<!\d)(?:\d[ ,.-]*){7}\d(?!\d)")  # in one piece in a text, digit by digit in a call
# personal and premium numbers cannot be listed
_COSTLY = frozenset((500, 521, 522, 525, 526, 527, 528, 529, 532, 533, 544, 566, 577, 588, 622, 633, 900))
_CONNECTIONS = 64
_PATIENCE = 30.0


@dataclass
class Result:
    """What came of it."""

    came: int = 0
    confirmed: int = 0
    seconds: float = 0.0
    last_at: float = 0.0
    failures: dict[str, int] = field(default_factory=dict)
    times: dict[str, list[float]] = field(default_factory=lambda: {"ask": [], "confirm": [], "code": []})


def percentiles(seconds: list[float]) -> dict[str, float]:
    """Give p50, p95 and p99 in milliseconds; nothing of nothing."""
    ordered = sorted(seconds)
    if not ordered:
        return {}
    return {f"p{p}": round(1000 * ordered[min(len(ordered) - 1, len(ordered) * p // 100)], 1) for p in (50, 95, 99)}


class Connections:
    """Kept-alive connections to one server, handed out to whoever needs one."""

    def __init__(self, port: int, count: int) -> None:
        self._port = port
        self._free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter] | None] = asyncio.Queue()
        for _ in range(count):
            self._free.put_nowait(None)

    async def post(self, path: str, body: dict[str, object], address: str) -> tuple[int, dict[str, object]]:
        """Send JSON; give status and JSON."""
        connection = await self._free.get()
        try:
            if connection is None:
                connection = await asyncio.open_connection("127.0.0.1", self._port)
            reader, writer = connection
            data = json.dumps(body).encode()
            request = (
                f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                f"X-Forwarded-For: {address}\r\nContent-Length: {len(data)}\r\n\r\n"
            )
            writer.write(request.encode() + data)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(re.search(rb"content-length: (\d+)", head, re.IGNORECASE)[1])  # type: ignore[index]
            answer = await reader.readexactly(length)
            status = int(head[9:12])
            return status, json.loads(answer) if answer else {}
        except (OSError, asyncio.IncompleteReadError):
            connection = None
            raise
        finally:
            self._free.put_nowait(connection)


class Telephones:
    """The telephone network: takes batches of messages from the gateway, as an operator's HTTP interface does."""

    def __init__(self) -> None:
        self._codes: dict[str, asyncio.Future[str]] = {}

    def expect(self, number: str) -> asyncio.Future[str]:
        """Give what will be the code that arrives at a number."""
        self._codes[number] = future = asyncio.get_running_loop().create_future()
        return future

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection of the worker."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(re.search(rb"content-length: (\d+)", head, re.IGNORECASE)[1])  # type: ignore[index]
                messages = json.loads(await reader.readexactly(length))["messages"]
                outcomes = [{"id": message["id"], "status": "accepted"} for message in messages]
                answer = json.dumps({"messages": outcomes}).encode()
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer
                )
                for message in messages:
                    found, future = _CODE.search(message["text"]), self._codes.get(message["to"])
                    if found and future is not None and not future.done():
                        future.set_result(re.sub(r"\D", "", found[0]))
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            writer.close()


def fictitious_numbers() -> list[str]:
    """Give the numbers of nobody in every area of the United States: 555-0100 to 555-0199 of each."""
    areas = [area for area in range(200, 1000) if parse(f"+1{area}5550123", country="US").status is Status.OK]
    areas = [area for area in areas if facts(f"+1{area}5550123").region == "US"]
    return [f"+1{area}55501{last:02d}" for last in range(100) for area in areas if area not in _COSTLY]


def run_people(*, port: int, gateway_port: int, rate: float, seconds: float, numbers: Iterator[str]) -> Result:
    """Let people come at a rate for some seconds, each with the next number, and wait for the last of them."""
    return asyncio.run(_run(port, gateway_port, rate, seconds, numbers))


async def _run(port: int, gateway_port: int, rate: float, seconds: float, numbers: Iterator[str]) -> Result:
    result, failures = Result(), Counter[str]()
    telephones, platform = Telephones(), Connections(port, _CONNECTIONS)
    server = await asyncio.start_server(telephones.serve, "127.0.0.1", gateway_port)
    started, tasks = time.perf_counter(), []
    for i in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, started + i / rate - time.perf_counter()))
        address = f"10.{i % 250}.{i // 250 % 250}.{i % 199 + 1}"
        tasks.append(asyncio.create_task(_person(next(numbers), address, platform, telephones, result, failures)))
    await asyncio.gather(*tasks)
    result.came, result.seconds, result.failures = len(tasks), result.last_at - started, dict(failures)
    server.close()
    return result


async def _person(
    number: str, address: str, platform: Connections, telephones: Telephones, result: Result, failures: Counter[str]
) -> None:
    try:
        code = telephones.expect(number)
        began = time.perf_counter()
        status, answer = await platform.post("/api/v1/listings", {"number": number}, address)
        asked = time.perf_counter()
        if status != 202:
            failures[f"ask {status} {answer.get('code', '')}"] += 1
            return
        result.times["ask"].append(asked - began)
        typed = await asyncio.wait_for(code, _PATIENCE)
        arrived = time.perf_counter()
        result.times["code"].append(arrived - asked)
        status, answer = await platform.post(f"/api/v1/listings/{answer['id']}/confirm", {"code": typed}, address)
        if status != 200:
            failures[f"confirm {status} {answer.get('code', '')}"] += 1
            return
        result.times["confirm"].append(time.perf_counter() - arrived)
        result.confirmed += 1
        result.last_at = time.perf_counter()
    except (TimeoutError, OSError, asyncio.IncompleteReadError) as error:
        failures[type(error).__name__] += 1
