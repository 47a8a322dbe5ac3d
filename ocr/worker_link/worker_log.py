"""What the worker logs, warns of or fails with: one line of JSON a message, on stderr.

    {"level": "ERROR", "logger": "worker", "message": "…\\nTraceback …", "image_id": 3}

So a traceback stays one message, and the service (`stderr_lines`) logs it with the level and the
ids that it had here. Standard library only.
"""

import contextlib
import json
import logging
import sys
import threading
from collections.abc import Iterator
from types import TracebackType

MAX_LINE_BYTES = 16 * 1024
"""A longer message loses its middle."""
_in_hand = threading.local()
log = logging.getLogger("worker")


def tell(level: int) -> None:
    """From now on; with all warnings, and with what ends the process or one of its threads."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Line())
    logging.basicConfig(handlers=[handler], level=level)
    logging.captureWarnings(True)
    sys.excepthook = _process_ends
    threading.excepthook = _thread_ends


@contextlib.contextmanager
def about(**named: int) -> Iterator[None]:
    """What this thread logs in the block is about that `image_id` and `batch_id`."""
    before = getattr(_in_hand, "ids", {})
    _in_hand.ids = before | named
    try:
        yield
    finally:
        _in_hand.ids = before


class _Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        named = getattr(_in_hand, "ids", {})
        message = super().format(record)  # with the traceback
        while True:
            fields = {"level": record.levelname, "logger": record.name, "message": message}
            line = json.dumps(fields | named)
            if len(line) <= MAX_LINE_BYTES:
                return line
            half = len(message) * 3 // 8  # in front what happened, at the end what was raised
            message = f"{message[:half]} … {message[-half:]}"


def _process_ends(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    log.critical("the worker ends", exc_info=(kind, error, traceback))


def _thread_ends(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None:
        log.critical(
            "the thread %s ends", getattr(ended.thread, "name", "without a name"),
            exc_info=(ended.exc_type, ended.exc_value, ended.exc_traceback),
        )  # fmt: skip
