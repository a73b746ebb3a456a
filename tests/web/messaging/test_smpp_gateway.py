"""The SMPP gateway against a message centre that speaks the protocol's bytes itself (SMPP 3.4, section 4)."""

from __future__ import annotations

import socket
import struct
import sys
import threading

import pytest

from quietline.errors import MissingExtraError, SettingError
from quietline.web.messaging.gateways.base import Letter, Outcome
from quietline.web.messaging.gateways.smpp import WINDOW, SmppGateway

pytest.importorskip("smpplib", reason="quietline[smpp] is not installed")

BIND, SUBMIT, UNBIND, ENQUIRE, ANSWER = 0x02, 0x04, 0x06, 0x15, 0x80000000


class Centre:
    """Takes one connection after another; holds back answers until the window is full or nothing more comes."""

    def __init__(self):
        self.submitted, self.logins, self.most_ahead, self.connections = [], [], 0, 0
        self.status = lambda submitted: 0
        self.ask_before_answer = False
        self.hang_up_after = None
        self.enquiries_answered = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"smpp://quiet@127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            with peer:
                peer.settimeout(0.3)
                try:
                    self.talk(peer)
                except (ConnectionError, EOFError):
                    pass

    def talk(self, peer):
        held = []
        while True:
            try:
                command, sequence, body = self.read(peer)
            except TimeoutError:
                self.answer_all(peer, held)
                continue
            if command == BIND:
                self.logins.append(body.split(b"\0")[:2])
                self.write(peer, BIND | ANSWER, 0, sequence, b"centre\0")
            elif command == SUBMIT:
                self.submitted.append(parsed(body))
                held.append((sequence, self.status(self.submitted[-1])))
                self.most_ahead = max(self.most_ahead, len(held))
                if self.hang_up_after == len(self.submitted):
                    self.hang_up_after = None
                    return
            elif command == ENQUIRE | ANSWER:
                self.enquiries_answered += 1
            elif command in (ENQUIRE, UNBIND):
                self.write(peer, command | ANSWER, 0, sequence)

    def answer_all(self, peer, held):
        for sequence, status in held:
            if self.ask_before_answer:
                self.write(peer, ENQUIRE, 0, 4_711)
            self.write(peer, SUBMIT | ANSWER, status, sequence, b"" if status else b"id\0")
        held.clear()

    @staticmethod
    def read(peer):
        head = peer.recv(16)
        if len(head) < 16:
            raise EOFError
        length, command, _, sequence = struct.unpack(">LLLL", head)
        body = b""
        while len(body) < length - 16:
            body += peer.recv(length - 16 - len(body))
        return command, sequence, body

    @staticmethod
    def write(peer, command, status, sequence, body=b""):
        peer.sendall(struct.pack(">LLLL", 16 + len(body), command, status, sequence) + body)

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()


def parsed(body):
    """Section 4.4.1: the fields of submit_sm that matter here."""
    _, rest = body.split(b"\0", 1)
    source_kind, rest = rest[:2], rest[2:]
    source, rest = rest.split(b"\0", 1)
    target_kind, rest = rest[:2], rest[2:]
    target, rest = rest.split(b"\0", 1)
    esm_class, rest = rest[0], rest[3:]
    _, rest = rest.split(b"\0", 1)
    _, rest = rest.split(b"\0", 1)
    coding, length, message = rest[2], rest[4], rest[5:]
    assert len(message) == length
    return {
        "source": (*source_kind, source),
        "to": (*target_kind, target),
        "esm": esm_class,
        "coding": coding,
        "message": message,
    }


@pytest.fixture
def centre():
    made = Centre()
    yield made
    made.stop()


@pytest.fixture
def gateway(centre):
    made = SmppGateway(centre.url, password="secret", sender="Quietline", seconds=3)
    yield made
    made.close()


def letters(count, text="Your code is 01234567"):
    return [Letter(index, "text", "+12125550100", text) for index in range(1, count + 1)]


def test_a_text_arrives_with_sender_number_and_words(centre, gateway):
    assert gateway.send(letters(1)) == [Outcome(1)]
    assert centre.logins == [[b"quiet", b"secret"]]
    assert centre.submitted == [
        {
            "source": (5, 0, b"Quietline"),
            "to": (1, 1, b"12125550100"),
            "esm": 0,
            "coding": 0,
            "message": b"Your code is 01234567",
        }
    ]


def test_chinese_goes_as_ucs2(centre, gateway):
    gateway.send(letters(1, "您的号码已登记"))
    assert centre.submitted[0]["coding"] == 8
    assert centre.submitted[0]["message"].decode("utf-16-be") == "您的号码已登记"


def test_a_long_text_goes_in_segments_that_belong_together(centre, gateway):
    text = "验证码" * 40
    assert gateway.send(letters(1, text)) == [Outcome(1)]
    heads = [part["message"][:6] for part in centre.submitted]
    assert [head[:3] + head[4:] for head in heads] == [bytes((5, 0, 3, 2, place)) for place in (1, 2)]
    assert len({head[3] for head in heads}) == 1
    assert {part["esm"] for part in centre.submitted} == {0x40}
    assert b"".join(part["message"][6:] for part in centre.submitted).decode("utf-16-be") == text


def test_the_window_is_used_and_never_exceeded(centre, gateway):
    assert gateway.send(letters(35)) == [Outcome(index) for index in range(1, 36)]
    assert centre.most_ahead == WINDOW


def test_the_connection_is_kept_for_the_next_batch_and_questions_are_answered(centre, gateway):
    centre.ask_before_answer = True
    gateway.send(letters(2))
    gateway.send(letters(2))
    gateway.close()  # whose answer comes after everything before it was read
    assert centre.connections == 1
    assert centre.enquiries_answered == 4


def test_refusals_are_final_or_not_as_the_protocol_means_them(centre, gateway):
    codes = {b"one": 0x0B, b"two": 0x14, b"three": 0}
    centre.status = lambda submitted: codes[submitted["message"]]
    batch = [Letter(i, "text", "+12125550100", text) for i, text in enumerate(("one", "two", "three"), start=1)]
    assert gateway.send(batch) == [Outcome(1, "smpp.0x0b"), Outcome(2, "smpp.0x14", retry=True), Outcome(3)]


def test_a_throttling_centre_is_not_pressed_further(centre, gateway):
    centre.status = lambda submitted: 0x58
    outcomes = gateway.send(letters(100))
    assert len(centre.submitted) < 30
    assert all(outcome.retry for outcome in outcomes)
    assert len(outcomes) == 100


def test_a_lost_connection_loses_no_message(centre, gateway):
    centre.hang_up_after = 3
    assert all(outcome.retry for outcome in gateway.send(letters(4)))
    assert gateway.send(letters(4)) == [Outcome(index) for index in range(1, 5)]
    assert centre.connections == 2


def test_a_call_cannot_be_made(centre, gateway):
    assert gateway.send([Letter(1, "call", "+12125550100", "code")]) == [Outcome(1, "smpp.no-calls")]
    assert centre.connections == 0


def test_without_the_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "smpplib", None)
    monkeypatch.delitem(sys.modules, "smpplib.client", raising=False)
    with pytest.raises(MissingExtraError, match=r"quietline\[smpp\]"):
        SmppGateway("smpp://quiet@127.0.0.1", password=None, sender="Quietline")


def test_an_address_without_a_system_id_is_refused():
    with pytest.raises(SettingError):
        SmppGateway("smpp://127.0.0.1", password=None, sender="Quietline")


def test_nobody_there_is_tried_once_more(centre):
    gateway = SmppGateway("smpp://quiet@127.0.0.1:1", password="secret", sender="+12125550199", seconds=1)
    assert gateway.send(letters(1)) == [Outcome(1, "smpp.unreachable", retry=True)]
    gateway.close()
