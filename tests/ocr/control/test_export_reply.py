"""Exports over the socket: frames as they come, a few at a time, and none without a reader."""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from export_scene import ExportScene
from fake_actions import FakeActions
from plain_http import ask, connect, error_code
from polling import wait_until

import export_children
from control.control_api import build_app
from control.control_server import ControlServer
from control.export_reply import MOST_AT_ONCE, Exports
from machine_limits import is_running
from ocr_contract import control
from ocr_contract.control import ControlError, ServiceUnreachable
from ocr_contract.data_folder import SOCKET_PATH
from ocr_contract.export import remote_files
from ocr_contract.export.frames import Begun, Ended, Waiting

PROGRAM = """
import json, os, sys, time
from ocr_contract.export.frames import Begun, Ended, Waiting, encoded
wanted = json.loads(sys.stdin.buffer.readline())
open(os.environ["PIDS"], "a").write(f"{os.getpid()}\\n")
out = sys.stdout.buffer
for image_id in wanted["image_ids"]:
    out.write(encoded(Begun(image_id)))
    out.flush()
    for _ in range(image_id):
        time.sleep(0.1)
        out.write(encoded(Waiting()) + encoded(b"x" * 1000))
        out.flush()
    out.write(encoded(Ended()))
"""


@pytest.fixture(scope="module")
def path() -> Iterator[Path]:
    """Of a server whose exports are a program of this test."""
    with tempfile.TemporaryDirectory(prefix="ocr") as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        (folder / "program.py").write_text(PROGRAM)
        patch.setenv("PIDS", str(folder / "pids"))
        scene = ExportScene(folder)
        exports = Exports(scene.settings, (sys.executable, str(folder / "program.py")))
        server = ControlServer(build_app([], FakeActions(), exports), folder / SOCKET_PATH)
        server.start()
        yield folder / SOCKET_PATH
        server.stop()
        scene.close()


def test_frames_come_as_they_are_made_and_longer_than_a_request_may_take(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "REQUEST_DEADLINE_S", 0.4)
    events = list(remote_files.events(path, None, "pdf", [9, 1], machine=False))
    assert (events[0], events[-1]) == (Begun(9), Ended())
    assert events.count(Waiting()) == 10
    assert sum(len(event) for event in events if isinstance(event, bytes)) == 10_000


@pytest.mark.parametrize(
    ("body", "code"),
    [({"format": "odt", "image_ids": [1]}, "bad_format"),
     ({"format": "txt", "image_ids": [1]}, "bad_format"),
     ({"format": "pdf", "image_ids": []}, "bad_image_ids"),
     ({"format": "pdf", "image_ids": [True]}, "bad_image_ids"),
     ({"format": "pdf", "image_ids": [1] * 2001}, "bad_image_ids"),
     ({"format": "pdf", "image_ids": [1], "machine": 1}, "bad_parameter"),
     ({"format": "pdf", "image_ids": [1], "page": 0}, "bad_parameter")],
)  # fmt: skip
def test_what_does_not_fit_is_refused(path: Path, body: dict[str, object], code: str) -> None:
    answer = ask(path, "POST", "/v1/export", json.dumps(body).encode())
    assert error_code(answer) == (400, code)


def test_a_few_at_a_time_and_a_client_that_leaves_makes_room(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processors: the first one has a process for each, those after it one."""
    monkeypatch.setattr(export_children, "usable_cpus", lambda: 2)
    body = json.dumps({"format": "alto", "image_ids": [600] * 128}).encode()
    request = b"POST /v1/export HTTP/1.1\r\nHost: o\r\nContent-Length: %d\r\n\r\n" % len(body)
    before = len((path.parents[1] / "pids").read_text().split())
    clients = [connect(path) for _ in range(MOST_AT_ONCE)]
    for client in clients:
        client.sendall(request + body)
        assert client.recv(12) == b"HTTP/1.1 200"
    with pytest.raises(ControlError) as refused:
        list(remote_files.events(path, None, "pdf", [1], machine=False))
    assert (refused.value.code, refused.value.http_status) == ("busy", 503)
    names = path.parents[1] / "pids"
    processes = MOST_AT_ONCE + 1
    wait_until(lambda: len(names.read_text().split()) >= before + processes, "the processes")
    pids = [int(line) for line in names.read_text().split()][before:]
    assert len(pids) == processes
    assert all(map(is_running, pids))
    for client in clients:
        client.close()
    wait_until(lambda: not any(map(is_running, pids)), "the end of the processes")
    patient = remote_files.patiently(
        lambda: remote_files.events(path, None, "pdf", [1], machine=False)
    )
    assert list(patient)[-1] == Ended()


def test_a_service_that_is_gone_is_said_so(tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(ServiceUnreachable):
        list(remote_files.events(tmp_path / "none.sock", None, "pdf", [1], machine=False))
    assert time.monotonic() - started < 2
