"""A child is spoken to through its socket, and ends at once."""

import os
import signal
import socket
import sys

import pytest

import child_process

_ANSWERS = (
    "import os, socket, sys, time\n"
    "mine = socket.socket(fileno=int(sys.argv[1]))\n"
    "mine.sendall(mine.recv(5) + os.environ['MARK'].encode())\n"
    "time.sleep(60)\n"
)


def test_it_is_spoken_to_and_ended() -> None:
    process, ours = child_process.launch([sys.executable, "-c", _ANSWERS], {"MARK": "!"})
    with ours:
        ours.settimeout(20.0)
        ours.sendall(b"hello")
        assert ours.recv(6, socket.MSG_WAITALL) == b"hello!"
    child_process.end_at_once(process)
    assert process.returncode == -signal.SIGKILL


def test_one_that_cannot_be_launched_leaves_no_descriptor() -> None:
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(FileNotFoundError):
        child_process.launch(["/nowhere/program"], {})
    assert len(os.listdir("/proc/self/fd")) == before
