"""The socket client: what it sends, and what it makes of every reply and of none."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr_contract import control
from ocr_contract.control import (
    ControlClient,
    ControlError,
    OutcomeUnknown,
    ServiceUnreachable,
    StatusReply,
)

STATUS: dict[str, Any] = {
    "state": "idle", "version": "1", "trigger": "watch", "image_folder": "images",
    "warning": None, "counts": {"done": 3, "total": 3}, "settling": 0, "batch": None,
    "pages_per_second": 1.5, "seconds_left": 0.0, "engine": "onnxruntime", "device": "cpu",
    "precision": "f32", "models": {"det": "00"}, "worker_restarts": 0, "uptime_s": 7.5,
}  # fmt: skip


ANSWER = {"found": 2, "queued": 3, "paused": True, "line_id": 4, "a_field_of_the_future": 1}
"""Every action takes from it what it needs."""


class Replies:
    """A socket that answers each connection with the bytes it was given, whatever is asked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.requests: list[bytes] = []
        self.reply: bytes | None = b""
        """None: never answer."""
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen(8)
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def answer(self, body: object, status: int = 200) -> None:
        """Reply with JSON from now on."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.reply = b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%b" % (status, len(raw), raw)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        for connection in (*self._open, self._listener):
            connection.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            request = self._receive(connection)
            self.requests.append(request)
            if self.reply is None:
                self._open.append(connection)
                continue
            with contextlib.suppress(OSError):  # the client may have had enough
                connection.sendall(self.reply)
            connection.close()

    @staticmethod
    def _receive(connection: socket.socket) -> bytes:
        raw = b""
        while b"\r\n\r\n" not in raw:
            raw += connection.recv(65536)
        head, _, body = raw.partition(b"\r\n\r\n")
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        while len(body) < length:
            body += connection.recv(65536)
        return head + b"\r\n\r\n" + body


@pytest.fixture
def replies(tmp_path: Path) -> Iterator[Replies]:
    server = Replies(tmp_path / "ocr.sock")
    yield server
    server.close()


@pytest.fixture
def client(replies: Replies) -> ControlClient:
    return ControlClient(replies.path, timeout_s=5)


def sent(replies: Replies) -> tuple[str, Any]:
    """Request line and decoded body of the last request."""
    head, _, body = replies.requests[-1].partition(b"\r\n\r\n")
    return head.split(b"\r\n")[0].decode(), json.loads(body) if body else None


def test_status_is_decoded(replies: Replies, client: ControlClient) -> None:
    replies.answer(STATUS | {"a_field_of_the_future": 1})
    reply = client.status()
    assert reply == StatusReply(**STATUS)
    assert sent(replies) == ("GET /v1/status HTTP/1.1", None)


@pytest.mark.parametrize("missing", sorted(STATUS))
def test_a_status_that_lacks_a_field_is_refused(
    replies: Replies, client: ControlClient, missing: str
) -> None:
    replies.answer({name: value for name, value in STATUS.items() if name != missing})
    with pytest.raises(ControlError, match=missing) as error:
        client.status()
    assert error.value.code == "bad_reply"


def test_every_action_sends_what_the_protocol_says(replies: Replies, client: ControlClient) -> None:
    replies.answer(ANSWER)
    asked = {
        ("process", "{}"): client.process(),
        ("process", '{"limit": 3, "paths": ["ä.png"], "request_id": "r"}'): client.process(
            paths=["ä.png"], limit=3, request_id="r"
        ),
        ("pause", "{}"): client.pause(),
        ("resume", '{"request_id": "r"}'): client.resume(request_id="r"),
        ("reprocess", '{"image_ids": [1, 2]}'): client.reprocess([1, 2]),
        ("retry", '{"request_id": "r"}'): client.retry_quarantined(request_id="r"),
        ("corrections", '{"line_id": 4, "text": "word"}'): client.correct(4, "word"),
        ("corrections", '{"line_id": 4, "text": null}'): client.correct(4, None),
    }
    assert [reply.to_json() for reply in asked.values()] == [
        *({"found": 2, "queued": 3},) * 2,
        *({"paused": True},) * 2,
        *({"queued": 3},) * 2,
        *({"line_id": 4},) * 2,
    ]
    for (action, body), request in zip(asked, replies.requests, strict=True):
        head, _, raw = request.partition(b"\r\n\r\n")
        assert head.startswith(f"POST /v1/{action} HTTP/1.1\r\n".encode())
        assert b"\r\nContent-Type: application/json" in head
        assert json.loads(raw) == json.loads(body)


def test_an_error_reply_becomes_its_code_and_sentence(
    replies: Replies, client: ControlClient
) -> None:
    replies.answer({"error": {"code": "bad_limit", "message": "limit must be a number."}}, 400)
    with pytest.raises(ControlError, match="limit must be a number") as error:
        client.process(limit=1)
    assert (error.value.code, error.value.http_status) == ("bad_limit", 400)
    assert not isinstance(error.value, ServiceUnreachable)


@pytest.mark.parametrize("body", [{}, {"error": None}, {"error": "text"}, {"error": {}}])
def test_an_error_without_details_is_an_error_all_the_same(
    replies: Replies, client: ControlClient, body: object
) -> None:
    replies.answer(body, 503)
    with pytest.raises(ControlError, match="answered 503") as error:
        client.pause()
    assert (error.value.code, error.value.http_status) == ("unknown", 503)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b"[" * 100_000,
     b'{"a": "' + b"x" * control.MAX_REPLY_BYTES + b'"}', b"1" * 5000],
    ids=["empty", "half", "list", "null", "text", "no UTF-8", "deep", "long", "number"],
)  # fmt: skip
@pytest.mark.parametrize("status", [200, 500])
def test_what_is_no_object_is_a_bad_reply(
    replies: Replies, client: ControlClient, body: bytes, status: int
) -> None:
    replies.answer(body, status)
    with pytest.raises(ControlError) as error:
        client.pause()
    assert (error.value.code, error.value.http_status) == ("bad_reply", status)


@pytest.mark.parametrize(
    "raw",
    [b"", b"HTT", b"SSH-2.0-hello\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{",
     b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n{}"],
    ids=["closed", "half a line", "not HTTP", "half a body", "200 headers"],
)  # fmt: skip
def test_what_is_no_reply_is_unreachable(
    replies: Replies, client: ControlClient, raw: bytes
) -> None:
    replies.reply = raw
    with pytest.raises(ServiceUnreachable, match="Is it running") as error:
        client.status()
    assert (error.value.code, error.value.http_status) == ("unreachable", 0)


def test_nobody_there_is_unreachable(tmp_path: Path) -> None:
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(tmp_path / "stale.sock"))
    stale.close()
    (tmp_path / "file").touch()
    for name in ("none.sock", "stale.sock", "file", "x" * 200):
        with pytest.raises(ServiceUnreachable):
            ControlClient(tmp_path / name).status()


def test_one_who_never_answers_is_unreachable_after_the_time_limit(replies: Replies) -> None:
    replies.reply = None
    with pytest.raises(ServiceUnreachable, match="TimeoutError"):
        ControlClient(replies.path, timeout_s=0.1).status()


def test_what_came_of_a_change_that_nobody_answers_is_not_known(
    replies: Replies, tmp_path: Path
) -> None:
    replies.reply = None
    with pytest.raises(OutcomeUnknown) as error:
        ControlClient(replies.path, timeout_s=0.1).correct(4, "word", request_id="r1")
    assert error.value.code == "outcome_unknown"
    with pytest.raises(ServiceUnreachable) as never_asked:
        ControlClient(tmp_path / "none.sock").correct(4, "word", request_id="r1")
    assert never_asked.value.code == "unreachable"


def test_one_who_answers_drop_by_drop_is_unreachable_after_the_time_limit(tmp_path: Path) -> None:
    """The limit is for the whole reply, not for each piece of it."""
    path = tmp_path / "slow.sock"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(1)
    done = threading.Event()

    def drip() -> None:
        connection, _ = listener.accept()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not done.wait(0.05):
            try:
                connection.sendall(b" ")
            except OSError:
                break
        connection.close()

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    failures: list[BaseException] = []

    def ask() -> None:
        try:
            ControlClient(path, timeout_s=0.3).status()
        except ControlError as error:
            failures.append(error)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(5)
    waited_too_long = asking.is_alive()
    done.set()
    thread.join(5)
    asking.join(5)
    listener.close()
    assert not waited_too_long
    assert isinstance(failures[0], ServiceUnreachable)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(body=JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=50),
       status=st.sampled_from([200, 400, 404, 500, 503]))  # fmt: skip
def test_any_body_is_an_object_or_a_control_error(body: bytes, status: int) -> None:
    try:
        reply = control.decode_reply(body, status)
    except ControlError as error:
        assert error.http_status == status
        assert isinstance(error.code, str)
    else:
        assert isinstance(reply, dict)
        assert status < 400
