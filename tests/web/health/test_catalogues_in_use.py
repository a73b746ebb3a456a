"""What stands in the catalogues is what people read: compiled, and not hidden by another library's words."""

from __future__ import annotations

import pytest
from django.utils.translation import gettext, ngettext, override, pgettext

from quietline.web import catalogues

ROOMS = [room for room in catalogues.rooms() if catalogues.catalogue_of(room).exists()]


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_django_finds_the_chinese_of_every_text(room):
    advice = "compile the catalogues: 'make setup'"
    seen = 0
    with override("zh-hans"):
        for message in catalogues.read(catalogues.catalogue_of(room)):
            if not message.id or not message.string:
                continue
            seen += 1
            if message.pluralizable:
                assert ngettext(*message.id, 1) == ngettext(*message.id, 5) == message.string[0], advice
            elif message.context:
                assert pgettext(message.context, message.id) == message.string, advice
            else:
                assert gettext(message.id) == message.string, f"{message.id!r}: {advice}"
    assert seen


def test_english_stays_as_it_is_written():
    with override("en"):
        for room in ROOMS:
            for message in catalogues.read(catalogues.catalogue_of(room)):
                if isinstance(message.id, str) and message.id and not message.context:
                    assert gettext(message.id) == message.id, room.name
