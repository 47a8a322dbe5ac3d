"""The control socket's listener when no file descriptor is left: it turns clients away.

Then `accept` fails and the client stays in the queue. asyncio tries again as often as the queue
is long, logs each attempt and doubles them from second to second (github.com/python/cpython,
asyncio/selector_events.py, `_accept_connection` does not end its loop): within a minute that is
a busy processor and a full log. So one descriptor is kept for this moment, as servers do since
long: it is given up, the client accepted and closed, and the descriptor taken back.
"""

import errno
import logging
import os
import socket
import time
from typing import Any

_NONE_LEFT = frozenset({errno.EMFILE, errno.ENFILE})
_LOST_RACE_S = 0.02
"""When another thread was quicker, so that the loop does not spin."""
_LOG_INTERVAL_S = 10.0

log = logging.getLogger("control")


class Listener(socket.socket):
    """A Unix stream socket; not for several threads."""

    def __init__(self) -> None:
        super().__init__(socket.AF_UNIX, socket.SOCK_STREAM)
        self._spare = _open_spare()
        self._log_due = time.monotonic()

    def accept(self) -> tuple[socket.socket, Any]:
        """As `socket.socket.accept`; without a descriptor as if there were no client.

        Raises:
            BlockingIOError: nobody waits, or who did was turned away.
        """
        try:
            return super().accept()
        except OSError as error:
            if error.errno not in _NONE_LEFT:
                raise
            self._turn_away()
            raise BlockingIOError(errno.EAGAIN, "no file descriptor is left") from error

    def close(self) -> None:
        """Close both."""
        self._give_up_spare()
        super().close()

    def _turn_away(self) -> None:
        if time.monotonic() >= self._log_due:
            self._log_due = time.monotonic() + _LOG_INTERVAL_S
            log.warning("no file descriptor is left (ulimit -n): clients are turned away")
        self._give_up_spare()
        try:
            client, _ = super().accept()
            client.close()
        except BlockingIOError:
            pass  # who waited has left
        except OSError:
            time.sleep(_LOST_RACE_S)
        self._spare = _open_spare()

    def _give_up_spare(self) -> None:
        spare, self._spare = self._spare, -1
        if spare >= 0:
            os.close(spare)


def _open_spare() -> int:
    """A descriptor, or -1."""
    try:
        return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return -1
