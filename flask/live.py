"""Server-sent events: counts that move by themselves.

The wire, at /events:

    event: counts
    data: {"counts": {"done": 12, …, "total": 40}, "service": {…} or null, "changes": 7}

    event: waiting
    data: {"message": "There is no database yet. …"}

    event: here                                    (every few seconds, so that either side sees
    data: {}                                       that the other one is gone)

One thread looks at the database for all streams: PRAGMA data_version costs microseconds and
changes when another process has committed: `changes` is then another number, since a text may
change and the counts stay. It runs only while somebody listens. Streams are
capped in number and lifetime, because each holds one of the server's threads.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from web_errors import WebError

POLL_S = 0.25
MIN_INTERVAL_S = 0.5
"""Between two messages: a busy writer commits more often than an eye can follow."""
SERVICE_INTERVAL_S = 2.0
KEEP_ALIVE_S = 10.0
GONE_CHECK_S = 0.5
"""A browser that went to another page must not keep a place until the next keep-alive fails."""
RETRY_MS = 3000
STILL_HERE = b"event: here\ndata: {}\n\n"

Snapshot = Callable[[], dict[str, Any]]
"""What to tell; raises WebError while the database cannot be read."""


def encode_event(name: str, value: dict[str, Any]) -> bytes:
    """One message of the wire above. JSON holds no line feed, so one data line is enough."""
    return f"event: {name}\ndata: {json.dumps(value, separators=(',', ':'))}\n\n".encode()


class LiveFeed:
    """Watches the database while there are streams, and feeds them."""

    def __init__(
        self,
        version: Callable[[], object],
        snapshot: Snapshot,
        *,
        max_streams: int,
        lifetime_s: float,
    ) -> None:
        """`version` returns something that differs after every change; called in one thread."""
        self._version = version
        self._snapshot = snapshot
        self._max_streams = max_streams
        self._lifetime_s = lifetime_s
        self._changed = threading.Condition()
        self._message: bytes | None = None
        self._serial = 0
        self._changes = 0
        self._streams = 0
        self._thread: threading.Thread | None = None
        self._is_stopping: Callable[[], bool] = lambda: False

    @property
    def streams(self) -> int:
        """How many are open now."""
        return self._streams

    def stop_when(self, is_stopping: Callable[[], bool]) -> None:
        """End all streams soon after `is_stopping` begins to return True."""
        self._is_stopping = is_stopping

    def open_stream(self, is_gone: Callable[[], bool] = lambda: False) -> "Stream | None":
        """A new stream, or None when there are as many as may be. Close it in any case.

        `is_gone` tells whether the visitor has hung up.
        """
        with self._changed:
            if self._streams >= self._max_streams or self._is_stopping():
                return None
            self._streams += 1
            if self._thread is None:
                self._message = None  # what was true before nobody listened may be old
                self._thread = threading.Thread(target=self._watch, name="live", daemon=True)
                self._thread.start()
        return Stream(self, is_gone)

    def messages(self, is_gone: Callable[[], bool]) -> Iterator[bytes]:
        """What one stream sends."""
        yield f"retry: {RETRY_MS}\n\n".encode()
        sent_at = time.monotonic()
        ends_at = sent_at + self._lifetime_s
        seen = -1
        while time.monotonic() < ends_at and not self._is_stopping() and not is_gone():
            with self._changed:
                self._changed.wait_for(partial(self._is_new, seen), GONE_CHECK_S)
                is_new = self._message is not None and self._serial != seen
                serial, message = self._serial, self._message
            if is_new and message is not None:
                seen, sent_at = serial, time.monotonic()
                yield message
            elif time.monotonic() - sent_at >= KEEP_ALIVE_S:
                sent_at = time.monotonic()
                yield STILL_HERE

    def leave(self) -> None:
        """One stream less."""
        with self._changed:
            self._streams -= 1
            self._changed.notify_all()

    def _is_new(self, seen: int) -> bool:
        return (self._message is not None and self._serial != seen) or self._is_stopping()

    def _watch(self) -> None:
        """Until nobody listens any more: look, and tell the streams what changed."""
        version: object = None
        told_at = float("-inf")
        while True:
            now = time.monotonic()
            latest = self._look_at_version()
            # The service's own state is in no database, so it is asked now and then as well.
            due = latest != version or now - told_at >= SERVICE_INTERVAL_S
            if due and now - told_at >= MIN_INTERVAL_S:
                self._changes += latest != version
                version, told_at = latest, now
                self._tell(self._describe())
            with self._changed:
                if self._streams == 0 or self._is_stopping():
                    self._thread = None
                    self._changed.notify_all()
                    return
                self._changed.wait_for(lambda: self._streams == 0, POLL_S)

    def _look_at_version(self) -> object:
        try:
            return self._version()
        except WebError as error:
            return error.code

    def _describe(self) -> bytes:
        try:
            return encode_event("counts", {**self._snapshot(), "changes": self._changes})
        except WebError as error:
            return encode_event("waiting", {"message": error.message})

    def _tell(self, message: bytes) -> None:
        with self._changed:
            if message != self._message:
                self._message = message
                self._serial += 1
                self._changed.notify_all()


class Stream:
    """The body of one /events response; gives its place back when closed, once."""

    def __init__(self, feed: LiveFeed, is_gone: Callable[[], bool]) -> None:
        self._feed = feed
        self._messages = feed.messages(is_gone)
        self._is_open = True

    def __iter__(self) -> Iterator[bytes]:
        return self._messages

    def close(self) -> None:
        """Also right for a stream that was never read from."""
        if self._is_open:
            self._is_open = False
            self._feed.leave()
