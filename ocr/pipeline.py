"""The loop that reads: claim a batch, have the worker read it, store it, again.

Runs in a thread of its own. What the outside wants of it (pause, resume, the processing
signal) comes in through methods that only set state and wake the loop.
"""

import collections
import contextlib
import logging
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import heartbeat
from database import utc_now
from ocr_errors import DiskFullError, ImageError, WorkerError
from pool import Pool, Stopped
from store import Store
from worker_protocol import Task

RATE_WINDOW_S = 60.0
_IDLE_WAIT_S = 30.0
"""Only a belt: everything that makes work also wakes the loop."""
_FULL_DISK_WAIT_S = 2.0
"""Between two attempts to store a batch for which the disk has no room."""
_MAX_FAILED_STARTS = 5
_FATAL_STARTS = frozenset(
    {"model_missing", "model_wrong", "no_gpu", "bad_device", "engine_start_failed"}
)
"""Start failures that trying again cannot mend."""

_Stored = TypeVar("_Stored")

log = logging.getLogger("pipeline")


class Pipeline:
    """Reads what is pending, batch after batch."""

    def __init__(
        self,
        store: Store,
        pool: Pool,
        *,
        stop: threading.Event,
        max_attempts: int,
        wait_for_signal: bool,
        hold: Callable[[], object] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """With `wait_for_signal` nothing is read until `signal` is called.

        While `hold()` gives a reason no batch begins; `wake` when it no longer does.
        """
        self._hold = hold
        self._store = store
        self._pool = pool
        self._stop = stop
        self._max_attempts = max_attempts
        self._clock = clock
        self._wait_for_signal = wait_for_signal
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._orders: list[_Order] = []
        self._batch: dict[str, Any] | None = None
        self._rate: collections.deque[tuple[float, int]] = collections.deque()
        self._started = clock()

    def wake(self) -> None:
        """There may be work, or the service stops."""
        self._wake.set()

    def signal(self, *, limit: int | None, paths: frozenset[bytes] | None) -> Callable[[], None]:
        """The processing signal: read what is pending, at most `limit` images, only `paths`.

        Returns what to call when the folder has been looked at: an empty queue ends the order
        from then on. Orders are carried out one after the other. Without `wait_for_signal`
        everything is read anyway.
        """
        order = _Order(limit, paths)

        def complete() -> None:
            order.complete = True
            self._wake.set()

        with self._lock:
            if self._wait_for_signal:
                self._orders.append(order)
        self._wake.set()
        return complete

    @property
    def state(self) -> str:
        """starting, working, paused, waiting or idle."""
        if self._batch is not None:
            return "working"
        if self._store.paused:
            return "paused"
        if self._pool.provenance is None:
            return "starting"
        return "waiting" if self._wait_for_signal and not self._orders else "idle"

    @property
    def batch(self) -> dict[str, Any] | None:
        """The batch in work: {"id", "started_at", "images"}."""
        return self._batch

    def pages_per_second(self) -> float:
        """Over the last minute, or since the start when that is shorter."""
        now = self._clock()
        window = min(RATE_WINDOW_S, max(now - self._started, 1.0))
        with self._lock:
            while self._rate and self._rate[0][0] < now - RATE_WINDOW_S:
                self._rate.popleft()
            return sum(pages for _, pages in self._rate) / window

    def run(self) -> None:
        """Until the service stops. Raises what it cannot deal with: then the service must end."""
        failed_starts = 0
        while not self._stop.is_set():
            heartbeat.beat()
            try:
                self._pool.start()
                failed_starts = 0
                if not self._step():
                    heartbeat.wait(self._wake, _IDLE_WAIT_S)
                    self._wake.clear()
            except Stopped:
                return
            except WorkerError as error:
                failed_starts += 1
                if error.code in _FATAL_STARTS or failed_starts >= _MAX_FAILED_STARTS:
                    raise
                log.warning("the worker did not start (%s); trying again", error)
                heartbeat.wait(self._stop, min(2.0**failed_starts, 30.0))

    def _step(self) -> bool:
        """Read one batch; False when there was nothing to do."""
        provenance = self._pool.start()
        if self._store.paused or self._hold() is not None:
            return False
        if not self._wait_for_signal:
            return self._read_some(provenance.batch_size, None) > 0
        with self._lock:
            orders = list(self._orders)
        for order in orders:
            complete = order.complete  # before claiming: what comes after the claim is not seen
            limit = provenance.batch_size
            if order.limit is not None:
                limit = min(limit, order.limit)
            count = self._read_some(limit, order.paths)
            if order.limit is not None:
                order.limit -= count
            if order.limit == 0 or (complete and not count):
                with self._lock:
                    self._orders.remove(order)
            if count:
                return True
        return False

    def _read_some(self, limit: int, paths: frozenset[bytes] | None) -> int:
        """Read at most `limit` pending images (of `paths`); returns how many were taken."""
        claimed = self._patiently(lambda: self._store.claim(limit, paths))
        if claimed is None:
            return 0
        batch_id, tasks = claimed
        self._batch = {
            "id": batch_id,
            "started_at": utc_now(),
            "images": self._store.names(task.image_id for task in tasks),
        }
        try:
            self._read(batch_id, tasks)
        finally:
            self._batch = None
        return len(tasks)

    def _read(self, batch_id: int, tasks: list[Task]) -> None:
        try:
            result = self._pool.read(batch_id, tasks)
        except Stopped:
            with contextlib.suppress(DiskFullError):  # the next start recovers it
                self._store.release(batch_id)
            raise
        except WorkerError as error:
            poison = ImageError(error.code, f"{error.message} Ask for it to be read again, or "
                                "replace the file.")  # fmt: skip
            spent = self._patiently(
                lambda: self._store.give_up(batch_id, poison, self._max_attempts)
            )
            log.warning("batch %d: %s; %d quarantined", batch_id, error.message, len(spent))
            return
        provenance = self._pool.provenance
        assert provenance is not None, "a worker that answered is ready"
        pages = self._patiently(lambda: self._store.finish(result, provenance))
        with self._lock:
            self._rate.append((self._clock(), pages))
        log.info("batch %d: %d images in %.2f s", batch_id, len(tasks), result.seconds)

    def _patiently(self, store: Callable[[], _Stored]) -> _Stored:
        """What was read is kept until the disk has room for it."""
        while True:
            try:
                return store()
            except DiskFullError as error:
                log.warning("%s", error.message)
                if heartbeat.wait(self._stop, _FULL_DISK_WAIT_S):
                    raise Stopped from error


class _Order:
    """One processing signal that is being carried out."""

    def __init__(self, limit: int | None, paths: frozenset[bytes] | None) -> None:
        self.limit = limit
        self.paths = paths
        self.complete = False
        """The folder has been looked at; nothing more will come for this order."""
