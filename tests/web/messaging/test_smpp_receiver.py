"""Texts that come in over SMPP, from a message centre that speaks the protocol's bytes itself (SMPP 3.4, section 4.6)."""

from __future__ import annotations

import socket
import struct
import threading

import pytest

from quietline.web.messaging.gateways.segments import segments_of
from quietline.web.messaging.gateways.smpp_receiver import SmppReceiver
from quietline.web.messaging.models import InboundPart
from web.messaging.test_smpp_gateway import ANSWER, ENQUIRE, UNBIND, Centre

pytest.importorskip("smpplib", reason="quietline[smpp] is not installed")
pytestmark = pytest.mark.django_db(transaction=True)

BIND_RECEIVER, DELIVER = 0x01, 0x05
LATER, NEVER = 0x64, 0x65
SENDER = "12125550123"


def deliver(words, *, esm=0, coding=0, sender=SENDER, ton=1):
    """The body of a ``deliver_sm``."""
    content = words if isinstance(words, bytes) else segments_of(words).parts[0]
    fields = (b"\0", bytes((ton, 1)), sender.encode(), b"\0", b"\1\1", b"66366\0", bytes((esm, 0, 0)), b"\0\0",
              bytes((0, 0, coding, 0, len(content))), content)  # fmt: skip
    return b"".join(fields)


class Sender(Centre):
    """Lets in a receiver, hands it what waits, and keeps how it was answered; hangs up where it is told to."""

    def __init__(self):
        self.bodies, self.answers, self.hang_up_after_answers = [], [], None
        super().__init__()

    def talk(self, peer):
        waiting, is_bound = {}, False
        while True:
            if is_bound and self.bodies and not waiting:
                waiting[7] = self.bodies[0]
                self.write(peer, DELIVER, 0, 7, self.bodies[0])
            try:
                command, sequence, body = self.read(peer)
            except TimeoutError:
                continue
            if command == BIND_RECEIVER:
                self.logins.append(body.split(b"\0")[:2])
                self.write(peer, BIND_RECEIVER | ANSWER, 0, sequence, b"centre\0")
                is_bound = True
            elif command == DELIVER | ANSWER:
                self.answers.append(self.status_read)
                waiting.pop(sequence)
                if self.hang_up_after_answers == len(self.answers):
                    return  # as if the answer had never arrived
                if not self.status_read:
                    self.bodies.pop(0)
            elif command in (ENQUIRE, UNBIND):
                self.write(peer, command | ANSWER, 0, sequence)

    def read(self, peer):
        head = peer.recv(16)
        if len(head) < 16:
            raise EOFError
        length, command, self.status_read, sequence = struct.unpack(">LLLL", head)
        body = b""
        while len(body) < length - 16:
            body += peer.recv(length - 16 - len(body))
        return command, sequence, body


@pytest.fixture
def taken():
    return []


@pytest.fixture
def centre():
    made = Sender()
    yield made
    made.stop()


@pytest.fixture
def receiving(centre, taken):
    """Run a receiver until the centre has got rid of what it had."""

    def take(**text):
        taken.append(text)

    def work(*bodies, take=take, until=None):
        centre.bodies += bodies
        stop = threading.Event()
        receiver = SmppReceiver(centre.url, password="secret", take=take, seconds=3)
        thread = threading.Thread(target=receiver.run, args=(stop,))
        thread.start()
        try:
            for _ in range(600):
                if not centre.bodies if until is None else until():
                    break
                stop.wait(0.05)
        finally:
            stop.set()
            thread.join()
        assert not centre.bodies if until is None else until()

    return work


def said(taken):
    return [(text["raw"], text["text"]) for text in taken]


def test_a_text_reaches_the_operation_with_its_sender_in_full(receiving, taken, centre):
    receiving(deliver("BLOCK 1,4"))
    assert said(taken) == [("+12125550123", "BLOCK 1,4")]
    assert centre.logins == [[b"quiet", b"secret"]]
    assert centre.answers == [0]
    assert taken[0]["at"].tzinfo is not None


def test_alphabets_are_read_as_the_protocol_names_them(receiving, taken):
    receiving(
        deliver("投诉 £".encode("utf-16-be"), coding=8),
        deliver("é".encode("latin-1"), coding=3),
        deliver(b"STOP", coding=1),
        deliver("REFUSE [é] €"),
        deliver(b"\1\2", coding=4),
    )
    assert [text for _, text in said(taken)] == ["投诉 £", "é", "STOP", "REFUSE [é] €", ""]


def test_a_sender_that_is_no_international_number_is_handed_on_as_it_is(receiving, taken):
    receiving(deliver("BLOCK", sender="2125550123", ton=2), deliver("BLOCK", sender="Brightbath", ton=5))
    assert [raw for raw, _ in said(taken)] == ["2125550123", "Brightbath"]


def test_receipts_are_acknowledged_and_not_dealt_with(receiving, taken, centre):
    receiving(deliver("id:1 stat:DELIVRD", esm=0x04))
    assert taken == []
    assert centre.answers == [0]


def test_a_long_text_is_put_together_whatever_its_parts_come_in(receiving, taken):
    words = "COMP 2125550188 22/11 " + "they would not stop calling " * 8
    parts = segments_of(words).parts
    assert len(parts) == 2
    bodies = [deliver(bytes((5, 0, 3, 9, len(parts), place)) + part, esm=0x40) for place, part in enumerate(parts, start=1)]
    other = deliver(bytes((5, 0, 3, 9, 2, 1)) + b"somebody else", esm=0x40, sender="12125550124")
    receiving(bodies[1], other, bodies[0])
    assert said(taken) == [("+12125550123", words)]
    assert InboundPart.objects.count() == 1
    assert b"somebody" not in bytes(InboundPart.objects.get().content)


def test_parts_numbered_by_the_centre_itself_are_put_together_as_well(receiving, taken):
    def numbered(text, place):
        tags = ((0x020C, ">HHH", 77), (0x020E, ">HHB", 2), (0x020F, ">HHB", place))
        return deliver(text) + b"".join(
            struct.pack(form, tag, struct.calcsize(form) - 4, value) for tag, form, value in tags
        )

    receiving(numbered("BLOCK ", 1), numbered("VOICE", 2))
    assert [text for _, text in said(taken)] == ["BLOCK VOICE"]


def test_a_text_that_could_not_be_dealt_with_is_asked_for_again(receiving, taken, centre):
    def take(**text):
        if not centre.answers:
            raise OSError("the database is away")
        taken.append(text)

    receiving(deliver("BLOCK"), take=take)
    assert centre.answers == [LATER, 0]
    assert len(taken) == 1


def test_a_text_whose_acknowledgement_was_lost_is_dealt_with_once(receiving, taken, centre):
    centre.hang_up_after_answers = 1
    receiving(deliver("BLOCK"))
    assert centre.connections == 2
    assert centre.answers == [0, 0]
    assert len(taken) == 1


def test_the_same_words_again_over_one_connection_are_a_new_text(receiving, taken):
    receiving(deliver("BLOCK"), deliver("BLOCK"))
    assert len(taken) == 2
    assert len({text["message_id"] for text in taken}) == 2


def test_a_text_over_smpp_lists_the_number_as_one_over_http_does(receiving):
    from quietline.web.base.clock import now
    from quietline.web.messaging.models import OutgoingMessage
    from quietline.web.publishing.models import Entry
    from quietline.web.publishing.operations import found_register
    from quietline.web.subscribers.text_dealings import take_text

    found_register(code="dnc-us", kind="do-not-call", title="Do not call", country="US", at=now())
    receiving(deliver("BLOCK"), take=take_text)
    assert Entry.objects.get().key == 12125550123
    assert OutgoingMessage.objects.get().key == 12125550123


def test_a_part_that_cannot_be_is_not_asked_for_again(receiving, taken, centre):
    receiving(deliver(bytes((5, 0, 3, 9, 2, 3)) + b"third of two", esm=0x40), until=lambda: NEVER in centre.answers)
    assert taken == []
    assert not InboundPart.objects.exists()
    centre.bodies.clear()


def test_nobody_there_is_tried_again_until_told_to_stop(taken):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    stop = threading.Event()
    receiver = SmppReceiver(f"smpp://quiet@127.0.0.1:{port}", password=None, take=taken.append, seconds=1)
    thread = threading.Thread(target=receiver.run, args=(stop,))
    thread.start()
    stop.wait(0.3)
    assert thread.is_alive()
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
