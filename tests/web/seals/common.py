"""What the tests of this room share beside fixtures."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
HOURS = timedelta(hours=1)
DAYS = timedelta(days=1)
FIRST, LAST = 12125550100, 12125550109
ONE = 12125550147
PASSWORD = "a quiet evening at home"
ANSWER = {
    "en": "The records show that your line did not make these calls.",
    "zh-hans": "通话记录显示这些电话并非由您的号码拨出。",
}
LETTER = "The calls were made by somebody who showed our number."


def text(page):
    """The page, entities resolved, white space as one."""
    import html

    return " ".join(html.unescape(page.content.decode()).split())


def letters(template=None):
    """The messages that wait to be sent, the oldest first."""
    from quietline.web.messaging.models import OutgoingMessage

    rows = OutgoingMessage.objects.order_by("pk")
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


def fresh(row):
    """The row as it stands in the database now."""
    return type(row).objects.get(pk=row.pk)


def standing(kind):
    """The numbers that stand in the register of a kind now, in their order."""
    from quietline.web.publishing.models import Entry

    rows = Entry.objects.filter(register__kind=kind, register__owner=None, ended_at=None)
    return list(rows.order_by("key").values_list("key", flat=True))


def changes(kind):
    """What the feed of the register of a kind is made of: operation and number, in their order."""
    from quietline.web.publishing.models import Change

    rows = Change.objects.filter(register__kind=kind, key__isnull=False).order_by("pk")
    return [(row.operation, row.key) for row in rows]


def both(*acts):
    """Do things at once, each on a connection of its own; give what each gave, or the code with which it was refused."""
    from django.db import connection

    from quietline.errors import OperationError

    gate = Barrier(len(acts))

    def run(act):
        try:
            gate.wait(timeout=20)
            return act()
        except OperationError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))
