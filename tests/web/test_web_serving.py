"""Gunicorn with our configuration, for real."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from demo_data import DemoDatabase
from hurried_app import READING_S as HURRIED_READING_S
from polling import wait_until
from web_server import WebServer

import deadlines
import exports
import patient_worker
import serving
from project import ROOT

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

            wait_until(opens, deadline_s=5)


def trickle(server: WebServer) -> socket.socket:
    """One letter of the head now and then, from a thread; never the whole."""
    connection = raw_connection(server, b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")

    def go_on() -> None:
        with contextlib.suppress(OSError):
            for _ in range(60):
                connection.sendall(b"x")
                threading.Event().wait(1)

    threading.Thread(target=go_on, daemon=True).start()
    return connection


def half_a_body(server: WebServer) -> socket.socket:
    return raw_connection(
        server, b"POST /actions/scan HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\ncsrf_token=",
    )  # fmt: skip


def reads_nothing(server: WebServer) -> socket.socket:
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    connection.settimeout(20)
    connection.connect(("127.0.0.1", server.port))
    connection.sendall(head("/images/1.txt"))
    return connection


def listens(server: WebServer) -> socket.socket:
    return raw_connection(server, head("/events"))


def says_nothing(server: WebServer) -> socket.socket:
    return raw_connection(server, b"")


ALLOWED_S = 10.0
"""On a busy machine a page takes seconds by itself."""
SLOW = [trickle, half_a_body, reads_nothing, listens, says_nothing]


@pytest.fixture
def large_data_folder(data_folder: Path) -> Path:
    """A text that no socket's buffers swallow as a whole."""
    with DemoDatabase(data_folder) as database:
        for trigger in ("leaves", "comes"):
            database.execute(f"DROP TRIGGER search_page_update_{trigger}")
        database.execute("UPDATE pages SET text = printf('%.*c', 6000000, 'x') WHERE id = 1")
    return data_folder


def test_sixteen_slow_visitors_do_not_starve_the_next(large_data_folder: Path) -> None:
    """Of each kind alone, then of all together. Where they hold up the one thread that accepts, the
    next visitor waits for each of them in turn: 32 s."""
    groups = {kind.__name__: [kind] for kind in SLOW} | {"all together": SLOW}
    with WebServer(large_data_folder) as server:
        for name, kinds in groups.items():
            slow = [kind(server) for kind in kinds for _ in range(16)]
            threading.Event().wait(0.5)  # so that the last of them has its thread
            for path in ("/", "/images/1", "/api/v1/status"):
                started = time.monotonic()
                with urllib.request.urlopen(f"{server.address}{path}", timeout=20) as reply:
                    assert reply.status == 200
                assert time.monotonic() - started < ALLOWED_S, (name, path)
            for connection in slow:
                connection.close()
        _look_beside_half_requests(server)
        assert "Traceback" not in server.log


def _look_beside_half_requests(server: WebServer) -> None:
    """Each kept a thread for five seconds: 1,500 of them kept everybody out for two minutes."""
    heads = [raw_connection(server, head("/")[:-length]) for length in (1, 4) for _ in range(90)]
    slow = [*heads, *(half_a_body(server) for _ in range(90))]
    started = time.monotonic()
    with urllib.request.urlopen(f"{server.address}/livez", timeout=20) as reply:
        assert reply.status == 200
    assert time.monotonic() - started < ALLOWED_S
    for connection in slow:
        connection.close()


def test_tables_that_nobody_takes_leave_the_page_alone(large_data_folder: Path) -> None:
    def table() -> socket.socket:
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        connection.connect(("127.0.0.1", server.port))
        connection.sendall(head("/export.csv"))
        assert b"200 OK" in connection.recv(100)
        return connection

    with WebServer(large_data_folder) as server:
        slow = [table() for _ in range(exports.MAX_TABLES)]
        assert not takes_a_table(server)
        started = time.monotonic()
        with urllib.request.urlopen(f"{server.address}/", timeout=20) as reply:
            assert reply.status == 200
        assert time.monotonic() - started < 2
        for connection in slow:
            connection.close()
        wait_until(lambda: takes_a_table(server))  # who leaves gives the place back


def takes_a_table(server: WebServer) -> bool:
    try:
        with urllib.request.urlopen(f"{server.address}/export.csv", timeout=20) as reply:
            reply.read()
            return True
    except urllib.error.HTTPError as error:
        assert error.code == 503 and error.headers["Retry-After"]
        return False


def test_who_trickles_is_sent_away(data_folder: Path) -> None:
    """Twice as many as there are threads: without the limit nobody would ever be served again."""
    assert patient_worker.READING_S == deadlines.READING_S < 15, "what hurried_app shortens"
    app = "hurried_app:create_app()"
    with WebServer(data_folder, app=app, WEB_THREADS="16", WEB_MAX_STREAMS="4") as server:
        slow = [trickle(server) for _ in range(32)]
        started = time.monotonic()
        for connection in slow[:16]:
            connection.settimeout(HURRIED_READING_S + 5)
            with contextlib.suppress(ConnectionError):
                assert connection.recv(100) == b""
        assert time.monotonic() - started < HURRIED_READING_S + 5
        with urllib.request.urlopen(f"{server.address}/", timeout=20) as reply:
            assert reply.status == 200
        assert "Traceback" not in server.log
        for connection in slow:
            connection.close()


def test_a_broken_off_head_is_sent_away_soon(data_folder: Path) -> None:
    with WebServer(data_folder) as server:
        slow = [raw_connection(server, b"GET / HTTP/1.1\r\nHost: lo") for _ in range(8)]
        # All together and not one after the other.
        started = time.monotonic()
        for connection in slow:
            connection.settimeout(serving.SEND_PATIENCE_S + 5)
            assert connection.recv(100) == b""
        assert time.monotonic() - started < serving.SEND_PATIENCE_S + 3
        assert "Traceback" not in server.log
        for connection in slow:
            connection.close()


def test_the_log_is_json_line_by_line(data_folder: Path) -> None:
    with WebServer(data_folder, WEB_LOG_FORMAT="json", WEB_LOG_LEVEL="debug") as server:
        urllib.request.urlopen(f"{server.address}/", timeout=5).close()
        server.stop()
        told = [json.loads(line) for line in server.log.splitlines()]
    assert len(told) > 3
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in told)


def test_a_password_where_it_is_needed(data_folder: Path, tmp_path: Path) -> None:
    everywhere = {"WEB_BIND": "0.0.0.0"}
    for file, words in ((None, "WEB_PASSWORD_FILE"), ("short", "characters"),
                        ("none", "cannot be read")):  # fmt: skip
        (tmp_path / "short").write_text("short")
        given = {} if file is None else {"WEB_PASSWORD_FILE": str(tmp_path / file)}
        with pytest.raises(AssertionError, match=words):
            WebServer(data_folder, **everywhere, **given).__enter__()
    # In a container: everywhere inside, but published to this machine only.
    with WebServer(data_folder, **everywhere, WEB_PUBLISHED_ADDRESS="127.0.0.1") as server:
        assert urllib.request.urlopen(f"{server.address}/", timeout=5).status == 200
    (tmp_path / "password").write_text("a long password")
    with (
        WebServer(data_folder, working_folder=tmp_path, **everywhere, WEB_PASSWORD_FILE="password")
        as server,
        urllib.request.urlopen(f"{server.address}/", timeout=5) as reply,
    ):  # fmt: skip
        assert "/login" in reply.url and b"protected by a password" in reply.read()


def log_in(server: WebServer, password: str) -> tuple[urllib.request.OpenerDirector, str]:
    """A browser that is logged in, and the token for its next form."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    form = browser.open(f"{server.address}/login").read().decode()
    token = form.split('name="csrf_token" value="')[1].split('"')[0]
    data = urllib.parse.urlencode({"password": password, "csrf_token": token})
    assert browser.open(f"{server.address}/login", data.encode()).url == f"{server.address}/"
    return browser, token


def test_a_worker_that_is_started_anew_knows_the_sessions(
    data_folder: Path, tmp_path: Path
) -> None:
    password = tmp_path / "password"
    password.write_text("a long password")
    with WebServer(data_folder, WEB_PASSWORD_FILE=str(password)) as server:
        browser, _ = log_in(server, "a long password")
        (worker,) = server.workers()
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: server.workers() not in ([], [worker]))
        wait_until(server.is_alive)
        assert browser.open(f"{server.address}/images/1").url == f"{server.address}/images/1"


def test_a_stream_ends_when_its_visitor_logs_out(data_folder: Path, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("a long password")
    with WebServer(data_folder, WEB_PASSWORD_FILE=str(password)) as server:
        browser, token = log_in(server, "a long password")
        with browser.open(f"{server.address}/events", timeout=10) as stream:
            assert stream.readline()
            browser.open(f"{server.address}/logout", f"csrf_token={token}".encode())
            while stream.readline():
                pass


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
