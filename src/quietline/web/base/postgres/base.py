"""The engine; Django finds it by the name of this module (``ENGINE`` of ``DATABASES``)."""

from __future__ import annotations

import select

from django.db.backends.postgresql import base

__all__ = ["DatabaseWrapper"]


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that is kept between requests, and looked at before each.

    Django asks the server (``SELECT 1``), which costs every request a round trip. A server that has ended, or that has
    ended the connection, leaves its farewell or the end of the stream on the socket; so where nothing is there to be
    read, nothing has happened, and only where something is, the server is asked.
    """

    health_check_done: bool

    def close_if_health_check_failed(self) -> None:
        """Close the connection if it is not usable any more; a new one is made when it is needed."""
        if self.connection is None or self.health_check_done or self.connection.closed:
            super().close_if_health_check_failed()
        elif _is_silent(self.connection.fileno()):
            self.health_check_done = True
        else:
            super().close_if_health_check_failed()


def _is_silent(descriptor: int) -> bool:
    """Whether nothing can be read from a socket, not even its end."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return not poll.poll(0)
