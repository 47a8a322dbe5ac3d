"""Nothing leads out of the process that serves, whichever of its means a machine has."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import probe_app
import pytest
from demo_data import DemoDatabase
from fake_reader import FakeReader
from polling import wait_until
from web_server import WebServer

import landlock
from project import ROOT

REFUSED = "Operation not permitted"
LOCKED = "Permission denied"
"""Landlock's own word."""


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    with DemoDatabase(folder) as database:
        database.add_text("one.png", "some words")
    return folder


def get(server: WebServer, path: str) -> dict[str, str]:
    with urllib.request.urlopen(f"{server.address}{path}", timeout=20) as reply:
        return dict(json.load(reply))


def test_no_way_leads_out_of_the_process_that_serves(data_folder: Path) -> None:
    with WebServer(data_folder, app="probe_app:create()") as server:
        found = get(server, "/probe")
        told = server.log
    assert found.pop("name") in ("Temporary failure in name resolution", "System error")
    program = found.pop("program")
    if landlock.version():
        assert program == LOCKED
    expected = {way.__name__: REFUSED for way in probe_app.WAYS}
    del expected["name"], expected["program"]
    assert found == expected | {"in_a_child": REFUSED}
    assert "no way out of web_service from now on: seccomp" in told


def test_the_service_does_all_that_it_should(data_folder: Path) -> None:
    """And a worker that is started anew does."""
    with FakeReader(data_folder), WebServer(data_folder) as server:
        assert get(server, "/api/v1/status")["service"] is not None
        (worker,) = server.workers()
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: server.workers() not in ([], [worker]))
        wait_until(server.is_alive)
        assert get(server, "/api/v1/status")["service"] is not None


TRY = """
import logging, socket, sys
logging.basicConfig(stream=sys.stdout, format="%(message)s", level="INFO")
import confinement, landlock, syscall_filter
{setup}
unix, inet = socket.socket(socket.AF_UNIX), socket.socket()
{call}
for word, way in (
    ("socket", lambda: socket.socket()),
    ("connect", lambda: inet.connect(("127.0.0.1", 9))),
    ("unix", lambda: unix.connect("/nobody")),
):
    try:
        way()
        print(word, "done")
    except OSError as error:
        print(word, error.strerror)
"""


def tried(call: str, setup: str = "") -> list[str]:
    """What a process of its own says of three ways out after `call`."""
    ended = subprocess.run(
        [sys.executable, "-c", TRY.format(setup=setup, call=call)],
        env={"PYTHONPATH": f"{ROOT / 'flask'}:{ROOT / 'contract'}"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


def test_the_filter_alone_suffices() -> None:
    said = tried("confinement.serve()", "landlock.version = lambda: 0")
    assert said == [
        "no way out of web_service from now on: seccomp, no Landlock here",
        *(f"{way} {REFUSED}" for way in ("socket", "connect", "unix")),
    ]


@pytest.mark.parametrize("version", range(1, landlock.version() + 1))
def test_landlock_as_far_as_the_kernel_has_it(version: int) -> None:
    """And without the filter's library one warning says so, and the service goes on."""
    setup = f"landlock.version = lambda: {version}\nsyscall_filter._LIBRARY = 'libnone.so'"
    told, made, connected, unix = tried("confinement.serve()", setup)
    assert told.startswith("the page could reach out if it were hijacked: no filter")
    assert f"there is no libnone.so; Landlock {version}" in told
    assert "Install libseccomp2" in told
    assert made == "socket done"
    locked = version >= landlock.NETWORK_VERSION
    assert connected == ("connect " + (LOCKED if locked else "Connection refused"))
    assert unix == "unix No such file or directory"


def test_without_either_the_service_goes_on() -> None:
    setup = "landlock.version = lambda: 0\nsyscall_filter._LIBRARY = 'libnone.so'"
    told, *ways = tried("confinement.serve()", setup)
    assert "no Landlock here" in told
    assert ways == ["socket done", "connect Connection refused", "unix No such file or directory"]


def test_a_call_that_the_library_does_not_know_is_told() -> None:
    setup = "confinement._AROUND = (syscall_filter.Refusal('no_such_call'),)"
    assert "this libseccomp does not know no_such_call" in tried("confinement.serve()", setup)[0]


def test_what_connects_for_the_others_has_unix_sockets_only() -> None:
    setup = "landlock.version = lambda: 0"
    assert tried("confinement.connect()", setup) == [
        f"socket {REFUSED}",
        "connect Connection refused",  # of the socket that was there before: the door has none
        "unix No such file or directory",
    ]
