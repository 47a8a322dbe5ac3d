"""The loop that reads: claim batches, have the worker read them, store them, again.

The worker has as many batches at a time as it asks for, so that it never waits for the next.
Runs in a thread of its own, one for each worker; `in_work` is what they share. What the outside
wants of it (pause, resume, the processing signal) comes in through methods that only set state and
wake the loop.
"""

import collections
import contextlib
import functools
import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import heartbeat
from in_work import InWork, Order
from ocr_contract.error_codes import ErrorCode
from ocr_contract.logs import about
from ocr_contract.replies import BatchInWork
from ocr_errors import DiskFullError, ImageError, WorkerError
from page_records import BatchResult, DocumentPage, Provenance
from records.database import utc_now
from records.store import Claim, Store
from worker_link.pool import Pool, Stopped

RATE_WINDOW_S = 60.0
_IDLE_WAIT_S = 30.0
"""Only a belt: everything that makes work also wakes the loop."""
_LEAST_WAIT_S = 1.0
_FULL_DISK_WAIT_S = 2.0
"""Between two attempts to store a batch for which the disk has no room."""
_MAX_FAILED_STARTS = 5

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
        shared: InWork | None = None,
    ) -> None:
        """With `wait_for_signal` nothing is read until `signal` is called.

        While `hold()` gives a reason no batch begins; `wake` when it no longer does. `shared` with
        the pipelines of other workers.
        """
        self._shared = shared or InWork()
        self._shared.join(self.wake)
        self._hold = hold
        self._store = store
        self._pool = pool
        self._stop = stop
        self._max_attempts = max_attempts
        self._clock = clock
        self._wait_for_signal = wait_for_signal
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._in_work: list[Claim] = []
        self._batch: BatchInWork | None = None
        self._rate: collections.deque[tuple[float, int]] = collections.deque()
        self._started = clock()
        self._able_since: float | None = None

    def wake(self) -> None:
        """There may be work, or the service stops."""
        self._wake.set()

    def signal(self, *, limit: int | None, paths: frozenset[bytes] | None) -> Callable[[], None]:
        """The processing signal: read what is pending, at most `limit` images, only `paths`.

        Returns what to call when the folder has been looked at: an empty queue ends the order
        from then on. Orders are carried out one after the other. Without `wait_for_signal`
        everything is read anyway.
        """
        order = Order(limit, paths)

        def complete() -> None:
            order.complete = True
            self._shared.wake()

        if self._wait_for_signal:
            self._shared.add_order(order)
        self._shared.wake()
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
        return "waiting" if self._wait_for_signal and not self._shared.has_orders else "idle"

    @property
    def batch(self) -> BatchInWork | None:
        """The oldest batch in work."""
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
        with contextlib.suppress(Stopped):
            self._read_on()
        for claim in self._in_work:
            with contextlib.suppress(DiskFullError):  # the next start recovers it
                self._store.release(claim.batch_id)
            self._shared.settle(claim, len(claim.tasks))
        self._set_in_work([])

    def _read_on(self) -> None:
        failed_starts = 0
        while not self._stop.is_set():
            heartbeat.beat()
            try:
                if not self._in_work:
                    self._pool.start()
                    failed_starts = 0
                    if self._able_since is None:
                        self._able_since = self._clock()
                if not self._step() and not self._stop.is_set():  # its wake-up may be cleared
                    heartbeat.wait(self._wake, self._idle_s())
            except WorkerError as error:
                if self._in_work:
                    self._give_up(error)
                    continue
                failed_starts += 1
                if _is_final(error) or failed_starts >= _MAX_FAILED_STARTS:
                    raise
                log.warning("the worker did not start (%s); trying again", error)
                heartbeat.wait(self._stop, min(2.0**failed_starts, 30.0))

    def _idle_s(self) -> float:
        """Until something may be tried that has to wait for its turn."""
        awaits_signal = self._wait_for_signal and not self._shared.has_orders
        if awaits_signal or self._store.paused or self._hold() is not None:
            return _IDLE_WAIT_S
        due_s = self._store.next_trial_s(quarantined=True)
        rest_s = _IDLE_WAIT_S if due_s is None else due_s - self._lived_s()
        return min(max(rest_s, _LEAST_WAIT_S), _IDLE_WAIT_S)

    def _lived_s(self) -> float:
        """How long this service has been able to read."""
        return 0.0 if self._able_since is None else self._clock() - self._able_since

    def _step(self) -> bool:
        """Keep the worker in work and store one result; False when there was nothing to do."""
        self._wake.clear()  # before looking: what comes from now on is seen the next time
        provenance = self._pool.provenance
        if provenance is None:  # another thread stopped the pool, as it does when all ends
            if self._stop.is_set():
                raise Stopped
            raise WorkerError(ErrorCode.WORKER_DIED, "The worker process was ended.")
        while self._has_room(provenance):
            claim = self._claim(provenance.batch_size)
            if claim is None:
                break
            self._set_in_work([*self._in_work, claim])
            self._pool.submit(claim.batch_id, claim.tasks)
        if not self._in_work:
            return False
        result = self._pool.next_result(self._wake)
        if isinstance(result, DocumentPage):
            self._store_page(result)
        elif result is not None:
            self._store_result(result, provenance)
        return True

    def _has_room(self, provenance: Provenance) -> bool:
        """Whether the worker may get another batch: a worn one not, nor one with a suspect."""
        return (
            self._pool.worn_out is None
            and len(self._in_work) < provenance.batches
            and not any(claim.suspect for claim in self._in_work)
        )

    def _claim(self, limit: int) -> Claim | None:
        """The next batch, by the orders where there must be one."""
        if self._store.paused or self._hold() is not None:
            return None
        return self._patiently(lambda: self._shared.claim(lambda alone: self._take(limit, alone)))

    def _take(self, limit: int, alone: bool) -> Claim | None:
        """`alone`: no worker has anything in work, so that it may be a suspect."""
        if not self._wait_for_signal:
            return self._claim_of(limit, None, alone)
        for order in list(self._shared.orders):
            if order.limit == 0:
                continue  # its last images are in work
            complete = order.complete  # before claiming: what comes after the claim is not seen
            most = limit if order.limit is None else min(limit, order.limit)
            claim = self._claim_of(most, order.paths, alone)
            if claim is not None:
                order.take(claim)
                return claim
            if complete and alone and not self._has_more(order):
                self._shared.orders.remove(order)
        return None

    def _claim_of(self, limit: int, paths: frozenset[bytes] | None, alone: bool) -> Claim | None:
        return self._store.claim(limit, paths, suspects=alone, lived_s=self._lived_s())

    def _has_more(self, order: Order) -> bool:
        """Whether something of this order is still to be tried, later."""
        return self._store.next_trial_s(order.paths, quarantined=False) is not None

    def _set_in_work(self, claims: list[Claim]) -> None:
        """`batch` shows the oldest batch in work."""
        self._in_work = claims
        if not claims:
            self._batch = None
        elif self._batch is None or self._batch["id"] != claims[0].batch_id:
            self._batch = {
                "id": claims[0].batch_id,
                "started_at": utc_now(),
                "images": self._store.names(task.image_id for task in claims[0].tasks),
            }

    def _store_page(self, found: DocumentPage) -> None:
        pages = self._patiently(lambda: self._store.store_page(found))
        with self._lock:
            self._rate.append((self._clock(), pages))
        oldest = self._in_work[0]
        batch = self._batch
        if batch is not None and oldest.batch_id == found.batch_id:
            read, of = self._store.document_pages(task.image_id for task in oldest.tasks)
            self._batch = {**batch, "pages_read": read, "pages": of}

    def _store_result(self, result: BatchResult, provenance: Provenance) -> None:
        pages = self._patiently(lambda: self._store.finish(result, provenance))
        with self._lock:
            self._rate.append((self._clock(), pages))
        with about(batch_id=result.batch_id):
            log.info(
                "batch %d: %d images in %.2f s", result.batch_id, len(result.images), result.seconds
            )
        unfinished = 0
        if any(image.document is not None for image in result.images):
            unfinished = self._store.count_unfinished(result.batch_id)
        for claim in self._in_work:
            if claim.batch_id == result.batch_id:
                self._shared.settle(claim, unfinished)
        self._set_in_work([claim for claim in self._in_work if claim.batch_id != result.batch_id])

    def _give_up(self, error: WorkerError) -> None:
        """The worker is gone, and with it all that it had."""
        poison = ImageError(error.code, f"{error.message} Ask for it to be read again, or "
                            "replace the file.")  # fmt: skip
        alone = sum(len(claim.tasks) for claim in self._in_work) == 1
        for claim in self._in_work:
            give_up = functools.partial(
                self._store.give_up,
                claim.batch_id,
                poison,
                self._max_attempts,
                alone=alone,
                page=self._pool.page_in_hand if claim.suspect else None,
            )
            try:
                spent = self._patiently(give_up)
            except Stopped:  # on a full disk: the next start recovers it
                return
            self._shared.settle(claim, len(claim.tasks) - len(spent))
            with about(batch_id=claim.batch_id):
                log.warning(
                    "batch %d: %s; %d quarantined", claim.batch_id, error.message, len(spent)
                )
        self._set_in_work([])

    def _patiently(self, store: Callable[[], _Stored]) -> _Stored:
        """What was read is kept until the disk has room for it."""
        while True:
            try:
                return store()
            except DiskFullError as error:
                log.warning("%s", error.message)
                if heartbeat.wait(self._stop, _FULL_DISK_WAIT_S):
                    raise Stopped from error


def _is_final(error: WorkerError) -> bool:
    """Whether a start that failed so cannot succeed by being tried again."""
    known = ErrorCode.known(error.code)
    return known is not None and known.is_final
