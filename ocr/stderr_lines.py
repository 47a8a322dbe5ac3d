"""What native libraries and the worker print on stderr becomes log lines like all others.

    with stderr_lines.captured():      after logging was configured
        …                              children inherit a pipe as their stderr

A line that begins as the worker's own log does, `LEVEL name: message`, keeps its level and name;
everything else is a warning of `worker`. `sys.stderr` and so faulthandler write past the pipe:
their last words must not depend on a thread that may no longer run.
"""

import contextlib
import faulthandler
import logging
import os
import re
import sys
import threading
from collections.abc import Iterator

MAX_LINE_BYTES = 16 * 1024
_CHUNK_BYTES = 64 * 1024
_LAST_LINES_S = 0.5
_STDERR = 2
_OWN = re.compile(r"(DEBUG|INFO|WARNING|ERROR|CRITICAL) ([\w.]{1,40}): (.*)", re.DOTALL)


@contextlib.contextmanager
def captured() -> Iterator[None]:
    """Until the end of the block; what was printed until then is logged before it ends."""
    sys.stderr.flush()
    original, (read_end, write_end) = os.dup(_STDERR), os.pipe()
    handlers = [
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stderr
    ]
    before = sys.stderr
    # Not closed: a daemon thread may still want to say something.
    direct = open(original, "w", encoding="utf-8", errors="backslashreplace", buffering=1)  # noqa: PTH123, SIM115
    os.dup2(write_end, _STDERR)
    os.close(write_end)
    sys.stderr = direct
    faulthandler.enable(direct)
    for handler in handlers:
        handler.setStream(direct)
    reader = threading.Thread(target=_forward, args=(read_end,), name="stderr", daemon=True)
    reader.start()
    try:
        yield
    finally:
        os.dup2(original, _STDERR)  # closes our copy of the pipe's writing end
        reader.join(_LAST_LINES_S)  # a child that does not end keeps it open
        for handler in handlers:
            handler.setStream(before)
        sys.stderr = before
        faulthandler.enable(before)


def _forward(pipe: int) -> None:
    rest = b""
    while chunk := os.read(pipe, _CHUNK_BYTES):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            log_line(line)
        if len(rest) > MAX_LINE_BYTES:
            log_line(rest)
            rest = b""
    log_line(rest)
    os.close(pipe)


def log_line(raw: bytes) -> None:
    """Log one line of somebody else; blank ones are dropped."""
    text = raw[:MAX_LINE_BYTES].decode(errors="backslashreplace").rstrip()
    if not text:
        return
    own = _OWN.fullmatch(text)
    level, name, message = own.groups() if own else ("WARNING", "worker", text)
    logging.getLogger(name).log(logging.getLevelNamesMapping()[level], "%s", message)
