"""The key ring is rotated by an operator: step by step, beside processes at work, and nothing is lost on the way."""

from __future__ import annotations

import os
import uuid
from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import models

from quietline.errors import VaultError
from quietline.vault import KeyRing, create_key_ring, kek_of
from quietline.web.keeping import rewrapping
from quietline.web.keeping.data_keys import destroy_keys, new_data_key, opened_key
from quietline.web.keeping.models import DataKey
from quietline.web.keeping.rewrapping import COLUMNS, count_by_kek, rewrap_keys
from quietline.web.keeping.rings import key_ring

AT = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


@pytest.fixture
def ring(tmp_path, monkeypatch, db):
    """A key ring of this test's own, in a file."""
    path = tmp_path / "keys" / "ring"
    create_key_ring(path, at=AT)
    monkeypatch.setattr("quietline.web.keeping.rings.ring_path", lambda: path)
    monkeypatch.setattr("quietline.web.keeping.management.commands.key_ring.ring_path", lambda: path)
    return path


def some_keys(count):
    return [new_data_key(f"tests.record:{place}", at=AT) for place in range(count)]


def an_hour_later(path):
    past = path.stat().st_mtime - 3_700
    os.utime(path, (past, past))


def test_a_rotation_from_beginning_to_end(ring, capsys):
    keys = some_keys(5)
    sealed = keys[0][1].seal(b"words", "field")
    call_command("key_ring", "new")
    assert key_ring().current == "v1"
    call_command("key_ring", "use")
    assert key_ring().current == "v2"
    assert count_by_kek() == {"v1": 5}
    with pytest.raises(CommandError, match="still wraps 5"):
        call_command("key_ring", "retire", "v1")
    call_command("key_ring", "rewrap", "--batch", "2")
    assert count_by_kek() == {"v2": 5}
    with pytest.raises(CommandError, match="may not be stored yet"):
        call_command("key_ring", "retire")
    an_hour_later(ring)
    call_command("key_ring", "retire")
    assert KeyRing.load(ring).kek_ids == ("v2",)
    row = DataKey.objects.get(pk=keys[0][0].pk)
    assert kek_of(row.wrapped) == "v2"
    assert opened_key(row).open(sealed, "field") == b"words"
    call_command("key_ring")
    assert capsys.readouterr().out.endswith("v2: 5 data keys (wraps new data keys)\n")


def test_a_process_at_work_sees_the_new_ring_by_itself(ring):
    before = key_ring()
    assert key_ring() is before
    call_command("key_ring", "new")
    call_command("key_ring", "use")
    row, _opened = new_data_key("tests.record:1", at=AT)
    assert kek_of(row.wrapped) == "v2"
    ring.unlink()
    assert key_ring().current == "v2"


def test_a_rewrapping_that_was_broken_off_goes_on(ring):
    some_keys(5)
    call_command("key_ring", "new")
    call_command("key_ring", "use")
    parts = rewrap_keys(key_ring(), batch=2)
    assert next(parts).done == 2
    parts.close()
    assert count_by_kek() == {"v1": 3, "v2": 2}
    assert sum(part.done for part in rewrap_keys(key_ring(), batch=2)) == 3


def test_a_key_that_is_destroyed_meanwhile_stays_destroyed(ring, monkeypatch):
    (gone, _), _other = some_keys(2)
    call_command("key_ring", "new")
    call_command("key_ring", "use")
    next_rows = rewrapping._next

    def destroyed_after_reading(*arguments):
        rows = next_rows(*arguments)
        destroy_keys([gone.pk], at=AT)
        return rows

    monkeypatch.setattr(rewrapping, "_next", destroyed_after_reading)
    call_command("key_ring", "rewrap")
    assert DataKey.objects.get(pk=gone.pk).wrapped is None
    assert count_by_kek() == {"v2": 1}


def test_keys_that_do_not_open_are_counted_and_kept(ring):
    (row, _), _other = some_keys(2)
    DataKey.objects.filter(pk=row.pk).update(record="tests.another")
    call_command("key_ring", "new")
    call_command("key_ring", "use")
    with pytest.raises(CommandError, match="1 data keys do not open"):
        call_command("key_ring", "rewrap")
    assert count_by_kek() == {"v1": 1, "v2": 1}
    an_hour_later(ring)
    with pytest.raises(CommandError, match="still wraps 1"):
        call_command("key_ring", "retire", "v1")


def test_steps_in_a_wrong_order_are_refused(ring):
    with pytest.raises(CommandError, match="First: key_ring new"):
        call_command("key_ring", "use")
    with pytest.raises(CommandError, match="First: key_ring rewrap"):
        call_command("key_ring", "retire")
    call_command("key_ring", "new")
    with pytest.raises(CommandError, match="standby key already"):
        call_command("key_ring", "new")


def test_a_ring_without_a_key_that_wraps_something_is_seen(ring, tmp_path):
    some_keys(1)
    DataKey.objects.update(wrapped=b"\x01\x02v9" + bytes(60))
    with pytest.raises(CommandError, match="cannot be opened"):
        call_command("key_ring")


def test_every_column_of_wrapped_keys_is_known():
    known = {(column.model.lower(), column.wrapped) for column in COLUMNS}
    found = {
        (model._meta.label_lower, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.BinaryField) and (field.name in {"data_key", "wrapped"} or "wrapped" in field.name)
    }
    assert found == known


def test_names_of_records_are_those_under_which_their_rooms_seal():
    from quietline.web.api import hooks, idempotency
    from quietline.web.evidence import uploads
    from quietline.web.messaging import inbound_parts, operations
    from quietline.web.messaging.models import OutgoingMessage
    from quietline.web.sellers import joining

    name = uuid.uuid4()
    wanted = {
        "messaging.OutgoingMessage": operations._record(OutgoingMessage(sealed_for=name)),
        "messaging.InboundPart": inbound_parts._record(name.bytes, 2),
        "evidence.Upload": uploads._record(name),
        "sellers.Application": joining._record(name),
        "api.Webhook": hooks._record(name),
        "api.KeptAnswer": idempotency._record(name.bytes),
        "keeping.DataKey": str(name),
    }
    values = {"api.KeptAnswer": (name.bytes,), "messaging.InboundPart": (name.bytes, 2)}
    given = {column.model: column.record(*values.get(column.model, (name,))) for column in COLUMNS}
    assert given == wanted


def test_a_webhook_is_wrapped_anew_and_opens(ring):
    from quietline.web.accounts.models import Organisation
    from quietline.web.accounts.operations import found_organisation
    from quietline.web.api.models import Webhook

    body = found_organisation(kind=Organisation.Kind.SELLER, name="Calls", country="US", by=None, at=AT)
    pk = uuid.uuid4()
    wrapped = key_ring().new_data_key(f"api.webhook:{pk}")
    Webhook.objects.create(id=pk, organisation=body, url="https://x", data_key=wrapped, secret=b"x", created_at=AT)
    call_command("key_ring", "new")
    call_command("key_ring", "use")
    call_command("key_ring", "rewrap")
    stored = Webhook.objects.get().data_key
    assert kek_of(stored) == "v2"
    key_ring().unwrap(stored, f"api.webhook:{pk}")
    with pytest.raises(VaultError):
        key_ring().unwrap(stored, "api.webhook:other")


def test_the_ring_of_the_tests_is_as_it_was(db):
    assert key_ring().current == KeyRing.load(settings.ENVIRONMENT.home / "keys" / "ring").current == "v1"
