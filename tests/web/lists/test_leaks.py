"""A leaked list is traced to who fetched it, through the files and rows of the platform, and by the command."""

from __future__ import annotations

import json
import subprocess
import sys
from io import StringIO

import numpy as np
import pytest
from django.core.management import call_command

from quietline.web.lists.models import LeakTrace
from quietline.web.lists.samples import read_sample
from quietline.web.lists.tracing import trace_sample
from quietline.web.proofs.models import Leaf
from quietline.web.publishing.operations import end_entry, list_number
from web.lists.common import AREAS, AT, PEOPLE, keys_in

pytestmark = pytest.mark.django_db(transaction=True)
FOREIGN = np.arange(16_465_550_100, 16_465_550_130, dtype=np.uint64)


@pytest.fixture
def everything(fetch):
    """Fetch all areas' lists of an organisation; give their numbers."""

    def fetched(body, **more):
        return np.concatenate([keys_in(fetch(body, area, **more)) for area in AREAS])

    return fetched


@pytest.fixture
def firms(register, canaries, publish, organisation, everything):
    """Twelve organisations that all have fetched everything."""
    publish()
    bodies = [organisation(f"Firm {number}") for number in range(12)]
    return {body: everything(body) for body in bodies}


def spoilt(keys, random):
    """Take a tenth of the lines away and put a tenth of foreign ones in."""
    stays = random.random(len(keys)) > 0.1
    return np.concatenate([keys[stays], random.choice(FOREIGN, len(keys) // 10)])


def test_one_organisations_lists_name_it(firms):
    leaker = list(firms)[7]
    tracing = trace_sample(spoilt(firms[leaker], np.random.default_rng(1)))
    assert tracing.named == (leaker,)
    assert tracing.lines[0].ranked.bound < 1e-6
    assert tracing.lines[0].areas == tuple((area, 1) for area in AREAS)
    assert tracing.traced.on_file == 12


@pytest.mark.parametrize("way", ["joined", "common"])
def test_lists_of_two_put_together_name_no_innocent_and_rank_the_two_first(firms, way):
    one, other = list(firms)[2], list(firms)[9]
    put = np.union1d if way == "joined" else np.intersect1d
    tracing = trace_sample(spoilt(put(firms[one], firms[other]), np.random.default_rng(2)))
    assert {line.organisation for line in tracing.lines[:2]} == {one, other}
    assert set(tracing.named) <= {one, other}  # 180 canaries are few for two


def test_the_difference_between_two_of_its_own_versions_names_its_organisation(register, firms, publish, everything, days):
    from quietline.web.lists.canaries import turn_over

    for area in AREAS:
        for number in PEOPLE:
            key = int(f"{area}{number}")
            end_entry(register=register, key=key, reason="withdrawn", at=days(1))
            list_number(register=register, key=key, since_date=AT.date(), terms="", assurance="code", at=days(1))
    publish(days(1))
    assert turn_over(at=days(1)) > 100
    publish(days(2))
    leaker = list(firms)[4]
    newer = {body: everything(body, at=days(2)) for body in firms}
    gone = np.setdiff1d(firms[leaker], newer[leaker])
    came = np.setdiff1d(newer[leaker], firms[leaker])
    assert len(gone) > 20
    tracing = trace_sample(np.concatenate([gone, came]))
    assert tracing.lines[0].organisation == leaker
    assert set(tracing.named) <= {leaker}
    assert tracing.traced.on_file == 24


def test_a_list_without_canaries_names_nobody(firms):
    people = np.array([int(f"{area}{number}") for area in AREAS for number in PEOPLE], dtype=np.uint64)
    tracing = trace_sample(people)
    assert (tracing.named, tracing.traced.seen) == ((), 0)
    assert tracing.needed(sources=1) > 1000


def test_before_anything_was_handed_out_there_is_nobody_to_name(register, canaries):
    assert trace_sample(canaries).lines == ()


def test_the_command_names_the_source_and_leaves_a_record(firms, tmp_path):
    leaker = list(firms)[3]
    path = tmp_path / "leak.csv"
    path.write_text("phone\n" + "".join(f"+{key}\n" for key in firms[leaker].tolist()))
    out = StringIO()
    call_command("leak_trace", str(path), "--format", "json", "--purpose", "report 7", stdout=out)
    facts = json.loads(out.getvalue())
    assert facts["named"] == [{"account": leaker.code, "name": "Firm 3"}]
    assert facts["ranking"][0]["bound"] < 0.01
    assert facts["lists_on_file"] == 12
    words = StringIO()
    call_command("leak_trace", str(path), stdout=words)
    assert f"{leaker.code}  Firm 3: bound" in words.getvalue()
    assert "less than 1% in all" in words.getvalue()
    rows = LeakTrace.objects.order_by("pk")
    assert [row.purpose for row in rows] == ["report 7", "command line"]
    assert rows[0].named == [leaker.code]
    assert Leaf.objects.filter(kind="leak").count() == 2


def test_the_command_says_when_it_is_not_enough(firms, tmp_path):
    path = tmp_path / "leak.txt"
    path.write_text("".join(f"+{key}\n" for key in firms[next(iter(firms))][:12].tolist()))
    words = StringIO()
    call_command("leak_trace", str(path), stdout=words)
    assert "Not enough to name anybody" in words.getvalue()
    assert "canaries in force" in words.getvalue()


def test_the_command_refuses_what_is_no_list(db, tmp_path):
    (tmp_path / "poem.txt").write_text("no number in here\nnone at all\n")
    with pytest.raises(SystemExit) as ended:
        call_command("leak_trace", str(tmp_path / "poem.txt"), stderr=StringIO())
    assert ended.value.code == 3
    with pytest.raises(SystemExit) as ended:
        call_command("leak_trace", str(tmp_path / "missing.txt"), stderr=StringIO())
    assert ended.value.code == 3


def test_a_change_list_and_the_difference_as_a_sample_are_read(firms, tmp_path):
    path = tmp_path / "changes.csv"
    path.write_text("op,number,date,terms\nA,+12125550101,2026-11-22,\nD,+12125550102,2026-11-22,\n")
    assert read_sample(path, country="US").tolist() == [12125550101, 12125550102]


def test_the_command_line_knows_the_command():
    shown = subprocess.run(
        [sys.executable, "-m", "quietline.cli.main", "leak", "trace", "--help"], capture_output=True, text=True, check=True
    )
    assert "Rank the lists that were handed out" in shown.stdout
