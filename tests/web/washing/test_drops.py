"""Drop folders, with real files: in, washed, out."""

from __future__ import annotations

import json
import os
from datetime import timedelta

import pytest

from web.washing.callers import AT
from web.washing.common import LISTED, LONG_AGO, people, ten, turn

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("room")]
OPTIONS = """
country = "US"
purpose = "sales"
channel = "live_voice"
callee_class = "residential"
caller_id = "shown"
day = "2026-11-24"
time = "15:00"
"""


@pytest.fixture
def folder(seller, register, publish):
    from quietline.web.publishing.operations import list_number
    from quietline.web.washing.drops import open_folder

    for key in LISTED:
        list_number(register=register, key=key, since_date=LONG_AGO, terms="", assurance="code", at=AT)
    publish()
    made = open_folder(seller)
    (made / "in" / "options.toml").write_text(OPTIONS)
    return made


def look(seconds=0):
    from quietline.web.washing.drops import look_at_drops

    return look_at_drops(at=AT + timedelta(seconds=seconds))


def names(path):
    return sorted(entry.name for entry in path.iterdir())


def test_a_list_that_stopped_growing_is_washed_and_comes_out_whole(folder, seller):
    from quietline.web.messaging.models import OutgoingMessage
    from quietline.web.washing.models import Wash

    (folder / "in" / "calls.csv").write_bytes(ten()[:40])
    assert look() == 0
    (folder / "in" / "calls.csv").write_bytes(ten())  # it grew
    assert look(10) == 0
    assert look(20) == 1
    assert names(folder / "in") == ["options.toml"]
    wash = Wash.objects.get()
    assert (wash.way, wash.organisation) == ("drop", seller)
    assert turn() == 1
    assert look(30) == 1
    stem = f"calls-{str(wash.pk)[:8]}"
    assert names(folder / "out") == [stem]
    expected = ["clean.csv", "receipt.json", "receipt.json.proofs", "removed.csv", "summary.json"]
    assert names(folder / "out" / stem) == expected
    assert (folder / "out" / stem / "clean.csv").read_text().count("\n") == 8
    note = json.loads((folder / "archive" / f"{stem}.json").read_text())
    assert note["list"] == "calls.csv"
    assert "212" not in json.dumps(note["list"])
    assert look(40) == 0
    assert not OutgoingMessage.objects.exists()


def test_a_list_with_done_beside_it_is_taken_at_once_with_its_own_options(folder):
    from quietline.web.washing.models import Wash

    (folder / "in" / "calls.csv").write_bytes(people("+12125550100", "+12125550101"))
    (folder / "in" / "calls.csv.toml").write_text('purpose = "political"\nreference = "autumn"\ncolumns = ["phone"]')
    (folder / "in" / "calls.csv.done").touch()
    assert look() == 1
    wash = Wash.objects.get()
    assert (wash.facts["purpose"], wash.reference, wash.options["columns"]) == ("political", "autumn", ["phone"])
    assert names(folder / "in") == ["options.toml"]


@pytest.mark.parametrize(
    ("content", "options", "word"),
    [
        (b"colour,size\nred,big\n", "", "column"),
        (ten(), "this is not TOML", "TOML"),
        (ten(), 'purpose = "fun"', "purpose"),
        (ten(), 'colour = "red"', "colour"),
        (ten(), 'client = "QL-O-000000-0"', "client"),
        (b"", "", "empty"),
    ],
)
def test_what_is_wrong_is_told_in_a_readable_text(folder, content, options, word):
    (folder / "in" / "calls.csv").write_bytes(content)
    (folder / "in" / "calls.csv.toml").write_text(options)
    (folder / "in" / "calls.csv.done").touch()
    assert look() == 1
    (told,) = (folder / "out").iterdir()
    assert told.name.endswith(".error.txt")
    assert word in told.read_text()
    assert "Nothing was handed out." in told.read_text()
    assert names(folder / "in") == ["options.toml"]


def test_a_list_that_is_refused_later_says_so_in_out(folder, seller):
    from quietline.web.subscriptions.models import ListSize

    ListSize.objects.create(organisation=seller, size=1, at=AT)
    (folder / "in" / "calls.csv").write_bytes(ten())
    (folder / "in" / "calls.csv.done").touch()
    assert look() == 1
    assert turn() == 1
    assert look(10) == 1
    (told,) = (folder / "out").iterdir()
    assert "Declare a longer list" in told.read_text()


def test_links_folders_and_hidden_files_are_passed_over(folder, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_bytes(ten())
    (folder / "in" / "link.csv").symlink_to(secret)
    (folder / "in" / "link.csv.done").touch()
    (folder / "in" / ".calls.csv.part").write_bytes(ten())
    (folder / "in" / "sub").mkdir()
    assert look() == 0
    assert look(10) == 0
    assert secret.exists()


def test_a_repeat_under_the_same_reference_comes_out_again(folder):
    (folder / "in" / "options.toml").write_text(OPTIONS + 'reference = "autumn"')
    for seconds in (0, 20):
        (folder / "in" / "calls.csv").write_bytes(ten())
        (folder / "in" / "calls.csv.done").touch()
        assert look(seconds) >= 1
        turn()
        look(seconds + 10)
        (out,) = (folder / "out").iterdir()
        for path in out.iterdir():
            path.unlink()
        out.rmdir()


def test_results_in_out_are_deleted_with_their_period(folder):
    old = folder / "out" / "calls-1"
    old.mkdir()
    (old / "clean.csv").write_text("x")
    stamp = (AT - timedelta(days=31)).timestamp()
    os.utime(old, (stamp, stamp))
    look()
    assert names(folder / "out") == []


def test_a_folder_of_nobody_and_no_folder_at_all_are_nothing(db, settings):
    assert look() == 0
    (settings.ENVIRONMENT.home / "drops" / "QL-O-999999-9" / "in").mkdir(parents=True)
    assert look() == 0


def test_only_who_passes_the_folder_of_the_organisation_reaches_what_lies_in_it(seller, settings, tmp_path):
    """Without a set-group-ID bit, which service managers forbid; the group comes from the folder above."""
    from quietline.web.washing.drops import open_folder

    drops = tmp_path / "drops"
    values = {**settings.ENVIRONMENT._values, "drops": drops}
    settings.ENVIRONMENT = type(settings.ENVIRONMENT)(values)
    before = os.umask(0o077)
    try:
        made = open_folder(seller)
    finally:
        os.umask(before)
    assert made == drops / seller.code
    assert made.stat().st_mode & 0o7777 == 0o750
    for name in ("in", "out", "archive"):
        assert (made / name).stat().st_mode & 0o7777 == 0o777
    made.chmod(0o700)  # as who runs the machine wants it
    open_folder(seller)
    assert made.stat().st_mode & 0o7777 == 0o700
