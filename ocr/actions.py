"""What the control socket's requests do: the service's parts, put together for one answer."""

import os
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import ocr_metrics
import ocr_totals
import process_info
from backups import Backups
from database import Database
from disk_guard import DiskGuard
from folder_coverage import FolderCoverage
from ocr_contract import VERSION, control
from ocr_contract.error_codes import ErrorCode
from ocr_errors import RequestError
from ocr_settings import Settings
from pipeline import Pipeline
from pool import Pool
from store import Store
from watcher import Watcher

_POLL_S = 0.1
_LOOK_WAIT_S = 3.0
"""A processing signal waits so long for its look; a longer one goes on without the client."""


class ServiceActions:
    """Implements `control_api.Actions`."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        pool: Pool,
        pipeline: Pipeline,
        watcher: Watcher,
        guard: DiskGuard,
        backups: Backups,
        coverage: FolderCoverage,
        *,
        database: Database,
        stop: threading.Event,
        found: Callable[[], Mapping[str, int]] | None = None,
    ) -> None:
        """`found` counts the files noticed, by event and by rescan, for /metrics."""
        self._settings = settings
        self._store = store
        self._pool = pool
        self._pipeline = pipeline
        self._watcher = watcher
        self._database = database
        self._guard = guard
        self._backups = backups
        self._coverage = coverage
        self._stop = stop
        self._found = found
        self._started = time.monotonic()

    def status(self) -> control.StatusReply:
        """The service's state now."""
        counts = self._store.counts()
        rate = self._pipeline.pages_per_second()
        waiting = counts["pending"] + counts["processing"]
        used = self._pool.provenance
        warnings = [
            warning._replace(message=_printable(warning.message))._asdict()
            for warning in (self._guard.hold(), self._watcher.warning, self._backups.warning)
            if warning is not None
        ]
        return control.StatusReply(
            state=self._pipeline.state,
            version=VERSION,
            trigger=self._settings.trigger,
            image_folder=_printable(str(self._settings.image_folder)),
            warning=" ".join(warning["message"] for warning in warnings) or None,
            counts=counts,
            settling=self._watcher.settling,
            batch=self._pipeline.batch,
            pages_per_second=round(rate, 3),
            seconds_left=round(waiting / rate, 1) if rate > 0 else None,
            engine=used.engine if used else None,
            device=used.device if used else None,
            precision=used.precision if used else None,
            models=used.models if used else {},
            worker_restarts=max(self._pool.starts - 1, 0),
            uptime_s=round(time.monotonic() - self._started, 1),
            warnings=warnings,
            backup=self._backups.newest,
        )

    def process(
        self, limit: int | None, paths: list[str] | None, request_id: str | None
    ) -> dict[str, Any]:
        """The processing signal: {"found", "queued"}."""
        stored = self._store.stored_reply(request_id, "process")
        if stored is not None:
            return stored
        chosen = None if paths is None else frozenset(os.fsencode(path) for path in paths)
        order_complete = self._pipeline.signal(limit=limit, paths=chosen)
        request = self._watcher.request_look(order_complete)
        self._wait_for(request.looked)
        reply = {"found": request.found, "queued": self._store.counts()["pending"]}
        return self._store.once(request_id, "process", lambda _: reply)

    def _wait_for(self, looked: threading.Event) -> None:
        until = time.monotonic() + _LOOK_WAIT_S
        while not looked.wait(_POLL_S) and time.monotonic() < until:
            if self._stop.is_set():  # nobody will look any more
                raise RequestError(
                    ErrorCode.STOPPING, "ocr_service is stopping; ask again soon.", 503
                )

    def set_paused(self, paused: bool, request_id: str | None) -> dict[str, Any]:
        """Pause or resume: {"paused"}."""
        reply = self._store.set_paused(paused, request_id)
        self._pipeline.wake()
        return reply

    def reprocess(self, image_ids: list[int], request_id: str | None) -> dict[str, Any]:
        """Read these images again: {"queued"}."""
        reply = self._store.reprocess(image_ids, request_id)
        self._pipeline.wake()
        return reply

    def correct(self, line_id: int, text: str | None, request_id: str | None) -> dict[str, Any]:
        """Store a person's text for a line: {"line_id"}."""
        return self._store.correct(line_id, text, request_id)

    def backup(self, file: str | None, request_id: str | None) -> dict[str, Any]:
        """Begin a backup, or answer for the one with this id."""
        return self._backups.request(file, request_id)

    def backup_state(self) -> dict[str, Any]:
        """The backup in work, or else the last one."""
        return self._backups.state()

    def coverage(self) -> dict[str, Any]:
        """Every file of the folder, and where it stands."""
        return self._coverage.answer()

    def not_ready(self) -> str | None:
        """Why nothing is read at this moment; None when the worker is ready."""
        if self._pool.provenance is None:
            return "The models are being loaded; try again in a few seconds."
        pid = self._pool.pid
        if pid is None or not process_info.is_running(pid):
            self._pipeline.wake()  # it starts another one
            return "The worker has ended; another one is being started."
        return None

    def metrics(self) -> bytes:
        """Prometheus' text format."""
        processes = {"main": os.getpid(), "worker": self._pool.pid}
        sizes = {name: process_info.resident_bytes(pid) for name, pid in processes.items() if pid}
        try:
            free_bytes = shutil.disk_usage(self._settings.data_folder).free
        except OSError:
            free_bytes = None
        measured = ocr_metrics.Measured(
            totals=ocr_totals.read(self._database),
            resident_bytes={name: size for name, size in sizes.items() if size is not None},
            free_bytes=free_bytes,
            found=self._found() if self._found else None,
        )
        return ocr_metrics.render(self.status(), measured)


def _printable(text: str) -> str:
    """A folder's name need not be UTF-8; what goes into JSON must be."""
    return text.encode(errors="backslashreplace").decode()
