"""The worker process as the service sees it: started, watched, asked, replaced.

One worker today. The service stays up whatever happens in there: a worker that dies, hangs or
talks nonsense is killed, and the batches that it had end with WorkerError.
"""

import contextlib
import dataclasses
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import heartbeat
import machine_limits
import page_progress
from ocr_contract.error_codes import ErrorCode
from ocr_errors import WorkerError
from page_records import BatchResult, DocumentPage, Provenance, Task
from worker_link import worker_protocol as protocol
from worker_link.worker_channel import Channel
from worker_link.worker_process import START_TIMEOUT_S, WorkerProcess, has_room_for_more

_LAST_WORDS_S = 0.5
"""From the end of the connection to the exit code."""
_MOST_MESSAGES_PER_IMAGE = 4
"""One step to tell of, and an answer; much more than this is a loop. A page that takes long tells
of itself every `page_progress.INTERVAL_S`, too."""
_LONGEST_PAGE_S = 3600.0
"""So long may one image go on telling of itself without an answer."""
_LEAST_IMAGES = 50
"""How many images a worker reads before its memory counts: or one that is large from the first
would spend its life loading models."""
WORKER_COMMAND = (sys.executable, str(Path(__file__).parent.with_name("worker.py")))

log = logging.getLogger("pool")


class Stopped(Exception):  # noqa: N818  not an error: the service is stopping
    """The service stops; the batch was not finished."""


class Wear(NamedTuple):
    """When a worker is replaced by a fresh one: native libraries leak. 0 means never."""

    images: int = 0
    resident_bytes: int = 0
    beside: bool = False
    """Whether the fresh one gets ready beside the worn one, which goes on until then; where there
    is memory for both."""
    workers: int = 1
    """How many there are, of other pools, too."""


_NO_WEAR = Wear()


@dataclasses.dataclass(slots=True)
class _InWork:
    """A batch that the worker has."""

    tasks: list[Task]
    allowed_s: float
    silent_until: float
    """When it was silent about this batch for `allowed_s`; others do not count: one image may
    hang while the rest goes on."""
    pages: set[tuple[int, int]] = dataclasses.field(default_factory=set)
    """Image and number of the pages of documents that came already."""


class Pool:
    """Starts the worker when it is needed and keeps one alive; for a while a second one, that
    gets ready to take the place of a worn one.

    For one thread; only `stop`, `pid`, `provenance` and `starts` are for all.
    """

    def __init__(
        self,
        *,
        timeout_s: float,
        stop: threading.Event,
        command: Sequence[str] = WORKER_COMMAND,
        wear: Wear = _NO_WEAR,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`timeout_s` is the longest silence allowed per image; `stop` ends every wait."""
        self._timeout_s = timeout_s
        self._stop = stop
        self._command = tuple(command)
        self._wear = wear
        self._clock = clock
        self._worker: WorkerProcess | None = None
        self._successor: WorkerProcess | None = None
        self._wears_out = ""
        """Why there is a successor; empty for the service's first worker."""
        self._start_until: float | None = None
        self._in_work: dict[int, _InWork] = {}
        self._messages_left = 0
        self._counted_since = 0.0
        self._images_read = 0
        self._left_at = 0.0
        self.page_in_hand: int | None = None
        """Of a document that was read alone and with care: the page that the worker ended on."""
        self.worn_out: str | None = None
        """Why the worker should get no more batches: `start` replaces it when it has none."""
        self.provenance: Provenance | None = None
        """Of the worker now ready; None while there is none."""
        self.starts = 0

    @property
    def pid(self) -> int | None:
        """The worker's process id, when there is one."""
        worker = self._worker
        return worker.process.pid if worker else None

    def launch(self) -> None:
        """Let a worker get ready, for `start` to take: loading models takes longer than what the
        service does meanwhile."""
        with contextlib.suppress(WorkerError):  # `start` tries again, and says what is wrong
            self._successor = WorkerProcess(self._command, self._wait)
            self.starts += 1

    def start(self) -> Provenance:
        """Make sure that a worker is ready, and no worn one; returns what it reads with.

        Raises:
            WorkerError: it failed to start; with the worker's own code and sentence if it had one.
            Stopped: the service stops.
        """
        self._look_after_successor()
        worker = self._worker
        if self.provenance is not None and worker and worker.process.poll() is None:
            if self.worn_out is None or self._in_work:
                return self.provenance
            log.info("worker %d %s: a fresh one takes its place", self.pid, self.worn_out)
        self._end_worker()
        self._start_until = self._clock() + START_TIMEOUT_S
        try:
            self._worker = self._take_successor()
            if self._worker is None:
                self.starts += 1
                self._worker = WorkerProcess(self._command, self._wait)
            if self._stop.is_set():  # another thread may have looked for it in between
                raise Stopped
            message = self._receive()
            if message.get("type") == "failed":
                raise protocol.parse_failed(message)
            self.provenance = protocol.parse_ready(message)
        except BaseException:
            self.stop()
            raise
        self._start_until = None
        log.info(
            "worker %d is ready: %s on %s", self.pid, self.provenance.engine, self.provenance.device
        )
        return self.provenance

    def _take_successor(self) -> WorkerProcess | None:
        """The one that waits or is getting ready; if it has ended, only the service's first one,
        which has something to say."""
        successor, self._successor = self._successor, None
        replaces, self._wears_out = bool(self._wears_out), ""
        if replaces and successor is not None and successor.process.poll() is not None:
            log.warning("the worker that was to take its place has ended; another one is started")
            successor.end()
            return None
        return successor

    def submit(self, batch_id: int, tasks: list[Task]) -> None:
        """Hand a batch to the worker, which may have several; `next_result` brings the answers.

        Raises:
            WorkerError: worker_died, worker_timeout; the worker and all its batches are gone then.
            Stopped: the service stops; the worker is gone then.
        """
        images = [
            {
                "id": task.image_id,
                "path": os.fsdecode(task.path),
                "sha256": task.sha256,
                "done": task.done,
                "careful": task.careful,
            }
            for task in tasks
        ]
        self.page_in_hand = None
        with self._attentive():
            channel = self._connected()
            self._in_work[batch_id] = batch = _InWork(tasks, 0.0, 0.0)
            self._allow(batch)
            self._allow_messages()
            try:
                channel.send({"batch": batch_id, "images": images})
            except OSError as error:
                raise self._died() from error

    def next_result(
        self, woken: threading.Event | None = None
    ) -> BatchResult | DocumentPage | None:
        """Wait for one of the submitted batches, or a page of a document, whichever comes first.

        Returns None when `woken` is set before that: there may be another batch to submit.

        Raises:
            WorkerError: worker_died, worker_timeout, worker_nonsense; the worker and all its
                batches are gone then.
            Stopped: the service stops; the worker is gone then.
        """
        with self._attentive():
            channel = self._connected()
            while self._messages_left + self._earned_by_time() > 0:
                while not channel.has_input():
                    self._wait()
                    if woken is not None and woken.is_set():
                        return None
                self._messages_left -= 1
                message = self._receive()
                batch_id = protocol.batch_of(message)
                batch = self._in_work.get(batch_id)
                if batch is None:
                    continue
                if message.get("type") == "batch":
                    result = protocol.parse_batch(message, batch.tasks)
                    del self._in_work[batch_id]
                    self._allow_messages()
                    self._wear_out(len(batch.tasks))
                    return result
                self._allow(batch)
                if message.get("type") == "page":
                    page = self._take_page(message, batch)
                    if page is not None:
                        return page
                else:
                    self.page_in_hand = protocol.parse_page_in_hand(message)
            raise WorkerError(
                ErrorCode.WORKER_NONSENSE, "The worker talks and talks, but never answers."
            )

    def _take_page(self, message: dict[str, Any], batch: _InWork) -> DocumentPage | None:
        """A page that did not come before is an answer: it earns its messages."""
        page = protocol.parse_page(message, batch.tasks)
        self.page_in_hand = None
        if (page.image_id, page.number) in batch.pages:
            return None
        batch.pages.add((page.image_id, page.number))
        self._allow_messages()
        self._wear_out(1)
        return page

    def stop(self) -> None:
        """End the worker, at once: it holds nothing that could be lost. Safe from any thread."""
        self._end_worker()
        successor, self._successor = self._successor, None
        if successor is not None:
            successor.end()

    def _end_worker(self) -> None:
        """Not its successor, which may get ready in the meantime."""
        self.provenance = None
        self.worn_out = None
        self._in_work = {}
        self._messages_left = self._images_read = 0
        self._start_until = None
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.end()

    @contextlib.contextmanager
    def _attentive(self) -> Iterator[None]:
        """Listen to the worker; whatever goes wrong ends it.

        What the service does between two such blocks is no silence of the worker.
        """
        away_s = self._clock() - self._left_at
        for batch in self._in_work.values():
            batch.silent_until += away_s
        try:
            yield
        except WorkerError:
            self._end_worker()
            raise
        except BaseException:
            self.stop()
            raise
        self._look_after_successor()
        self._left_at = self._clock()

    def _connected(self) -> Channel:
        worker = self._worker
        if worker is None and self._stop.is_set():  # another thread called `stop`
            raise Stopped
        assert worker is not None, "start() first"
        return worker.channel

    def _images_in_work(self) -> int:
        return sum(len(batch.tasks) for batch in self._in_work.values())

    def _allow(self, batch: _InWork) -> None:
        """How long the silence about this batch may last from now on."""
        batch.allowed_s = self._timeout_s * self._images_in_work()
        batch.silent_until = self._clock() + batch.allowed_s

    def _allow_messages(self) -> None:
        self._messages_left = _MOST_MESSAGES_PER_IMAGE * self._images_in_work()
        self._counted_since = self._clock()

    def _earned_by_time(self) -> int:
        """How many messages more the images in work may have sent by now."""
        waited_s = min(self._clock() - self._counted_since, _LONGEST_PAGE_S)
        return self._images_in_work() * int(waited_s / page_progress.INTERVAL_S)

    def _wear_out(self, images: int) -> None:
        self._images_read += images
        if 0 < self._wear.images <= self._images_read:
            self._replace(f"read {self._images_read} images")
        elif self._wear.resident_bytes and self._images_read >= _LEAST_IMAGES and self.pid:
            size = machine_limits.resident_bytes(self.pid) or 0
            if size > self._wear.resident_bytes:
                self._replace(f"holds {size / 1e6:.0f} MB of memory")

    def _replace(self, reason: str) -> None:
        """The worker gets no more batches, once another one is ready where that may be."""
        if self._successor is not None:
            return
        is_first = self.worn_out is None
        if (
            is_first
            and self._wear.beside
            and self.pid
            and has_room_for_more(self.pid, self._wear.workers)
        ):
            try:
                self._successor = WorkerProcess(self._command, self._wait)
            except WorkerError as error:
                log.warning("%s The worker is replaced when it has ended.", error.message)
            else:
                self.starts += 1
                self._wears_out = reason
                return
        self.worn_out = reason

    def _look_after_successor(self) -> None:
        successor = self._successor
        if successor is not None and self._wears_out and successor.has_told:
            self.worn_out = self._wears_out  # one that failed is found out by `start`

    def _wait(self) -> None:
        """Go on waiting, unless there is a reason not to."""
        heartbeat.beat()  # how long the worker may take is this module's own affair
        if self._stop.is_set():
            raise Stopped
        now = self._clock()
        if self._start_until is not None and now > self._start_until:
            raise _timeout(START_TIMEOUT_S)
        for batch in self._in_work.values():
            if now > batch.silent_until:
                raise _timeout(batch.allowed_s)

    def _receive(self) -> dict[str, Any]:
        try:
            return self._connected().receive()
        except (EOFError, OSError) as error:
            raise self._died() from error

    def _died(self) -> WorkerError:
        """Why; raises Stopped when it died with the service: a signal may be meant for both."""
        code, worker = None, self._worker
        if worker is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = worker.process.wait(_LAST_WORDS_S)
        if self._stop.is_set():
            raise Stopped
        if code is None:
            how = "it hung up"
        else:
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return WorkerError(ErrorCode.WORKER_DIED, f"The worker process ended by itself ({how}).")


def _timeout(silence_s: float) -> WorkerError:
    return WorkerError(ErrorCode.WORKER_TIMEOUT, f"The worker said nothing for {silence_s:g} s.")
