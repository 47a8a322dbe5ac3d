"""Backups of the database: on request, by the clock, and no more of them than wanted.

    data/backups/ocr_data-20260131T120000Z.backup   by the clock, or on request without a name:
                                                    the newest OCR_BACKUP_KEEP of these are kept,
                                                    and of each only what is new is stored
    data/backups/anything-else.db                   one whole file, never deleted by the service

One backup is in work at a time: `upkeep`'s thread makes whole files, and waits for the process that
makes the others. Time is monotonic: the wall clock, which may jump, only names the files and says
how old the newest was at the start.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

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
from records.chunked_copy import SUFFIX
from records.database import Database, utc_now
from records.database_copy import utc_stamp
from safekeeping import backup_child, rotation

FIRST_BACKUP_S = 600.0
"""After the first start there is soon something worth keeping."""
RETRY_S = 600.0
"""After a backup that failed or had no room."""
_WAIT_S = 3.0
"""How long a request waits for its backup; a longer one goes on without the client."""
_KEPT_OUT = (SOCKET_FOLDER, PREVIEWS_FOLDER, MODELS_FOLDER)

log = logging.getLogger("backups")


class _Made(NamedTuple):
    """What a reply says of a backup, whole or by pieces."""

    size_bytes: int
    sha256: str
    images: int
    pages: int
    added_bytes: int | None = None


class _Job:
    """One backup that was asked for."""

    def __init__(self, target: Path, request_id: str | None) -> None:
        self.target = target
        self.request_id = request_id
        self.ended = threading.Event()
        self.made: _Made | None = None
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
        share_percent: float = 100.0,
        stop: threading.Event,
        on_request: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`on_request` is called when `work` has something to do at once; the backups that are
        named after their time take at most `share_percent` of the disk, or there is just one."""
        self._database = database
        self._guard = guard
        self._folder = database.path.parent / BACKUPS_FOLDER
        self._every_s = every_h * 3600
        self._keep = keep
        self._share_percent = share_percent
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
                target = self._target(file)
                self._refuse_without_room(target)
                job = self._job = _Job(target, request_id)
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
                self._refuse_without_room(job.target)
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
        made = job.made = self._by_pieces(job) if job.target.suffix == SUFFIX else self._whole(job)
        job.seconds = self._clock() - started
        log.info(
            "backup %s of %d bytes in %.1f s, %d more on the disk",
            job.target.name,
            made.size_bytes,
            job.seconds,
            made.size_bytes if made.added_bytes is None else made.added_bytes,
        )

    def _whole(self, job: _Job) -> _Made:
        copy = self._database.copy_to(job.target, between=self._between)
        self.newest = self._shown_newest(job.target, copy.size_bytes)
        return _Made(copy.size_bytes, copy.sha256, copy.images, copy.pages)

    def _by_pieces(self, job: _Job) -> _Made:
        made = backup_child.run(self._order(job.target), self._between)
        newest = self._shown_newest(job.target, made.size_bytes)
        newest["kept"], newest["all_bytes"] = made.kept, made.all_bytes
        self.newest = newest
        return _Made(made.size_bytes, made.sha256, made.images, made.pages, made.added_bytes)

    def _shown_newest(self, target: Path, size_bytes: int) -> NewestBackup:
        return {"path": self._shown(target), "bytes": size_bytes, "finished_at": utc_now()}

    def _order(self, target: Path) -> backup_child.Order:
        target.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        return backup_child.Order(
            str(self._database.path),
            str(target),
            self._keep,
            rotation.limit_bytes(target.parent, self._share_percent),
            self._guard.min_free_mb,
            os.getpid(),
        )

    def _between(self) -> None:
        heartbeat.beat()
        if self._stop.is_set():
            raise StoreError(ErrorCode.STOPPING, "ocr_service is stopping; no backup was made.")

    def _first_wait_s(self) -> float:
        """Until the first backup of this run: an appliance that is switched off every night
        has backups all the same."""
        try:
            newest = max(
                (path.stat().st_mtime for path in rotation.timed(self._folder)), default=None
            )
        except OSError:
            newest = None
        if newest is None:
            return min(FIRST_BACKUP_S, self._every_s)
        age_s = max(time.time() - newest, 0.0)
        return max(self._every_s - age_s, min(FIRST_BACKUP_S, self._every_s))

    def _refuse_without_room(self, target: Path) -> None:
        """By pieces an unknown part of the database is new: its process looks, too."""
        size_bytes = self._database.path.stat().st_size + self._database.wal_bytes()
        if target.suffix == SUFFIX and any(self._folder.glob(f"*{SUFFIX}")):
            size_bytes = 0
        short = self._guard.short_of(size_bytes)
        if short is not None:
            raise NotNowError(short.code, f"There is no room for a backup. {short.message}")

    def _target(self, file: str | None) -> Path:
        if file is None:
            return self._folder / f"ocr_data-{utc_stamp()}{SUFFIX}"
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
        made = job.made if job.ended.is_set() else None
        if made is None:
            return BackupReply("running", self._shown(job.target))
        return BackupReply(
            state="done",
            path=self._shown(job.target),
            bytes=made.size_bytes,
            sha256=made.sha256,
            images=made.images,
            pages=made.pages,
            seconds=round(job.seconds, 3),
            added_bytes=made.added_bytes,
        )
