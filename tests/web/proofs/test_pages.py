"""Everybody can read the public log, check it, and find the proof of an entry; and nothing personal is in it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from django.utils.translation.template import templatize

from quietline.ledger.objects import FolderStore
from quietline.ledger.proving import check_entry_proof
from quietline.ledger.verifying import verify_log
from quietline.web.proofs.kinds import proven_models, undeclared_models
from quietline.web.proofs.models import Leaf
from quietline.web.proofs.objects import ledger_origin, ledger_store, public_key
from quietline.web.publishing.models import Change, Entry
from web.proofs.common import AT, KEYS, list_some

pytestmark = pytest.mark.django_db(transaction=True)
CATALOGUE = Path(__file__).parents[3] / "src/quietline/web/proofs/locale/zh_Hans/LC_MESSAGES/django.po"


def find(client, reference, **more):
    return client.post("/proofs/find/", {"reference": reference}, **more)


def test_the_first_page_shows_the_state_of_the_log(client, register):
    page = client.get("/proofs/").content.decode()
    signed = verify_log(ledger_store(), origin=ledger_origin(), trusted=[public_key()])
    assert signed.root.hex() in page
    assert public_key().key_id in page
    assert not re.search(r"1212555\d{4}", page)


def test_the_first_page_answers_before_there_is_a_log(client, objects, db):
    answer = client.get("/proofs/")
    assert answer.status_code == 200
    assert "not there yet" in answer.content.decode()


def test_a_copy_of_what_is_served_is_a_log_that_holds(client, register, tmp_path):
    for path in (
        "checkpoint",
        *(str(file.relative_to(ledger_store().path)) for file in ledger_store().path.rglob("tile/**/*")),
    ):
        if (ledger_store().path / path).is_file():
            target = tmp_path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(client.get(f"/proofs/{path}").content)
    report = verify_log(FolderStore(tmp_path), origin=ledger_origin(), trusted=[public_key()])
    assert report.size == Leaf.objects.count()


def test_tiles_may_be_kept_for_good_and_the_checkpoint_is_asked_for_again(client, register):
    bundle = next(ledger_store().path.rglob("tile/entries/*.p/*")).relative_to(ledger_store().path)
    answer = client.get(f"/proofs/{bundle}")
    assert "immutable" in answer["Cache-Control"]
    assert client.get(f"/proofs/{bundle}", HTTP_IF_NONE_MATCH=answer["ETag"]).status_code == 304
    assert client.get("/proofs/checkpoint")["Cache-Control"] == "public, no-cache"


@pytest.mark.parametrize(
    "place", ["entries/999", "0/x000/000", "../checkpoint", "entries/..%2f..%2fkeys", "64/000", "0/000.p/0"]
)
def test_what_is_no_object_of_the_log_is_not_found(client, register, place):
    assert client.get(f"/proofs/tile/{place}").status_code == 404


def test_the_key_that_is_served_is_the_one_that_signs(client, register):
    assert client.get("/proofs/key").content == public_key().pem()


def test_the_proof_of_an_entry_is_found_by_its_reference_and_checks_off_line(client, register):
    wanted = Entry.objects.get(key=KEYS[0])
    leaf = Leaf.objects.get(kind="change", record=Change.objects.get(entry=wanted).pk)
    page = find(client, f" {wanted.reference.lower().replace('-', ' ')} ").content.decode()
    assert bytes(leaf.hash).hex() in page
    assert str(wanted.key) not in page
    proof = json.loads(client.get(re.search(r'href="(/proofs/entry/\d+\.json)"', page)[1]).content)
    proved = check_entry_proof(proof, trusted=[public_key()], origin=ledger_origin())
    assert (proved.index, proved.entry) == (leaf.index, bytes(leaf.hash))


def test_all_that_was_recorded_under_a_reference_is_listed_in_its_order(client, register, sequence):
    from quietline.web.publishing.operations import end_entry

    wanted = Entry.objects.get(key=KEYS[0])
    end_entry(register=wanted.register, key=wanted.key, reason=Entry.EndReason.WITHDRAWN, at=AT)
    sequence()
    page = find(client, wanted.reference).content.decode()
    hashes = [
        bytes(Leaf.objects.get(kind="change", record=row.pk).hash).hex()
        for row in Change.objects.filter(entry=wanted).order_by("pk")
    ]
    assert len(hashes) == 2
    assert page.index(hashes[0]) < page.index(hashes[1])
    assert "2 things were recorded" in page


def test_an_entry_that_is_not_numbered_yet_is_on_its_way(client, register):
    (entry,) = list_some(register, KEYS[6:7])
    assert "On its way" in find(client, entry.reference).content.decode()


def test_a_reference_that_nobody_has_is_not_found(client, register):
    assert find(client, "QL-2222-2222").status_code == 404


@pytest.mark.parametrize("typed", ["", "QL", "QL-0000-0000", "QL-ABCD-EFG", "Q-2222-2222", "12125550100"])
def test_what_is_no_reference_is_refused_with_an_explanation(client, register, typed):
    assert find(client, typed).status_code == 422


def test_an_index_beyond_the_log_has_no_proof(client, register):
    assert client.get(f"/proofs/entry/{Leaf.objects.count()}.json").status_code == 404


def test_guessing_references_is_limited_for_each_address(client, register, monkeypatch):
    monkeypatch.setattr("quietline.web.proofs.views.now", lambda: AT)
    answers = [find(client, "QL-2222-2222", REMOTE_ADDR="198.51.100.7").status_code for _ in range(31)]
    assert answers == [404] * 30 + [429]
    assert find(client, "QL-2222-2222", REMOTE_ADDR="198.51.100.8").status_code == 404


def test_all_words_of_the_room_stand_in_the_chinese_catalogue(tmp_path):
    room = CATALOGUE.parents[3]
    sources = [room / "forms.py"]
    for template in (room / "templates" / "proofs").glob("*.html"):
        sources.append(tmp_path / f"{template.name}.py")
        sources[-1].write_text(templatize(template.read_text(encoding="utf-8")), encoding="utf-8")
    words = tmp_path / "words.pot"
    gather = ["xgettext", "-L", "Python", "--from-code=UTF-8", "-k_", "-kgettext_noop", "-kngettext:1,2", "-o", words]
    subprocess.run([*gather, *sources], check=True, capture_output=True)
    assert words.read_text(encoding="utf-8").count("msgid") > 40
    compared = subprocess.run(["msgcmp", CATALOGUE, words], check=False, capture_output=True, text=True)
    assert compared.returncode == 0, compared.stderr


def test_the_first_page_speaks_chinese(client, register):
    page = client.get("/proofs/", headers={"accept-language": "zh-hans"}).content.decode()
    assert '<html lang="zh-Hans">' in page


def test_rooms_that_declare_leaves_are_found():
    kinds = proven_models()
    assert {"change", "import", "file", "wash", "download", "read", "tombstone"} <= set(kinds)
    assert kinds["change"] is Change
    assert not [name for name in undeclared_models() if ".publishing." in name or ".keeping." in name or ".proofs." in name]
