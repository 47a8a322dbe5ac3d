"""The one process of web_service that connects to anything: to ocr_service's Unix socket.

The processes that serve visitors may not connect (`confinement`), for they hold internet sockets.
This one is started before the page listens, so it holds none, and can make none. It knows one
path and does one thing: connect to it and hand the connection over.

    who asks                                    the door
    makes a socket pair, sends one end  ───▶    connects to the path
    takes what comes on the other end   ◀───    sends the connection, or an error number

It ends by itself when nobody is left who could ask.
"""

import contextlib
import ctypes
import errno
import logging
import os
import signal
import socket
import time
from pathlib import Path

import confinement
from ocr_contract.control import Connect

PROCESS_NAME = "reader-door"
_RETRY_S = 0.05
_LEAVE_S = 0.5
_SET_NAME = 15  # PR_SET_NAME
_MAX_ERROR_BYTES = 16

logger = logging.getLogger("web_service")


class DoorClosed(OSError):  # noqa: N818  a state of affairs, named as such
    """The process at the door has ended. It cannot be started anew: only web_service can."""


class ReaderDoor:
    """The way to one Unix socket. Safe to share between threads and processes."""

    def __init__(self, path: Path) -> None:
        """Start the process; nobody waits for it, its end is the end of all who hold this."""
        self._asking, answering = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self._asking.close()
                _become_the_door()
                _answer(answering, path)
            finally:
                os._exit(0)
        answering.close()

    def connect(self, timeout_s: float) -> socket.socket:
        """A connection to the path.

        Raises:
            DoorClosed: the process has ended.
            OSError: there is no connection within `timeout_s`, as `socket.connect` has it.
        """
        ends_at = time.monotonic() + timeout_s
        while True:
            left_s = ends_at - time.monotonic()
            try:
                return self._ask(max(left_s, 0.001))
            except BlockingIOError:  # more connections wait than the socket holds
                if left_s <= 0:
                    raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT)) from None
                time.sleep(_RETRY_S)

    def close(self) -> None:
        """Nobody here asks any more."""
        self._asking.close()

    def end(self) -> None:
        """Take leave of the process, so that none is left behind; it is this one's child."""
        self.close()
        ends_at = time.monotonic() + _LEAVE_S
        with contextlib.suppress(ChildProcessError):  # Gunicorn has seen it end already
            while os.waitpid(self.pid, os.WNOHANG)[0] == 0 and time.monotonic() < ends_at:
                time.sleep(0.01)

    def _ask(self, timeout_s: float) -> socket.socket:
        # A pair for each question: whoever dies in between leaves no answer for somebody else.
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with mine:
            with theirs:
                try:
                    socket.send_fds(self._asking, [b"?"], [theirs.fileno()])
                except (BrokenPipeError, ConnectionError) as error:
                    raise DoorClosed(error.errno, "the door is closed") from error
            mine.settimeout(timeout_s)
            answer, descriptors, _, _ = socket.recv_fds(mine, _MAX_ERROR_BYTES, 1)
        if descriptors:
            return socket.socket(fileno=descriptors[0])
        if not answer:
            raise DoorClosed(errno.EPIPE, "the door is closed")
        number = int(answer)
        raise OSError(number, os.strerror(number))


_door: ReaderDoor | None = None
"""Of this service: made in Gunicorn's main process, used in its workers."""


def open_door(path: Path) -> None:
    """From now on this process and those that it forks reach `path` through a door."""
    global _door
    _door = ReaderDoor(path)


def leave_door() -> None:
    """Before this process, in which the door was opened, ends."""
    if _door is not None:
        _door.end()


def way_to_the_reader() -> Connect | None:
    """How to connect to ocr_service; None where nothing keeps this process from doing so itself."""
    return None if _door is None else _through_the_door


def _through_the_door(timeout_s: float) -> socket.socket:
    assert _door is not None
    try:
        return _door.connect(timeout_s)
    except DoorClosed:
        logger.error(  # noqa: TRY400  where it happened says nothing
            "the process that connects to ocr_service has ended; web_service ends, to be started "
            "anew"
        )
        os.kill(os.getppid(), signal.SIGTERM)  # Gunicorn's main process, which ends in good order
        raise


def _become_the_door() -> None:
    """Nothing of the terminal, no way but one."""
    # Ctrl-C reaches every process of a terminal; the others may still have questions.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):  # or whoever reads our log would wait for this process, too
        os.dup2(nothing, descriptor)
    ctypes.CDLL(None).prctl(_SET_NAME, PROCESS_NAME.encode(), 0, 0, 0)
    confinement.connect()


def _answer(questions: socket.socket, path: Path) -> None:
    while True:
        question, descriptors, _, _ = socket.recv_fds(questions, 1, 1)
        if not question:
            return
        for descriptor in descriptors:
            try:
                answer = socket.socket(fileno=descriptor)
            except OSError:  # no socket at all
                os.close(descriptor)
                continue
            with answer:
                _connect_for(answer, path)


def _connect_for(answer: socket.socket, path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.setblocking(False)  # one that waits would keep all the others waiting
        try:
            connection.connect(str(path))
        except OSError as error:
            reply, given = str(error.errno or errno.EIO).encode(), []
        else:
            connection.setblocking(True)  # as whoever takes it expects of a new one
            reply, given = b"0", [connection.fileno()]
        try:
            socket.send_fds(answer, [reply], given, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        except OSError:
            return  # who asked is gone
