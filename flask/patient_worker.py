"""Gunicorn's threaded worker, with the long goodbye moved off its main thread.

Before it closes a connection, Gunicorn waits up to 2 s for the visitor to close the other half.
It does so in the one thread that accepts new visitors, so sixteen silent ones would keep the
seventeenth out for half a minute (gunicorn/util.py, `close_graceful`, in 27.0). Here each waits
in the thread that served it, and shorter. The main thread also hangs up on whoever is too slow
with a whole request (`deadlines`), and at once on whoever may not connect (`peer_gate`). Only so
many are waited for that send their request in pieces (`unfinished`). Ctrl-C ends it without a
lock that its main thread may hold.
"""

import contextlib
import socket
import threading
import time
from types import FrameType
from typing import Any

from gunicorn.workers.base import Worker  # type: ignore[import-untyped]
from gunicorn.workers.gthread import _DEFER, ThreadWorker  # type: ignore[import-untyped]

from deadlines import ANSWER_S, DEADLINES, READING_S
from peer_gate import GatedListener, PeerGate
from unfinished import MOST, Places

FIRST_WORD_S = 0.2
"""Who connects and says nothing waits in the poller, not in one of the threads for 5 s."""
GOODBYE_S = 0.5
_MAX_DRAINED_BYTES = 64 * 1024
_PLACES = Places()
_FIRST_WORDS = threading.BoundedSemaphore(MOST)


class PatientWorker(ThreadWorker):  # type: ignore[misc]  # Gunicorn has no types
    """Named in gunicorn.conf.py."""

    gate: PeerGate
    """Set before the first connection is accepted (`serving.post_worker_init`)."""

    def accept(self, listener: Any) -> None:
        """Take the next connection, if it comes from whom the page is for."""
        super().accept(GatedListener(listener, self.gate))

    def handle(self, conn: Any) -> Any:
        """Serve one request; False means that the connection ends."""
        if not conn.initialized and not has_first_word(conn):
            return _DEFER
        with _PLACES.while_read(conn.sock) as is_welcome:
            if not is_welcome:
                _hang_up(conn.sock)
                return False
            DEADLINES.allow(conn.sock, READING_S)
            try:
                result = super().handle(conn)
            finally:
                DEADLINES.done(conn.sock)
        if result is False:
            say_goodbye(conn.sock)
        return result

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Have the head that was read answered."""
        DEADLINES.allow(conn.sock, ANSWER_S)
        return super().handle_request(req, conn)

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        """End at once (Ctrl-C). Gunicorn's threaded worker takes the lock of its threads here
        (gthread.py in 27.0), which the interrupted main thread may hold: it waits for itself."""
        Worker.handle_quit(self, sig, frame)

    def murder_pending(self) -> None:
        """Called about once a second."""
        super().murder_pending()
        DEADLINES.cut_overdue()


def has_first_word(conn: Any) -> bool:
    """Whether something of its first request is there, perhaps after a moment: but a thousand
    visitors who say nothing would together take all threads for seconds."""
    if conn.wait_for_data(0):
        return True
    if not _FIRST_WORDS.acquire(blocking=False):
        return False
    try:
        return bool(conn.wait_for_data(FIRST_WORD_S))
    finally:
        _FIRST_WORDS.release()


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
    _hang_up(connection)


def _hang_up(connection: socket.socket) -> None:
    """Gunicorn, which closes it, then waits for nothing."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
