"""A platform of its own for each test: empty objects, a register, a sequencer."""

from __future__ import annotations

import shutil

import pytest

from web.proofs.common import AT, a_history, new_register


@pytest.fixture
def objects(db):
    """An empty folder of objects, before and after."""
    from quietline.web.proofs.objects import objects_folder

    shutil.rmtree(objects_folder(), ignore_errors=True)
    yield objects_folder()
    shutil.rmtree(objects_folder(), ignore_errors=True)


@pytest.fixture
def sequence(transactional_db, objects):
    """A function that numbers and publishes all that waits, as the sequencer's process does."""
    from django.db import connection

    from quietline.web.publishing.sequencing import Sequencer

    def run(*, at=AT):
        sequencer = Sequencer()
        while sequencer.step(at=at):
            pass
        sequencer.sign(at=at)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock_all()")

    return run


@pytest.fixture
def register(sequence):
    """A register with a published history."""
    made = new_register()
    a_history(made)
    sequence()
    return made
