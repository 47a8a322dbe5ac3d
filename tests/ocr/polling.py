"""Waiting for something to become true, and never longer than that."""

import threading
import time
from collections.abc import Callable


def wait_until(condition: Callable[[], object], what: str = "it", deadline_s: float = 15.0) -> None:
    """Return as soon as `condition` holds; fail after the deadline."""
    ends_at = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < ends_at, f"after {deadline_s:g} s {what} had not come true"
        threading.Event().wait(0.01)


class Clock:
    """A clock that only moves when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now
