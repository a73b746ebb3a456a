"""Every text of the room has its Chinese."""

from __future__ import annotations

import ast
from pathlib import Path

from babel.messages.pofile import read_po

import quietline.web.operators

ROOM = Path(quietline.web.operators.__file__).parent


def texts():
    for path in sorted(ROOM.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
                yield node.args[0].value


def test_every_text_is_translated_and_no_translation_is_left_over():
    with (ROOM / "locale/zh_Hans/LC_MESSAGES/django.po").open("rb") as file:
        translated = {message.id for message in read_po(file) if message.id and message.string}
    assert translated == set(texts())
