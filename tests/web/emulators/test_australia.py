"""The Australian wash, asked by programs as integrators write them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from xml.etree import ElementTree as ET

import pytest

from quietline.web.base.clock import now
from web.emulators.soap_client import ADDRESS, FaultError, SoapClient, envelope, envelope_of_axis

pytestmark = pytest.mark.django_db(transaction=True)
LISTED, FREE = "(04) 9157-0156", "0491 570 157"
TIMES_OUT = "0491570110"


@pytest.fixture
def au(found):
    return found("AU", n61491570156="", n61491570158="channels=text")


@pytest.fixture
def account(organisation):
    """Make an account with its password."""
    from quietline.web.emulators.operations import make_australian_account

    def make(of=None, **more):
        given = {"client": "", "title": "tests", "is_sandbox": False, **more}
        return make_australian_account(organisation=of or organisation(), by=None, at=now(), **given)

    return make


@pytest.fixture
def program(client, account):
    return SoapClient(client, account())


def test_numbers_are_answered_by_y_n_and_i(au, program):
    asked = [LISTED, FREE, "12", "+61491570156", "0491 570 158", "0491-570-15x", "0011 1 212 555 0101"]
    code, results = program.wash("spring-1", asked)
    assert code == 0
    assert [number for number, _ in results] == asked
    assert [sign for _, sign in results] == ["Y", "N", "I", "I", "Y", "I", "I"]


def test_calls_of_older_java_clients_are_read(au, program):
    assert program.wash("java-1", [LISTED, FREE], written=envelope_of_axis) == (0, [(LISTED, "Y"), (FREE, "N")])


def test_a_wash_leaves_its_sealed_record_and_two_leaves(au, program):
    from quietline.web.emulators.answering import answer_digest
    from quietline.web.emulators.models import EmulatedAnswer
    from quietline.web.proofs.models import Leaf
    from quietline.web.proofs.operations import hash_of
    from quietline.web.publishing.models import WashSet

    program.wash("proof-1", [LISTED, FREE, "12"])
    made, row = WashSet.objects.get(), EmulatedAnswer.objects.get()
    assert (made.numbers_count, row.wash_set, row.numbers_count) == (2, made.pk, 3)
    assert bytes(row.digest) == answer_digest("au", made.pk, ["Y", "N", "I"])
    assert Leaf.objects.filter(kind="wash", record=made.pk).exists()
    leaf = Leaf.objects.get(kind="emulated", record=row.pk)
    assert bytes(leaf.hash) == hash_of(bytes(leaf.salt), "emulated", row.pk, row.canonical)


def test_the_balance_falls_by_distinct_valid_numbers_only(au, client, account, organisation):
    program = SoapClient(client, account(organisation(size=1_000)))
    assert program.balance() == (0, "1000")
    program.wash("a", [LISTED, FREE, "12"])
    program.wash("b", [FREE])
    assert program.balance() == (0, "998")


def test_more_numbers_than_were_paid_for_are_refused_by_code_5_and_the_reference_stays_free(
    au, client, account, organisation
):
    from quietline.web.emulators.models import AustralianWash
    from quietline.web.subscriptions.models import ListSize

    seller = organisation(size=1)
    program = SoapClient(client, account(seller))
    numbers = ["0491570006", "0491570156", "0491570157", "0491570158", "0491570159"]
    assert program.wash("a", numbers) == (5, [])
    assert not AustralianWash.objects.exists()
    ListSize.objects.create(organisation=seller, size=1_000, at=now() + timedelta(seconds=1))
    assert program.wash("a", numbers)[0] == 0


def test_without_a_subscription_to_australia_the_code_is_4(au, client, account, organisation):
    program = SoapClient(client, account(organisation(country="US")))
    assert program.wash("a", [FREE]) == (4, [])
    assert program.balance() == (0, "0")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"TelemarketerPassword": ""}, 1),
        ({"TelemarketerId": ""}, 1),
        ({"TelemarketerId": "abc"}, 1),
        ({"TelemarketerPassword": "wrong"}, 3),
        ({"TelemarketerId": "10000000"}, 3),
        ({"WashOnlyUserId": "10000000"}, 3),
        ({"WashOnlyUserId": ""}, 0),
    ],
)
def test_credentials_that_are_missing_or_wrong_have_codes(au, program, change, code):
    program.credentials |= change
    assert program.wash("a", [FREE])[0] == code
    assert program.balance()[0] == code


def test_a_call_without_numbers_or_reference_is_code_1(au, program):
    assert program.wash("a", []) == (1, [])
    assert program.wash("", [FREE]) == (1, [])
    assert program.result("") == (1, [])


def test_a_suspended_organisation_gets_code_3_at_its_next_call(au, client, account, organisation):
    from quietline.web.accounts import operations

    seller = organisation()
    program = SoapClient(client, account(seller))
    assert program.wash("a", [FREE])[0] == 0
    operations.suspend_organisation(organisation=seller, reason="Called listed numbers.", by=None, at=now())
    assert program.wash("b", [FREE]) == (3, [])
    assert program.result("a") == (3, [])
    assert program.balance()[0] == 3


def test_an_account_that_has_ended_opens_nothing(au, client, account):
    from quietline.web.emulators.operations import end_account

    made = account()
    end_account(account=made.account, by=None, at=now())
    assert SoapClient(client, made).balance()[0] == 3


def test_the_same_reference_with_the_same_numbers_gives_the_same_answer_and_washes_nothing(au, program, publish):
    from quietline.web.publishing.models import WashSet
    from quietline.web.publishing.operations import list_number

    first = program.wash("once", [LISTED, FREE])
    list_number(register=au, key=61491570157, since_date=now().date(), terms="", assurance="code", at=now())
    publish()
    assert program.wash("once", [LISTED, FREE]) == first
    assert program.result("once") == first
    assert WashSet.objects.count() == 1
    assert program.wash("twice", [LISTED, FREE])[1] == [(LISTED, "Y"), (FREE, "Y")]


def test_the_same_reference_with_other_numbers_is_a_fault(au, program):
    program.wash("once", [LISTED])
    with pytest.raises(FaultError, match="used for another wash"):
        program.wash("once", [FREE])


def test_of_several_calls_at_once_under_one_reference_one_is_washed(au, client, account, clock):
    from django.db import connection

    from quietline.errors import ConflictError
    from quietline.web.emulators.australian import wash_numbers
    from quietline.web.publishing.models import WashSet

    made = account()
    start = Barrier(4)

    def call(_):
        start.wait()
        try:
            return wash_numbers(made.account, reference="rush", raws=[LISTED, FREE], at=clock.at).results
        except ConflictError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(call, range(4)))
    results = ((LISTED, "Y"), (FREE, "N"))
    assert results in answers
    assert set(answers) <= {results, "wash.running"}
    assert WashSet.objects.count() == 1
    assert SoapClient(client, made).result("rush") == (0, list(results))


def test_references_belong_to_an_organisation(au, client, account, organisation):
    first = SoapClient(client, account())
    second = SoapClient(client, account(organisation(name="Others")))
    assert first.wash("spring", [LISTED])[0] == second.wash("spring", [FREE])[0] == 0
    assert second.result("spring") == (0, [(FREE, "N")])


def test_a_wash_while_the_registers_are_stale_times_out_and_is_recovered_after_30_seconds(au, program, clock, publish):
    clock.forward(minutes=5)
    with pytest.raises(FaultError, match="timed out"):
        program.wash("slow", [LISTED, FREE])
    with pytest.raises(FaultError, match="GetWashResult"):
        program.wash("slow", [LISTED, FREE])
    publish()
    clock.forward(seconds=29)
    assert program.result("slow") == (4, [])
    clock.forward(seconds=2)
    assert program.result("slow") == (0, [(LISTED, "Y"), (FREE, "N")])


def test_a_wash_that_stays_impossible_keeps_answering_not_finished(au, program, clock, publish):
    from quietline.web.publishing.models import WashSet

    clock.forward(minutes=5)
    with pytest.raises(FaultError, match="timed out"):
        program.wash("slow", [LISTED])
    clock.forward(seconds=31)
    assert program.result("slow") == (4, [])
    publish()
    assert program.result("slow") == (4, []), "30 seconds from the last attempt"
    clock.forward(seconds=31)
    assert program.result("slow") == (0, [(LISTED, "Y")])
    assert WashSet.objects.count() == 1


def test_a_wash_whose_process_died_is_taken_up_by_who_asks_for_its_result(au, client, account, clock, publish):
    from quietline.web.emulators.australian import submit

    made = account()
    submit(made.account, reference="died", raws=[LISTED, "12"], at=clock.at)
    program = SoapClient(client, made)
    assert program.result("died") == (4, [])
    clock.forward(seconds=31)
    publish()
    assert program.result("died") == (0, [(LISTED, "Y"), ("12", "I")])


def test_results_are_kept_for_30_days_and_then_destroyed(au, program, clock):
    from quietline.web.emulators.australian import forget_results
    from quietline.web.emulators.models import AustralianWash
    from quietline.web.keeping.models import DataKey

    program.wash("old", [LISTED])
    row = AustralianWash.objects.get()
    assert b"9157" not in bytes(row.asked)
    clock.forward(days=29, hours=23)
    assert forget_results(at=clock.at) == 0
    assert program.result("old")[0] == 0
    clock.forward(hours=2)
    assert program.result("old") == (2, [])
    assert forget_results(at=clock.at) == 1
    row.refresh_from_db()
    assert (row.asked, row.results) == (None, None)
    key = DataKey.objects.get(record=f"emulators.wash:{row.pk}")
    assert (key.wrapped, key.destroyed_at) == (None, clock.at)
    with pytest.raises(FaultError, match="used for another wash"):
        program.wash("old", [LISTED])


def test_an_unknown_reference_is_code_2(au, program):
    assert program.result("never") == (2, [])


def test_500_numbers_are_washed_and_501_are_a_fault(au, program):
    assert len(program.wash("most", [LISTED] * 500)[1]) == 500
    with pytest.raises(FaultError, match="at most 500"):
        program.wash("more", [LISTED] * 501)


def test_an_installation_without_an_australian_register_never_answers_n(found, program):
    found("US", n12125550101="")
    with pytest.raises(FaultError, match="keeps no do-not-call register"):
        program.wash("a", [FREE])


def test_a_telemarketer_washes_for_a_client_and_no_longer_than_the_mandate_holds(au, client, account, organisation):
    from quietline.errors import NotProvenError
    from quietline.web.sellers.mandates import accept_mandate, end_mandate, grant_mandate

    caller, seller = organisation(name="Busy Lines", kind="telemarketer", country=""), organisation()
    with pytest.raises(NotProvenError):
        account(caller)
    with pytest.raises(NotProvenError):
        account(caller, client=seller.code)
    day = now().date()
    mandate = grant_mandate(seller=seller, telemarketer=caller.code, from_date=day, by=None, at=now())
    accept_mandate(mandate=mandate, by=None, at=now())
    program = SoapClient(client, account(caller, client=seller.code))
    assert program.wash("a", [LISTED]) == (0, [(LISTED, "Y")])
    end_mandate(mandate=mandate, side=seller, by=None, at=now())
    assert program.wash("b", [LISTED]) == (3, [])


def test_an_account_for_tests_answers_from_the_table_and_has_a_number_that_times_out(client, account, clock):
    from quietline.web.publishing.models import WashSet

    program = SoapClient(client, account(is_sandbox=True))
    numbers = ["0491570006", "0491570156", "0491570158", "123"]
    assert [sign for _, sign in program.wash("t1", numbers)[1]] == ["Y", "N", "Y", "I"]
    with pytest.raises(FaultError, match="timed out"):
        program.wash("t2", ["0491570006", TIMES_OUT])
    assert program.result("t2") == (4, [])
    clock.forward(seconds=31)
    assert program.result("t2") == (0, [("0491570006", "Y"), (TIMES_OUT, "N")])
    assert not WashSet.objects.exists()


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    "<soapenv:Envelope xmlns:soapenv='http://schemas.xmlsoap.org/soap/envelope/'><soapenv:Body>&b;</soapenv:Body></soapenv:Envelope>"
)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (BOMB, "document type"),
        (BOMB.replace("<!DOCTYPE x [", "<!DOCTYPE x SYSTEM 'file:///etc/passwd' ["), "document type"),
        (BOMB.encode("utf-16"), "UTF-8"),
        ("<a/>", "no envelope of SOAP 1.1"),
        ("not xml", "well-formed"),
        ("", "well-formed"),
        ("<a>" * 50 + "</a>" * 50, "too many elements"),
        (envelope("DropTables"), "no such operation"),
        (envelope("WashNumbers").replace("http://rtw.dncrtelem", "http://other.example"), "no such operation"),
        (envelope("WashNumbers", TelemarketerId="1" * 2_000), "too long"),
        (envelope("WashNumbers").replace("<rtw:WashNumbers", "<?php x?><rtw:WashNumbers"), "processing instructions"),
        (envelope("WashNumbers", numbers=["1" * 50] * 6_000), "too long"),
        (envelope("WashNumbers", numbers=["1"] * 2_500), "too many elements"),
        (envelope_of_axis("WashNumbers", numbers=["1"]).replace('id="id1"', 'id="else"'), "not there"),
    ],
)
def test_what_is_no_call_is_answered_by_a_fault_and_quickly(program, body, words):
    response = program.send(body)
    assert response.status_code == 500
    assert response["Content-Type"] == "text/xml; charset=utf-8"
    fault = ET.fromstring(response.content).find(".//faultstring").text
    assert words in fault, fault


def test_the_description_names_operations_parameters_and_their_order(client):
    response = client.get(f"{ADDRESS}?wsdl")
    assert response.status_code == 200
    root = ET.fromstring(response.content)
    space = {"w": "http://schemas.xmlsoap.org/wsdl/", "s": "http://schemas.xmlsoap.org/wsdl/soap/"}
    assert root.get("targetNamespace") == "http://rtw.dncrtelem"
    order = {one.get("name"): one.get("parameterOrder").split() for one in root.findall("w:portType/w:operation", space)}
    three = ["TelemarketerId", "WashOnlyUserId", "TelemarketerPassword"]
    assert order == {
        "GetAccountBalance": three,
        "WashNumbers": [*three, "ClientReferenceId", "NumbersToWash"],
        "GetWashResult": [*three, "ClientReferenceId"],
    }
    parts = {one.get("name"): [part.get("name") for part in one] for one in root.findall("w:message", space)}
    assert {f"{name}Request": parts[f"{name}Request"] for name in order} == {
        f"{name}Request": names for name, names in order.items()
    }
    assert root.find("w:binding/s:binding", space).get("style") == "rpc"
    assert root.find("w:service/w:port/s:address", space).get("location") == f"http://testserver{ADDRESS}"
    assert client.get(ADDRESS).status_code == 405


def test_guessing_passwords_is_slowed(au, client, account):
    wrong = SoapClient(client, account(), password="wrong")
    body = envelope("GetAccountBalance", **wrong.credentials)
    answers = [wrong.send(body) for _ in range(130)]
    slowed = [answer for answer in answers if answer.status_code == 500]
    assert slowed
    assert int(slowed[0]["Retry-After"]) > 0


def test_nothing_that_was_asked_is_logged(au, program, capfd):
    program.wash("quiet-reference", [LISTED, FREE])
    with pytest.raises(FaultError):
        program.wash("quiet-reference", [FREE])
    out = "".join(capfd.readouterr())
    assert "9157" not in out
    assert program.credentials["TelemarketerPassword"] not in out
    assert json.dumps(LISTED) not in out
