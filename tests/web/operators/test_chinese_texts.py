"""Every text of the room has its Chinese."""

from __future__ import annotations

from pathlib import Path

import quietline.web.operators
from quietline.web.catalogues import catalogue_of, problems_of, read

ROOM = Path(quietline.web.operators.__file__).parent


def test_every_text_is_translated_and_no_translation_is_left_over():
    assert problems_of(ROOM) == []
    assert len(read(catalogue_of(ROOM))) > 60
