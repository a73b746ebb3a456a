"""Organisations are told of events: signed, tried again, and never at an address that is not public."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import ssl
import threading
import time
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from standardwebhooks import Webhook as Checker

from quietline.web.api.delivering import PAUSES_SECONDS, forget_deliveries
from quietline.web.api.destinations import Poster, RefusedDestination, check_url, is_public
from quietline.web.api.hooks import gather_events
from quietline.web.api.models import Webhook, WebhookDelivery
from quietline.web.base.clock import now
from quietline.web.publishing.models import Change, RegisterFile
from quietline.web.publishing.operations import end_entry, found_register, list_number
from quietline.web.publishing.sequencing import Sequencer
from web.api.common import deliver, is_problem

pytestmark = pytest.mark.django_db(transaction=True)
EVERYTHING = ["register.published", "organisation.suspended", "claim.revoked"]


def certificate(folder, name):
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    at = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who).issuer_name(who).public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1)).not_valid_after(at + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = serialization.Encoding.PEM
    path = folder / f"{name}.pem"
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()) + made.public_bytes(pem)
    )
    return path


@pytest.fixture
def receiver(tmp_path):
    """A real https server on this machine, for the name hooks.example.org; gives what it got."""
    got = []

    class Handler(BaseHTTPRequestHandler):
        answer = 204

        def do_POST(self):
            got.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(self.answer)
            if self.answer == 302:
                self.send_header("Location", "https://elsewhere.example.org/")
            self.end_headers()

        def log_message(self, *_):
            pass

    path = certificate(tmp_path, "hooks.example.org")
    server = HTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    trusted = ssl.create_default_context(cafile=path)
    server.got, server.handler = got, Handler
    server.url = f"https://hooks.example.org:{server.server_port}/quietline?x=1"
    server.poster = Poster(allows=lambda _: True, resolves=lambda _host, _port: ["127.0.0.1"], verify=trusted)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def sequencer(transactional_db):
    from django.db import connection

    yield Sequencer()
    connection.close()


@pytest.fixture
def hooked(program, organisation, receiver):
    def make(kind="seller", name="Evergreen Windows", events=EVERYTHING):
        made = organisation(kind, name)
        answer = program("POST", "/webhooks", {"url": receiver.url, "events": events}, **made.bearer)
        assert answer.status_code == 201, answer.content
        made.hook = answer.json()
        gather_events(at=now())
        return made

    return make


def revoke(owner):
    consents = found_register(
        code=f"consents-{owner.pk}", kind="consents", title="c", country="US", at=now(), owner_id=owner.pk
    )
    list_number(register=consents, key=12125550123, since_date=now().date(), terms="", assurance="owner", at=now())
    end_entry(register=consents, key=12125550123, reason="revoked", at=now())
    return consents


def test_a_revoked_claim_reaches_its_seller_alone_signed_and_without_the_number(hooked, receiver, sequencer):
    seller = hooked()
    hooked(name="Other Windows")
    consents = revoke(seller.row)
    sequencer.step(at=now())
    at = now()
    assert deliver(at, receiver.poster) == ["sent"]
    [(headers, body)] = receiver.got
    told = Checker(seller.hook["secret"]).verify(body, headers)
    assert told["type"] == "claim.revoked"
    assert told["data"] == {"register": consents.code, "sequence": Change.objects.get(operation="withdraw").number}
    assert "2125550123" not in body.decode()
    assert headers["Host"] == receiver.url.split("/")[2]
    assert deliver(at, receiver.poster) == []


def test_a_published_file_is_told_to_who_may_read_the_register(hooked, receiver, register, sequencer):
    for kind, name in (
        ("authority", "Office for Quiet Lines"),
        ("operator", "Northern Lines"),
        ("seller", "Evergreen Windows"),
    ):
        hooked(kind, name)
    file = RegisterFile.objects.create(
        register=register, projection="all", version=1, size=0, numbers_count=0, bytes=1, sha256="ab" * 32,
        content="cd" * 32,
        object_path="x", at=now(),
    )  # fmt: skip
    Change.objects.create(register=register, operation="publish", file=file, projection="all", at=now())
    sequencer.step(at=now())
    assert deliver(now(), receiver.poster) == ["sent", "sent"]
    assert {json.loads(body)["data"]["sha256"] for _headers, body in receiver.got} == {"ab" * 32}


def test_a_suspension_is_told_to_the_organisation_and_those_who_watch(hooked, receiver, sequencer):
    from quietline.web.accounts.operations import suspend_organisation

    seller = hooked()
    hooked("authority", "Office for Quiet Lines")
    hooked(name="Other Windows")
    gather_events(at=now())
    sequencer.step(at=now())
    deliver(now(), receiver.poster)
    suspend_organisation(organisation=seller.row, reason="tests", by=None, at=now())
    sequencer.step(at=now())
    assert deliver(now(), receiver.poster) == ["sent", "sent"]
    # who may not act is told nothing else
    revoke(seller.row)
    sequencer.step(at=now())
    assert gather_events(at=now()) == 0


def test_what_is_not_taken_is_tried_again_and_given_up_after_days(hooked, receiver, sequencer):
    seller = hooked()
    revoke(seller.row)
    sequencer.step(at=now())
    receiver.handler.answer = 500
    at = now()
    for pause in PAUSES_SECONDS:
        assert deliver(at, receiver.poster) == ["waiting"]
        assert deliver(at + timedelta(seconds=pause - 1), receiver.poster) == []
        at += timedelta(seconds=pause)
    assert deliver(at, receiver.poster) == ["failed"]
    assert len({headers["webhook-id"] for headers, _body in receiver.got}) == 1
    assert WebhookDelivery.objects.get().failure == "status-500"
    assert forget_deliveries(at=at) == 0
    assert forget_deliveries(at=at + timedelta(days=8)) == 1


def test_a_redirect_is_not_followed(hooked, receiver, sequencer):
    seller = hooked()
    revoke(seller.row)
    sequencer.step(at=now())
    receiver.handler.answer = 302
    assert deliver(now(), receiver.poster) == ["waiting"]
    assert len(receiver.got) == 1


def test_an_address_that_is_gone_ends_its_webhook(program, hooked, receiver, sequencer):
    seller = hooked()
    revoke(seller.row)
    sequencer.step(at=now())
    receiver.handler.answer = 410
    assert deliver(now(), receiver.poster) == ["failed"]
    assert program("GET", "/webhooks", **seller.bearer).json() == {"items": []}
    assert bytes(Webhook.objects.get().secret) == b""


def test_a_certificate_of_another_name_is_refused(hooked, receiver, sequencer, tmp_path):
    seller = hooked()
    revoke(seller.row)
    sequencer.step(at=now())
    other = ssl.create_default_context(cafile=certificate(tmp_path, "other.example.org"))
    poster = Poster(allows=lambda _: True, resolves=lambda _host, _port: ["127.0.0.1"], verify=other)
    assert deliver(now(), poster) == ["waiting"]
    assert WebhookDelivery.objects.get().failure == "unreachable"
    assert receiver.got == []


def test_a_name_that_points_into_our_network_is_not_called(hooked, receiver, sequencer):
    seller = hooked()
    revoke(seller.row)
    sequencer.step(at=now())
    for answer in (["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::1"], []):
        with pytest.raises(RefusedDestination):
            Poster(resolves=lambda _host, _port, answer=answer: answer).post(receiver.url, content=b"", headers={})
    inward = Poster(resolves=lambda _host, _port: ["127.0.0.1"], verify=receiver.poster.verify)
    assert deliver(now(), inward) == ["waiting"]
    assert WebhookDelivery.objects.get().failure == "refused"
    assert receiver.got == []


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "100.100.100.200",
        "192.0.0.192", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.51.100.1", "203.0.113.1",
        "::", "::1", "fe80::1", "fe80::1%1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:169.254.169.254", "64:ff9b::7f00:1",
        "2002:7f00:1::", "2001:0:7f00:1::", "::127.0.0.1", "fec0::1", "100::1", "2001:db8::1",
    ],
)  # fmt: skip
def test_no_address_that_is_not_public_may_be_called(address):
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946"])
def test_public_addresses_may_be_called(address):
    assert is_public(ipaddress.ip_address(address))


REFUSED = [
    "https://localhost/", "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0x7f.1/",
    "https://0177.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://169.254.169.254/latest/", "https://intranet/",
    "https://metadata.google.internal/", "https://printer.local/", "https://user@example.org/", "https://user:p@example.org/",
    "https://example.org/#x", "https://example.org:0/", "https://example.org:99999/", "https://exa mple.org/", "https://ex%61mple.org/",
    "https:///x", "https://example.org\\@127.0.0.1/", "https://example.org/\u4e2d", "https://LOCALHOST./", "https://[fe80::1%25eth0]/",
    "https://[::1/",
]  # fmt: skip


@pytest.mark.parametrize("url", [*REFUSED, "http://example.org/", "ftp://example.org/", "https://" + "a" * 500 + ".org/"])
def test_an_address_that_cannot_be_public_is_refused_before_anybody_is_asked(url):
    with pytest.raises(ValueError):  # noqa: PT011 - each has words of its own
        check_url(url)


def test_such_an_address_cannot_be_registered(program, organisation):
    seller = organisation()
    for url in REFUSED:
        told = is_problem(
            program("POST", "/webhooks", {"url": url, "events": EVERYTHING}, **seller.bearer), 422, "url.refused"
        )
        assert told["errors"][0]["field"] == "url"
    for body in ({"url": "http://example.org/", "events": EVERYTHING}, {"url": "https://example.org/", "events": []}):
        is_problem(program("POST", "/webhooks", body, **seller.bearer), 422, "request.invalid")


def test_webhooks_are_made_shown_without_their_secret_and_ended(program, organisation):
    seller, other = organisation(), organisation(name="Other Windows")
    body = {"url": "https://hooks.example.org/", "events": ["claim.revoked", "claim.revoked"]}
    made = program("POST", "/webhooks", body, **seller.bearer).json()
    assert made["secret"].startswith("whsec_")
    assert made["events"] == ["claim.revoked"]
    shown = program("GET", f"/webhooks/{made['id']}", **seller.bearer).json()
    assert shown == {name: value for name, value in made.items() if name != "secret"}
    assert program("GET", "/webhooks", **seller.bearer).json() == {"items": [shown]}
    assert made["secret"].removeprefix("whsec_") not in str(Webhook.objects.values())
    for method in ("GET", "DELETE"):
        is_problem(program(method, f"/webhooks/{made['id']}", **other.bearer), 404, "request.unknown")
    assert program("DELETE", f"/webhooks/{made['id']}", **seller.bearer).status_code == 204
    is_problem(program("GET", f"/webhooks/{made['id']}", **seller.bearer), 404, "request.unknown")


def test_an_organisation_has_twenty_webhooks_at_most(program, organisation):
    seller = organisation()
    body = {"url": "https://hooks.example.org/", "events": ["claim.revoked"]}
    assert {program("POST", "/webhooks", body, **seller.bearer).status_code for _ in range(20)} == {201}
    is_problem(program("POST", "/webhooks", body, **seller.bearer), 409, "operation.conflict")


def test_nothing_from_before_is_told_and_nothing_twice(hooked, organisation, receiver, sequencer):
    early = organisation(name="Early Windows")
    revoke(early.row)
    sequencer.step(at=now())
    seller = hooked()
    revoke(seller.row)
    sequencer.step(at=now())
    assert gather_events(at=now()) == 1
    assert gather_events(at=now()) == 0


@pytest.mark.parametrize("stage", ["connected", "headers"])
def test_an_address_that_answers_byte_by_byte_is_left_when_its_time_is_over(tmp_path, stage):
    """Each byte comes long before a read would be given up, so only the end of the whole helps."""
    import socket

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path, "hooks.example.org"))
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip():
            link, _ = listening.accept()
            with link:
                if stage == "connected":  # never says a word of TLS
                    over.wait(20)
                    return
                with context.wrap_socket(link, server_side=True) as told:
                    told.recv(65_536)
                    told.sendall(b"HTTP/1.1 204 No Content\r\nX: ")
                    with suppress(OSError):
                        for _ in range(100):
                            told.sendall(b"x")
                            over.wait(0.1)
                        told.sendall(b"\r\n\r\n")

        thread = threading.Thread(target=drip)
        thread.start()
        trusted = ssl.create_default_context(cafile=tmp_path / "hooks.example.org.pem")
        poster = Poster(allows=lambda _: True, resolves=lambda _host, _port: ["127.0.0.1"], verify=trusted, seconds=0.5)
        try:
            with pytest.raises(httpx.TransportError) as error:
                poster.post(f"https://hooks.example.org:{listening.getsockname()[1]}/", content=b"{}", headers={})
        finally:
            over.set()
            thread.join()
    assert not isinstance(
        error.value, httpx.TimeoutException
    )  # that is what a single read is given up by, after ten seconds


@pytest.fixture
def tarpit(monkeypatch):
    """A world in which one host takes what it is sent and does not answer until it is let go; others answer at once."""

    class World:
        def __init__(self):
            self.let_go, self.lock = threading.Event(), threading.Lock()
            self.stuck, self.most_stuck, self.answered = 0, 0, []

        def post(self, url, *, content, headers):
            if "tarpit" in url:
                with self.lock:
                    self.stuck += 1
                    self.most_stuck = max(self.most_stuck, self.stuck)
                assert self.let_go.wait(60)
                with self.lock:
                    self.stuck -= 1
            self.answered.append(url)
            return 204

    world = World()
    monkeypatch.setattr("quietline.web.api.hooks.check_url", lambda url: None)  # this machine resolves no public names
    monkeypatch.setattr("quietline.web.api.delivering.Poster", lambda: world)
    return world


def waits_until(said, seconds=30):
    end = time.monotonic() + seconds
    while not said() and time.monotonic() < end:
        time.sleep(0.02)
    assert said()


def test_a_receiver_that_hangs_delays_only_its_own_organisation(organisation, sequencer, tarpit):
    from quietline.web.api.hooks import make_webhook
    from quietline.web.running.worker import webhook_threads

    slow, quick = organisation(), organisation(name="Other Windows")
    for owner, url in (
        (slow, "https://tarpit.example.org/"), (slow, "https://beside.example.org/"), (quick, "https://quick.example.org/"),
    ):  # fmt: skip
        make_webhook(organisation=owner.row, url=url, events=["claim.revoked"], at=now())
    gather_events(at=now())
    revoke(slow.row)
    sequencer.step(at=now())
    assert gather_events(at=now()) == 2
    stop = threading.Event()
    threads = webhook_threads(stop)
    for thread in threads:
        thread.start()
    try:
        waits_until(lambda: tarpit.stuck or tarpit.answered == ["https://beside.example.org/"])
        waits_until(lambda: tarpit.stuck)
        before = list(tarpit.answered)
        revoke(quick.row)
        sequencer.step(at=now())
        waits_until(lambda: "https://quick.example.org/" in tarpit.answered)
        assert tarpit.stuck == 1
        assert [url for url in tarpit.answered if "quick" not in url] == before, "one at a time for an organisation"
        tarpit.let_go.set()
        waits_until(lambda: len(tarpit.answered) == 3)
        assert tarpit.most_stuck == 1
    finally:
        tarpit.let_go.set()
        stop.set()
        for thread in threads:
            thread.join()
    assert WebhookDelivery.objects.exclude(sent_at=None).count() == 3
