"""Keeps the services running in the foreground: log lines, restarts, a clean end.

    ocr | 12 images found
    web | listening on port 5000

Natively this plays the part that Docker's restart policy plays in a container. One loop waits
for log lines, ended services and signals at once, without threads.
"""

import contextlib
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TextIO

from project import EXIT_INTERRUPTED
from service_process import LinePrinter, LineReader, Service, ServiceSpec

FINAL_EXIT_CODES = frozenset({1, 2, 3, 5, 9})
"""A service that ends with one of these has printed what a person must change: no restart."""
KILL_AFTER_S = 2.7
"""Between SIGTERM and SIGKILL, so that the whole stop takes less than 3 s."""
_READY_CHECK_EVERY_S = 0.1
_LAST_CHUNKS = 32
"""More than a pipe holds: what a service said last is printed before the news of its end."""


class Supervisor:
    """Runs services until a signal arrives or one of them ends for good."""

    def __init__(
        self,
        specs: list[ServiceSpec],
        *,
        stream: TextIO = sys.stdout,
        is_ready: Callable[[], bool] = lambda: True,
    ) -> None:
        """`is_ready` is asked every 0.1 s until it says True; it may print that it is."""
        self._services = [Service(spec) for spec in specs]
        self._printer = LinePrinter(stream, ["run", *(spec.name for spec in specs)])
        self._selector = selectors.DefaultSelector()
        self._is_ready = is_ready
        self._ready = False
        self._exit_code: int | None = None
        """Set as soon as everything is to stop."""
        self._kill_at: float | None = None

    def run(self) -> int:
        """Returns this process's exit code: 0 after SIGTERM, 130 after Ctrl-C."""
        with self._selector, self._signals():
            try:
                for service in self._services:
                    self._start(service)
                while self._exit_code is None or self._running():
                    for key, _ in self._selector.select(self._timeout_s()):
                        key.data()
                    self._look_at_clock()
            finally:
                for service in self._services:
                    service.kill_group()
        return self._exit_code

    def stop(self, exit_code: int) -> None:
        """Ask every service to end; one that does not is killed `KILL_AFTER_S` later."""
        if self._exit_code is not None:
            return
        self._exit_code = exit_code
        self._kill_at = time.monotonic() + KILL_AFTER_S
        for service in self._services:
            service.restart_at = None
            service.terminate()

    def _running(self) -> bool:
        return any(service.process is not None for service in self._services)

    def _start(self, service: Service) -> None:
        end, pipe = service.start()
        reader = LineReader(pipe, lambda text: self._print(service.spec.name, text))
        self._selector.register(pipe, selectors.EVENT_READ, lambda: self._read(reader))
        self._selector.register(
            end, selectors.EVENT_READ, lambda: self._ended(service, end, reader)
        )

    def _read(self, reader: LineReader, *, max_chunks: int = 1) -> None:
        if reader.pipe in self._selector.get_map() and not reader.read(max_chunks=max_chunks):
            self._selector.unregister(reader.pipe)
            os.close(reader.pipe)

    def _print(self, name: str, text: str) -> None:
        try:
            self._printer.line(name, text)
        except OSError:  # e.g. `make run | head`: nobody watches any more
            self.stop(0)

    def _ended(self, service: Service, end: int, reader: LineReader) -> None:
        self._selector.unregister(end)
        os.close(end)
        code = service.reap()
        self._read(reader, max_chunks=_LAST_CHUNKS)
        if self._exit_code is not None:
            return
        name = service.spec.name
        how = f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
        if code in FINAL_EXIT_CODES:
            self._print(
                "run", f"{name} ended with {how}: what {name} said last says why. Stopping."
            )
            self.stop(code)
        else:
            pause_s = service.plan_restart()
            self._print("run", f"{name} ended with {how}; it starts again in {pause_s:g} s.")

    def _timeout_s(self) -> float | None:
        """How long nothing needs to happen by itself."""
        now = time.monotonic()
        moments = [s.restart_at for s in self._services if s.restart_at is not None]
        if self._kill_at is not None:
            moments.append(self._kill_at)
        if not self._ready and self._exit_code is None:
            moments.append(now + _READY_CHECK_EVERY_S)
        return max(0.0, min(moments) - now) if moments else None

    def _look_at_clock(self) -> None:
        now = time.monotonic()
        if self._kill_at is not None and now >= self._kill_at:
            self._kill_all()
        for service in self._services:
            if service.restart_at is not None and now >= service.restart_at:
                self._start(service)
        if not self._ready and self._exit_code is None:
            self._ready = self._is_ready()

    def _kill_all(self) -> None:
        self._kill_at = None
        for service in self._services:
            service.kill_group()

    def _signalled(self, numbers: bytes) -> None:
        for number in numbers:
            if self._exit_code is not None and number == signal.SIGINT:
                self._kill_all()  # a second Ctrl-C: at once
            self.stop(EXIT_INTERRUPTED if number == signal.SIGINT else 0)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Turn signals into readable bytes; a signal that was ignored (nohup) stays so."""
        readable, writable = socket.socketpair()
        with readable, writable:
            readable.setblocking(False)
            writable.setblocking(False)
            self._selector.register(
                readable, selectors.EVENT_READ, lambda: self._signalled(readable.recv(64))
            )
            signal.set_wakeup_fd(writable.fileno())
            numbers = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
            numbers = [n for n in numbers if signal.getsignal(n) is not signal.SIG_IGN]
            for number in {*numbers, signal.SIGINT}:
                signal.signal(number, _nothing)
            try:
                yield
            finally:
                # Nothing is left to stop: one Ctrl-C more must not change the exit code.
                for number in numbers:
                    signal.signal(number, signal.SIG_IGN)
                signal.set_wakeup_fd(-1)


def _nothing(number: int, frame: FrameType | None) -> None:
    """The number arrives through the wakeup descriptor; this only replaces the default action."""
