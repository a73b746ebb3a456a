"""What change lists call adding and deleting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quietline.registers.changes import ADD, DELETE

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["NO_OPERATION", "means_add", "operation_of", "operation_share"]

NO_OPERATION = 0
"""Given for text that is neither."""
_ADD = (
    "a add adds added adding addition addnumber i ins insert inserted insertion new u upd update updated + "
    "新增 增加 添加 加入 登记 新加 增 加 修改 更新"
)
_DELETE = (
    "d del delete deletes deleted deleting deletion r rem remove removed removal withdraw withdrawn drop dropped "
    "cancel cancelled canceled - − – 删除 移除 注销 取消 撤销 减少 删 减 退出"
)
_WORDS = dict.fromkeys(_ADD.split(), ADD) | dict.fromkeys(_DELETE.split(), DELETE)
_TRUTH = dict.fromkeys(("1", "true", "yes", "y", "t", "是"), ADD)
_TRUTH |= dict.fromkeys(("0", "false", "no", "n", "f", "否"), DELETE)
_SHORT = frozenset(("a", "d", "i", "u", "+", "-", "add", "delete", "del", "insert", "remove", "新增", "删除"))
_ADD_NAMES = frozenset(("add", "added", "is add", "is added", "isadd", "新增", "是否新增", "添加"))


def operation_of(text: str, *, truth: bool = False) -> int:
    """Give ``ADD`` or ``DELETE`` for what a cell says, :data:`NO_OPERATION` for anything else.

    Args:
        text: the cell.
        truth: the column says whether the row is an add, with 1 and 0, yes and no.
    """
    word = text.strip().casefold()
    return _TRUTH.get(word, NO_OPERATION) if truth else _WORDS.get(word, NO_OPERATION)


def means_add(normal_name: str) -> bool:
    """Tell whether a column so named says of each row whether it is an add."""
    return normal_name in _ADD_NAMES


def operation_share(cells: Sequence[str], *, truth: bool = False, plain: bool = False) -> float:
    """Give the share of cells that say add or delete.

    Args:
        cells: the cells, none of them empty.
        truth: as for :func:`operation_of`.
        plain: only the plainest words count, because no name says that this is such a column.
    """
    words = [cell.strip().casefold() for cell in cells]
    if plain:
        hits = sum(word in _SHORT for word in words)
    else:
        hits = sum(operation_of(word, truth=truth) != NO_OPERATION for word in words)
    return hits / len(words) if words else 0.0
