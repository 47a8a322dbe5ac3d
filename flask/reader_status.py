"""What ocr_service says of itself, asked over its socket and kept for a second.

However many visitors there are, ocr_service is asked at most once a second, and one that is
stuck costs one visitor a second of waiting instead of every one.
"""

import dataclasses
import threading
import time
from collections.abc import Callable
from typing import Any

from ocr_contract.control import ControlClient, ControlError
from ocr_contract.replies import StatusReply

KEPT_S = 1.0
ASK_TIMEOUT_S = 1.0


@dataclasses.dataclass(frozen=True, slots=True)
class ReaderStatus:
    """The last answer: `reply` or, when none came, `problem`."""

    reply: StatusReply | None
    problem: str | None

    def to_json(self) -> dict[str, Any] | None:
        """The service object of the API."""
        return None if self.reply is None else self.reply.to_json()


class ReaderWatch:
    """Asks for the status, at most once every `KEPT_S`. Safe to share between threads."""

    def __init__(
        self, client: ControlClient, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._clock = clock
        self._lock = threading.Lock()
        self._last: ReaderStatus | None = None
        self._asked_at = 0.0

    def status(self) -> ReaderStatus:
        """The status, not older than `KEPT_S` plus the time of one question."""
        # While one thread asks, the others take the last answer rather than queue up.
        if self._lock.acquire(blocking=self._last is None):
            try:
                if self._last is None or self._clock() - self._asked_at >= KEPT_S:
                    self._last = self._ask()
                    self._asked_at = self._clock()
            finally:
                self._lock.release()
        assert self._last is not None
        return self._last

    def forget(self) -> None:
        """Ask anew next time: an action has just changed something."""
        with self._lock:
            self._asked_at = self._clock() - KEPT_S

    def _ask(self) -> ReaderStatus:
        try:
            return ReaderStatus(self._client.status(), None)
        except ControlError as error:
            return ReaderStatus(None, error.message)
