"""Structured logs: one JSON object a line, without personal data.

What may be logged is chosen, not what may not: an event name, codes, counts, durations, ids of records. Numbers, names,
addresses, paths (they may hold tokens; a view's name says enough) and messages of exceptions are never logged. Of what
libraries log, the template is kept and never what was put into it. Whatever looks like a number, a network address, an
address of mail or the query of a URL is blotted out last, in case something slipped through.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from collections.abc import MutableMapping

__all__ = ["configure", "log"]

_PERSONAL = re.compile(
    r"[^\s@<>\"'()]+@[^\s@<>\"'()]+"  # address of mail
    r"|(?<=\S)\?\S+"  # query of a URL
    r"|\+?\(?\d[\d\s().-]{5,}\d"  # number, IPv4 address
    r"|\b[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){3,7}(?![0-9A-Fa-f:])"  # IPv6 address
)
_EXEMPT = frozenset({"timestamp", "level", "version"})
_COUNTS = frozenset({"bytes", "port", "milliseconds", "version", "count", "first", "last", "size", "status"})
_LONGEST_ID = 9
"""Digits of an integer that may be an id; keys of numbers are longer."""
_DATA_BEGINS = re.compile(r"[\"'`:\[{(<=]")


def _foreign(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Of a record that a library made, keep what its author wrote and nothing that was put into it."""
    record = event.get("_record")
    arguments = event.pop("positional_args", None)
    event.pop("stack_info", None)
    event["logger"] = getattr(record, "name", "")
    status, request = getattr(record, "status_code", None), getattr(record, "request", None)
    if status is not None and request is not None:  # Django: the message is the path, or what the client sent
        match = getattr(request, "resolver_match", None)
        event["event"] = "answered"
        event.update(status=status, method=getattr(request, "method", ""), view=match.view_name if match else "none")
    elif not arguments:  # put together before it came here: no telling where the data begin but by the look of it
        event["event"] = _DATA_BEGINS.split(str(event["event"]), maxsplit=1)[0].strip() or "message"
    return event


def _blotted(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        if not name.startswith("_") and name not in _EXEMPT:
            event[name] = _without_personal(value, name in _COUNTS)
    return event


def _without_personal(value: Any, is_count: bool) -> Any:
    if isinstance(value, str):
        return _PERSONAL.sub("…", value)
    if isinstance(value, int):  # and bool
        return value if is_count or abs(value) < 10**_LONGEST_ID else "…"
    if value is None or isinstance(value, float):
        return value
    if isinstance(value, dict):
        return {_without_personal(str(name), False): _without_personal(inner, is_count) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_without_personal(inner, is_count) for inner in value]
    return type(value).__name__  # how an object shows itself nobody has chosen


def _exception_kind(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep where and what kind, never the words: a database's words quote rows."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    if isinstance(info, BaseException):
        info = (type(info), info, info.__traceback__)
    if info and info[0] is not None:
        places = []
        trace = info[2]
        while trace is not None:
            places.append(f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}")
            trace = trace.tb_next
        event["exception"] = info[0].__name__
        event["at"] = " > ".join(places[-6:])
    return event


def configure(_: dict[str, Any] | None = None) -> None:
    """Set up logging of this process; called once by Django."""
    chain: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _exception_kind,
        _blotted,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*chain[:-2], _foreign, *chain[-2:]],
        use_get_message=False,
        pass_foreign_args=True,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("quietline").setLevel(logging.INFO)
    structlog.configure(
        processors=[*chain, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def log(room: str) -> Any:
    """Give the logger of a room: ``log("publishing").info("published", version=3)``."""
    return structlog.stdlib.get_logger(f"quietline.{room}")
