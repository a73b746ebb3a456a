"""What the tests of this room share beside fixtures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
HOURS = timedelta(hours=1)
DAYS = timedelta(days=1)
DUE = AT + 14 * DAYS
PASSWORD = "a quiet evening at home"
CALLER, CALLEE = "+12125550147", "+12125550123"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00" + bytes(28)
MATTERS = {
    "reply": {"complaints": 3, "caller": CALLER, "called_at": AT - DAYS, "product": "Windows"},
    "call-record": {"caller": CALLER, "callee": CALLEE, "from_at": AT - 2 * DAYS, "until_at": AT - DAYS},
    "holder": {"number": CALLER, "on": "2026-11-20"},
    "conduct": {"papers": ["procedures", "contracts"]},
    "correct": {"what": "Stop calling after 21:00."},
    "restrict": {"line": CALLER, "what": "outgoing", "days": 30},
    "block": {"first": "+12125550140", "last": "+12125550149", "since_at": AT},
    "lift": {"number": CALLER},
}
"""Something to ask of each kind."""
VALUES = {
    "reply": {"stance": "disputed", "made_call": "yes", "ground": "consent"},
    "call-record": {"happened": "yes", "started_at": AT - DAYS, "duration_seconds": 47, "attestation": "B",
                    "from_network": "Northtel"},
    "holder": {"holder": "subscriber", "holder_class": "business", "since": "2020-01-31"},
    "conduct": {"complete": "partly"},
    "correct": {"done": "yes", "done_on": "2026-11-22"},
    "restrict": {}, "block": {}, "lift": {},
}  # fmt: skip
"""A good answer, or acknowledgement, to each."""
ORDERS = ("restrict", "block", "lift")


def text(page):
    """The page, entities resolved."""
    import html

    return html.unescape(page.content.decode())


def letters(template=None):
    """The letters that wait to be sent, the oldest first."""
    from quietline.web.messaging.models import OutgoingMessage

    rows = OutgoingMessage.objects.filter(channel="mail").order_by("pk")
    return list(rows.filter(template=template) if template else rows)


def leaves(kind):
    """How many leaves of a kind the ledger has, each of which fits its row."""
    from quietline.web.proofs.kinds import model_of
    from quietline.web.proofs.models import Leaf
    from quietline.web.proofs.operations import hash_of

    rows = Leaf.objects.filter(kind=kind)
    for leaf in rows:
        row = model_of(kind).objects.get(pk=leaf.record)
        assert bytes(leaf.hash) == hash_of(bytes(leaf.salt), kind, row.pk, row.canonical)
    return rows.count()


def fresh(inquiry):
    """The inquiry as it stands in the database now."""
    return type(inquiry).objects.get(pk=inquiry.pk)


def do(inquiry, step, *, by, officer, at=AT, words="We had their consent."):
    """Take a step as the operations have it."""
    from quietline.web.inquiries import operations

    kind = inquiry.kind
    said = {} if kind == "holder" else {"words": words}
    return {
        "read": lambda: operations.mark_read(inquiry, by=by, at=at),
        "answer": lambda: operations.answer(inquiry, values=VALUES[kind], **said, by=by, at=at),
        "acknowledge": lambda: operations.acknowledge(inquiry, by=by, at=at),
        "refuse": lambda: operations.refuse(inquiry, reason="Not our number.", by=by, at=at),
        "ask-time": lambda: operations.ask_for_time(inquiry, reason="Holidays.", by=by, at=at),
        "extend": lambda: operations.extend(inquiry, due_at=DUE + DAYS, reason="Holidays.", by=officer, at=at),
        "withdraw": lambda: operations.withdraw(inquiry, reason="Sent by mistake.", by=officer, at=at),
        "close": lambda: operations.close(inquiry, by=officer, at=at),
    }[step]()
