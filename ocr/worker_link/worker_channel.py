"""How messages travel between the service and its worker: JSON objects in frames of bounded size.

    frame      the length, four bytes, big-endian; then so many bytes of JSON

That is what `multiprocessing.connection.Connection` sends over a socket pair. What the messages
say is `worker_protocol`. Standard library only.
"""

import json
import select
import socket
import struct
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from ocr_contract.error_codes import ErrorCode
from ocr_errors import WorkerError

MAX_MESSAGE_BYTES = 64 * 1024 * 1024
POLL_S = 0.1
_CHUNK_BYTES = 1 << 16
_LENGTH = struct.Struct("!i")


def send(connection: Connection, message: dict[str, Any]) -> None:
    """The worker's side: send one message; raises OSError when the service is gone."""
    connection.send_bytes(_encode(message))


def receive(connection: Connection) -> dict[str, Any]:
    """The worker's side: wait for one message.

    Raises:
        EOFError, OSError: the other side is gone, or the frame is over MAX_MESSAGE_BYTES.
        WorkerError: it is no JSON object.
    """
    return _decode(connection.recv_bytes(MAX_MESSAGE_BYTES))


class Channel:
    """The service's side: as `Connection` frames it, but a worker that stops amid a frame,
    or never reads one, cannot hold up the service."""

    def __init__(self, worker: socket.socket, wait: Callable[[], None]) -> None:
        """Takes over the socket; `wait` is called all POLL_S of waiting and ends it by raising."""
        self._socket = worker
        self._socket.settimeout(POLL_S)
        self._wait = wait
        self._received = bytearray()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def send(self, message: dict[str, Any]) -> None:
        """Send one message; raises OSError when the worker is gone."""
        content = _encode(message)
        rest = memoryview(_LENGTH.pack(len(content)) + content)
        while rest:
            try:
                rest = rest[self._socket.send(rest) :]
            except TimeoutError:
                self._wait()

    def has_input(self, at_most_s: float = POLL_S) -> bool:
        """Wait at most so long for a message's beginning, or the end."""
        poll = select.poll()
        try:
            poll.register(self._socket, select.POLLIN)
        except ValueError:  # closed by another thread; `receive` finds out
            return True
        return bool(poll.poll(at_most_s * 1000))

    def receive(self) -> dict[str, Any]:
        """Wait for one message.

        Raises:
            EOFError, OSError: the worker is gone.
            WorkerError: the frame is too long, or holds no JSON object.
        """
        (length,) = _LENGTH.unpack(self._take(_LENGTH.size))
        if not 0 <= length <= MAX_MESSAGE_BYTES:
            raise nonsense(f"a frame of {length} bytes")
        return _decode(self._take(length))

    def _take(self, count: int) -> bytes:
        while len(self._received) < count:
            self._wait()
            try:
                chunk = self._socket.recv(min(_CHUNK_BYTES, count - len(self._received)))
            except TimeoutError:
                continue
            if not chunk:
                raise EOFError
            self._received += chunk
        taken = bytes(self._received)
        self._received.clear()
        return taken


def _encode(message: dict[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()


def _decode(content: bytes) -> dict[str, Any]:
    try:
        message = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise nonsense(str(error)) from error
    if not isinstance(message, dict):
        raise nonsense("not an object")
    return message


def nonsense(detail: str) -> WorkerError:
    """The error for a message that cannot be used; `detail` says why."""
    return WorkerError(
        ErrorCode.WORKER_NONSENSE, f"The worker sent something unusable: {detail[:200]}."
    )
