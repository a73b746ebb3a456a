"""A change of the rules leaves a leaf: nobody can say afterwards that another rulebook was in force."""

from __future__ import annotations

from datetime import timedelta

import pytest

from quietline.law.rulebook import rulebook_names
from quietline.web.proofs import rules
from quietline.web.proofs.models import Leaf, RulesInForce
from quietline.web.proofs.rules import prove_rules, rules_in_force
from web.proofs.common import AT, check, named, sql

pytestmark = pytest.mark.django_db(transaction=True)


def test_rules_are_recorded_once_and_again_when_they_change(sequence, monkeypatch):
    assert prove_rules(at=AT)
    assert not prove_rules(at=AT + timedelta(hours=1))
    monkeypatch.setattr(rules, "__version__", "9.9.9")
    assert prove_rules(at=AT + timedelta(hours=2))
    changed = rules_in_force() | {"us": "ab"}
    monkeypatch.setattr(rules, "rules_in_force", lambda: changed)
    assert prove_rules(at=AT + timedelta(hours=3))
    assert [row.rulebooks["us"] == "ab" for row in RulesInForce.objects.order_by("pk")] == [False, False, True]
    assert Leaf.objects.filter(kind="rulebooks").count() == 3
    sequence()
    assert check().holds
    sql("UPDATE proofs_rulesinforce SET release = '0.0.1' WHERE release = '9.9.9'")
    rows = RulesInForce.objects.filter(release="0.0.1").values_list("pk", flat=True)
    assert named(check()) == {("row-changed", "rulebooks", pk) for pk in rows}


def test_every_rulebook_of_the_release_is_among_them():
    assert set(rulebook_names()) <= set(rules_in_force())


def test_a_rulebook_that_a_setting_names_is_among_them(settings):
    values = {**settings.ENVIRONMENT._values, "rulebook": "demonstration", "countries": ("US", "GB")}
    settings.ENVIRONMENT = type(settings.ENVIRONMENT)(values)
    found = rules_in_force()
    assert found["own:US"] == found["own:GB"]
    assert found["own:US"] not in {found["us"], found["gb"]}
