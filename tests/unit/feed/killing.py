"""A process that ends between two writes of a copy."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from quietline.feed import copying, following

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_WRITES = ((following, "save_state"), (copying, "apply_changes"), (copying, "merge_import"))


class Killed(BaseException):
    """The process ends here."""


@contextmanager
def killed_after(writes: int) -> Iterator[None]:
    """End what is done in the block before one of its writes: of changes, of an import or of the state, counted from 0."""
    left = [writes]

    def mortal(write: Callable[..., Any]) -> Callable[..., Any]:
        def write_or_die(*arguments: Any, **options: Any) -> Any:
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            return write(*arguments, **options)

        return write_or_die

    with ExitStack() as stack:
        for room, name in _WRITES:
            stack.enter_context(patch.object(room, name, mortal(getattr(room, name))))
        with suppress(Killed):
            yield
