"""How long one request may take as a whole, so that nobody keeps a thread by being slow.

The socket's own limits are for each piece: a visitor who sends one letter every four seconds
would never meet them. Here the clock starts with the request and goes on whatever trickles.

    reading   until the whole head is there                  READING_S
    answer    until the whole answer was taken               ANSWER_S
    long      live streams and exports, which say so         LONG_S
"""

import socket
import threading
import time
from collections.abc import Callable

READING_S = 10.0
ANSWER_S = 60.0
LONG_S = 3600.0


class Deadlines:
    """The connections that a thread serves now. Safe to share between threads."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._ends: dict[int, tuple[socket.socket, float]] = {}

    def allow(self, connection: socket.socket, seconds: float) -> None:
        """How long `connection` has from now on."""
        with self._lock:
            self._ends[id(connection)] = (connection, self._clock() + seconds)

    def done(self, connection: socket.socket) -> None:
        """No thread serves it any more."""
        with self._lock:
            self._ends.pop(id(connection), None)

    def cut_overdue(self) -> int:
        """Hang up on whom the time has run out for; returns how many. Their threads go on."""
        cut = 0
        with self._lock:
            now = self._clock()
            for key, (connection, end) in list(self._ends.items()):
                if now >= end:
                    del self._ends[key]
                    cut += 1
                    try:
                        connection.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        continue  # it is gone already
        return cut


DEADLINES = Deadlines()
"""Of this process."""


def allow_long(connection: socket.socket | None) -> None:
    """The answer that is being made may take long, because it never ends or is large."""
    if connection is not None:
        DEADLINES.allow(connection, LONG_S)
