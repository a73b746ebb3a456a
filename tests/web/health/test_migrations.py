"""Migrations are complete, and none of them breaks the platform's processes that still run with the code of before."""

from __future__ import annotations

import inspect
import sys

import pytest
from django.apps import apps
from django.db import migrations, models
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.questioner import NonInteractiveMigrationQuestioner
from django.db.migrations.state import ProjectState

MARK = "# while running:"
"""A comment in a migration that says why a step that would break older processes does not."""
LABELS = {config.label for config in apps.get_app_configs() if config.name.startswith("quietline.")}
# Nothing is connected to: without a connection the loader reads the files alone.
LOADER = MigrationLoader(None)
OURS = sorted((key, migration) for key, migration in LOADER.disk_migrations.items() if key[0] in LABELS)


def breaks(operation, before):
    """Say why a step breaks processes that run with the code of before; nothing where it does not.

    They still read every column that was there, and write rows without those that are new.
    """
    match operation:
        case migrations.RemoveField() | migrations.RenameField() | migrations.DeleteModel() | migrations.RenameModel():
            return "the code of before still uses it"
        case migrations.AlterModelTable():
            return "the code of before still uses the old name"
        case migrations.AddField(field=field) if not (field.null or field.many_to_many or has_default(field)):
            return "the code of before writes rows without it; give it null=True or db_default"
        case migrations.AlterField(model_name=model, name=name, field=field):
            old = before.models[(operation.app, model.lower())].fields.get(name)
            if old is not None and old.null and not field.null:
                return "the code of before may still write nothing there"
            if old is not None and old.get_internal_type() != field.get_internal_type():
                return "the table is rewritten and locked meanwhile"
    return ""


def has_default(field):
    return field.db_default is not models.NOT_PROVIDED


def steps():
    """Give each step of our migrations with its migration and the state that it starts from."""
    for key, migration in OURS:
        parents = list(LOADER.graph.node_map[key].parents)
        state = LOADER.project_state([parent.key for parent in parents]) if parents else ProjectState()
        made = set()
        for operation in migration.operations:
            operation.app = key[0]
            if isinstance(operation, migrations.CreateModel):
                made.add(operation.name.lower())
            yield migration, operation, state, made
            state = state.clone()
            operation.state_forwards(key[0], state)


def test_migrations_say_all_that_the_models_say():
    found = MigrationAutodetector(
        LOADER.project_state(), ProjectState.from_apps(apps), NonInteractiveMigrationQuestioner(specified_apps=LABELS)
    ).changes(graph=LOADER.graph)
    missing = {
        label: [operation.describe() for migration in changes for operation in migration.operations]
        for label, changes in found.items()
        if label in LABELS
    }
    assert not missing, f"run 'python -m quietline.web makemigrations': {missing}"
    assert len(OURS) >= 9


def test_no_two_migrations_follow_the_same_one():
    assert not LOADER.detect_conflicts()


def test_no_step_breaks_processes_that_still_run():
    seen = 0
    for migration, operation, state, made in steps():
        seen += 1
        why = breaks(operation, state)
        if why and getattr(operation, "model_name", getattr(operation, "name", "")).lower() not in made:
            source = inspect.getsource(sys.modules[type(migration).__module__])
            assert MARK in source, (
                f"{migration}: {operation.describe()}: {why}. Do it in two releases, or say in a comment that begins "
                f"{MARK!r} why it may be done"
            )
    assert seen >= 40


NUMBER = models.IntegerField()
NUMBER_OR_NONE = models.IntegerField(null=True)


@pytest.mark.parametrize(
    ("operation", "is_safe"),
    [
        (migrations.RemoveField("line", "number"), False),
        (migrations.RenameField("line", "number", "key"), False),
        (migrations.RenameModel("Line", "Wire"), False),
        (migrations.DeleteModel("Line"), False),
        (migrations.AddField("line", "more", NUMBER), False),
        (migrations.AddField("line", "more", models.IntegerField(default=3)), False),
        (migrations.AddField("line", "more", models.IntegerField(db_default=3)), True),
        (migrations.AddField("line", "more", NUMBER_OR_NONE), True),
        (migrations.AlterField("line", "perhaps", NUMBER), False),
        (migrations.AlterField("line", "number", NUMBER_OR_NONE), True),
        (migrations.AlterField("line", "number", models.TextField()), False),
        (migrations.AddIndex("line", models.Index(fields=["number"], name="line_number")), True),
    ],
    ids=lambda value: value.describe() if hasattr(value, "describe") else str(value),
)
def test_a_step_that_breaks_older_processes_is_known(operation, is_safe):
    state = ProjectState()
    migrations.CreateModel("Line", [("number", NUMBER), ("perhaps", NUMBER_OR_NONE)]).state_forwards("hall", state)
    operation.app = "hall"
    assert (not breaks(operation, state)) is is_safe
