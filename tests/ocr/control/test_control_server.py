"""The socket: its modes, what may lie in its place, and its end."""

import errno
import os
import stat
import time
from pathlib import Path

import pytest
from fake_actions import STATUS, FakeActions
from plain_http import connect
from polling import wait_until

from control.control_server import ControlServer, bind
from ocr_contract.control import ControlClient, ServiceUnreachable
from ocr_contract.data_folder import SOCKET_PATH
from ocr_errors import FolderError


@pytest.mark.parametrize(
    "content", [b"", b"GET /v1/st", b"GET /v1/status HTTP/1.1\r\nHost: o\r\n\r\n"]
)
def test_stopping_waits_for_nobody(free_path: Path, content: bytes) -> None:
    server = ControlServer(FakeActions().app(), free_path)
    server.start()
    with connect(free_path) as connection:
        connection.sendall(content)
        wait_until(lambda: server._server.server_state.connections if server._server.started else 0)
        started = time.monotonic()
        server.stop()
        assert time.monotonic() - started < 2
    assert not server.alive
    assert not free_path.exists()
    with pytest.raises(ServiceUnreachable):
        ControlClient(free_path).status()


def test_modes_of_socket_and_folder(free_path: Path) -> None:
    old = os.umask(0o077)
    try:
        bind(free_path).close()
    finally:
        os.umask(old)
    assert stat.S_IMODE(free_path.stat().st_mode) == 0o660
    assert stat.S_IMODE(free_path.parent.stat().st_mode) == 0o2750


def test_a_dead_services_socket_is_replaced(free_path: Path) -> None:
    bind(free_path).close()
    assert free_path.is_socket()
    server = ControlServer(FakeActions().app(), free_path)
    server.start()
    try:
        assert ControlClient(free_path).status() == STATUS
    finally:
        server.stop()


def test_what_is_no_socket_is_left_alone(free_path: Path) -> None:
    free_path.parent.mkdir()
    free_path.write_text("precious")
    with pytest.raises(FolderError) as caught:
        bind(free_path)
    assert caught.value.code == "socket_path_taken"
    assert free_path.read_text() == "precious"
    free_path.unlink()
    free_path.symlink_to("/nowhere")
    with pytest.raises(FolderError):
        bind(free_path)
    free_path.unlink()
    free_path.mkdir()
    with pytest.raises(FolderError):
        bind(free_path)


def test_a_path_that_is_too_long_is_refused(folder: Path) -> None:
    long = folder / ("d" * 100) / "run" / "ocr.sock"
    with pytest.raises(FolderError) as caught:
        bind(long)
    assert caught.value.code == "socket_path_too_long"
    assert not long.parent.exists()


def test_a_folder_that_cannot_be_made_is_named(folder: Path) -> None:
    (folder / "run").write_text("a file in the way")
    with pytest.raises(FolderError) as caught:
        bind(folder / SOCKET_PATH)
    assert caught.value.code == "socket_unusable"


def test_on_a_disk_that_became_read_only_it_ends_all_the_same(
    free_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is to end after it must: the worker, and the database that is to be closed."""
    server = ControlServer(FakeActions().app(), free_path)
    server.start()

    def failing(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", failing)
        server.stop()
    assert not server.alive
