"""The process that connects for the others: what it hands over, and when it ends."""

import errno
import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from demo_data import DemoDatabase
from fake_reader import FakeReader
from polling import wait_until
from web_server import WebServer

from reader_door import DoorClosed, ReaderDoor


@pytest.fixture
def door(tmp_path: Path) -> Iterator[ReaderDoor]:
    made = ReaderDoor(tmp_path / "socket")
    try:
        yield made
    finally:
        made.close()
        wait_until(lambda: has_ended(made.pid))


def has_ended(pid: int) -> bool:
    """Whether the child has ended; it is cleared away then."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True


def test_it_connects_and_hands_over(door: ReaderDoor, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        listener.listen(16)
        with ThreadPoolExecutor(8) as threads:
            connections = list(threads.map(lambda _: door.connect(5.0), range(16)))
        for _ in connections:
            listener.accept()[0].close()
        for connection in connections:
            with connection:
                assert connection.getpeername() == str(tmp_path / "socket")
                assert connection.recv(1) == b""


def test_why_there_is_no_connection(door: ReaderDoor, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        door.connect(1.0)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        with pytest.raises(ConnectionRefusedError):
            door.connect(1.0)
        listener.listen(0)
        with door.connect(1.0), pytest.raises(TimeoutError):
            door.connect(0.2)


def test_a_question_that_nobody_waits_for_leaves_nothing_behind(
    door: ReaderDoor, tmp_path: Path
) -> None:
    """As when a worker is killed in between: the next answer is the next one's."""
    mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    socket.send_fds(door._asking, [b"?"], [theirs.fileno()])
    mine.close()
    theirs.close()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        listener.listen(4)
        with door.connect(5.0) as connection:
            assert connection.getpeername() == str(tmp_path / "socket")


def test_what_is_no_socket_does_not_end_it(door: ReaderDoor) -> None:
    reading, writing = os.pipe()
    socket.send_fds(door._asking, [b"?"], [writing])
    os.close(writing)
    with pytest.raises(FileNotFoundError):
        door.connect(5.0)
    os.close(reading)


def test_ctrl_c_does_not_end_it_and_its_own_end_is_told(door: ReaderDoor) -> None:
    with pytest.raises(FileNotFoundError):
        door.connect(5.0)  # it has taken its place
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(door.pid, number)
    with pytest.raises(FileNotFoundError):
        door.connect(5.0)
    os.kill(door.pid, signal.SIGKILL)
    wait_until(lambda: has_ended(door.pid))
    with pytest.raises(DoorClosed) as closed:
        door.connect(5.0)
    assert closed.value.errno in (errno.EPIPE, errno.ECONNRESET, errno.ECONNREFUSED)


def test_whoever_opened_it_waits_for_its_end(door: ReaderDoor) -> None:
    """Or a process that nobody asked after would be left to the machine."""
    door.end()
    with pytest.raises(ChildProcessError):
        os.waitpid(door.pid, os.WNOHANG)
    door.end()  # nor does it matter when somebody else has seen it end


def test_the_service_ends_with_it_and_leaves_none_behind(tmp_path: Path) -> None:
    """To be started anew by whatever keeps it running: a second door cannot be made."""
    folder = tmp_path / "data"
    with DemoDatabase(folder), FakeReader(folder), WebServer(folder) as server:
        (door,) = server.doors()
        os.kill(door, signal.SIGKILL)

        def asks() -> bool:
            try:
                server.is_alive()
                with socket.create_connection(("127.0.0.1", server.port), 5) as visitor:
                    visitor.sendall(b"GET /api/v1/status HTTP/1.0\r\nHost: localhost\r\n\r\n")
                    visitor.recv(100)
            except (OSError, AssertionError):
                pass
            return server.process.poll() is not None

        wait_until(asks)
        assert server.process.returncode == 0
        assert "web_service ends, to be started anew" in server.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_door_ends_with_the_service(tmp_path: Path, number: int) -> None:
    folder = tmp_path / "data"
    with DemoDatabase(folder), WebServer(folder) as server:
        (door,) = server.doors()
        server.stop(number)

        def is_gone() -> bool:
            try:
                return Path(f"/proc/{door}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
            except OSError:
                return True

        wait_until(is_gone)
