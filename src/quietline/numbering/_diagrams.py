"""Functions of digit strings as decision diagrams, with one object for every distinct function.

A diagram stands for a function from the strings of n digits to small whole numbers ("values"). It is a *leaf*
(the same value whatever the digits are) or a *branch* with one diagram for each next digit. Equal diagrams
are the same whole number (their id), so comparing is free, every operation is remembered, and the result of
any sequence of operations is already the smallest diagram of its kind: there is no minimising step.

Leaves are negative ids: value v is ``~v``. The truth values are 0 and 1.
"""

from __future__ import annotations

__all__ = ["FALSE", "TRUE", "Forest", "leaf"]

FALSE, TRUE = ~0, ~1


def leaf(value: int) -> int:
    """Return the diagram that has ``value`` for all digits.

    Args:
        value: a whole number, 0 or more.
    """
    return ~value


class Forest:
    """A set of diagrams that share their parts.

    Attributes:
        branches: children of each branch by id, ten each; children always come before their parents.
    """

    def __init__(self) -> None:
        self.branches: list[tuple[int, ...]] = []
        self._ids: dict[tuple[int, ...], int] = {}
        self._choices: dict[tuple[int, int, int], int] = {}

    def branch(self, children: tuple[int, ...]) -> int:
        """Return the diagram that continues with ``children[d]`` after digit d.

        Args:
            children: ten ids.
        """
        first = children[0]
        if first < 0 and children.count(first) == 10:
            return first
        known = self._ids.get(children)
        if known is None:
            known = self._ids[children] = len(self.branches)
            self.branches.append(children)
        return known

    def digits(self, allowed: frozenset[int]) -> int:
        """Return the truth diagram of "the first digit is one of these"."""
        return self.branch(tuple(TRUE if digit in allowed else FALSE for digit in range(10)))

    def after(self, count: int, diagram: int) -> int:
        """Return the function that passes over ``count`` digits and then is ``diagram``."""
        for _ in range(count):
            diagram = self.branch((diagram,) * 10)
        return diagram

    def choose(self, condition: int, then: int, otherwise: int) -> int:
        """Return the function that is ``then`` where ``condition`` is true, and else ``otherwise``."""
        if condition < 0:
            return then if condition == TRUE else otherwise
        if then == otherwise:
            return then
        asked = (condition, then, otherwise)
        known = self._choices.get(asked)
        if known is None:
            branches, choose = self.branches, self.choose
            thens = branches[then] if then >= 0 else (then,) * 10
            otherwises = branches[otherwise] if otherwise >= 0 else (otherwise,) * 10
            known = self.branch(
                tuple(choose(c, t, o) for c, t, o in zip(branches[condition], thens, otherwises, strict=True))
            )
            self._choices[asked] = known
        return known

    def either(self, first: int, second: int) -> int:
        """Return the truth diagram of "first or second"."""
        return self.choose(first, TRUE, second)

    def opposite(self, diagram: int) -> int:
        """Return the truth diagram of "not this"."""
        return self.choose(diagram, FALSE, TRUE)

    def join(self, head: int, length: int, tail: int) -> int:
        """Return the truth diagram of "``length`` digits are in ``head``, those after in ``tail``"."""
        memo: dict[tuple[int, int], int] = {}

        def walk(diagram: int, left: int) -> int:
            if diagram == FALSE:
                return FALSE
            if diagram == TRUE:
                return self.after(left, tail)
            known = memo.get((diagram, left))
            if known is None:
                known = self.branch(tuple(walk(child, left - 1) for child in self.branches[diagram]))
                memo[diagram, left] = known
            return known

        return walk(head, length)
