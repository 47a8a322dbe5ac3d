"""One service as a child process: how it is started, how its lines are read, how it is ended.

It gets a session of its own, so that Ctrl-C in the terminal does not reach it, and asks the
kernel for SIGTERM should its parent be killed: it never outlives `make run`.
"""

import contextlib
import ctypes
import dataclasses
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO

FIRST_BACKOFF_S = 1.0
LONGEST_BACKOFF_S = 30.0
HEALTHY_AFTER_S = 10.0
"""A service that ran this long starts its next backoff from the beginning."""
_CHUNK_BYTES = 64 * 1024
"""Read at once, so that a chatty service cannot hold up the other; also the longest line."""
_COLOURS = (36, 35, 33, 32)
_COLOUR_CODE = re.compile(r"\x1b\[[0-9;]*m")
_PR_SET_PDEATHSIG = 1
_CONTROL_SIGNS = dict.fromkeys((*range(9), *range(10, 32), *range(127, 160)), "�")
_libc = ctypes.CDLL(None)


@dataclasses.dataclass(frozen=True, slots=True)
class ServiceSpec:
    """How to start one service."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    folder: Path


class LinePrinter:
    """Prints lines under the names of their services; the names coloured on a terminal only."""

    def __init__(self, stream: TextIO, names: list[str]) -> None:
        coloured = stream.isatty() and not os.environ.get("NO_COLOR")
        self._stream = stream
        self._heads = {
            name: f"\x1b[{_COLOURS[number % len(_COLOURS)]}m{name} |\x1b[0m"
            if coloured
            else f"{name} |"
            for number, name in enumerate(names)
        }

    def line(self, name: str, text: str) -> None:
        """Print one line. Colours are dropped and control characters, which may come from file
        names, replaced: nothing that a service prints can write elsewhere on the terminal.
        """
        plain = _COLOUR_CODE.sub("", text).translate(_CONTROL_SIGNS)
        self._stream.write(f"{self._heads[name]} {plain}\n")
        self._stream.flush()


class LineReader:
    """Cuts what comes out of a pipe into lines. A last line without an end is a line too."""

    def __init__(self, pipe: int, take: Callable[[str], None]) -> None:
        os.set_blocking(pipe, False)
        self.pipe = pipe
        self._take = take
        self._rest = b""

    def read(self, *, max_chunks: int = 1) -> bool:
        """Hand on what is there now, at most `max_chunks` x 64 KiB; False at the pipe's end."""
        for _ in range(max_chunks):
            try:
                chunk = os.read(self.pipe, _CHUNK_BYTES)
            except BlockingIOError:
                return True
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            if self._rest and (not chunk or len(self._rest) >= _CHUNK_BYTES):
                lines, self._rest = [*lines, self._rest], b""
            for line in lines:
                self._take(line.decode(errors="replace").rstrip("\r"))
            if not chunk:
                return False
        return True


class Service:
    """One service: its process now, and when to start it again."""

    def __init__(self, spec: ServiceSpec) -> None:
        self.spec = spec
        self.process: subprocess.Popen[bytes] | None = None
        self.restart_at: float | None = None
        self._started_at = 0.0
        self._backoff_s = FIRST_BACKOFF_S

    def start(self) -> tuple[int, int]:
        """Start it; returns a descriptor that becomes readable at its end, and its lines' pipe."""
        parent = os.getpid()

        def die_with_parent() -> None:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:  # it died before the line above
                os._exit(1)

        read_end, write_end = os.pipe()
        try:
            self.process = subprocess.Popen(
                self.spec.command,
                cwd=self.spec.folder,
                env=dict(self.spec.environment),
                stdin=subprocess.DEVNULL,
                stdout=write_end,
                stderr=write_end,
                start_new_session=True,
                preexec_fn=die_with_parent,  # safe: this process has one thread
            )
        except BaseException:
            os.close(read_end)
            raise
        finally:
            os.close(write_end)
        self.restart_at = None
        self._started_at = time.monotonic()
        return os.pidfd_open(self.process.pid), read_end

    def reap(self) -> int:
        """The exit code of the ended process; negative: the signal that ended it.

        What it left behind in its group is killed first, while the zombie still keeps the
        group's number from being used again.
        """
        assert self.process is not None
        self.kill_group()
        code = self.process.wait()
        self.process = None
        return code

    def plan_restart(self) -> float:
        """Start it again after a pause that doubles each time; returns the pause in seconds."""
        now = time.monotonic()
        if now - self._started_at >= HEALTHY_AFTER_S:
            self._backoff_s = FIRST_BACKOFF_S
        pause_s = self._backoff_s
        self._backoff_s = min(2 * pause_s, LONGEST_BACKOFF_S)
        self.restart_at = now + pause_s
        return pause_s

    def terminate(self) -> None:
        """Ask it to end. Only the main process: its children are its own business."""
        if self.process is not None:
            self.process.terminate()

    def kill_group(self) -> None:
        """End it and all that it started, at once."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
