"""What native libraries and the worker print on stderr becomes log lines like all others.

    with stderr_lines.captured():      in the service, after logging was configured
        …                              children inherit a pipe as their stderr

    worker_log.tell(logging.INFO)      in the worker: what it logs goes through that pipe

The worker writes a message as one line of JSON, so that it arrives as one message with its
traceback, level, logger and ids:

    {"level": "ERROR", "logger": "worker", "message": "…\\nTraceback …", "image_id": 3}

Anything else is a warning of `worker`, line by line; only Python's own tracebacks, such as that of
a worker which cannot be imported, are put together. `sys.stderr` of the service and so faulthandler
write past the pipe: their last words must not depend on a thread that may no longer run.
"""

import contextlib
import faulthandler
import json
import logging
import os
import re
import sys
import threading
from collections.abc import Iterator
from typing import Any

from worker_link.worker_log import MAX_LINE_BYTES

_CHUNK_BYTES = 64 * 1024
_LAST_LINES_S = 0.5
_STDERR = 2
_LOGGER_NAME = re.compile(r"[\w.]{1,40}")
_TRACEBACK = b"Traceback (most recent call last):"


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
    traceback = b""
    while chunk := os.read(pipe, _CHUNK_BYTES):
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > MAX_LINE_BYTES:
            lines.append(rest)
            rest = b""
        for line in lines:
            traceback = _fold(traceback, line)
    log_line(_fold(traceback, rest))
    os.close(pipe)


def _fold(traceback: bytes, line: bytes) -> bytes:
    """Log what is complete; returns the traceback that is not."""
    if line.startswith(_TRACEBACK):
        log_line(traceback)
        return line
    if not traceback:
        log_line(line)
        return b""
    whole = traceback + b"\n" + line
    if line.startswith(b" ") and len(whole) <= MAX_LINE_BYTES:
        return whole
    log_line(whole)  # with the line that names the exception
    return b""


def log_line(raw: bytes) -> None:
    """Log one line of somebody else; blank ones are dropped."""
    text = raw[:MAX_LINE_BYTES].decode(errors="backslashreplace").rstrip()
    if not text:
        return
    told = _told(text)
    if told is None:
        logging.getLogger("worker").warning("%s", text)
    else:
        level, name, message, named = told
        logging.getLogger(name).log(level, "%s", message, extra=named)


def _told(text: str) -> tuple[int, str, str, dict[str, int]] | None:
    """Level, logger, message and ids of a line of `worker_log`; None for any other."""
    if not text.startswith("{"):
        return None
    try:
        value: dict[str, Any] = json.loads(text)
        level = logging.getLevelNamesMapping()[value["level"]]
        name, message = value["logger"], value["message"]
        is_ours = _LOGGER_NAME.fullmatch(name) and isinstance(message, str)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    named = {key: value[key] for key in ("image_id", "batch_id") if type(value.get(key)) is int}
    return (level, name, message, named) if is_ours else None
