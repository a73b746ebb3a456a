"""Reports by text go to the room that all reports have now; what the ledger's leaves are hashes of stays here."""

import json
import os
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import migrations

from quietline.web.keeping.rings import key_ring
from quietline.web.proofs.operations import hash_of
from quietline.web.subscribers.numbers import listed_line

_PROMISED_DAYS = 30


def move(apps: Any, schema_editor: Any) -> None:
    """Write a report and a complaint for each, under the reference and the data key that it has."""
    data_key = apps.get_model("keeping", "DataKey")
    for old in apps.get_model("subscribers", "Report").objects.select_related("data_key").order_by("pk").iterator():
        words = ""
        if old.words is not None and old.data_key is not None and old.data_key.wrapped is not None:
            words = key_ring().unwrap(old.data_key.wrapped, old.data_key.record).open_text(bytes(old.words), "words")
        if old.data_key is None:
            record = f"complaints.complaint:{uuid.uuid4()}"
            wrapped = key_ring().new_data_key(record)
            old.data_key = data_key.objects.create(record=record, wrapped=wrapped, created_at=old.at)
        _write(apps, old, words, key_ring())


def _write(apps: Any, old: Any, words: str, ring: Any) -> None:
    report = apps.get_model("complaints", "Report").objects.create(
        source="text", country=_country(old.key), caller_raw=old.caller_raw, caller_key=old.caller_key,
        caller_problem="" if old.caller_key or not old.caller_raw else "not_a_number", called_date=old.said_date,
        reported_at=old.at, weight=100 if old.line_proven else 40,
    )  # fmt: skip
    sealed = None
    if old.data_key.wrapped is not None:
        said = {"words": words, "said_when": old.said_time}
        sealed = ring.unwrap(old.data_key.wrapped, old.data_key.record).seal_text(json.dumps(said), "said")
    due = old.at + timedelta(days=_PROMISED_DAYS)
    complaint = apps.get_model("complaints", "Complaint").objects.create(
        report=report, reference=old.reference, challenge=uuid.uuid4(), key=old.key, line_proven=old.line_proven,
        reporter_index=ring.keyed_hash("complaints.reporter", old.key.to_bytes(8, "big")), answer_by="text",
        data_key=old.data_key, sealed=sealed, language=old.language, stage="answer", due_at=due, answer_due_at=due,
        answer_basis="promise", at=old.at,
    )  # fmt: skip
    act = apps.get_model("complaints", "ComplaintAct").objects.create(
        complaint=complaint, act="received", to_state="received", reason="proven" if old.line_proven else "unproven",
        at=old.at,
    )  # fmt: skip
    at = old.at.isoformat(timespec="microseconds")
    _prove(apps, "complaint", complaint.pk, old.at, {
        "report": report.pk, "reference": old.reference, "late": False, "passed_on": False, "through": None, "at": at,
    })  # fmt: skip
    _prove(apps, "complaint-act", act.pk, old.at, {
        "complaint": complaint.pk, "act": "received", "from": "", "to": "received", "reason": act.reason, "by": None,
        "at": at,
    })  # fmt: skip


def _prove(apps: Any, kind: str, record: int, at: datetime, canonical: dict[str, object]) -> None:
    salt = os.urandom(16)
    apps.get_model("proofs", "Leaf").objects.create(
        kind=kind, record=record, salt=salt, hash=hash_of(salt, kind, record, canonical), at=at
    )


def _country(key: int) -> str:
    return listed_line(key).country


class Migration(migrations.Migration):
    dependencies = [
        ("complaints", "0001_initial"),
        ("keeping", "0001_initial"),
        ("proofs", "0001_initial"),
        ("subscribers", "0002_low_tech"),
    ]

    # while running: only a report by text uses these columns. A process with the code of before fails at it, the whole text
    # is undone, and the gateway, which gets no 2xx, hands it in again: a process with the new code takes it.
    operations = [
        migrations.RunPython(move, migrations.RunPython.noop),
        migrations.RemoveField("report", "key"),
        migrations.RemoveField("report", "caller_raw"),
        migrations.RemoveField("report", "caller_key"),
        migrations.RemoveField("report", "said_time"),
        migrations.RemoveField("report", "words"),
        migrations.RemoveField("report", "data_key"),
        migrations.RemoveField("report", "language"),
        migrations.RemoveField("report", "line_proven"),
        migrations.RenameModel("Report", "EarlierReport"),
    ]
