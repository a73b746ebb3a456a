"""The outbox: nothing is lost, nothing is sent by two at once, nothing is sent too late."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.utils import InterfaceError

from quietline.errors import TooManyError
from quietline.web.messaging.gateways.base import Outcome
from quietline.web.messaging.models import DailyCount, OutgoingMessage
from quietline.web.messaging.operations import MOST_ATTEMPTS, Along, Delivered, check_cap, deliver_batch, enqueue, tidy
from quietline.web.messaging.queries import spent_today, waiting_by_channel
from quietline.web.messaging.secrets import code_of
from quietline.web.proofs.models import Heartbeat

from .conftest import AT

pytestmark = pytest.mark.django_db(transaction=True)
NOTICE = {"template": "delegate", "facts": {"reference": "DG-1"}}


class Keeps:
    """Answers each letter as told, and remembers them."""

    def __init__(self, answer=lambda letter: Outcome(letter.id)):
        self.answer = answer
        self.letters = []

    def send(self, batch):
        self.letters += batch
        return [self.answer(letter) for letter in batch]

    def close(self):
        pass


def deliver(gateway, at=AT, limit=500):
    return deliver_batch(gateways={"text": gateway, "call": gateway, "mail": gateway}, at=at, limit=limit)


def test_a_code_leaves_and_nothing_of_it_stays(put, exchange, gateway):
    row = put()
    assert deliver(gateway) == Delivered(sent=1)
    assert [m["to"] for m in exchange.got] == ["+12125550100"]
    assert code_of(row.challenge) in exchange.got[0]["text"]
    assert exchange.got[0]["id"] == str(row.pk)
    assert not OutgoingMessage.objects.exists()


def test_a_code_is_stored_nowhere_while_it_waits(put):
    row = put()
    with connection.cursor() as cursor:
        cursor.execute("SELECT m::text FROM messaging_outgoingmessage m")
        assert code_of(row.challenge) not in cursor.fetchone()[0]


def test_a_message_of_an_act_that_did_not_happen_does_not_leave(exchange, gateway):
    def act():
        with transaction.atomic():
            enqueue(channel="text", language="en", at=AT, key=12125550100, **NOTICE)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        act()
    assert deliver(gateway) == Delivered()
    assert exchange.got == []


def test_outside_a_transaction_nothing_is_enqueued():
    with pytest.raises(transaction.TransactionManagementError):
        enqueue(channel="text", language="en", at=AT, key=12125550100, **NOTICE)


def test_an_act_that_goes_along_is_done_in_one_statement_with_the_message_or_not_at_all():
    beat = Along("INSERT INTO proofs_heartbeat (process, at) VALUES (%(along_process)s, %(along_at)s)",
                 {"along_process": "act", "along_at": AT})  # fmt: skip
    enqueue(channel="text", language="en", at=AT, key=12125550100, along=beat, **NOTICE)
    assert Heartbeat.objects.count() == OutgoingMessage.objects.count() == 1
    with pytest.raises(IntegrityError):  # the act cannot be done twice
        enqueue(channel="text", language="en", at=AT, key=12125550100, along=beat, **NOTICE)
    assert OutgoingMessage.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"template": "nonsense"}, {"language": "fr"}, {"facts": {"purpose": "list"}}, {"challenge": None}, {"key": None},
        {"channel": "mail"}, {"facts": {"purpose": "list", "minutes": 10, "name": "A"}},
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_refused(put, wrong):
    with pytest.raises(ValueError, match="message|messages|text"):
        put(**wrong)
    assert not OutgoingMessage.objects.exists()


def test_two_workers_never_send_the_same_row_at_once(put):
    for index in range(60):
        put(f"+1212555010{index % 10}")
    inside = threading.Barrier(2, timeout=20)

    class Meets(Keeps):
        def send(self, batch):
            inside.wait()  # both hold their rows now
            return super().send(batch)

    gateways, done = (Meets(), Meets()), []

    def work(gateway):
        try:
            done.append(deliver(gateway, limit=30))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(gateway,)) for gateway in gateways]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first, second = ({letter.id for letter in gateway.letters} for gateway in gateways)
    assert done == [Delivered(sent=30)] * 2
    assert not first & second
    assert len(first | second) == 60
    assert not OutgoingMessage.objects.exists()
    assert DailyCount.objects.get().count == 60


def test_a_crash_between_sending_and_marking_leads_to_a_repeat_not_to_a_loss(put, exchange, gateway):
    put()

    class DatabaseDies:
        def send(self, batch):
            outcomes = gateway.send(batch)
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                pid = cursor.fetchone()[0]
            killer = threading.Thread(target=_end_session, args=(pid,))
            killer.start()
            killer.join()
            return outcomes

    with pytest.raises((OperationalError, InterfaceError)):
        deliver(DatabaseDies())
    connection.close()
    assert len(exchange.got) == 1
    assert spent_today(AT) == 1, "it waits"
    assert deliver(gateway) == Delivered(sent=1)
    assert [m["text"] for m in exchange.got] == [exchange.got[0]["text"]] * 2, "the same code, with the same id"
    assert exchange.got[0]["id"] == exchange.got[1]["id"]


def _end_session(pid):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    connection.close()


def test_an_expired_code_is_dropped_and_never_sent(put):
    put()
    keeps = Keeps()
    assert deliver(keeps, AT + timedelta(minutes=10)) == Delivered(failed=1)
    assert keeps.letters == []
    assert not OutgoingMessage.objects.exists()


def test_a_code_just_before_its_end_still_leaves(put):
    put()
    assert deliver(Keeps(), AT + timedelta(minutes=10, microseconds=-1)) == Delivered(sent=1)


def test_a_code_is_not_put_off_beyond_its_end(put):
    put()
    later = Keeps(lambda letter: Outcome(letter.id, "busy", retry=True))
    assert deliver(later, AT + timedelta(minutes=9, seconds=59)) == Delivered(failed=1)
    assert not OutgoingMessage.objects.exists()


def test_a_notice_is_tried_five_times_with_longer_and_longer_pauses(put):
    put(**NOTICE)
    later = Keeps(lambda letter: Outcome(letter.id, "busy", retry=True))
    at, pauses = AT, []
    for attempt in range(1, MOST_ATTEMPTS):
        assert deliver(later, at) == Delivered(waiting=1)
        row = OutgoingMessage.objects.get()
        assert row.attempts == attempt
        assert deliver(later, at) == Delivered(), "not before its time"
        pauses.append(row.due_at - at)
        at = row.due_at
    assert pauses == sorted(set(pauses))
    assert deliver(later, at) == Delivered(failed=1)
    row = OutgoingMessage.objects.get()
    assert (row.failure, row.failed_at, row.key) == ("busy", at, None)
    assert deliver(later, at + timedelta(days=1)) == Delivered()


def test_what_is_refused_is_not_tried_again(put):
    put(**NOTICE)
    assert deliver(Keeps(lambda letter: Outcome(letter.id, "unknown-number"))) == Delivered(failed=1)
    assert OutgoingMessage.objects.get().failure == "unknown-number"


def test_a_sent_notice_keeps_no_recipient_and_is_gone_after_seven_days(put):
    put(**NOTICE)
    put(**NOTICE, at=AT + timedelta(days=1))
    deliver(Keeps(), AT + timedelta(days=1))
    assert list(OutgoingMessage.objects.values_list("key", "address")) == [(None, None)] * 2
    assert tidy(AT + timedelta(days=7)) == 0
    assert tidy(AT + timedelta(days=7, seconds=1)) == 1
    assert OutgoingMessage.objects.count() == 1


def test_what_still_waits_is_not_tidied_away(put):
    put(**NOTICE)
    assert tidy(AT + timedelta(days=30)) == 0


def test_codes_overtake_notices(put):
    notice = put(**NOTICE)
    code = put(at=AT + timedelta(seconds=1))
    keeps = Keeps()
    deliver(keeps, AT + timedelta(seconds=1), limit=1)
    deliver(keeps, AT + timedelta(seconds=1), limit=1)
    assert [letter.id for letter in keeps.letters] == [code.pk, notice.pk]


def test_a_heap_of_texts_keeps_no_call_waiting(put):
    put()
    put()
    call = put(channel="call")
    keeps = Keeps()
    assert deliver(keeps, limit=1) == Delivered(sent=2)
    assert call.pk in {letter.id for letter in keeps.letters}


def test_what_is_due_later_waits(put):
    put(**NOTICE, due_at=AT + timedelta(hours=1))
    assert deliver(Keeps(), AT + timedelta(minutes=59)) == Delivered()
    assert deliver(Keeps(), AT + timedelta(hours=1)) == Delivered(sent=1)


def test_a_gateway_that_breaks_or_forgets_leaves_everything_waiting(put):
    put(**NOTICE)

    class Breaks(Keeps):
        def send(self, batch):
            raise ZeroDivisionError

    class Forgets(Keeps):
        def send(self, batch):
            return []

    assert deliver(Breaks()) == Delivered(waiting=1)
    assert OutgoingMessage.objects.get().failure == "gateway.broken"
    assert deliver(Forgets(), AT + timedelta(hours=1)) == Delivered(waiting=1)
    assert deliver(Keeps(), AT + timedelta(days=1)) == Delivered(sent=1)


def test_a_mail_address_is_sealed_while_it_waits_and_opened_when_it_leaves(put):
    put(channel="mail", template="mail-link", address="ada@example.org", challenge=uuid.uuid4(),
        facts={"purpose": "list", "minutes": 30, "path": "/my-number/mail/"})  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT m::text, encode(address, 'escape') FROM messaging_outgoingmessage m")
        assert "example.org" not in "".join(cursor.fetchone())
    keeps = Keeps()
    assert deliver(keeps) == Delivered(sent=1)
    assert keeps.letters[0].to == "ada@example.org"
    assert "ada" not in repr(keeps.letters[0])


def test_rows_of_a_channel_without_a_gateway_stay(put):
    put()
    assert deliver_batch(gateways={"mail": Keeps()}, at=AT) == Delivered()
    assert waiting_by_channel() == {"text": 1, "call": 0, "mail": 0}


def test_the_cap_counts_every_text_and_call_that_somebody_outside_can_cause(put, settings):
    values = settings.ENVIRONMENT._values
    settings.ENVIRONMENT = type(settings.ENVIRONMENT)({**values, "daily_messages": 4})
    put(**NOTICE)
    put(channel="call")
    deliver(Keeps())
    put()
    put(template="seal-line-end", challenge=None, facts={"reference": "SL-1"})
    check_cap(AT)
    put(**NOTICE)
    assert spent_today(AT) == 4
    with pytest.raises(TooManyError) as caught:
        check_cap(AT)
    assert caught.value.code == "messaging.cap"
    assert caught.value.retry_seconds == 12 * 3600 + 1
    check_cap(AT + timedelta(seconds=0.5), reuse_seconds=1)
    with pytest.raises(TooManyError):
        check_cap(AT + timedelta(seconds=1), reuse_seconds=1)
    deliver(Keeps())
    check_cap(AT + timedelta(days=1))
