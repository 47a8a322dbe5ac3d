"""Who may use a GPU while a CUDA graph is captured on it: nobody else in this process.

ONNX Runtime captures in CUDA's global mode: a call of another thread that allocates or waits
meanwhile fails, and the capture with it. So all calls go through one gate for each GPU: many at a
time, or one that captures.
"""

import contextlib
import functools
import threading
from collections.abc import Iterator


class CaptureGate:
    """Lets many use the device, or one capture on it. Not to be entered twice by one thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._using = 0
        self._capturing = 0
        """Those that capture or wait for it: nobody new comes in meanwhile."""

    @contextlib.contextmanager
    def using(self) -> Iterator[None]:
        """For a call that captures nothing."""
        with self._changed:
            self._changed.wait_for(lambda: not self._capturing)
            self._using += 1
        try:
            yield
        finally:
            with self._changed:
                self._using -= 1
                self._changed.notify_all()

    @contextlib.contextmanager
    def capturing(self) -> Iterator[None]:
        """For a call that captures."""
        with self._changed:
            self._changed.wait_for(lambda: not self._capturing)
            self._capturing += 1
            self._changed.wait_for(lambda: not self._using)
        try:
            yield
        finally:
            with self._changed:
                self._capturing -= 1
                self._changed.notify_all()


@functools.cache
def gate_of(gpu: int | None) -> CaptureGate:
    """The gate of a GPU by its number; None: the CPU, where nothing is captured."""
    return CaptureGate()
