"""The voice menu, from the line itself and from networks that do not vouch for the caller."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from quietline.web.messaging.models import OutgoingMessage
from quietline.web.messaging.secrets import code_of
from quietline.web.publishing.models import Entry, Register
from quietline.web.publishing.operations import found_register, list_number
from quietline.web.publishing.queries import standing_entry
from quietline.web.subscribers.call_script import PROMPTS, SCRIPT
from quietline.web.subscribers.calls_in import _ACTS, challenge_by_call, take_call
from quietline.web.subscribers.delegates import forget_line
from quietline.web.subscribers.line_sessions import line_of_token
from quietline.web.subscribers.low_tech_models import LineCall
from quietline.web.subscribers.numbers import read_line
from quietline.web.subscribers.proving import request_codes, try_code
from web.subscribers.low_tech import AT, KEY, NUMBER

pytestmark = pytest.mark.django_db(transaction=True)
IDS = itertools.count(1)


@pytest.fixture(autouse=True)
def register(db):
    return found_register(code="dnc-us", kind="do-not-call", title="Do not call", country="US", at=AT)


class Telephone:
    """Somebody who calls and presses keys."""

    def __init__(self, raw=NUMBER, attestation="A", at=AT):
        self.id, self.raw, self.attestation, self.at = f"call-{next(IDS)}", raw, attestation, at
        self.heard = self.press("")

    def press(self, digits, **step):
        self.heard = take_call(
            call_id=self.id, raw=self.raw, attestation=self.attestation, digits=digits, at=self.at, **step
        )
        return self.heard

    @property
    def words(self):
        return " ".join(said["text"] for said in self.heard["say"])


def standing():
    return standing_entry(Register.objects.get(code="dnc-us"), KEY)


def test_the_script_leads_nowhere_that_does_not_exist():
    for state in SCRIPT.values():
        assert state.say in PROMPTS
        assert set(state.keys.values()) <= SCRIPT.keys() | _ACTS.keys()
    reached = {target for state in SCRIPT.values() for target in state.keys.values()}
    assert reached | {"menu", "guest"} >= SCRIPT.keys() | _ACTS.keys()


def test_one_key_lists_everything():
    call = Telephone()
    assert call.heard["gather"] == {"digits": 1, "ends_by": "", "seconds": 10}
    assert {said["language"] for said in call.heard["say"]} == {"en-US", "zh-CN"}
    call.press("1")
    assert (standing().terms, standing().assurance) == ("", "call")
    assert ", ".join(standing().reference.replace("-", "")) in call.words


def test_what_to_block_is_chosen_by_keys_and_can_be_less_than_before():
    call = Telephone()
    call.press("1")
    call.press("2")
    call.press("13#")
    assert standing().terms == "channels=recorded,text"
    call.press("2")
    call.press("9")
    assert "no meaning" in call.words
    call.press("123")
    assert standing().terms == ""


def test_choosing_channels_by_keys_leaves_what_else_was_chosen():
    call = Telephone()
    call.press("1")
    list_number(
        register=Register.objects.get(code="dnc-us"), key=KEY, since_date=AT.date(), assurance="code",
        terms="categories=2; channels=text; modes=13", at=AT + timedelta(seconds=1),
    )  # fmt: skip
    call = Telephone(at=AT + timedelta(seconds=2))
    call.press("2")
    call.press("1#")
    assert standing().terms == "categories=2; channels=recorded; modes=13"
    call.press("3")
    assert "against any of these: Property; or Recorded and automatic calls; or " in call.words


def test_status_and_withdrawal():
    call = Telephone()
    call.press("3")
    assert "not listed" in call.words
    call.press("1")
    call.press("3")
    assert "since 22 November 2026, against everything" in call.words
    call.press("4")
    assert standing() is not None
    call.press("2")
    assert standing() is not None
    call.press("4")
    call.press("1")
    assert standing() is None


def test_the_language_changes_and_is_remembered():
    call = Telephone()
    call.press("9")
    assert "屏蔽全部推销电话" in call.words
    call.press("1")
    call.press("3")
    assert "自2026年11月22日起登记" in call.words
    assert "欢迎" not in call.words
    assert "谢绝推销来电" in Telephone().words


def test_a_code_for_the_site_is_read_out_even_where_others_used_up_the_codes():
    call = Telephone()
    call.press("5")
    challenge = challenge_by_call(KEY, at=AT)
    code = code_of(challenge)
    assert ", ".join(code) in call.words
    assert not OutgoingMessage.objects.exists()
    confirmed = try_code_now(challenge, code)
    assert line_of_token(confirmed.token, at=AT).key == KEY
    assert challenge_by_call(KEY, at=AT) is None


def try_code_now(challenge, code):
    from django.db import transaction

    with transaction.atomic():
        return try_code(challenge_id=challenge, typed=code, at=AT)


@pytest.mark.parametrize("attestation", ["B", "C", "none", "", "a", "AA"])
def test_a_caller_whose_network_does_not_vouch_cannot_do_anything(attestation):
    call = Telephone(attestation=attestation)
    for digits in ("3", "4", "5", "1"):
        call.press(digits)
    assert not Entry.objects.exists()
    assert "register" not in call.words


def test_attestation_counts_at_the_first_step_only():
    call = Telephone(attestation="C")
    call.attestation = "A"
    call.press("3")
    assert "not listed" not in call.words


def test_who_is_not_vouched_for_is_called_back_and_proves_the_line_by_the_code():
    call = Telephone(attestation="none")
    call.press("1")
    assert call.heard["hang_up"] is True
    message = OutgoingMessage.objects.get()
    assert (message.channel, message.key) == ("call", KEY)
    again = Telephone(attestation="none")
    again.press("2")
    again.press("00000000" if code_of(message.challenge) != "00000000" else "11111111")
    assert "not the code" in again.words
    again.press(code_of(message.challenge))
    again.press("1")
    assert standing().assurance == "code"


def test_calls_back_are_limited_and_codes_that_others_asked_for_use_up_none():
    line = read_line(NUMBER, countries=("US",), only_fictitious=True)
    for place in range(6):
        request_codes(lines=[line], purpose="list", language="en", client=f"203.0.{place}.9", at=AT)
    OutgoingMessage.objects.all().delete()
    for _ in range(3):
        Telephone(attestation="none").press("1")
    call = Telephone(attestation="none")
    call.press("1")
    assert "too many codes" in call.words
    assert OutgoingMessage.objects.count() == 3


def test_a_request_that_is_repeated_does_nothing_twice():
    call = Telephone()
    step = call.heard["step"]
    call.press("4", step=step)
    call.press("4", step=step)
    assert "take your number off" in call.words
    assert LineCall.objects.get().state == "withdraw?"


def test_silence_and_wrong_keys_end_the_call_after_three():
    call = Telephone()
    call.press("")
    call.press("7")
    call.press("#")
    assert call.heard["hang_up"] is True
    assert "Goodbye" in call.words
    call.press("1")
    assert call.heard == {"say": [], "hang_up": True}
    assert not Entry.objects.exists()


def test_a_call_that_stands_still_is_over():
    call = Telephone()
    call.at = AT + timedelta(minutes=6)
    call.press("1")
    assert call.heard["hang_up"] is True
    assert not Entry.objects.exists()


def test_a_call_belongs_to_its_line():
    call = Telephone()
    call.raw = "+12125550124"
    call.press("1")
    assert not Entry.objects.exists()


def test_a_line_in_new_hands_ends_the_call():
    call = Telephone()
    forget_line(KEY, AT)
    call.attestation = "C"
    call.press("1")
    assert not Entry.objects.exists()


@pytest.mark.parametrize("raw", ["+19005550123", "+33612345678", "anonymous", "+12128675309"])
def test_premium_foreign_and_withheld_numbers_are_hung_up_on(raw):
    assert Telephone(raw=raw).heard == {"say": [], "hang_up": True}
    assert not LineCall.objects.exists()


def test_forged_calls_do_not_keep_the_person_out():
    for _ in range(12):
        Telephone(attestation="C")
    assert Telephone(attestation="C").heard == {"say": [], "hang_up": True}
    assert "gather" in Telephone().heard


def test_a_state_beyond_the_script_opens_nothing_without_a_proof():
    call = Telephone(attestation="C")
    LineCall.objects.update(state="menu")
    call.press("1")
    assert call.heard["hang_up"] is True
    assert not Entry.objects.exists()
