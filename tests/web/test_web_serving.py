"""Gunicorn with our configuration, for real."""

import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from demo_data import DemoDatabase
from web_server import ROOT, WebServer, wait_until

import serving

MAX_STOP_S = 3.0
MAX_WORKER_BYTES = 120_000_000


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    with DemoDatabase(folder) as database:
        for number in range(60):
            database.add_text(f"{number}.png", "some words\n" * 40)
    return folder


def raw_connection(server: WebServer, request: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    connection.sendall(request)
    return connection


def head(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ends_within_three_seconds_with_open_streams(data_folder: Path, number: int) -> None:
    with WebServer(data_folder) as server:
        streams = [raw_connection(server, head("/events")) for _ in range(4)]
        for stream in streams:
            assert b"200 OK" in stream.recv(500)
        assert server.stop(number) < MAX_STOP_S
        assert "Traceback" not in server.log
        assert "SIGKILL" not in server.log
        for stream in streams:
            stream.close()


def test_a_visitor_who_hangs_up_gives_the_stream_back(data_folder: Path) -> None:
    with WebServer(data_folder, WEB_MAX_STREAMS="1") as server:
        for _ in range(5):

            def opens() -> bool:
                with raw_connection(server, head("/events")) as stream:
                    return b"200 OK" in stream.recv(500)

            wait_until(opens, 5)


def test_sixteen_slow_visitors_do_not_starve_the_next(data_folder: Path) -> None:
    with WebServer(data_folder) as server:
        slow = [raw_connection(server, b"GET / HTTP/1.1\r\nHost: lo") for _ in range(8)]
        slow += [raw_connection(server, head("/events")) for _ in range(8)]
        with urllib.request.urlopen(f"{server.address}/", timeout=5) as reply:
            assert reply.status == 200
        # Who never ends the sentence is sent away, all together and not one after the other.
        started = time.monotonic()
        for connection in slow[:8]:
            connection.settimeout(serving.SEND_PATIENCE_S + 5)
            assert connection.recv(100) == b""
        assert time.monotonic() - started < serving.SEND_PATIENCE_S + 3
        assert "Traceback" not in server.log
        for connection in slow:
            connection.close()


def test_who_never_says_goodbye_keeps_nobody_waiting(data_folder: Path) -> None:
    request = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with WebServer(data_folder) as server:
        silent = [raw_connection(server, request) for _ in range(16)]
        started = time.monotonic()
        with urllib.request.urlopen(f"{server.address}/livez", timeout=40) as reply:
            assert reply.status == 200
        assert time.monotonic() - started < 2
        for connection in silent:
            assert b"200 OK" in connection.recv(500)
            connection.close()


def test_started_in_the_root_it_uses_the_library(data_folder: Path, tmp_path: Path) -> None:
    """The working folder holds a folder `flask` with a module that would shadow the library."""
    (tmp_path / "flask").mkdir()
    (tmp_path / "flask" / "__init__.py").write_text("raise SystemExit('shadowed')")
    # A relative data folder counts from where one started.
    for given in (data_folder, Path("data")):
        with (
            WebServer(given, working_folder=tmp_path) as server,
            urllib.request.urlopen(f"{server.address}/readyz", timeout=5) as reply,
        ):
            assert reply.status == 200


def test_writes_nothing_and_stays_small(data_folder: Path) -> None:
    database = data_folder / "ocr_data.db"
    before = (database.read_bytes(), sorted(path.name for path in data_folder.rglob("*")))
    with WebServer(data_folder) as server:
        for number in range(1, 40):
            for path in ("/", f"/images/{number}", "/?q=words", "/?q=wo", "/export.csv"):
                with urllib.request.urlopen(f"{server.address}{path}", timeout=10) as reply:
                    reply.read()
        (worker,) = server.workers()
        status = Path(f"/proc/{worker}/status").read_text()
        resident = int(status.split("VmRSS:")[1].split()[0]) * 1024
        assert resident < MAX_WORKER_BYTES
    names = sorted(path.name for path in data_folder.rglob("*"))
    # A reader of a WAL database may leave its two companions; HOME is this folder as well.
    assert [name for name in names if not name.endswith(("-wal", "-shm"))] == before[1]
    assert database.read_bytes() == before[0]


def test_a_wrong_setting_is_one_sentence_and_exit_code_9(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "gunicorn", "-c", str(ROOT / "flask" / "gunicorn.conf.py"),
         "app:create_app()"],
        env={"PYTHONPATH": f"{ROOT / 'contract'}:{ROOT / 'flask'}", "WEB_PORT": "x"},
        cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert ended.returncode == 9
    assert ended.stderr.count("\n") == 1 and "WEB_PORT" in ended.stderr
