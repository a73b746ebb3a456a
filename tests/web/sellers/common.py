"""What the tests of this room share beside fixtures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
DAYS = timedelta(days=1)
PASSWORD = "a quiet evening at home"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6300010000000500010d0a2db4"
    "0000000049454e44ae426082"
)
JPEG = b"\xff\xd8\xff\xe0" + b"\x00\x10JFIF\x00" + bytes(30) + b"\xff\xd9"


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
