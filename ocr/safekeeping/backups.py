"""Backups of the database: on request, by the clock, and no more of them than wanted.

    data/backups/ocr_data-20260131T120000Z.db     by the clock, or on request without a name:
                                                  the newest OCR_BACKUP_KEEP of these are kept
    data/backups/anything-else.db                 never deleted by the service

One backup is in work at a time, in `upkeep`'s thread. Time is monotonic: the wall clock, which
may jump, only names the files and says how old the newest was at the start.
"""

import logging
import os
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

import heartbeat
from disk_guard import DiskGuard
from ocr_contract.data_folder import (
    BACKUPS_FOLDER,
    DATABASE_NAME,
    MODELS_FOLDER,
    PREVIEWS_FOLDER,
    SOCKET_FOLDER,
)
from ocr_contract.error_codes import ErrorCode
from ocr_contract.replies import BackupReply, NewestBackup, ServiceWarning
from ocr_errors import (
    ConflictError,
    NotNowError,
    OcrError,
    RequestError,
    StoreError,
    UnknownIdError,
)
from records.database import Database, utc_now
from records.database_copy import Copy, checksum_file, utc_stamp

FIRST_BACKUP_S = 600.0
"""After the first start there is soon something worth keeping."""
RETRY_S = 600.0
"""After a backup that failed or had no room."""
_WAIT_S = 3.0
"""How long a request waits for its backup; a longer one goes on without the client."""
_TIMED_NAME = re.compile(r"ocr_data-\d{8}T\d{6}Z\.db")
_KEPT_OUT = (SOCKET_FOLDER, PREVIEWS_FOLDER, MODELS_FOLDER)

log = logging.getLogger("backups")


class _Job:
    """One backup that was asked for."""

    def __init__(self, target: Path, request_id: str | None) -> None:
        self.target = target
        self.request_id = request_id
        self.ended = threading.Event()
        self.copy: Copy | None = None
        self.seconds = 0.0
        self.error: RequestError | None = None


class Backups:
    """Makes and rotates backups. Safe to ask from any thread; `work` belongs to one."""

    def __init__(
        self,
        database: Database,
        guard: DiskGuard,
        *,
        every_h: float,
        keep: int,
        stop: threading.Event,
        on_request: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`on_request` is called when `work` has something to do at once."""
        self._database = database
        self._guard = guard
        self._folder = database.path.parent / BACKUPS_FOLDER
        self._every_s = every_h * 3600
        self._keep = keep
        self._stop = stop
        self.on_request = on_request
        self._clock = clock
        self._lock = threading.Lock()
        self._job: _Job | None = None
        self._due = clock() + self._first_wait_s()
        self.newest: NewestBackup | None = None
        """The newest since the start."""
        self.warning: ServiceWarning | None = None
        """Why the last backup by the clock was not made."""

    def request(self, file: str | None, request_id: str | None) -> BackupReply:
        """Begin a backup, or answer for the one that has this `request_id`.

        Raises:
            RequestError: bad_backup_file, backup_running, disk_low, or why it failed.
        """
        with self._lock:
            job = self._job
            if job is None or request_id is None or job.request_id != request_id:
                if job is not None and not job.ended.is_set():
                    raise ConflictError(
                        ErrorCode.BACKUP_RUNNING, "Another backup is being made; ask again soon."
                    )
                self._refuse_without_room()
                job = self._job = _Job(self._target(file), request_id)
        self.on_request()
        job.ended.wait(_WAIT_S)
        return self._reply(job)

    def state(self) -> BackupReply:
        """The backup in work, or else the last one.

        Raises:
            RequestError: no_backup, or why the last one failed.
        """
        with self._lock:
            job = self._job
        if job is None:
            raise UnknownIdError(
                ErrorCode.NO_BACKUP, "No backup was made since the service started."
            )
        return self._reply(job)

    def work(self) -> None:
        """Make the backup that was asked for, or the one that is due."""
        with self._lock:
            job = self._job
            if job is None or job.ended.is_set():
                if not self._every_s or self._clock() < self._due:
                    return
                job = self._job = _Job(self._target(None), None)
                by_clock = True
            else:
                by_clock = False
        try:
            if by_clock:
                self._refuse_without_room()
            self._make(job)
        except OcrError as error:
            job.error = NotNowError(error.code, error.message)
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            job.error = NotNowError(
                ErrorCode.BACKUP_FAILED, f"{self._folder} cannot be written ({reason})."
            )
        finally:
            job.ended.set()
        if job.error is not None:
            log.warning("no backup: %s", job.error.message)
        if by_clock or job.error is None:
            self._due = self._clock() + (RETRY_S if job.error else self._every_s)
            self.warning = None
            if job.error is not None:
                self.warning = ServiceWarning(
                    ErrorCode.BACKUP_FAILED,
                    f"The backup that was due was not made: {job.error.message}",
                )

    def _make(self, job: _Job) -> None:
        started = self._clock()
        job.copy = self._database.copy_to(job.target, between=self._between)
        job.seconds = self._clock() - started
        self.newest = {
            "path": self._shown(job.target),
            "bytes": job.copy.size_bytes,
            "finished_at": utc_now(),
        }
        log.info("backup %s: %d bytes in %.1f s", job.target.name, job.copy[1], job.seconds)
        self._rotate(job.target)

    def _between(self) -> None:
        heartbeat.beat()
        if self._stop.is_set():
            raise StoreError(ErrorCode.STOPPING, "ocr_service is stopping; no backup was made.")

    def _rotate(self, newest: Path) -> None:
        """Delete old ones beyond the number to keep, never the one that was just checked."""
        if not _TIMED_NAME.fullmatch(newest.name):
            return
        others = [path for path in self._timed() if path != newest]
        for path in sorted(others, reverse=True)[self._keep - 1 :]:
            checksum_file(path).unlink(missing_ok=True)
            path.unlink(missing_ok=True)

    def _timed(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        return [path for path in self._folder.iterdir() if _TIMED_NAME.fullmatch(path.name)]

    def _first_wait_s(self) -> float:
        """Until the first backup of this run: an appliance that is switched off every night
        has backups all the same."""
        try:
            newest = max((path.stat().st_mtime for path in self._timed()), default=None)
        except OSError:
            newest = None
        if newest is None:
            return min(FIRST_BACKUP_S, self._every_s)
        age_s = max(time.time() - newest, 0.0)
        return max(self._every_s - age_s, min(FIRST_BACKUP_S, self._every_s))

    def _refuse_without_room(self) -> None:
        size_bytes = self._database.path.stat().st_size + self._database.wal_bytes()
        short = self._guard.short_of(size_bytes)
        if short is not None:
            raise NotNowError(short.code, f"There is no room for a backup. {short.message}")

    def _target(self, file: str | None) -> Path:
        if file is None:
            return self._folder / f"ocr_data-{utc_stamp()}.db"
        target = self._folder / file
        data = self._folder.parent
        inside = target.parent.resolve().is_relative_to(data.resolve()) and ".." not in target.parts
        parts = target.parent.resolve().relative_to(data.resolve()).parts if inside else ()
        if (
            not inside
            or parts[:1] in [(name,) for name in _KEPT_OUT]
            or target.suffix != ".db"
            or target.name.startswith(".")
            or (target.parent.resolve() == data.resolve() and target.name == DATABASE_NAME)
            or (os.path.lexists(target) and (target.is_symlink() or not target.is_file()))
        ):
            raise RequestError(
                ErrorCode.BAD_BACKUP_FILE,
                "A backup is a file whose name ends in .db, in data/backups or elsewhere in the "
                "data folder, but not the database itself.",
            )
        return target

    def _shown(self, path: Path) -> str:
        return os.fsencode(path.relative_to(self._folder.parent)).decode(errors="backslashreplace")

    def _reply(self, job: _Job) -> BackupReply:
        if job.error is not None:
            raise job.error
        copy = job.copy if job.ended.is_set() else None
        if copy is None:
            return BackupReply("running", self._shown(job.target))
        return BackupReply(
            state="done",
            path=self._shown(job.target),
            bytes=copy.size_bytes,
            sha256=copy.sha256,
            images=copy.images,
            pages=copy.pages,
            seconds=round(job.seconds, 3),
        )
