"""What a request sets in motion beyond the database: a look, a wake-up, a pause."""

import os
import threading
import time

from folder.watcher import Watcher
from ocr_contract.error_codes import ErrorCode
from ocr_contract.replies import PauseReply, ProcessReply, ReprocessReply
from ocr_errors import NotNowError
from pipelines import Pipelines
from records.request_effects import RequestEffects
from records.store import Store

_POLL_S = 0.1
_LOOK_WAIT_S = 3.0
"""How long a processing signal waits for its look; a longer one goes on without the client."""


class ServiceActions:
    """Safe to call from any thread."""

    def __init__(
        self,
        store: Store,
        effects: RequestEffects,
        pipeline: Pipelines,
        watcher: Watcher,
        *,
        stop: threading.Event,
    ) -> None:
        self._store = store
        self._effects = effects
        self._pipeline = pipeline
        self._watcher = watcher
        self._stop = stop

    def process(
        self, limit: int | None, paths: list[str] | None, request_id: str | None
    ) -> ProcessReply:
        """The processing signal."""
        stored = self._effects.stored_reply(ProcessReply, request_id, "process")
        if stored is not None:
            return stored
        chosen = None if paths is None else frozenset(os.fsencode(path) for path in paths)
        order_complete = self._pipeline.signal(limit=limit, paths=chosen)
        request = self._watcher.request_look(order_complete)
        self._wait_for(request.looked)
        reply = ProcessReply(request.found, self._store.counts()["pending"])
        return self._effects.once(ProcessReply, request_id, "process", lambda _: reply)

    def _wait_for(self, looked: threading.Event) -> None:
        until = time.monotonic() + _LOOK_WAIT_S
        while not looked.wait(_POLL_S) and time.monotonic() < until:
            if self._stop.is_set():  # nobody will look any more
                raise NotNowError(ErrorCode.STOPPING, "ocr_service is stopping; ask again soon.")

    def set_paused(self, paused: bool, request_id: str | None) -> PauseReply:
        """Pause or resume."""
        reply = self._effects.set_paused(paused, request_id)
        self._pipeline.wake()
        return reply

    def reprocess(self, image_ids: list[int], request_id: str | None) -> ReprocessReply:
        """Read these images again."""
        reply = self._effects.reprocess(image_ids, request_id)
        self._pipeline.wake()
        return reply

    def retry_quarantined(self, request_id: str | None) -> ReprocessReply:
        """Read every quarantined image again."""
        reply = self._effects.retry_quarantined(request_id)
        self._pipeline.wake()
        return reply
