"""Singapore's interface, asked by a program that signs as integrators' programs do."""

from __future__ import annotations

import base64
import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from quietline.web.base.clock import now

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "/emulators/sg/realtime/check/registry"
KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
BOTH, VOICE, TEXT, FREE, UNASSIGNED = "31234567", "61234567", "81234567", "91234567", "30000000"


def pem(key=KEY):
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


class Program:
    """An integrator's program; ``send`` posts JSON and gives status and answer."""

    def __init__(self, account, send, clock, *, key=KEY, on_behalf="N"):
        self.account, self.key, self.on_behalf = account, key, on_behalf
        self._send, self._clock, self._last = send, clock, 0

    def timestamp(self):
        self._last = max(self._last + 1, int(self._clock.at.timestamp() * 1000))
        return self._last

    def header(self, timestamp=None):
        timestamp = self.timestamp() if timestamp is None else timestamp
        base = f"orgCode={self.account.org_code}&eServiceId={self.account.e_service_id}&timestamp={timestamp}"
        signature = self.key.sign(base.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{base}&appSignature={base64.b64encode(signature).decode()}"

    def check(self, *numbers, header=None, body=None, **more):
        body = body or {"numbers": numbers, "total": len(numbers), "checkOnBehalf": self.on_behalf}
        return self._send(body, header or self.header(), **more)

    def code(self, *numbers, **more):
        status, answer = self.check(*numbers, **more)
        if status == 200:
            return answer["status_code"]
        assert status == 500
        assert set(answer) == {"errorTo"}
        assert set(answer["errorTo"]) == {"code", "message", "errors"}
        return answer["errorTo"]["code"]


@pytest.fixture
def sg(found):
    return found("SG", n6531234567="", n6561234567="channels=recorded,voice", n6581234567="channels=text")


@pytest.fixture
def send(client):
    def post(body, header, address="127.0.0.1"):
        given = body if isinstance(body, (str, bytes)) else json.dumps(body)
        response = client.post(
            ADDRESS, given, content_type="application/json", headers={"Authorization": header}, REMOTE_ADDR=address
        )
        return response.status_code, response.json()

    return post


@pytest.fixture
def program(send, clock, organisation):
    """Make a program with an account of its own."""
    from quietline.web.emulators.operations import make_singapore_account

    def make(of=None, *, key=KEY, public_key=None, **more):
        given = {"client": "", "title": "tests", "networks": "127.0.0.1", "style": "live", "is_sandbox": False, **more}
        account = make_singapore_account(
            organisation=of or organisation(country="SG"), public_key=public_key or pem(key), by=None, at=now(), **given
        )
        return Program(account, send, clock, key=key, on_behalf="Y" if account.client else "N")

    return make


def answered(answer, *names):
    return [tuple(number[name] for name in names) for number in answer["numbers"]]


def test_each_number_is_answered_for_calls_texts_and_faxes(sg, program):
    status, answer = program().check(BOTH, VOICE, TEXT, FREE, UNASSIGNED)
    assert status == 200
    assert set(answer) == {"status_code", "numbers", "transactionid", "created_time", "msg"}
    assert answer["status_code"] == "S000"
    assert [number["number"] for number in answer["numbers"]] == [BOTH, VOICE, TEXT, FREE, UNASSIGNED]
    assert answered(answer, "no_voice_call", "no_text", "no_fax") == [
        ("R", "R", "R"), ("R", "NR", "NR"), ("NR", "R", "NR"), ("NR", "NR", "NR"), ("NR", "NR", "NR"),
    ]  # fmt: skip


def test_an_account_can_be_answered_as_the_specification_says(sg, program):
    _, answer = program(style="documented").check(BOTH)
    assert set(answer["numbers"][0]) == {"number", "no_voice_call", "no_text_message", "no_fax"}


def test_an_answer_is_valid_for_21_days_on_singapores_clock(sg, program, clock):
    there = clock.at.astimezone(dt.timezone(timedelta(hours=8)))
    _, answer = program().check(BOTH)
    last = there.date() + timedelta(days=21)
    assert answer["msg"].endswith(f"valid until {last:%d-%b-%Y}")
    assert answer["created_time"] == f"{there:%d-%b-%Y %H:%M:%S}"


def test_a_check_leaves_its_sealed_record_and_two_leaves(sg, program):
    from quietline.web.emulators.answering import answer_digest
    from quietline.web.emulators.models import EmulatedAnswer
    from quietline.web.proofs.models import Leaf
    from quietline.web.publishing.models import WashSet

    _, answer = program().check(BOTH, FREE, UNASSIGNED)
    made, row = WashSet.objects.get(), EmulatedAnswer.objects.get()
    assert answer["transactionid"] == f"W{made.pk}"
    assert (made.numbers_count, row.numbers_count) == (2, 3), "a number that nobody can have is not counted"
    assert bytes(row.digest) == answer_digest("sg", made.pk, ["RRR", "NNN", "NNN"])
    assert Leaf.objects.filter(kind="wash", record=made.pk).exists()
    assert Leaf.objects.filter(kind="emulated", record=row.pk).exists()


def test_a_signature_by_another_key_is_refused_and_does_not_use_the_timestamp_up(sg, program):
    good = program()
    other = Program(
        good.account, good._send, good._clock, key=rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    )
    timestamp = good.timestamp()
    assert other.code(BOTH, header=other.header(timestamp)) == "S402"
    assert good.code(BOTH, header=good.header(timestamp)) == "S000"


@pytest.mark.parametrize("change", ["timestamp", "signature", "cut", "base64"])
def test_a_header_that_was_altered_is_refused(sg, program, change):
    asking = program()
    header = asking.header()
    base, signature = header.split("&appSignature=")
    altered = {
        "timestamp": f"{base[:-1]}{(int(base[-1]) + 1) % 10}&appSignature={signature}",
        "signature": f"{base}&appSignature={'B' if signature[0] == 'A' else 'A'}{signature[1:]}",
        "cut": f"{base}&appSignature={signature[:-8]}",
        "base64": f"{base}&appSignature=A{signature}",
    }[change]
    assert asking.code(BOTH, header=altered) == "S402"


def test_a_replayed_or_falling_timestamp_is_refused(sg, program):
    asking = program()
    header = asking.header()
    assert asking.code(BOTH, header=header) == "S000"
    assert asking.code(BOTH, header=header) == "S403"
    assert asking.code(BOTH, header=asking.header(asking._last - 1)) == "S403"
    assert asking.code(BOTH) == "S000"


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_timestamp_far_from_our_clock_is_refused(sg, program, clock, minutes):
    asking = program()
    far = int((clock.at + timedelta(minutes=minutes)).timestamp() * 1000)
    assert asking.code(BOTH, header=asking.header(far)) == "S403"
    assert asking.code(BOTH) == "S000", "one that lies ahead does not lock the account"


@pytest.mark.parametrize(
    "header",
    ["", "Bearer qlk_x_y", "orgCode=Q&eServiceId=E&timestamp=1&appSignature=QQ==", "eServiceId=E&orgCode=Q&timestamp=1"],
)
def test_a_header_that_names_no_account_is_refused(sg, program, header):
    assert program().code(BOTH, header=header or " ") == "S401"


def test_the_order_of_the_fields_matters(sg, program):
    asking = program()
    org, service, *rest = asking.header().split("&", 2)
    assert asking.code(BOTH, header="&".join([service, org, *rest])) == "S401"


def test_only_registered_addresses_may_ask(sg, program):
    asking = program(networks="203.0.113.0/28, 2001:db8::7")
    assert asking.code(BOTH) == "S404"
    assert asking.code(BOTH, address="203.0.113.16") == "S404"
    assert asking.code(BOTH, address="203.0.113.15") == "S000"
    assert asking.code(BOTH, address="2001:db8::7") == "S000"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("no json", "S405"),
        ("[" * 5_000, "S405"),
        ("[]", "S101"),
        ({"total": 1, "checkOnBehalf": "N"}, "S101"),
        ({"numbers": [31234567], "total": 1, "checkOnBehalf": "N"}, "S101"),
        ({"numbers": ["3123456"], "total": 1, "checkOnBehalf": "N"}, "S101"),
        ({"numbers": ["41234567"], "total": 1, "checkOnBehalf": "N"}, "S101"),
        ({"numbers": ["+6531234567"], "total": 1, "checkOnBehalf": "N"}, "S101"),
        ({"numbers": ["31234567"], "total": 2, "checkOnBehalf": "N"}, "S102"),
        ({"numbers": ["31234567"], "checkOnBehalf": "N"}, "S102"),
        ({"numbers": [], "total": 0, "checkOnBehalf": "N"}, "S102"),
        ({"numbers": ["31234567"], "total": True, "checkOnBehalf": "N"}, "S102"),
        ({"numbers": ["31234567"] * 101, "total": 101, "checkOnBehalf": "N"}, "S102"),
        ({"numbers": ["31234567"], "total": 1, "checkOnBehalf": "Y"}, "S102"),
        ({"numbers": ["31234567"], "total": 1}, "S102"),
        ("x" * 30_000, "S405"),
    ],
)
def test_requests_that_do_not_fit_have_codes(sg, program, body, code):
    assert program().code(body=body) == code


def test_numbers_that_are_none_are_named_by_their_places(sg, program):
    _, answer = program().check(BOTH, "1", FREE, "abc")
    assert answer["errorTo"]["errors"] == ["numbers[1]", "numbers[3]"]
    assert "abc" not in json.dumps(answer)


def test_an_installation_without_a_register_of_singapore_never_answers_nr(found, program):
    found("US", n12125550101="")
    assert program().code(FREE) == "S501"


def test_nothing_is_answered_from_registers_that_are_stale(sg, program, clock):
    clock.forward(minutes=5)
    assert program().code(FREE) == "S501"


def test_without_a_subscription_or_beyond_it_the_code_is_s301(sg, program, organisation):
    assert program(organisation(country="US")).code(FREE) == "S301"
    small = program(organisation(country="SG", name="Small", size=1))
    assert small.code("91234567", "81234568", "91234569", "61234570") == "S301"


def test_a_suspended_organisation_is_refused_at_its_next_request(sg, program, organisation):
    from quietline.web.accounts import operations

    seller = organisation(country="SG")
    asking = program(seller)
    assert asking.code(FREE) == "S000"
    operations.suspend_organisation(organisation=seller, reason="Called listed numbers.", by=None, at=now())
    assert asking.code(FREE) == "S404"


def test_an_account_that_has_ended_opens_nothing(sg, program):
    from quietline.web.emulators.operations import end_account

    asking = program()
    end_account(account=asking.account, by=None, at=now())
    assert asking.code(FREE) == "S401"


def test_an_account_for_tests_answers_by_the_last_figure_and_asks_no_register(program):
    from quietline.web.publishing.models import WashSet

    _, answer = program(is_sandbox=True).check("91234561", "91234562", "91234563", "91234560")
    assert answered(answer, "no_voice_call", "no_text", "no_fax") == [
        ("R", "NR", "NR"), ("NR", "R", "NR"), ("R", "R", "R"), ("NR", "NR", "NR"),
    ]  # fmt: skip
    assert not WashSet.objects.exists()


def certificate():
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Evergreen Windows")])
    begin = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    builder = x509.CertificateBuilder(name, name, KEY.public_key(), 7, begin, begin + timedelta(days=365))
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def test_a_certificate_can_be_handed_in_instead_of_a_key(sg, program):
    assert program(public_key=certificate()).code(FREE) == "S000"


def private_pem():
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return KEY.private_bytes(serialization.Encoding.PEM, form, plain).decode()


@pytest.mark.parametrize(
    "given",
    [
        "", "hello", "é" * 10, "-----BEGIN PUBLIC KEY-----\nQUFB\n-----END PUBLIC KEY-----", "x" * 30_000,
        private_pem(),
        pem(ec.generate_private_key(ec.SECP256R1())),
        pem(rsa.generate_private_key(public_exponent=65_537, key_size=1_024)),
    ],
    ids=["none", "words", "letters", "noise", "long", "private", "curve", "short"],
)  # fmt: skip
def test_other_keys_are_refused(given):
    from quietline.errors import OperationError
    from quietline.web.emulators.operations import read_public_key

    with pytest.raises(OperationError) as refused:
        read_public_key(given)
    assert refused.value.code == "key.unusable"


@pytest.mark.parametrize("given", ["", "here", "10.0.0.0/8", "0.0.0.0/0", "::/0", "203.0.113.1/28", "203.0.113.1 " * 21])
def test_other_networks_are_refused(given):
    from quietline.errors import OperationError
    from quietline.web.emulators.operations import read_networks

    with pytest.raises(OperationError) as refused:
        read_networks(given)
    assert refused.value.code == "network.unreadable"


def test_a_real_client_over_a_real_connection_and_two_at_once_with_one_timestamp(sg, program, live_server, monkeypatch):
    monkeypatch.setattr("quietline.web.emulators.views_sg.now", now)
    asking = program()

    def send(header):
        with httpx.Client(base_url=live_server.url, trust_env=False) as client:
            body = {"numbers": [BOTH, FREE], "total": 2, "checkOnBehalf": "N"}
            response = client.post(ADDRESS, json=body, headers={"Authorization": header})
            return response.status_code, response.json()

    status, answer = send(asking.header())
    assert status == 200
    assert answered(answer, "no_voice_call", "no_text") == [("R", "R"), ("NR", "NR")]
    header = asking.header()
    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(status for status, _ in pool.map(send, [header] * 4))
    assert statuses == [200, 500, 500, 500]
