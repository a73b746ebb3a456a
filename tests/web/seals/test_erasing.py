"""What was written is erased two years after it was over, the ledger stays valid; who read an appeal is on record."""

from __future__ import annotations

import pytest

from quietline.errors import NotProvenError, VaultError
from web.seals.common import ANSWER, AT, DAYS, FIRST, HOURS, LETTER, fresh, leaves, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def line():
    from quietline.web.subscribers.line_sessions import ProvenLine

    return ProvenLine(FIRST + 1, "code", AT, AT, AT + HOURS)


@pytest.fixture
def lifted(place, supervisor):
    """A seal that was lifted the day after."""
    from quietline.web.seals.operations import lift_seal

    seal = place()
    lift_seal(seal=seal, reason="remedied", words="They stopped.", was_wrong=False, by=supervisor, at=AT + DAYS)
    return fresh(seal)


@pytest.fixture
def answered(place, appeal, line, other_supervisor):
    """An appeal from a line that was turned down the day after."""
    from quietline.web.seals.appeals import refuse

    made = appeal(place(), proven=line)
    return refuse(appeal=made, answer=ANSWER, by=other_supervisor, at=AT + DAYS)


@pytest.fixture
def auditor(enter, office):
    return enter.person("Aldo Example", office, "auditor")


def open_with_old_key(row, sealed, field):
    """Read what lay in a backup from before, with the key that stands in the database now."""
    from quietline.web.keeping.data_keys import opened_key
    from quietline.web.keeping.models import DataKey
    from quietline.web.keeping.sealed_content import open_content

    return open_content(opened_key(DataKey.objects.get(pk=row.data_key_id)), sealed, field)


def test_a_seal_keeps_its_words_for_two_years_after_it_ended(lifted):
    from quietline.web.seals.erasing import KEPT, erase_old
    from quietline.web.seals.wording import words_of, words_of_act

    sealed = bytes(lifted.words)
    over = AT + DAYS + KEPT
    assert erase_old(at=over - HOURS) == 0
    assert words_of(fresh(lifted))["evidence"] == ["CP-2222-3333"]
    assert erase_old(at=over) == 1
    assert erase_old(at=over) == 0
    seal = fresh(lifted)
    assert (seal.words, words_of(seal)) == (None, {})
    assert {words_of_act(act) for act in seal.acts.all()} == {""}
    with pytest.raises(VaultError) as caught:
        open_with_old_key(seal, sealed, "words")
    assert caught.value.code == "vault.erased"
    assert (seal.state, seal.reason, seal.first_key) == ("lifted", "nuisance", FIRST)


@pytest.mark.django_db(transaction=True)
def test_the_ledger_verifies_after_erasure_and_says_that_it_was_erased(lifted, answered, auditor):
    from quietline.ledger.reading import LogReader
    from quietline.web.proofs.verifying import verify_database
    from quietline.web.publishing.objects import ledger_origin, ledger_store, signing_key
    from quietline.web.publishing.sequencing import Sequencer
    from quietline.web.seals.erasing import KEPT, erase_old
    from quietline.web.seals.reading import note_read

    note_read(appeal=answered, by=auditor, at=AT + 2 * DAYS)
    over = AT + 2 * DAYS + KEPT
    assert erase_old(at=over) == 2
    sequencer = Sequencer()
    while sequencer.step(at=over):
        pass
    log = LogReader(ledger_store(), origin=ledger_origin(), trusted=[signing_key().public])
    report = verify_database(log=log, at=over + HOURS)
    assert report.findings == ()
    assert report.holds
    assert report.leaves == report.log_size == report.rows
    assert leaves("seal") == 2
    assert leaves("seal-act") == 6
    assert leaves("appeal") == 1
    assert leaves("appeal-act") == 3
    assert [row.act for row in lifted.acts.order_by("pk")] == ["propose", "seal", "lift", "erase"]
    assert [row.act for row in answered.acts.order_by("pk")] == ["receive", "refuse", "erase"]


@pytest.mark.parametrize("state", ["proposed", "sealed"])
def test_what_is_not_over_is_kept(state, propose, place, appeal):
    from quietline.web.seals.erasing import KEPT, erase_old
    from quietline.web.seals.wording import words_of

    row = propose() if state == "proposed" else place(until_at=AT + 700 * DAYS)
    made = appeal(row) if state == "sealed" else None
    assert erase_old(at=AT + 2 * KEPT) == 0
    assert words_of(fresh(row))["remedy"] == "identify"
    assert made is None or words_of(fresh(made))["words"] == LETTER


def test_a_seal_waits_for_the_answer_to_an_appeal_against_it(lifted, appeal, other_supervisor):
    from quietline.web.seals.appeals import refuse
    from quietline.web.seals.erasing import KEPT, erase_old

    made = appeal(lifted, at=AT + 2 * DAYS)
    over = AT + DAYS + KEPT
    assert erase_old(at=over) == 0
    refuse(appeal=made, answer=ANSWER, by=other_supervisor, at=over)
    assert erase_old(at=over) == 1
    assert fresh(lifted).words is None
    assert fresh(made).words is not None
    assert erase_old(at=over + KEPT) == 1


def test_an_appeal_loses_words_answer_address_and_line(answered):
    from quietline.web.seals.erasing import KEPT, erase_old
    from quietline.web.seals.wording import answer_of, words_of

    sealed = bytes(fresh(answered).words)
    assert erase_old(at=AT + DAYS + KEPT - HOURS) == 0
    assert erase_old(at=AT + DAYS + KEPT) == 1
    row = fresh(answered)
    assert (words_of(row), answer_of(row), row.key) == ({}, {}, None)
    with pytest.raises(VaultError):
        open_with_old_key(row, sealed, "words")
    assert (row.state, row.decided_at) == ("refused", AT + DAYS)


def test_one_that_was_taken_back_counts_from_that_day(place, appeal):
    from quietline.web.seals.appeals import withdraw
    from quietline.web.seals.erasing import KEPT, erase_old

    made = appeal(place())
    withdraw(appeal=made, at=AT + 5 * DAYS)
    assert erase_old(at=AT + 4 * DAYS + KEPT) == 0
    assert erase_old(at=AT + 5 * DAYS + KEPT) == 1


def test_erased_a_seal_does_not_stand_again(place, operator, report):
    from quietline.web.operators.undoing import withdraw_line_event
    from quietline.web.seals.erasing import KEPT, erase_old
    from quietline.web.seals.falling import follow_lines
    from quietline.web.seals.models import Seal

    seal = place(first_key=FIRST, last_key=FIRST)
    report(operator, FIRST)
    follow_lines(at=AT + DAYS)
    Seal.objects.filter(pk=seal.pk).update(until_at=AT + 900 * DAYS)
    assert erase_old(at=AT + DAYS + KEPT) == 1
    withdraw_line_event(operator=operator, reference=f"E{FIRST}", at=AT + 2 * DAYS)
    follow_lines(at=AT + 2 * DAYS)
    assert fresh(seal).state == "fell"


def test_the_pages_say_that_it_was_erased(lifted, answered, browser, supervisor, monkeypatch):
    from django.urls import reverse

    from quietline.web.seals import views_appeals, views_office
    from quietline.web.seals.erasing import KEPT, erase_old

    for room in (views_appeals, views_office):
        monkeypatch.setattr(room, "now", lambda: AT + 2 * DAYS)
    officer = browser(supervisor, second_factor=True)
    page = reverse("seals:office_appeal", args=[answered.reference])
    assert LETTER in text(officer.get(page))
    erase_old(at=AT + DAYS + KEPT)
    assert "was erased two years after" in text(officer.get(page))
    seal = text(officer.get(reverse("seals:office_seal", args=[lifted.reference])))
    assert "erased, two years after the seal ended" in seal
    assert "what was done" not in seal
    assert "what was asked for has been done" in text(browser().get(reverse("seals:one", args=[lifted.reference])))


def test_who_reads_an_appeal_is_on_record_and_the_appellant_sees_it(answered, line, supervisor, office):
    from quietline.web.keeping.models import Read
    from quietline.web.seals.reading import ONE_LOOK, note_read, reads_of
    from quietline.web.subscribers.asked import who_asked

    note_read(appeal=answered, by=supervisor, at=AT + DAYS)
    note_read(appeal=answered, by=supervisor, at=AT + DAYS + ONE_LOOK / 2)
    note_read(appeal=answered, by=supervisor, at=AT + DAYS + ONE_LOOK)
    assert [row.at for row in reads_of(answered)] == [AT + DAYS + ONE_LOOK, AT + DAYS]
    read = Read.objects.first()
    assert (read.key, read.reader, read.role, read.organisation, read.case) == (
        FIRST + 1, supervisor.pk, "supervisor", office.name, answered.reference,
    )  # fmt: skip
    assert leaves("read") == 2
    seen = [act.what for act in who_asked(line, at=AT + 2 * DAYS) if act.kind == "read"]
    assert len(seen) == 2
    assert answered.reference in seen[0]


def test_opening_the_page_is_a_read_and_nobody_else_opens_it(answered, browser, auditor, supervisor, clerk, monkeypatch):
    from django.urls import reverse

    from quietline.web.keeping.models import Read
    from quietline.web.seals import views_appeals
    from quietline.web.seals.reading import note_read

    monkeypatch.setattr(views_appeals, "now", lambda: AT + 2 * DAYS)
    page = reverse("seals:office_appeal", args=[answered.reference])
    assert browser(clerk).get(page).status_code == 403
    assert not Read.objects.exists()
    for _ in range(2):
        assert LETTER in text(browser(auditor, second_factor=True).get(page))
    assert [(row.role, row.purpose) for row in Read.objects.all()] == [("auditor", "audit")]
    browser(supervisor, second_factor=True).get(page)
    assert Read.objects.filter(role="supervisor", purpose="help").count() == 1
    with pytest.raises(NotProvenError):
        note_read(appeal=answered, by=clerk, at=AT)


def test_an_erased_appeal_leaves_nothing_to_read(answered, supervisor):
    from quietline.web.keeping.models import Read
    from quietline.web.seals.erasing import KEPT, erase_old
    from quietline.web.seals.reading import note_read, reads_of

    erase_old(at=AT + DAYS + KEPT)
    note_read(appeal=fresh(answered), by=supervisor, at=AT + DAYS + KEPT)
    assert not Read.objects.exists()
    assert reads_of(fresh(answered)) == []
