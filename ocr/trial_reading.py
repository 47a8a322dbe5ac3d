"""Reads pages on trial: one at a time, in a process of its own that takes less of everything.

A thread of the service. The process is watched as the worker is (`worker_link.pool`); whatever
becomes of it, the present text and the reading of the folder are not concerned.
"""

import json
import logging
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import heartbeat
import machine_limits
import trial_choices
import trial_process
from ocr_contract.error_codes import ErrorCode
from ocr_contract.replies import TrialReply
from ocr_errors import DiskFullError, OcrError, WorkerError
from ocr_settings import Settings
from page_records import BatchResult, DocumentPage, Page, Provenance
from records.trial_store import StoredTrial, Trial, TrialStore
from worker_link import worker_protocol
from worker_link.pool import Pool, Stopped

COMMAND = (sys.executable, str(Path(__file__).with_name("trial_process.py")))
LEAST_FREE_BYTES = 1_200_000_000
"""Reading A4 at 300 dpi takes 330 (fast) to 610 MB (balanced, best), full of the smallest print
880; and the other reader goes on."""
MOST_BYTES = 1_500_000_000
_DATA_TO_RESIDENT = 2
"""What the process may write to is twice what it ever holds: stacks and arenas of its threads."""
MOST_S = 900.0
"""For one page, with its start, beside a reader that has the processors first."""
_IDLE_S = 30.0
_FULL_DISK_WAIT_S = 2.0

log = logging.getLogger("trial")


class TrialReader:
    """The thread, and what is asked of it from other threads."""

    def __init__(
        self,
        settings: Settings,
        store: TrialStore,
        *,
        stop: threading.Event,
        command: Sequence[str] = COMMAND,
        free_memory: Callable[[], int | None] = machine_limits.free_memory,
        most_s: float = MOST_S,
    ) -> None:
        """`command` starts the process; behind it come what differs, as JSON, and a descriptor."""
        self._settings = settings
        self._store = store
        self._stop = stop
        self._command = tuple(command)
        self._free_memory = free_memory
        self._most_s = most_s
        self._wake = threading.Event()
        self._pool: Pool | None = None
        """Of the trial that is being read."""

    def choices(self) -> list[str]:
        """What a page can be read with."""
        return trial_choices.choices(self._settings)

    def ask(
        self, image_id: int, page_number: int | None, reading: str, request_id: str | None
    ) -> TrialReply:
        """Read that page on trial as soon as it is its turn.

        Raises:
            RequestError: bad_reading, unknown_image, not_read, trial_busy.
        """
        trial_choices.changes(self._settings, reading)
        reply = self._store.ask(image_id, page_number, reading, request_id)
        self._wake.set()
        return reply

    def take(self, trial_id: int, request_id: str | None) -> TrialReply:
        """Let what was read be the page's text.

        Raises:
            RequestError: unknown_trial, trial_not_done.
        """
        known = self._store.reply_of(request_id)
        if known is not None:
            return known
        stored = self._store.stored(trial_id)
        page = worker_protocol.parse_stored_page(json.loads(stored.page))
        provenance = json.loads(stored.provenance)
        provenance.pop("seconds")
        return self._store.take(trial_id, page, Provenance(**provenance, batch_size=1), request_id)

    def drop(self, trial_id: int, request_id: str | None) -> TrialReply:
        """Keep the present text; a trial that is being read ends."""
        reply = self._store.drop(trial_id, request_id)
        self._wake.set()
        return reply

    def wake(self) -> None:
        """The service stops."""
        self._wake.set()

    def end(self) -> None:
        """End the process, if there is one."""
        pool = self._pool
        if pool is not None:
            pool.stop()

    def run(self) -> None:
        """Until the service stops."""
        self._patiently(self._store.recover)
        while not self._stop.is_set():
            self._wake.clear()
            if not self.step():
                heartbeat.wait(self._wake, _IDLE_S)

    def step(self) -> bool:
        """Read one that waits; False where there is none."""
        heartbeat.beat()
        try:
            trial = self._store.begin_next()
        except DiskFullError:  # it waits on
            return False
        if trial is None:
            return False
        try:
            stored = self._read(trial)
            if stored is not None:
                self._patiently(lambda: self._store.finish(trial.trial_id, stored))
        except Stopped:  # the next start says so
            pass
        except OcrError as error:
            code, message = error.code, f"{_for_people(error)} The present text was not touched."
            log.warning("the trial of image %d failed: %s", trial.task.image_id, error.message)
            self._patiently(lambda: self._store.fail(trial.trial_id, code, message))
        return True

    def _read(self, trial: Trial) -> StoredTrial | None:
        """What it read; None where nobody wants it any more.

        Raises:
            OcrError: it could not be read.
            Stopped: the service stops.
        """
        changes = trial_choices.changes(self._settings, trial.reading)
        free = self._free_memory()
        if free is not None and free < LEAST_FREE_BYTES:
            raise WorkerError(
                ErrorCode.TRIAL_MEMORY,
                f"A second reader needs {LEAST_FREE_BYTES / 1e6:.0f} MB of free memory, and there "
                f"are {free / 1e6:.0f} MB. Give the service more, or pause the reading and ask "
                "again.",
            )
        most = MOST_BYTES if free is None else min(free, MOST_BYTES)
        changes[trial_process.MEMORY] = str(_DATA_TO_RESIDENT * most)
        self._pool = pool = Pool(
            timeout_s=self._settings.timeout_s,
            stop=self._stop,
            command=(*self._command, json.dumps(changes)),
        )
        until = time.monotonic() + self._most_s
        ends = threading.Timer(self._most_s, self._wake.set)
        ends.daemon = True
        ends.start()
        try:
            provenance = pool.start()
            pool.submit(trial.trial_id, [trial.task])
            page = self._await(pool, trial, until)
        finally:
            ends.cancel()
            pool.stop()
            self._pool = None
        return None if page is None else _stored(page, provenance)

    def _await(self, pool: Pool, trial: Trial, until: float) -> Page | None:
        found: DocumentPage | None = None
        while True:
            result = pool.next_result(self._wake)
            if isinstance(result, DocumentPage):
                found = result if result.number == trial.page_number else found
            elif isinstance(result, BatchResult):
                return _page(result, found, trial)
            else:
                self._wake.clear()
                if not self._store.is_wanted(trial.trial_id):
                    return None
                if time.monotonic() >= until:
                    raise WorkerError(
                        ErrorCode.TRIAL_SLOW,
                        f"The trial was not done after {self._most_s:g} s. Choose a quicker "
                        "reading, or ask again when less is read.",
                    )

    def _patiently(self, store: Callable[[], None]) -> None:
        """Until the disk has room for it, or the service stops."""
        while not self._stop.is_set():
            try:
                store()
            except DiskFullError as error:
                log.warning("%s", error.message)
                heartbeat.wait(self._stop, _FULL_DISK_WAIT_S)
            else:
                return


def _for_people(error: OcrError) -> str:
    """Its sentence; the engine's own words, of several lines and of its source, are for the log."""
    if error.code == ErrorCode.ENGINE_START_FAILED:
        return (
            "The models of this reading could not be started: a file of theirs is damaged, or of a "
            "kind that the engine does not know. Its own words are in the reader's log. Copy the "
            "models again, or choose another reading."
        )
    return error.message


def _page(result: BatchResult, found: DocumentPage | None, trial: Trial) -> Page:
    """The page that was asked for. Raises ImageError or WorkerError."""
    (image,) = result.images
    error = image.error or (found.error if found is not None else None)
    if error is not None:
        raise error
    if image.sha256 != trial.task.sha256:
        raise WorkerError(
            ErrorCode.CHANGED_WHILE_READ, "The file is not any more what it was when it was read."
        )
    if found is not None and found.page is not None:
        return found.page
    if len(image.pages) != 1:
        raise WorkerError(ErrorCode.WORKER_NONSENSE, "The page that was asked for did not come.")
    return image.pages[0]


def _stored(page: Page, provenance: Provenance) -> StoredTrial:
    said = {
        "engine": provenance.engine,
        "device": provenance.device,
        "precision": provenance.precision,
        "models": provenance.models,
        "parameters": provenance.parameters,
        "seconds": round(page.seconds, 2),
    }
    return StoredTrial(json.dumps(worker_protocol.page_to_json(page)), json.dumps(said))
