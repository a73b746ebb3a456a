"""Every field of every table of the platform is declared: kept, encrypted, indexed or erased."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

import quietline.web
from quietline.web.keeping.declared import KINDS

ROOMS = Path(quietline.web.__file__).parent
CODED = re.compile(r"(?:^|_)(?:hash|digest|bucket)$")
"""Names of binary fields that hold a hash of something that is no person's: it stays."""
PERSONAL = re.compile(
    r"(?:^|_)(?:key|number|caller|email|e_mail|mail|phone|password|last_login|ip|client_address|device|words|text|to)$"
)
"""Names of fields that hold something about a person where they are not encrypted or indexed."""
NOT_PERSONAL = {
    "base.Tally.window_number": "counts windows of time",
    "enforcement.CaseAct.number": "counts the steps of a case",
    "operators.ExceptionsRead.number": "up to which of them was read",
    "operators.NumberRange.first_key": "a range that was given to an operator",
    "operators.NumberRange.last_key": "its end",
    "publishing.Change.number": "the place of a change in the order of all changes",
    "seals.Trust.first_key": "a range that an organisation publishes as its own",
    "seals.Trust.last_key": "its end",
}
"""Fields whose names sound personal and are not, and what they are."""
OURS = sorted(
    (model for model in apps.get_models(include_auto_created=True) if model.__module__.startswith("quietline.")),
    key=lambda model: model._meta.label,
)
each = pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)


def fields(model):
    """List the fields that have a column of their own."""
    return [field for field in model._meta.concrete_fields if field.column]


def test_many_tables_were_looked_at():
    assert len(OURS) >= 40
    assert sum(len(fields(model)) for model in OURS) >= 280


def test_every_room_with_tables_is_installed():
    rooms = {file.parent.name for file in ROOMS.glob("*/models.py")}
    installed = {config.name.rpartition(".")[2] for config in apps.get_app_configs() if config.name.startswith("quietline.")}
    assert len(rooms) > 6
    assert rooms <= installed, f"not in INSTALLED_APPS of site/settings.py: {sorted(rooms - installed)}"


@each
def test_every_field_is_declared_and_nothing_else(model):
    declared = getattr(model, "keeping", None)
    assert declared is not None, f"{model._meta.label} declares nothing; say in 'keeping' what becomes of each field"
    names = {field.name for field in fields(model)}
    assert not names - declared.keys(), f"{model._meta.label}: not declared: {sorted(names - declared.keys())}"
    assert not declared.keys() - names, f"{model._meta.label}: declared, but no field: {sorted(declared.keys() - names)}"
    unknown = {name: kind for name, kind in declared.items() if kind not in KINDS}
    assert not unknown, f"{model._meta.label}: {unknown}; a field is one of {sorted(KINDS)}"


@each
def test_bytes_are_a_hash_or_go_when_the_record_goes(model):
    for field in fields(model):
        if isinstance(field, models.BinaryField) and not CODED.search(field.name):
            kind = model.keeping[field.name]
            assert kind != "kept", f"{model._meta.label}.{field.name} is kept; name it ..._hash or say how it is erased"


@each
def test_what_is_encrypted_is_stored_as_bytes_or_as_the_name_of_an_object(model):
    for field in fields(model):
        if model.keeping[field.name] == "encrypted":
            is_object = field.name == "object_path"
            assert is_object or isinstance(field, models.BinaryField), f"{model._meta.label}.{field.name} is in the clear"
        if isinstance(field, models.EmailField | models.GenericIPAddressField):
            assert model.keeping[field.name] == "erased", f"{model._meta.label}.{field.name} is about a person"


@each
def test_what_has_a_personal_name_is_not_kept(model):
    for field in fields(model):
        name = f"{model._meta.label}.{field.name}"
        if PERSONAL.search(field.name) and name not in NOT_PERSONAL and not field.is_relation:
            kind = model.keeping[field.name]
            assert kind != "kept", f"{name} sounds personal, but is kept for good"


def test_every_record_of_the_ledger_has_a_form_of_its_own():
    recorded = [model for model in OURS if hasattr(model, "leaf_kind")]
    assert len(recorded) >= 5
    kinds = [model.leaf_kind for model in recorded]
    assert len(set(kinds)) == len(kinds), f"two tables have the same kind of leaf: {sorted(kinds)}"
    assert all(isinstance(model.canonical, property) for model in recorded)


def test_no_exception_outlives_its_field():
    names = {f"{model._meta.label}.{field.name}" for model in OURS for field in fields(model)}
    assert not NOT_PERSONAL.keys() - names
