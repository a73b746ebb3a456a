"""Every choice that people can read has a Chinese name; Django must find it in one of our catalogues."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import override

from quietline.web import catalogues

SAME = {"API": "a name", "XML": "a name", "CSV": "a name"}
"""Labels that are the same in both languages, and why."""


def choice_classes():
    """List the classes of choices that stand in the modules of our models."""
    import sys

    modules = {model.__module__ for model in apps.get_models() if model.__module__.startswith("quietline.")}
    pending = list(models.TextChoices.__subclasses__()) + list(models.IntegerChoices.__subclasses__())
    found = [kind for kind in pending if kind.__module__.startswith("quietline.") and kind.__module__ in sys.modules]
    assert modules
    assert len(found) >= 12
    return sorted(found, key=lambda kind: f"{kind.__module__}.{kind.__qualname__}")


@pytest.fixture(scope="module")
def chinese():
    known = {}
    for room in catalogues.rooms():
        for message in catalogues.read(catalogues.catalogue_of(room)):
            if isinstance(message.id, str) and message.id and not message.context:
                known[message.id] = message.string
    return known


@pytest.mark.parametrize("kind", choice_classes(), ids=lambda kind: kind.__qualname__)
def test_every_choice_has_a_chinese_name(kind, chinese):
    names = set()
    for choice in kind:
        label = choice.label
        assert isinstance(label, Promise), f"{kind.__qualname__}.{choice.name}: its label is not marked by gettext_lazy"
        with override("en"):
            english = str(label)
        other = chinese.get(english, "")
        assert other, f"{kind.__qualname__}.{choice.name}: {english!r} is in no catalogue; run 'make messages'"
        assert other != english or english in SAME, f"{kind.__qualname__}.{choice.name}: {english!r} is not translated"
        names.add(other)
    assert len(names) == len(list(kind)), f"{kind.__qualname__}: two choices have the same Chinese name"


def test_the_field_of_a_row_shows_the_label_of_its_choice():
    fields = [
        field
        for model in apps.get_models()
        if model.__module__.startswith("quietline.")
        for field in model._meta.concrete_fields
        if field.choices
    ]
    assert len(fields) >= 12
    for field in fields:
        for value, label in field.choices:
            assert isinstance(label, Promise) or str(label) == "---------", f"{field}: {value} has a label in English only"
