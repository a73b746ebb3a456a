"""YAML as the rulebooks use it: mappings, lists, text, whole numbers, yes and no, null, and the line each stands in.

A parsed file is a tree of :class:`Node`. Nothing is guessed: a day stays text until it is read as one, a fraction is
refused (an amount stands in quotes), truth is written ``yes`` or ``no`` and nothing else, and no key may stand twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import yaml

from quietline.errors import LawError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Node", "fail", "read_yaml"]

# The C parser is eight times as fast where it was built in.
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_BYTES = 1 << 20
_MAX_DEPTH = 12
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it stands.

    Attributes:
        value: dict of text to Node, list of Node, str, int, bool or None.
        file: the file.
        key: path of keys to it, ``parameters.hours.values[2].from``; empty for the whole file.
        line: counted from 1.
    """

    value: dict[str, Node] | list[Node] | str | int | bool | None
    file: Path
    key: str
    line: int


def fail(node: Node, what: str) -> NoReturn:
    """Refuse a rulebook, naming file, line and key."""
    where = f" at {node.key}" if node.key else ""
    raise LawError(
        f"The rulebook {node.file}, line {node.line},{where}: {what}.".replace(",:", ":"),
        advice="Correct the file.",
    )


def read_yaml(path: Path) -> Node:
    """Read a file into nodes.

    Raises:
        LawError: with code ``law.invalid`` when it cannot be read, is not YAML, or uses more of YAML than
            rulebooks do.
    """
    top = Node(None, path, "", 1)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LawError(f"The rulebook {path} cannot be read: {error.strerror}.") from error
    if len(data) > _MAX_BYTES:
        fail(top, "it is longer than 1 MB")
    try:
        root = yaml.compose(data.decode("utf-8"), Loader=_LOADER)
    except UnicodeDecodeError:
        fail(top, "it is not UTF-8 text")
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        fail(Node(None, path, "", line), f"it is not YAML: {getattr(error, 'problem', None) or error}")
    if root is None:
        fail(top, "it is empty")
    return _convert(root, path, "", 0)


def _convert(node: yaml.Node, path: Path, key: str, depth: int) -> Node:
    here = Node(None, path, key, node.start_mark.line + 1)
    if depth > _MAX_DEPTH:
        fail(here, f"it is nested deeper than {_MAX_DEPTH} levels, or contains itself")
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, here, depth)
    if isinstance(node, yaml.SequenceNode):
        items = [_convert(item, path, f"{key}[{i}]", depth + 1) for i, item in enumerate(node.value, 1)]
        return Node(items, path, key, here.line)
    return Node(_scalar(node, here), path, key, here.line)


def _mapping(node: yaml.MappingNode, here: Node, depth: int) -> Node:
    members: dict[str, Node] = {}
    for name_node, value_node in node.value:
        name = name_node.value
        if not isinstance(name, str) or name_node.tag not in (_TAG + "str", _TAG + "bool"):
            fail(here, f"the key in line {name_node.start_mark.line + 1} is not text")
        member = _convert(value_node, here.file, f"{here.key}.{name}" if here.key else name, depth + 1)
        if name in members:
            fail(
                Node(None, here.file, member.key, name_node.start_mark.line + 1),
                f"the key stands there twice, first in line {members[name].line}",
            )
        members[name] = member
    return Node(members, here.file, here.key, here.line)


def _scalar(node: yaml.Node, here: Node) -> str | int | bool | None:
    text = str(node.value)
    kind = node.tag.removeprefix(_TAG)
    if kind in ("str", "timestamp"):
        return text
    if kind == "null":
        return None
    if kind == "int" and _WHOLE.fullmatch(text):
        return int(text)
    if kind == "bool" and text in ("yes", "no"):
        return text == "yes"
    fail(here, f"{text!r} is read as {kind}; use text in quotes, a whole decimal number, yes, no or null")
