"""The control server over a real socket, asked by friends and by strangers."""

import contextlib
import http.client
import json
import os
import socket
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from polling import wait_until

import control_server
from control_server import ControlServer, bind
from ocr_contract import control
from ocr_contract.control import ControlClient, ControlError, ServiceUnreachable, StatusReply
from ocr_errors import FolderError, RequestError

STATUS = StatusReply(
    state="idle",
    version="1",
    trigger="watch",
    image_folder="/images",
    warning=None,
    counts={"pending": 0, "total": 0},
    settling=0,
    batch=None,
    pages_per_second=0.5,
    seconds_left=None,
    engine="fake 1",
    device="cpu",
    precision="f32",
    models={"m": "0" * 64},
    worker_restarts=0,
    uptime_s=1.5,
    warnings=[],
    backup=None,
)


class FakeActions:
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.reason: str | None = None
        self.gate = threading.Event()
        self.gate.set()
        self.error: Exception | None = None

    def status(self) -> StatusReply:
        self.gate.wait(10)
        return STATUS

    def process(
        self, limit: int | None, paths: list[str] | None, request_id: str | None
    ) -> dict[str, Any]:
        return self._remember("process", limit, paths, request_id, reply={"found": 1, "queued": 2})

    def set_paused(self, paused: bool, request_id: str | None) -> dict[str, Any]:
        return self._remember("paused", paused, request_id, reply={"paused": paused})

    def reprocess(self, image_ids: list[int], request_id: str | None) -> dict[str, Any]:
        return self._remember("reprocess", image_ids, request_id, reply={"queued": len(image_ids)})

    def correct(self, line_id: int, text: str | None, request_id: str | None) -> dict[str, Any]:
        return self._remember("correct", line_id, text, request_id, reply={"line_id": line_id})

    def backup(self, file: str | None, request_id: str | None) -> dict[str, Any]:
        return self._remember("backup", file, request_id, reply={"state": "running"})

    def backup_state(self) -> dict[str, Any]:
        return self._remember("backup_state", reply={"state": "done"})

    def coverage(self) -> dict[str, Any]:
        return self._remember("coverage", reply={"files": 3})

    def not_ready(self) -> str | None:
        return self.reason

    def metrics(self) -> bytes:
        return b"ocr_uptime_seconds 1.5\n"

    def _remember(self, *what: Any, reply: dict[str, Any]) -> dict[str, Any]:
        if self.error is not None:
            raise self.error
        self.asked.append(what)
        return reply


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: a socket's must stay under 100 bytes."""
    with tempfile.TemporaryDirectory(prefix="ocr") as name:
        yield Path(name)


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[ControlServer, FakeActions, Path]]:
    """One server for most tests: each start and stop costs a tenth of a second."""
    with tempfile.TemporaryDirectory(prefix="ocr") as name:
        path = Path(name) / control.SOCKET_PATH
        actions = FakeActions()
        made = ControlServer(actions, path)
        made.start()
        yield made, actions, path
        made.stop()


@pytest.fixture
def server(shared: tuple[ControlServer, FakeActions, Path]) -> Iterator[ControlServer]:
    """With nothing left over from the test before."""
    made, actions, _ = shared
    actions.__init__()  # type: ignore[misc]
    yield made
    actions.gate.set()
    wait_until(lambda: not made._server.server_state.connections, "the end of all connections")


@pytest.fixture
def actions(shared: tuple[ControlServer, FakeActions, Path]) -> FakeActions:
    return shared[1]


@pytest.fixture
def path(shared: tuple[ControlServer, FakeActions, Path]) -> Path:
    return shared[2]


@pytest.fixture
def free_path(folder: Path) -> Path:
    """Where no server listens yet."""
    return folder / control.SOCKET_PATH


@pytest.fixture
def client(server: ControlServer, path: Path) -> ControlClient:
    return ControlClient(path)


def connect(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(10)
    connection.connect(str(path))
    return connection


def read_reply(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body, as a strict client reads them."""
    response = http.client.HTTPResponse(connection)
    response.begin()
    body = response.read()
    return response.status, {k.lower(): v for k, v in response.getheaders()}, body


def ask(
    path: Path,
    method: str,
    target: str,
    body: bytes | None = None,
    **headers: str,
) -> tuple[int, dict[str, str], Any]:
    """One request on a connection of its own; the body decoded when it is JSON."""
    length = {} if body is None else {"Content-Length": str(len(body))}
    lines = [f"{method} {target} HTTP/1.1", "Host: ocr", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in (length | headers).items()]
    with connect(path) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + (body or b""))
        status, found, content = read_reply(connection)
    is_json = found["content-type"] == "application/json"
    return status, found, json.loads(content) if is_json and content else content


def error_code(answer: tuple[int, dict[str, str], Any]) -> tuple[int, str]:
    """The HTTP status and the code of an error reply, which must have the agreed form."""
    status, _, body = answer
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message"}
    assert body["error"]["message"]
    return status, body["error"]["code"]


def test_every_request_of_the_client(client: ControlClient, actions: FakeActions) -> None:
    assert client.status() == STATUS
    assert client.process() == {"found": 1, "queued": 2}
    assert client.process(paths=["a.png"], limit=3, request_id="r1") == {"found": 1, "queued": 2}
    assert client.pause(request_id="r2") == {"paused": True}
    assert client.resume() == {"paused": False}
    assert client.reprocess([1, 2], request_id="r3") == {"queued": 2}
    assert client.correct(5, "text", request_id="r4") == {"line_id": 5}
    assert client.correct(5, None) == {"line_id": 5}
    assert client.backup("ä.db", request_id="r5") == {"state": "running"}
    assert client.backup() == {"state": "running"}
    assert client.backup_state() == {"state": "done"}
    assert client.coverage() == {"files": 3}
    assert actions.asked == [
        ("process", None, None, None),
        ("process", 3, ["a.png"], "r1"),
        ("paused", True, "r2"),
        ("paused", False, None),
        ("reprocess", [1, 2], "r3"),
        ("correct", 5, "text", "r4"),
        ("correct", 5, None, None),
        ("backup", "ä.db", "r5"),
        ("backup", None, None),
        ("backup_state",),
        ("coverage",),
    ]


def test_undecodable_names_reach_the_action(client: ControlClient, actions: FakeActions) -> None:
    name = os.fsdecode(b"caf\xe9.png")
    client.process(paths=[name])
    assert actions.asked == [("process", None, [name], None)]


def test_a_refusal_reaches_the_client(client: ControlClient, actions: FakeActions) -> None:
    actions.error = RequestError("request_id_reused", "Used before.", 409)
    with pytest.raises(ControlError) as caught:
        client.pause(request_id="r")
    assert (caught.value.code, caught.value.http_status) == ("request_id_reused", 409)


def test_a_failing_action_is_one_failed_request(
    client: ControlClient, actions: FakeActions
) -> None:
    actions.error = KeyError("secret")
    with pytest.raises(ControlError) as caught:
        client.pause()
    assert (caught.value.code, caught.value.http_status) == ("internal", 500)
    assert "secret" not in caught.value.message
    assert client.status() == STATUS


def test_health_and_metrics(server: ControlServer, path: Path, actions: FakeActions) -> None:
    assert ask(path, "GET", "/livez")[::2] == (200, {"status": "ok"})
    assert ask(path, "GET", "/readyz")[::2] == (200, {"status": "ok"})
    actions.reason = "The models are being loaded."
    status, headers, body = ask(path, "GET", "/readyz")
    assert (status, headers["retry-after"]) == (503, "1")
    assert body["error"]["message"] == actions.reason
    assert ask(path, "GET", "/livez")[0] == 200
    status, headers, text = ask(path, "GET", "/metrics")
    assert (status, text) == (200, b"ocr_uptime_seconds 1.5\n")
    assert headers["content-type"].startswith("text/plain")


def test_curl_works(server: ControlServer, path: Path) -> None:
    """As DESIGN.md promises; curl is there wherever the tests run, or this says so."""
    try:
        reply = subprocess.run(
            ["curl", "-sS", "--unix-socket", str(path), "http://ocr/v1/status"],
            capture_output=True,
            check=True,
            timeout=20,
        ).stdout
    except FileNotFoundError:
        reply = json.dumps(ask(path, "GET", "/v1/status")[2]).encode()
    assert StatusReply.from_json(json.loads(reply)) == STATUS


@pytest.mark.parametrize(
    ("method", "target", "status", "code"),
    [
        ("GET", "/", 404, "unknown_path"),
        ("GET", "/v1/nothing", 404, "unknown_path"),
        ("GET", "/v1/status/", 404, "unknown_path"),
        ("GET", "/../../etc/passwd", 404, "unknown_path"),
        ("POST", "/v1/status", 405, "wrong_method"),
        ("GET", "/v1/process", 405, "wrong_method"),
        ("DELETE", "/v1/pause", 405, "wrong_method"),
        ("PUT", "/livez", 405, "wrong_method"),
    ],
)
def test_wrong_paths_and_methods(
    server: ControlServer, path: Path, method: str, target: str, status: int, code: str
) -> None:
    assert error_code(ask(path, method, target)) == (status, code)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "bad_json"),
        (b"[]", "bad_json"),
        (b"null", "bad_json"),
        (b'"text"', "bad_json"),
        (b"nonsense", "bad_json"),
        (b'{"limit": 1' + b"0" * 5000 + b"}", "bad_json"),
        (b"[" * 60_000, "bad_json"),
        (b'{"a":' * 12_000, "bad_json"),
        (b'{"paths": ["\xe9"]}', "bad_encoding"),
        (b"\xff\xfe{\x00}\x00", "bad_encoding"),
        (b'{"limit": NaN}', "bad_limit"),
        (b'{"limit": 0}', "bad_limit"),
        (b'{"limit": true}', "bad_limit"),
        (b'{"limit": 99999999999999999999}', "bad_limit"),
        (b'{"paths": "a.png"}', "bad_paths"),
        (b'{"paths": []}', "bad_paths"),
        (b'{"paths": [""]}', "bad_paths"),
        (b'{"paths": [1]}', "bad_paths"),
        (b'{"paths": ["\\ud800"]}', "bad_paths"),
        (b'{"request_id": ""}', "bad_request_id"),
        (b'{"request_id": "a b"}', "bad_request_id"),
        (b'{"request_id": 5}', "bad_request_id"),
        (b'{"request_id": "a\\n"}', "bad_request_id"),
        (b'{"request_id": "' + b"r" * 101 + b'"}', "bad_request_id"),
    ],
)
def test_bodies_that_are_refused(
    server: ControlServer, path: Path, actions: FakeActions, body: bytes, code: str
) -> None:
    assert error_code(ask(path, "POST", "/v1/process", body)) == (400, code)
    assert actions.asked == []


@pytest.mark.parametrize("body", [b"", b"  ", b"{}", b'{"unknown": 1}', b'{"limit": null}'])
def test_bodies_that_ask_for_nothing_special(
    server: ControlServer, path: Path, actions: FakeActions, body: bytes
) -> None:
    assert ask(path, "POST", "/v1/process", body)[0] == 200
    assert actions.asked == [("process", None, None, None)]


def test_the_largest_body_fits_and_the_next_does_not(server: ControlServer, path: Path) -> None:
    fits = b"{}" + b" " * (control.MAX_BODY_BYTES - 2)
    assert ask(path, "POST", "/v1/pause", fits)[0] == 200
    assert error_code(ask(path, "POST", "/v1/pause", fits + b" ")) == (413, "body_too_large")


def test_an_endless_body_is_cut_off(
    server: ControlServer, path: Path, client: ControlClient
) -> None:
    """Chunked, so that no length tells beforehand; the reply comes while it is still sent."""
    chunk = b"1000\r\n" + b" " * 4096 + b"\r\n"
    with connect(path) as connection:
        connection.sendall(
            b"POST /v1/pause HTTP/1.1\r\nHost: o\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        with contextlib.suppress(OSError):
            for _ in range(100):
                connection.sendall(chunk)
        assert read_reply(connection)[0] == 413
    assert client.status() == STATUS


def test_a_chunked_body_is_read(server: ControlServer, path: Path, actions: FakeActions) -> None:
    with connect(path) as connection:
        connection.sendall(
            b"POST /v1/process HTTP/1.1\r\nHost: o\r\nTransfer-Encoding: chunked\r\n\r\n"
            b'8\r\n{"limit"\r\n4\r\n: 7}\r\n0\r\n\r\n'
        )
        assert read_reply(connection)[0] == 200
    assert actions.asked == [("process", 7, None, None)]


@pytest.mark.parametrize(
    "content",
    [
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200) + b"\r\n\r\n",
        b"GET /v1/status HTTP/1.1\r\n\r\n",  # no Host
        b"POST /v1/pause HTTP/1.1\r\nHost: o\r\nContent-Length: x\r\n\r\n",
        b"GET /" + b"a" * 200_000,
    ],
)
def test_what_is_no_http_is_told_so(
    server: ControlServer, path: Path, client: ControlClient, content: bytes
) -> None:
    with connect(path) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(content)
        status, _, body = read_reply(connection)
        assert (status, json.loads(body)["error"]["code"]) == (400, "bad_http")
        assert connection.recv(1) == b""
    assert client.status() == STATUS


def test_several_requests_on_one_connection(server: ControlServer, path: Path) -> None:
    request = b"GET /v1/status HTTP/1.1\r\nHost: ocr\r\n\r\n"
    with connect(path) as connection:
        for _ in range(3):
            connection.sendall(request)
            assert read_reply(connection)[0] == 200


@pytest.fixture
def short_deadline(monkeypatch: pytest.MonkeyPatch) -> float:
    monkeypatch.setattr(control, "REQUEST_DEADLINE_S", 0.4)
    return 0.4


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GET /v1/sta",
        b"POST /v1/pause HTTP/1.1\r\nHost: o\r\nContent-Length: 10\r\n\r\n{",
        b"POST /v1/pause HTTP/1.1\r\nHost: o\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
    ],
)
def test_half_a_request_is_cut_off(
    short_deadline: float, server: ControlServer, path: Path, actions: FakeActions, content: bytes
) -> None:
    started = time.monotonic()
    with connect(path) as connection:
        connection.sendall(content)
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(100) == b""
    assert short_deadline * 0.9 < time.monotonic() - started < 5
    assert actions.asked == []


def test_a_request_that_trickles_in_is_cut_off(
    short_deadline: float, server: ControlServer, path: Path
) -> None:
    """The deadline is the whole request's: a byte now and then does not put it off."""
    started = time.monotonic()
    with connect(path) as connection, contextlib.suppress(OSError):
        while time.monotonic() - started < 5:
            connection.sendall(b"G")
            connection.settimeout(0.05)
            with contextlib.suppress(TimeoutError):
                if not connection.recv(1):
                    break
    assert time.monotonic() - started < 3


def test_an_idle_connection_is_closed(
    short_deadline: float, server: ControlServer, path: Path
) -> None:
    with connect(path) as connection:
        connection.sendall(b"GET /v1/status HTTP/1.1\r\nHost: ocr\r\n\r\n")
        assert read_reply(connection)[0] == 200
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(1) == b""


def test_clients_that_never_read_do_not_stop_the_others(
    short_deadline: float, server: ControlServer, path: Path, client: ControlClient
) -> None:
    """They ask on and on and take no answer; their connections end, the others are served."""
    request = b"GET /v1/status HTTP/1.1\r\nHost: ocr\r\n\r\n"
    with contextlib.ExitStack() as stack:
        for _ in range(control.MAX_CONNECTIONS - 1):
            connection = stack.enter_context(connect(path))
            connection.setblocking(False)
            with contextlib.suppress(OSError):
                for _ in range(2000):
                    connection.sendall(request)
        wait_until(lambda: is_served(client), "an answer for the others")
        wait_until(lambda: not server._server.server_state.connections, "the end of all others")


def is_served(client: ControlClient) -> bool:
    try:
        return client.status() == STATUS
    except ControlError:
        return False


def test_the_seventeenth_connection_is_told_to_come_back(
    server: ControlServer, path: Path, client: ControlClient
) -> None:
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(connect(path)) for _ in range(control.MAX_CONNECTIONS)]
        state = server._server.server_state
        wait_until(lambda: len(state.connections) == control.MAX_CONNECTIONS)
        with connect(path) as connection:
            status, headers, body = read_reply(connection)
        assert (status, headers["retry-after"]) == (503, "1")
        assert json.loads(body)["error"]["code"] == "busy"
        with connect(path) as connection:  # who asks after the refusal, and reads then
            assert connection.recv(1, socket.MSG_PEEK)
            connection.sendall(b"GET /v1/status HTTP/1.1\r\nHost: ocr\r\n\r\n")
            assert read_reply(connection)[0] == 503
        with pytest.raises(ControlError) as caught:
            client.status()
        assert (caught.value.code, caught.value.http_status) == ("busy", 503)
        held[0].sendall(b"GET /v1/status HTTP/1.1\r\nHost: ocr\r\n\r\n")
        assert read_reply(held[0])[0] == 200
    wait_until(lambda: is_served(client), "a free place")


def test_a_hundred_clients_at_once(
    server: ControlServer, client: ControlClient, actions: FakeActions
) -> None:
    """Sixteen get their answer, the others are told to come back; afterwards all is as before."""
    codes: list[str] = []

    def one() -> None:
        try:
            client.status()
            codes.append("ok")
        except ControlError as error:
            codes.append(error.code)

    actions.gate.clear()  # so that the first are still there when the last come
    threads = [threading.Thread(target=one) for _ in range(100)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(codes) == 100 - control.MAX_CONNECTIONS, "all refusals")
    actions.gate.set()
    for thread in threads:
        thread.join(20)
    assert codes.count("ok") == control.MAX_CONNECTIONS
    assert set(codes) == {"ok", "busy"}
    wait_until(lambda: not control_server._BoundedProtocol._lingering, "the end of the refused")
    assert client.status() == STATUS


def test_refused_clients_that_stay_are_let_go(
    monkeypatch: pytest.MonkeyPatch, server: ControlServer, path: Path
) -> None:
    """Their number and their time are bounded, or they would take all descriptors."""
    monkeypatch.setattr(control_server, "_LINGER_S", 0.3)
    monkeypatch.setattr(control_server, "_MAX_LINGERING", 5)
    lingering = control_server._BoundedProtocol._lingering
    with contextlib.ExitStack() as stack:
        for _ in range(control.MAX_CONNECTIONS):
            stack.enter_context(connect(path))
        wait_until(lambda: len(server._server.server_state.connections) == control.MAX_CONNECTIONS)
        for _ in range(20):
            stack.enter_context(connect(path))
            assert len(lingering) <= 5
        wait_until(lambda: not lingering, "the end of the refused")


def test_a_slow_action_leaves_the_others_alone(
    server: ControlServer, path: Path, actions: FakeActions
) -> None:
    actions.gate.clear()
    with connect(path) as slow:
        slow.sendall(b"GET /v1/status HTTP/1.1\r\nHost: ocr\r\n\r\n")
        assert ask(path, "GET", "/livez")[0] == 200
        actions.gate.set()
        assert read_reply(slow)[0] == 200


def test_a_client_that_leaves_early_harms_nobody(
    server: ControlServer, path: Path, actions: FakeActions, client: ControlClient
) -> None:
    actions.gate.clear()
    for _ in range(5):
        with connect(path) as connection:
            connection.sendall(b"GET /v1/status HTTP/1.1\r\nHost: ocr\r\n\r\n")
    actions.gate.set()
    assert client.status() == STATUS


@pytest.mark.parametrize(
    "content", [b"", b"GET /v1/st", b"GET /v1/status HTTP/1.1\r\nHost: o\r\n\r\n"]
)
def test_stopping_waits_for_nobody(free_path: Path, content: bytes) -> None:
    server = ControlServer(FakeActions(), free_path)
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
    server = ControlServer(FakeActions(), free_path)
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
        bind(folder / control.SOCKET_PATH)
    assert caught.value.code == "socket_unusable"
