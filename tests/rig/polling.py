"""Waiting for something to become true, and never longer than that."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")


def wait_until(
    condition: Callable[[], _T],
    what: object = "it",
    deadline_s: float = 15.0,
    *,
    every_s: float = 0.01,
) -> _T:
    """The first truthy value of `condition`; fails after the deadline, with what it waited for.

    `what` may be a function that tells more at that moment.
    """
    ends_at = time.monotonic() + deadline_s
    while not (value := condition()):
        if time.monotonic() > ends_at:
            told = what() if callable(what) else what
            raise AssertionError(f"after {deadline_s:g} s this had not come true: {told}")
        threading.Event().wait(every_s)
    return value


class Clock:
    """A clock that only moves when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now
