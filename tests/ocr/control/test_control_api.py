"""Every request of the control API, asked by friends and by strangers."""

import contextlib
import json
import os
import subprocess
from pathlib import Path

import pytest
from fake_actions import COVERAGE, DONE, RUNNING, STATUS, FakeActions
from plain_http import ask, connect, error_code, read_reply

from control.control_server import ControlServer
from ocr_contract import control
from ocr_contract.control import ControlClient, ControlError, Review
from ocr_contract.replies import (
    CorrectionReply,
    PauseReply,
    ProcessReply,
    ReprocessReply,
    StatusReply,
    TrialReply,
)
from ocr_errors import ConflictError


def test_every_request_of_the_client(client: ControlClient, actions: FakeActions) -> None:
    assert client.status() == STATUS
    assert client.process() == ProcessReply(1, 2)
    assert client.process(paths=["a.png"], limit=3, request_id="r1") == ProcessReply(1, 2)
    assert client.pause(request_id="r2") == PauseReply(True)
    assert client.resume() == PauseReply(False)
    assert client.reprocess([1, 2], request_id="r3") == ReprocessReply(2)
    assert client.retry_quarantined(request_id="r6") == ReprocessReply(4)
    assert client.correct(5, "text", request_id="r4") == CorrectionReply(5)
    assert client.correct(5, None, seen="a mark", review=Review.SAMPLE) == CorrectionReply(5)
    chosen = client.correct(5, "x", chosen_from="tiny_rec", by="name Änne", request_id="r7")
    assert chosen == CorrectionReply(5)
    assert client.try_reading(9, "best", 2, request_id="r8") == TrialReply(3, "waiting")
    assert client.take_trial(3, request_id="r9") == TrialReply(3, "taken")
    assert client.drop_trial(3) == TrialReply(3, "dropped")
    assert client.backup("ä.db", request_id="r5") == RUNNING
    assert client.backup() == RUNNING
    assert client.backup_state() == DONE
    assert client.coverage() == COVERAGE
    assert actions.asked == [
        ("process", None, None, None),
        ("process", 3, ["a.png"], "r1"),
        ("paused", True, "r2"),
        ("paused", False, None),
        ("reprocess", [1, 2], "r3"),
        ("retry", "r6"),
        ("correct", 5, "text", "r4", None, None, None, None),
        ("correct", 5, None, None, "a mark", Review.SAMPLE, None, None),
        ("correct", 5, "x", "r7", None, None, "tiny_rec", "name Änne"),
        ("trial", 9, 2, "best", "r8"),
        ("take", 3, "r9"),
        ("drop", 3, None),
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
    actions.error = ConflictError("request_id_reused", "Used before.")
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
    """As README shows; curl is there wherever the tests run, or this says so."""
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


@pytest.mark.parametrize("by", [b'""', b'"a\\tb"', b'"a\\nb"', b"5", b'"' + b"r" * 101 + b'"'])
def test_who_corrects_is_one_printable_line(
    server: ControlServer, path: Path, actions: FakeActions, by: bytes
) -> None:
    body = b'{"line_id": 1, "text": "x", "by": ' + by + b"}"
    assert error_code(ask(path, "POST", "/v1/corrections", body)) == (400, "bad_parameter")
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
