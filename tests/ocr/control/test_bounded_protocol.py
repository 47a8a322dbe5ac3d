"""Connections that are too many, too slow or no HTTP: they end, and the others are served."""

import contextlib
import json
import socket
import threading
import time
from pathlib import Path

import pytest
from fake_actions import STATUS, FakeActions
from plain_http import ask, connect, read_reply
from polling import wait_until

from control import bounded_protocol
from control.control_server import ControlServer
from ocr_contract import control
from ocr_contract.control import ControlClient, ControlError


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
    wait_until(lambda: not bounded_protocol.BoundedProtocol._lingering, "the end of the refused")
    assert client.status() == STATUS


def test_refused_clients_that_stay_are_let_go(
    monkeypatch: pytest.MonkeyPatch, server: ControlServer, path: Path
) -> None:
    """Their number and their time are bounded, or they would take all descriptors."""
    monkeypatch.setattr(bounded_protocol, "_LINGER_S", 0.3)
    monkeypatch.setattr(bounded_protocol, "_MAX_LINGERING", 5)
    lingering = bounded_protocol.BoundedProtocol._lingering
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
