"""People who list numbers, choose other terms and withdraw (JSON interface), and write down what they are told."""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

    from crashing.gateway import Gateway
    from crashing.journal import Journal, Outcome, Page

__all__ = ["Caller", "Numbers", "World"]

_TERMS: Sequence[tuple[dict[str, list[str]], str]] = (
    ({}, ""),
    ({"channels": ["text"]}, "channels=text"),
    ({"categories": ["1", "4"]}, "categories=1,4"),
    ({"channels": ["voice", "recorded"], "days": ["31", "36"]}, "channels=recorded,voice; days=31,36"),
)
_CODE_SECONDS = 90.0
_INSIST_SECONDS = 120.0
_ANSWER_SECONDS = 30.0


class Numbers:
    """Fictitious numbers, each handed out once: 555-0100 to 555-0199 of every area code, and Ofcom's drama numbers."""

    def __init__(self, dice: random.Random) -> None:
        from quietline.numbering import Status, parse

        american = [f"+1{area}55501{last:02}" for area in range(201, 1000) if _is_listed(area) for last in range(100)]
        british = [f"+442079460{last:03}" for last in range(1000)]
        self._numbers = [n for n in american + british if parse(n, country="US").status is Status.OK]
        dice.shuffle(self._numbers)
        self._lock = Lock()

    def take(self) -> str:
        """Give one that was not given before."""
        with self._lock:
            return self._numbers.pop()


def _is_listed(area: int) -> bool:
    """Say whether numbers of an area code can be listed in the United States."""
    from quietline.errors import OperationError
    from quietline.web.subscribers.numbers import read_line

    try:
        return bool(read_line(f"+1{area}5550123", countries=("US",)))
    except OperationError:
        return False


@dataclass(frozen=True, slots=True)
class World:
    """What callers share."""

    url: str
    gateway: Gateway
    journal: Journal
    numbers: Numbers
    stop: Event


class Caller(Thread):
    """One of them."""

    def __init__(self, world: World, dice: random.Random, *, pause_seconds: float) -> None:
        super().__init__(name="caller", daemon=True)
        self.problems: list[str] = []
        self._world = world
        self._dice = dice
        self._pause = pause_seconds
        self._client = httpx.Client(base_url=world.url, timeout=_ANSWER_SECONDS, trust_env=False)

    def run(self) -> None:
        """Act until told to stop; what was begun is ended."""
        try:
            while not self._world.stop.is_set():
                self._live(self._world.journal.page(self._world.numbers.take()))
        except Exception as error:  # noqa: BLE001 - a caller that ends early would hide what it found
            self.problems.append(f"a caller ended: {error!r}")
        finally:
            self.close()

    def close(self) -> None:
        """Close the connection; the web server ends at once only when all are closed."""
        self._client.close()

    def list_number(self, page: Page, *, insist: bool) -> str | None:
        """List a number: ask for a code, wait for it, confirm it; give its token for the entry, None where that failed."""
        # such a code only ever adds: where an entry may stand already, everything is asked for
        wanted, terms = self._dice.choice(_TERMS) if page.possible == {None} else _TERMS[0]
        sent = self._ask(page, "/api/v1/listings", terms=wanted)
        if sent is None:
            return None
        for attempt, (outcome, told) in enumerate(self._tries("POST", *sent, insist=insist)):
            if attempt and outcome == "refused" and told.get("code") == "code.over":
                # the code was used by the attempt whose answer was lost, so the listing has to be there
                page.set_to(terms, "done")
                self._world.journal.count("confirm", "done, seen by its used code")
                return None
            page.set_to(terms, outcome, told.get("reference"))
            self._count("confirm", outcome, told)
            if outcome == "done":
                return str(told["line_token"])
        return None

    def _ask(self, page: Page, path: str, **more: Any) -> tuple[str, dict[str, str]] | None:
        """Ask for a code and wait for it; give where it is confirmed and by what, None where that failed."""
        known = self._world.gateway.codes(page.number)
        outcome, told = self._try("POST", path, {"number": page.number, **more})
        page.asked(outcome)
        self._count("ask", outcome, told)
        if outcome != "done":
            return None
        code = self._world.gateway.wait_for_code(page.number, known, seconds=_CODE_SECONDS)
        if code is None:
            self.problems.append(f"no code within {_CODE_SECONDS:.0f} seconds: ...{page.number[-7:]}")
            return None
        return f"{path}/{told['id']}/confirm", {"code": code}

    def _prove(self, page: Page) -> str | None:
        """Prove the line, as who wants to change an entry has to; give its token, None where that failed."""
        sent = self._ask(page, "/api/v1/proofs-of-line")
        if sent is None:
            return None
        outcome, told = self._try("POST", *sent)
        self._count("prove", outcome, told)
        return str(told["line_token"]) if outcome == "done" else None

    def _live(self, page: Page) -> None:
        """Do with one number what its holder might."""
        for _ in range(self._dice.choice((1, 1, 1, 2, 3))):
            token = self.list_number(page, insist=self._dice.random() < 0.5)
            self._rest()
            if token is None or (token := self._prove(page)) is None or not self._change_mind(page, token):
                return

    def _change_mind(self, page: Page, token: str) -> bool:
        """Change terms or withdraw some times; False where nobody knows any more how the number stands."""
        for _ in range(self._dice.choice((0, 1, 1, 2))):
            wanted, terms = self._dice.choice(_TERMS)
            leave = self._dice.random() < 0.4
            method, path = ("DELETE", "/api/v1/line") if leave else ("PUT", "/api/v1/line/terms")
            act, state = ("withdraw", None) if leave else ("change", terms)
            outcome: Outcome = "lost"
            insist = self._dice.random() < 0.5
            for outcome, told in self._tries(method, path, None if leave else wanted, insist=insist, token=token):
                page.set_to(state, outcome, told.get("reference"))
                self._count(act, outcome, told)
            if outcome == "lost":
                return False
            self._rest()
        return True

    def _tries(
        self, method: str, path: str, body: Any, *, insist: bool, token: str = ""
    ) -> Iterator[tuple[Outcome, dict[str, Any]]]:
        """Try until there is an answer; who does not insist leaves it at the first answer that was lost."""
        end = time.monotonic() + _INSIST_SECONDS
        while True:
            outcome, told = self._try(method, path, body, token)
            yield outcome, told
            if outcome != "lost" or not insist or time.monotonic() > end:
                return
            time.sleep(0.3)

    def _try(self, method: str, path: str, body: Any, token: str = "") -> tuple[Outcome, dict[str, Any]]:
        """Send a request, once it can be sent at all."""
        address = f"10.{self._dice.randrange(256)}.{self._dice.randrange(256)}.{self._dice.randrange(1, 255)}"
        headers = {"X-Forwarded-For": address} | ({"Line-Token": token} if token else {})
        end = time.monotonic() + _INSIST_SECONDS
        while True:
            try:
                answer = self._client.request(method, path, json=body, headers=headers)
            except (httpx.ConnectError, httpx.ConnectTimeout):  # nobody there: it was never sent
                if time.monotonic() > end:
                    self.problems.append("nobody answers")
                    return "refused", {}
                time.sleep(0.1)
                continue
            except httpx.TransportError as error:
                return "lost", {"failure": type(error).__name__}
            break
        if answer.status_code >= 500:
            return "lost", {"failure": str(answer.status_code)}
        told = answer.json() if answer.content else {}
        return ("done" if answer.is_success else "refused"), told

    def _count(self, act: str, outcome: Outcome, told: dict[str, Any]) -> None:
        self._world.journal.count(act, outcome)
        if outcome == "lost":
            self._world.journal.count("lost by", told["failure"])
        if outcome == "refused":
            self.problems.append(f"{act} was refused: {told.get('code')}")

    def _rest(self) -> None:
        time.sleep(self._dice.uniform(0, 2 * self._pause))
