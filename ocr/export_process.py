"""The process that makes exports: `export_child` starts it and reads what it sends.

It takes what processor time nobody else wants and a bounded part of the memory, reads the database
and the image folder and writes nothing, and ends with whoever started it.
"""

import json
import os
import resource
import sys
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO

from exporting.making import make
from exporting.task import ExportTask
from ocr_contract.export.frames import (
    Begun,
    Ended,
    Event,
    Failed,
    Waiting,
    encoded,
)
from ocr_errors import EXIT_BAD_INPUT, EXIT_OTHER

_PULSE_S = 3.0
_HELD_S, _HELD_BYTES = 0.1, 256 * 1024
"""Small files wait for others, to go out with them: no longer, and no more."""


def main() -> int:
    """Make the files that the order on stdin names; returns the exit code."""
    wanted: dict[str, Any] = json.loads(sys.stdin.buffer.readline())
    parent, memory_bytes, timeout_s = map(wanted.pop, ("parent", "memory_bytes", "timeout_s"))
    careful: bool = wanted.pop("careful")
    os.nice(wanted.pop("nice"))
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what a library prints is no frame
    database, image_folder = (Path(wanted.pop(name)) for name in ("database", "image_folder"))
    ids = tuple(wanted.pop("image_ids"))
    task = ExportTask(database=database, image_folder=image_folder, image_ids=ids, **wanted)
    pulse = Pulse(out, parent, timeout_s, careful=careful)
    try:
        make(task, pulse.send, pulse.beat)
        pulse.send_all()
    except BrokenPipeError:  # nobody wants the rest
        return EXIT_BAD_INPUT
    return 0


class Pulse:
    """Sends frames, and while there are none says that somebody is at work: as long as one page
    after the other is, and not for ever over one."""

    def __init__(self, out: BinaryIO, parent: int, timeout_s: float, *, careful: bool) -> None:
        self._out = out
        self._parent = parent
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._held = bytearray()
        self._careful = careful
        self._is_in_parts = False
        self._sent_at = 0.0
        self._beat_at = time.monotonic()
        threading.Thread(target=self._watch, daemon=True).start()

    def beat(self) -> None:
        """One page more."""
        self._beat_at = time.monotonic()

    def send(self, event: Event) -> None:
        """The event's frame. Raises BrokenPipeError.

        Small files go out together and whole, so that whoever reads never takes the process' end
        over one image for that over another. `careful`: each is named before it is begun.
        """
        self.beat()
        with self._lock:
            self._held += encoded(event)
            if isinstance(event, Ended | Failed):
                is_due = self._is_in_parts or time.monotonic() - self._sent_at > _HELD_S
                self._is_in_parts = False
            else:
                is_due = self._careful and isinstance(event, Begun)
            if is_due or len(self._held) >= _HELD_BYTES:
                self._write(is_in_parts=not isinstance(event, Ended | Failed))

    def send_all(self) -> None:
        """What is held back. Raises BrokenPipeError."""
        with self._lock:
            self._write(is_in_parts=False)

    def _write(self, *, is_in_parts: bool) -> None:
        self._is_in_parts = is_in_parts
        self._sent_at = time.monotonic()
        left = memoryview(bytes(self._held))
        self._held.clear()
        while left:
            left = left[self._out.write(left) :]

    def _watch(self) -> None:
        while True:
            time.sleep(_PULSE_S)
            if os.getppid() != self._parent:
                os._exit(EXIT_OTHER)
            if time.monotonic() - self._beat_at < self._timeout_s:
                try:
                    with self._lock:
                        self._held += encoded(Waiting())
                        self._write(is_in_parts=True)
                except BrokenPipeError:
                    os._exit(EXIT_OTHER)


if __name__ == "__main__":
    sys.exit(main())
