"""Requests of which only a part has come: how many of them may be waited for at a time.

Each that is waited for keeps a thread, for as long as `deadlines` allows. Somebody who opens a
thousand connections and sends half a request on each would keep all of them, and everybody else
out, for minutes. A browser's request comes whole: one that does not, and whose turn finds no place,
is hung up on.
"""

import contextlib
import re
import socket
import threading
from collections.abc import Iterator

MOST = 24
"""Waited for at a time, of the 64 threads that there usually are."""
_LOOKED_AT_BYTES = 40 * 1024
"""A head has at most 4 KiB of address and 50 fields; a form is not read beyond 32 KiB."""
_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = re.compile(rb"(?i)\r\ncontent-length:[ \t]*(\d{1,9})[ \t]*\r\n")
_IN_CHUNKS = re.compile(rb"(?i)\r\ntransfer-encoding:")


def is_unfinished(connection: socket.socket) -> bool:
    """Whether something of a request lies there, and not all of it; nothing is taken."""
    try:
        there = connection.recv(_LOOKED_AT_BYTES, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except OSError:  # nothing lies there: whoever reads finds out why
        return False
    if not there or len(there) == _LOOKED_AT_BYTES:
        return False
    head, end, body = there.partition(_END_OF_HEAD)
    if not end:
        return True
    length = _LENGTH.search(head + b"\r\n")
    if length is None:
        return _IN_CHUNKS.search(head) is not None and not body.endswith(_END_OF_HEAD)
    return len(body) < min(int(length[1]), _LOOKED_AT_BYTES - len(head))


class Places:
    """For those that are waited for. Safe to share between threads."""

    def __init__(self, most: int = MOST) -> None:
        self._free = threading.BoundedSemaphore(most)

    @contextlib.contextmanager
    def while_read(self, connection: socket.socket) -> Iterator[bool]:
        """False: it is unfinished, and no place is free."""
        if not is_unfinished(connection):
            yield True
        elif self._free.acquire(blocking=False):
            try:
                yield True
            finally:
                self._free.release()
        else:
            yield False
