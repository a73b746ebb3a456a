"""The registers of a seller against the history they come from, the ledger, and two acts at the same moment."""

from __future__ import annotations

import random
import threading
from datetime import UTC, date, datetime, timedelta

import pytest

from .conftest import AT, KEY

pytestmark = pytest.mark.django_db(transaction=True)
REGISTERS = {"consent": "consents", "purchase": "customers", "inquiry": "inquiries"}


def some_act(chance, seller, hand_in, at):
    """Do something that may happen at a seller, at a moment."""
    from quietline.errors import ConflictError
    from quietline.web.evidence.given import Given
    from quietline.web.evidence.models import Contest
    from quietline.web.evidence.operations import answer_contest, contest, say_as_holder, strike_due

    key, ago = KEY + chance.randrange(2), timedelta(hours=chance.randrange(1, 24 * 120))
    kind = chance.choice(["consent", "consent", "purchase", "inquiry", "stop"])
    proof = {"source": "web", "proof": "7"} if chance.random() < 0.6 else {}
    match chance.randrange(8):
        case 0:
            say_as_holder(organisation=seller, kind=chance.choice(["consent", "stop"]), key=key, assurance="code", at=at)
        case 1 if kind != "stop":
            try:
                contest(organisation=seller, kind=kind, key=key, since_date=at.date(), reason="", assurance="code", at=at)
            except ConflictError:
                return
        case 2:
            row = Contest.objects.filter(outcome=None, answer_by__gt=at).first()
            if row is not None:
                given = Given(row.kind, row.key, row.at - ago, source="web", proof="9")
                answer_contest(contest=row, proof=given, via=seller, by="key:t", how="api", at=at)
        case 3:
            strike_due(at=at)
        case _:
            until = (
                (at + timedelta(days=chance.randrange(40))).date() if kind == "consent" and chance.random() < 0.3 else None
            )
            happened = at - ago if chance.random() < 0.5 else (at - ago).date()
            channel = chance.choice(["", "", "voice", "text"]) if kind in ("consent", "stop") else ""
            hand_in(Given(kind, key, happened, channel=channel, until_date=until, **proof), at=at)


@pytest.mark.parametrize("seed", range(6))
def test_registers_say_what_the_whole_history_says_and_the_ledger_holds(seed, seller, hand_in, stands):
    from quietline.web.evidence.models import Batch
    from quietline.web.evidence.operations import lapse_due
    from quietline.web.evidence.queries import standing_of
    from quietline.web.evidence.writing import check_batch
    from quietline.web.proofs.verifying import verify_database

    chance, at = random.Random(seed), AT
    for _ in range(25):
        at += timedelta(hours=chance.randrange(1, 200))
        some_act(chance, seller, hand_in, at)
        lapse_due(at=at)
        for key in (KEY, KEY + 1):
            now = standing_of(seller, key, at=at)
            wanted = {REGISTERS[kind]: fact.on_date for kind, fact in now.claims.items()}
            wanted |= {"stop-requests": now.stop_since} if now.stop_since else {}
            assert stands(key) == wanted
    assert all(check_batch(batch) for batch in Batch.objects.all())
    report = verify_database(log=None, at=at)
    wrong = [finding for finding in report.findings if finding.code != "number-missing"]
    assert not wrong


def test_two_acts_at_the_same_moment_leave_the_request_to_stop_standing(seller, hand_in, stands):
    from django.db import connection

    from quietline.web.evidence.given import Given
    from quietline.web.evidence.operations import record, say_as_holder

    failures, start = [], threading.Barrier(2)

    def run(act):
        try:
            start.wait()
            act()
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    consents = [Given("consent", KEY + i % 50, date(2026, 10, 1 + i // 50), source="web", proof=str(i)) for i in range(500)]
    threads = [
        threading.Thread(target=run, args=(act,))
        for act in (
            lambda: record(organisation=seller, records=consents, via=seller, by="key:t", how="api", at=AT),
            lambda: say_as_holder(organisation=seller, kind="stop", key=KEY, assurance="code", at=AT),
        )
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert stands() == {"stop-requests": date(2026, 11, 22)}
    assert stands(KEY + 1) == {"consents": date(2026, 10, 10)}


def test_every_consent_that_counts_is_given_with_its_form(seller, hand_in):
    from quietline.web.evidence.given import Given
    from quietline.web.evidence.queries import consents_of

    hand_in(
        Given("consent", KEY, date(2026, 8, 1), form="written_signed"), Given("consent", KEY, date(2026, 9, 1), form="oral"),
        Given("consent", KEY + 1, date(2026, 9, 1), form="oral"), Given("stop", KEY + 1, datetime(2026, 9, 2, tzinfo=UTC)),
    )  # fmt: skip
    found = consents_of(seller, [KEY, KEY + 1, KEY + 2], at=AT)
    assert sorted((one.key, one.form, one.given_on) for one in found) == [
        (KEY, "oral", date(2026, 9, 1)), (KEY, "written_signed", date(2026, 8, 1)),
    ]  # fmt: skip
