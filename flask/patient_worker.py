"""Gunicorn's threaded worker, with the long goodbye moved off its main thread.

Before it closes a connection, Gunicorn waits up to 2 s for the visitor to close the other half.
It does so in the one thread that accepts new visitors, so sixteen silent ones would keep the
seventeenth out for half a minute (gunicorn/util.py, `close_graceful`, in 27.0). Here each waits
in the thread that served it, and shorter.
"""

import contextlib
import socket
import time
from typing import Any

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

GOODBYE_S = 0.5
_MAX_DRAINED_BYTES = 64 * 1024


class PatientWorker(ThreadWorker):  # type: ignore[misc]  # Gunicorn has no types
    """Named in gunicorn.conf.py."""

    def handle(self, conn: Any) -> Any:
        """Serve one request; False means that the connection ends."""
        result = super().handle(conn)
        if result is False:
            say_goodbye(conn.sock)
        return result


def say_goodbye(connection: socket.socket) -> None:
    """Wait briefly for the other side, then end the reading half, so that no later wait is long.

    The wait is there so that unread bytes do not reset the connection before the visitor has
    the whole reply.
    """
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        ends_at = time.monotonic() + GOODBYE_S
        drained = 0
        while drained < _MAX_DRAINED_BYTES and (left_s := ends_at - time.monotonic()) > 0:
            connection.settimeout(left_s)
            data = connection.recv(4096)
            if not data:
                break
            drained += len(data)
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
