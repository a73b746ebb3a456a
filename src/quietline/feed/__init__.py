"""Feeds: the change list of one register as a signed log, and copies that follow it.

* :mod:`quietline.feed.lines`: what an entry of such a log says.
* :mod:`quietline.feed.names`: what a feed, and a copy of it, is called.
* :mod:`quietline.feed.digest`: what a register holds, as one hash, however its file is laid out.
* :mod:`quietline.feed.copying`: lines into a register file.
* :mod:`quietline.feed.following`: a copy that follows a feed and proves that it is complete.
* :mod:`quietline.feed.sources`, :mod:`quietline.feed.http`: where feeds are read: folders and web servers.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quietline.feed.copying import LiveRegister as LiveRegister
    from quietline.feed.copying import apply_lines as apply_lines
    from quietline.feed.digest import content_digest as content_digest
    from quietline.feed.following import Advanced as Advanced
    from quietline.feed.following import Mirror as Mirror
    from quietline.feed.lines import Added as Added
    from quietline.feed.lines import Altered as Altered
    from quietline.feed.lines import Imported as Imported
    from quietline.feed.lines import Line as Line
    from quietline.feed.lines import Marked as Marked
    from quietline.feed.lines import Published as Published
    from quietline.feed.lines import Withdrawn as Withdrawn
    from quietline.feed.lines import decode as decode
    from quietline.feed.names import feed_origin as feed_origin

_HOMES = {
    "copying": ("LiveRegister", "apply_lines"),
    "digest": ("content_digest",),
    "following": ("Advanced", "Mirror"),
    "lines": ("Added", "Altered", "Imported", "Line", "Marked", "Published", "Withdrawn", "decode"),
    "names": ("feed_origin",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
__all__ = sorted(_HOME_OF)  # noqa: PLE0605 - one table instead of two


def __getattr__(name: str) -> Any:
    # loaded when asked for: who only writes lines needs neither the register nor its readers
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
