"""The self-watchdog: a loop that stands still ends the service, so that it is started anew.

    with guard.watched("watcher"):     in the thread of a loop
        while …:
            heartbeat.beat()           deep inside, wherever something may take long
            heartbeat.wait(event, 30)  waiting is no standing still

A thread cannot be ended from outside, and Docker restarts no container for being unhealthy: the
process ends itself, whatever the stuck thread holds. Everything that was acknowledged is
committed, so nothing is lost.
"""

import contextlib
import faulthandler
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ocr_errors import EXIT_OTHER

_SLICE_S = 2.0
_LONGEST_TICK_S = 5.0
_MAX_COMM_BYTES = 15  # the kernel's limit for a thread's name

log = logging.getLogger("service")
_thread = threading.local()


class Heart:
    """One loop's sign of life."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.beats = 0


def beat() -> None:
    """This thread goes on. Cheap, and nothing at all in a thread that nobody watches."""
    heart: Heart | None = getattr(_thread, "heart", None)
    if heart is not None:
        heart.beats += 1


def wait(event: threading.Event, timeout_s: float) -> bool:
    """`event.wait`, with a heart that goes on beating."""
    until = time.monotonic() + timeout_s
    while True:
        beat()
        rest = until - time.monotonic()
        if event.wait(max(0.0, min(rest, _SLICE_S))):
            return True
        if rest <= _SLICE_S:
            return False


def end_process(name: str, limit_s: float) -> None:
    """Say which loop stands still and where everything stands, and end at once."""
    log.critical(
        "%s has stood still for %g s; the service ends, to be started anew. Where it stood:",
        name, limit_s,
    )  # fmt: skip
    with contextlib.suppress(Exception):
        faulthandler.dump_traceback(sys.stderr)
        sys.stderr.flush()
    os._exit(EXIT_OTHER)


class Guard:
    """Watches hearts from a thread of its own."""

    def __init__(
        self,
        limit_s: float,
        *,
        on_stall: Callable[[str, float], None] = end_process,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """A heart that does not beat for `limit_s` is a stall."""
        self._limit_s = limit_s
        self._tick_s = min(_LONGEST_TICK_S, limit_s / 10)
        self._on_stall = on_stall
        self._clock = clock
        self._last_tick = clock()
        self._lock = threading.Lock()
        self._standing: dict[Heart, tuple[int, float]] = {}
        """Each heart's beats at the last tick, and how long it has stood still since."""

    @contextlib.contextmanager
    def watched(self, name: str) -> Iterator[None]:
        """The calling thread must beat from now on."""
        heart = Heart(name)
        _thread.heart = heart
        if threading.current_thread() is not threading.main_thread():  # that one names the process
            _name_thread(name)
        with self._lock:
            self._standing[heart] = (0, 0.0)
        try:
            yield
        finally:
            with self._lock:
                del self._standing[heart]
            _thread.heart = None

    def start(self) -> None:
        """Begin to watch."""
        threading.Thread(target=self._run, name="watchdog", daemon=True).start()

    def _run(self) -> None:
        _name_thread("watchdog")
        while True:
            time.sleep(self._tick_s)
            self.tick()

    def tick(self) -> None:
        """Look at every heart once.

        A tick counts for at most twice its length: when the whole process was stopped for an
        hour, everything stood still, and nobody is stuck.
        """
        now = self._clock()
        passed = min(now - self._last_tick, 2 * self._tick_s)
        self._last_tick = now
        stalled = None
        with self._lock:
            for heart, (beats, standing_s) in self._standing.items():
                standing_s = standing_s + passed if heart.beats == beats else 0.0
                self._standing[heart] = (heart.beats, standing_s)
                if standing_s >= self._limit_s:
                    stalled = heart.name
        if stalled is not None:
            self._on_stall(stalled, self._limit_s)


def _name_thread(name: str) -> None:
    """Show the name in `top -H`, too; Python does that from 3.14 on."""
    with contextlib.suppress(OSError):
        comm = Path(f"/proc/self/task/{threading.get_native_id()}/comm")
        comm.write_bytes(name.encode()[:_MAX_COMM_BYTES])
