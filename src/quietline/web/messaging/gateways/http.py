"""A gateway reached by HTTP: one request for a whole batch.

The request is ``POST`` to ``QUIETLINE_SMS_URL`` with ``Authorization: Bearer`` and ``QUIETLINE_SMS_TOKEN``, and where calls
have a gateway of their own, for those to ``QUIETLINE_VOICE_URL`` with ``QUIETLINE_VOICE_TOKEN``::

    {"sender": "Quietline",
     "messages": [{"id": "71", "to": "+12125550123", "text": "...", "kind": "text", "language": "en"}]}

``kind`` is ``text`` or ``call``; a call's text is read aloud in ``language`` (``en`` or ``zh-hans``). The answer is 2xx and
names what became of each message::

    {"results": [{"id": "71", "status": "accepted"},
                 {"id": "72", "status": "rejected", "reason": "unknown-number"},
                 {"id": "73", "status": "later", "reason": "busy"}]}

``rejected`` is final, ``later`` is tried once more, as is a message that the answer forgets. An answer without ``results``
takes them all. Messages may arrive twice (after a time-out, say) with the same ``id``: a gateway that remembers ids for
an hour sends each once. Not the fault of a message, and tried once more: no answer, 401, 403, 404, 408, 425, 429, 5xx. Any
other status is about the content: the batch is halved until the message that is at fault stands alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from quietline.web.messaging.gateways.base import Outcome, accepted, plain_reason, put_off, refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quietline.web.messaging.gateways.base import Letter

__all__ = ["HttpGateway"]

_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 20.0
_NOT_THE_MESSAGE = frozenset((401, 403, 404, 408, 425, 429))


class HttpGateway:
    """Sends texts and calls by HTTP. It keeps its connection; one thread uses it.

    Args:
        url: address that takes batches.
        token: sent as bearer token; None sends none.
        sender: name or number that people see.
        answer_seconds: how long to wait for an answer.
    """

    def __init__(self, url: str, *, token: str | None, sender: str, answer_seconds: float = _ANSWER_SECONDS) -> None:
        self._url = url
        self._sender = sender
        self._client = httpx.Client(
            headers={"authorization": f"Bearer {token}"} if token else {},
            timeout=httpx.Timeout(answer_seconds, connect=min(_CONNECT_SECONDS, answer_seconds)),
            trust_env=False,  # no proxy by accident: the batch holds numbers and codes
        )

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def send(self, batch: Sequence[Letter]) -> list[Outcome]:
        """Send a batch in one request, in more where the gateway finds fault with one of the messages."""
        try:
            answer = self._client.post(self._url, json={"sender": self._sender, "messages": [_message(x) for x in batch]})
        except httpx.TimeoutException:
            return put_off(batch, "gateway.time-out")
        except httpx.HTTPError:
            return put_off(batch, "gateway.unreachable")
        if answer.is_success:
            return _outcomes(batch, answer)
        status = answer.status_code
        if not 400 <= status < 500 or status in _NOT_THE_MESSAGE:
            return put_off(batch, f"gateway.{status}")
        if len(batch) == 1:
            return refused(batch, f"gateway.{status}")
        middle = len(batch) // 2
        return self.send(batch[:middle]) + self.send(batch[middle:])


def _message(letter: Letter) -> dict[str, str]:
    return {
        "id": str(letter.id), "to": letter.to, "text": letter.text, "kind": letter.channel, "language": letter.language,
    }  # fmt: skip


def _outcomes(batch: Sequence[Letter], answer: httpx.Response) -> list[Outcome]:
    try:
        said: Any = answer.json() if answer.content else {}
    except ValueError:
        said = {}  # "OK", as some answer
    results = said.get("results") if isinstance(said, dict) else None
    if not isinstance(results, list):
        return accepted(batch)
    by_id = {str(result.get("id")): result for result in results if isinstance(result, dict)}
    return [_outcome(letter, by_id.get(str(letter.id))) for letter in batch]


def _outcome(letter: Letter, result: dict[str, Any] | None) -> Outcome:
    if result is None:
        return Outcome(letter.id, "gateway.forgot", retry=True)
    status = result.get("status")
    if status == "accepted":
        return Outcome(letter.id)
    if status == "rejected":
        return Outcome(letter.id, plain_reason(result.get("reason"), "gateway.rejected"))
    return Outcome(letter.id, plain_reason(result.get("reason"), "gateway.later"), retry=True)
