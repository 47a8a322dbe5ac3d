"""Without a descriptor clients are turned away: each at once, and none is left waiting."""

import contextlib
import errno
import os
import resource
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator

import pytest

from control.spare_descriptor import Listener
from project import ROOT


@pytest.fixture
def listener() -> Iterator[Listener]:
    with tempfile.TemporaryDirectory(prefix="ocr") as folder, Listener() as made:
        made.bind(f"{folder}/s")
        made.listen(8)
        made.setblocking(False)
        yield made


def visit(listener: Listener) -> socket.socket:
    visitor = socket.socket(socket.AF_UNIX)
    visitor.settimeout(5)
    visitor.connect(listener.getsockname())
    return visitor


def test_as_long_as_there_are_descriptors_it_is_any_listener(listener: Listener) -> None:
    with pytest.raises(BlockingIOError):
        listener.accept()
    with visit(listener) as visitor, listener.accept()[0] as accepted:
        visitor.send(b"a")
        assert accepted.recv(1) == b"a"


EXHAUSTED = """
import contextlib, os, resource, socket, sys
sys.path[:0] = sys.argv[1:3]
from control.spare_descriptor import Listener
with Listener() as listener:
    listener.bind(sys.argv[3])
    listener.listen(8)
    listener.setblocking(False)
    visitors = [socket.socket(socket.AF_UNIX) for _ in range(3)]
    for visitor in visitors:
        visitor.settimeout(5)
        visitor.connect(sys.argv[3])
    taken = []
    with contextlib.suppress(OSError):
        while True:
            taken.append(os.dup(0))
    for visitor in visitors:
        with contextlib.suppress(BlockingIOError):
            listener.accept()
            sys.exit("accepted")
        assert visitor.recv(1) == b"", "told that it has ended"
    os.close(taken.pop())
    for visitor in visitors:
        visitor.close()
    visitor = socket.socket(socket.AF_UNIX)
    visitor.connect(sys.argv[3])
    listener.accept()
print("well")
"""
"""In a process of its own: the limit is the whole process's."""


def test_without_any_each_is_turned_away_until_there_are_some() -> None:
    with tempfile.TemporaryDirectory(prefix="ocr") as folder:
        ended = subprocess.run(
            [sys.executable, "-c", EXHAUSTED, str(ROOT / "contract"), str(ROOT / "ocr"),
             f"{folder}/s"],
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40)),
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert (ended.stdout, ended.returncode) == ("well\n", 0), ended.stderr
    assert ended.stderr.count("no file descriptor is left") == 1, "said once, not for each"


def test_when_others_are_quicker_it_does_not_spin_and_takes_its_descriptor_back(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(_: socket.socket) -> None:
        raise OSError(errno.EMFILE, "injected")

    waited: list[float] = []
    monkeypatch.setattr("control.spare_descriptor.time.sleep", waited.append)
    with monkeypatch.context() as broken:
        broken.setattr(socket.socket, "accept", none_left)
        for _ in range(3):
            with pytest.raises(BlockingIOError):
                listener.accept()
    assert len(waited) == 3
    with contextlib.closing(visit(listener)), listener.accept()[0]:
        pass


def test_other_errors_are_what_they_are(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: socket.socket) -> None:
        raise OSError(errno.EBADF, "injected")

    monkeypatch.setattr(socket.socket, "accept", broken)
    with pytest.raises(OSError, match="injected"):
        listener.accept()


def test_closing_it_leaves_no_descriptor_open() -> None:
    before = len(os.listdir("/proc/self/fd"))
    made = Listener()
    made.close()
    made.close()
    assert len(os.listdir("/proc/self/fd")) == before
