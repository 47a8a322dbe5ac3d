"""A page that takes long shows that it goes on: 20,000 lines on a slow processor take minutes.

    with page_progress.told(say): …    in the thread of an image
    page_progress.step()               deep inside, whenever a part of it is done
    page_progress.as_one(say)          for pages side by side of which the service counts one

The service replaces a worker that is silent for too long. A page that stands still in native code
takes no step, whatever the pages beside it do.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

INTERVAL_S = 5.0
_thread = threading.local()


def as_one(say: Callable[[], None]) -> Callable[[], None]:
    """`say`, but at most every INTERVAL_S seconds, whichever threads call it.

    For the pages of a document: the service allows each image a message in that time, and four
    pages in hand that each tell of themselves would be taken for a loop.
    """
    lock = threading.Lock()
    due = time.monotonic()

    def say_seldom() -> None:
        nonlocal due
        with lock:
            now = time.monotonic()
            if now < due:
                return
            due = now + INTERVAL_S
        say()

    return say_seldom


@contextlib.contextmanager
def told(say: Callable[[], None]) -> Iterator[None]:
    """Let `step` in this thread call `say`, at most every INTERVAL_S seconds."""
    _thread.say, _thread.due = say, time.monotonic() + INTERVAL_S
    try:
        yield
    finally:
        _thread.say = None


def step() -> None:
    """A part of this thread's page is done; nothing where no page is in work."""
    say = getattr(_thread, "say", None)
    if say is not None and time.monotonic() >= _thread.due:
        _thread.due = time.monotonic() + INTERVAL_S
        say()
