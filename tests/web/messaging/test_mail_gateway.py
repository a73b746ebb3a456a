"""Mail through a real SMTP conversation (RFC 5321)."""

from __future__ import annotations

import email
import socketserver
import threading
from email.policy import default

import pytest

from quietline.web.messaging.gateways.base import Letter, Outcome
from quietline.web.messaging.gateways.mail import MailGateway


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self):
        self.mails, self.connections, self.hang_up_after = [], 0, None
        super().__init__(("127.0.0.1", 0), Conversation)


class Conversation(socketserver.StreamRequestHandler):
    def handle(self):
        self.server.connections += 1
        self.say("220 mail.example.org")
        for raw in self.rfile:
            line = raw.decode().strip()
            word = line.upper()
            if word.startswith("RCPT"):
                self.say("550 nobody here" if "nobody" in line else "450 later" if "greylisted" in line else "250 ok")
            elif word == "DATA":
                self.say("354 go on")
                self.take()
            elif word == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")
            if self.server.hang_up_after == len(self.server.mails):
                return

    def take(self):
        lines = []
        for raw in self.rfile:
            if raw == b".\r\n":
                break
            lines.append(raw)
        self.server.mails.append(email.message_from_bytes(b"".join(lines), policy=default))
        self.say("250 taken")

    def say(self, text):
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def server():
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def gateway(server):
    return MailGateway(f"smtp://127.0.0.1:{server.server_address[1]}", sender="Quietline <post@quietline.example>")


def letter(index, to="ada@example.org"):
    return Letter(index, "mail", to, f"第{index}封：https://quietline.example/x/", subject="请确认", language="zh-hans")


def test_a_batch_goes_over_one_connection_and_arrives_as_written(server, gateway):
    assert gateway.send([letter(1), letter(2)]) == [Outcome(1), Outcome(2)]
    assert server.connections == 1
    mail = server.mails[0]
    assert (mail["To"], mail["Subject"], mail["From"]) == ("ada@example.org", "请确认", "Quietline <post@quietline.example>")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content().strip() == "第1封：https://quietline.example/x/"


def test_one_refused_recipient_does_not_stop_the_others(server, gateway):
    batch = [letter(1, "nobody@example.org"), letter(2, "greylisted@example.org"), letter(3, "a\nb@example.org"), letter(4)]
    assert gateway.send(batch) == [
        Outcome(1, "mail.550"), Outcome(2, "mail.450", retry=True), Outcome(3, "mail.unwritable"), Outcome(4),
    ]  # fmt: skip
    assert len(server.mails) == 1


def test_what_a_lost_connection_leaves_over_is_put_off(server, gateway):
    server.hang_up_after = 1
    outcomes = gateway.send([letter(1), letter(2), letter(3)])
    assert outcomes == [Outcome(1), Outcome(2, "mail.cut-off", retry=True), Outcome(3, "mail.cut-off", retry=True)]


def test_no_server_is_tried_once_more():
    gateway = MailGateway("smtp://127.0.0.1:1", sender="post@quietline.example")
    assert gateway.send([letter(1)]) == [Outcome(1, "mail.unreachable", retry=True)]
