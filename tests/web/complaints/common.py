"""What the tests of this room share beside fixtures."""

from __future__ import annotations

import html
from datetime import UTC, datetime, timedelta

AT = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
DAYS = timedelta(days=1)
NUMBER = "+12125550123"
KEY = 12125550123
CALLER = "+12125550199"
CALLER_KEY = 12125550199
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6300010000000500010d0a2db4"
    "0000000049454e44ae426082"
)
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(24)


def line(raw=NUMBER):
    """A line that can be reported about."""
    from quietline.web.subscribers.numbers import read_line

    return read_line(raw, countries=("US", "GB", "IN", "CN"))


def report(at=AT, *, told=None, on=NUMBER, is_proven=True, country="US", **more):
    """Take a report as the site does."""
    from quietline.web.complaints import taking
    from quietline.web.complaints.models import Report

    values = {"source": Report.Source.WEB, "language": "en", **more}
    return taking.take(
        told=told or taking.Told(caller=CALLER, called_at=at), country=country, at=at, line=line(on) if on else None,
        is_proven=is_proven and on is not None, **values,
    )  # fmt: skip


def told(**more):
    """What somebody says of a call, with everything that the law asks for."""
    from quietline.web.complaints import taking

    return taking.Told(**{"caller": CALLER, "called_at": AT, "subject": "energy", "is_recorded": False, **more})


def work(complaint):
    """Let the worker join the facts of a report; give them by name."""
    from quietline.web.complaints import counting

    counting.work_waiting(at=AT)
    complaint.refresh_from_db()
    return {fact["name"]: fact for fact in complaint.facts}


def listed(register, *, since, ended=None, terms=""):
    """Let the reported line stand in a register."""
    from quietline.web.publishing.models import Entry

    return Entry.objects.create(
        register=register, key=KEY, since_date=since.date(), assurance="code", reference=f"E-{since:%Y%m%d}",
        listed_at=since, ended_at=ended, terms=terms, end_reason="withdrawn" if ended else "",
    )  # fmt: skip


def text(page):
    """The page, entities resolved."""
    return html.unescape(page.content.decode())


def leaves(kind):
    """How many leaves of a kind the ledger has, each of which fits its row."""
    from quietline.web.proofs.kinds import model_of
    from quietline.web.proofs.models import Leaf
    from quietline.web.proofs.operations import hash_of

    rows = list(Leaf.objects.filter(kind=kind))
    for leaf in rows:
        row = model_of(kind).objects.get(pk=leaf.record)
        assert bytes(leaf.hash) == hash_of(bytes(leaf.salt), kind, row.pk, row.canonical)
    return len(rows)
