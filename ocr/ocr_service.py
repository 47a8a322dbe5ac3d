"""ocr_service: wires folder, database, worker and socket together and waits for the end.

    watcher → catalogue → database ← store ← pipeline → pool → worker process
                                      ↑ control server ← ocrctl, web_service

The service ends when it is told to (SIGTERM, SIGINT), when one of its threads cannot go on, or
when one stands still (`heartbeat`); starting it again is its supervisor's job.
"""

import argparse
import faulthandler
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

import heartbeat
import models
import ocr_settings
import stderr_lines
from actions import ServiceActions
from backups import Backups
from catalogue import Catalogue, path_exists
from control_api import build_app
from control_endpoints import endpoints
from control_server import ControlServer
from database import Database
from disk_guard import DiskGuard
from folder_coverage import FolderCoverage
from intake import Intake
from ocr_contract import setting_fields
from ocr_contract.data_folder import SOCKET_PATH
from ocr_contract.error_codes import ErrorCode
from ocr_contract.logs import LineFormatter, escape
from ocr_errors import EXIT_OTHER, FolderError, OcrError
from ocr_settings import Settings
from pipeline import Pipeline
from pool import WORKER_COMMAND, Pool, Wear
from service_report import ServiceReport
from store import Store
from upkeep import Upkeep
from usable_memory import usable_memory
from watcher import Watcher

_WORKERS_SHARE = 0.6
"""Of the memory that there is: the rest is for the service and for one large image more."""

log = logging.getLogger("service")


class Service:
    """The running service."""

    def __init__(
        self, settings: Settings, *, worker_command: Sequence[str] = WORKER_COMMAND
    ) -> None:
        """Check everything that can be checked, recover, and bind the socket.

        Raises:
            OcrError: something that a person must mend; the message says what.
        """
        check_folders(settings)
        models.resolve(
            settings.models_folder,
            settings.model,
            detection=settings.detection_model or None,
            recognition=settings.recognition_model or None,
        )
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._database = Database(settings.database)
        catalogue = Catalogue(self._database, exists=path_exists(settings.image_folder))
        store = Store(self._database)
        recovered = store.recover(settings.max_attempts)
        if any(recovered):
            log.info(
                "when the service last ended, %d images were in work and wait again, %d are "
                "quarantined",
                *recovered,
            )
        self._pool = Pool(
            timeout_s=settings.timeout_s,
            stop=self._stop,
            command=worker_command,
            wear=Wear(settings.worker_max_images, _most_memory(settings)),
        )
        guard = DiskGuard(
            settings.data_folder,
            min_free_mb=settings.min_free_mb,
            wal_bytes=self._database.wal_bytes,
            is_full=lambda: self._database.is_full,
        )
        self._pipeline = Pipeline(
            store,
            self._pool,
            stop=self._stop,
            max_attempts=settings.max_attempts,
            wait_for_signal=settings.trigger == "signal",
            hold=guard.hold,
        )
        intake = Intake(
            settings.image_folder,
            self._database,
            catalogue,
            max_bytes=int(settings.max_file_mb * 1e6),
        )
        self._watcher = Watcher(
            settings.image_folder,
            catalogue,
            intake,
            stop=self._stop,
            interval_s=settings.scan_interval_s,
            settle_s=settings.settle_s,
            on_change=self._pipeline.wake,
            missing_grace_s=settings.missing_grace_s,
        )
        backups = Backups(
            self._database,
            guard,
            every_h=settings.backup_every,
            keep=settings.backup_keep,
            stop=self._stop,
        )
        self._upkeep = Upkeep(
            self._database,
            store,
            guard,
            backups,
            stop=self._stop,
            on_room=self._pipeline.wake,
        )
        coverage = FolderCoverage(
            settings.image_folder, catalogue, found_by=lambda: self._watcher.found_by
        )
        report = ServiceReport(
            settings,
            database=self._database,
            store=store,
            pool=self._pool,
            pipeline=self._pipeline,
            watcher=self._watcher,
            guard=guard,
            backups=backups,
        )
        actions = ServiceActions(store, self._pipeline, self._watcher, stop=self._stop)
        app = build_app(endpoints(report, actions, store, backups, coverage), report)
        self._control = ControlServer(app, settings.data_folder / SOCKET_PATH)
        self._watchdog = heartbeat.Guard(settings.watchdog_s)

    def run(self) -> None:
        """Work until `stop`; raises what ended one of the threads."""
        threads = [
            threading.Thread(target=self._guard, args=(name, part), name=name, daemon=True)
            for name, part in (
                ("watcher", self._watcher.run),
                ("pipeline", self._pipeline.run),
                ("upkeep", self._upkeep.run),
            )
        ]
        self._control.start()
        for thread in threads:
            thread.start()
        self._watchdog.start()
        with self._watchdog.watched("main"):
            while not self._stop.wait(1.0):
                heartbeat.beat()
                if not self._control.alive:
                    self._failure = RuntimeError("the control server ended")
                    self.stop()
        for thread in threads:
            thread.join(2.0)
        self._control.stop()
        self._pool.stop()
        self._database.close()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """End everything; safe in a signal handler."""
        self._stop.set()
        self._watcher.wake()
        self._pipeline.wake()
        self._upkeep.wake()

    def _guard(self, name: str, part: Callable[[], None]) -> None:
        """A thread that fails takes the service down: half a service helps nobody."""
        try:
            with self._watchdog.watched(name):
                part()
        except BaseException as error:
            self._failure = error
            self.stop()


def check_folders(settings: Settings) -> None:
    """Raise FolderError unless the image folder can be read and the data folder written."""
    images, data = settings.image_folder, settings.data_folder
    if not images.is_dir():
        raise FolderError(
            ErrorCode.IMAGE_FOLDER_MISSING,
            f"The image folder {images} does not exist. Create it, or name another one with "
            "OCR_IMAGE_FOLDER.",
        )
    if not os.access(images, os.R_OK | os.X_OK):
        raise FolderError(
            ErrorCode.IMAGE_FOLDER_UNREADABLE,
            f"The image folder {images} cannot be read. Let the service's user read it.",
        )
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderError(
            ErrorCode.DATA_FOLDER_UNUSABLE,
            f"The data folder {data} cannot be made: {error.strerror}.",
        ) from error
    if not os.access(data, os.W_OK | os.X_OK):
        raise FolderError(
            ErrorCode.DATA_FOLDER_UNUSABLE,
            f"The data folder {data} cannot be written. Give it to the service's user.",
        )
    if _inside(data, images) or _inside(images, data):
        raise FolderError(
            ErrorCode.FOLDERS_OVERLAP,
            "The image folder and the data folder lie within each other. The service would read "
            "its own pictures: choose two separate folders.",
        )


def _most_memory(settings: Settings) -> int:
    """Bytes that the worker may hold before it is replaced; 0: any."""
    if settings.worker_max_rss_mb:
        return settings.worker_max_rss_mb * 1_000_000
    return int(usable_memory() * _WORKERS_SHARE)


def _inside(inner: Path, outer: Path) -> bool:
    return inner.resolve().is_relative_to(outer.resolve())


def _configure_logging(level: str, kind: str) -> None:
    logging.basicConfig(level=level.upper(), stream=sys.stderr)
    logging.getLogger().handlers[0].setFormatter(LineFormatter(kind))
    logging.captureWarnings(True)
    for chatty in ("uvicorn", "watchdog", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _run(settings: Settings, worker_command: Sequence[str]) -> None:
    service = Service(settings, worker_command=worker_command)

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        service.stop()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    log.info("reading %s into %s", settings.image_folder, settings.database)
    service.run()


def main(argv: list[str] | None = None, *, worker_command: Sequence[str] = WORKER_COMMAND) -> int:
    """Run the service; returns the exit code (see `ocr_errors`)."""
    parser = argparse.ArgumentParser(
        description="Reads images from a folder into SQLite. Settings are environment variables."
    )
    parser.add_argument("--print-config", action="store_true", help="print the settings and end")
    options = parser.parse_args(argv)
    faulthandler.enable()
    os.umask(0o027)  # the group may read the database, nobody else
    settings = None
    try:
        settings = ocr_settings.load(os.environ)
        if options.print_config:
            sys.stdout.write("\n".join(setting_fields.dump(settings)) + "\n")
            return 0
        _configure_logging(settings.log_level, settings.log_format)
        for sentence in setting_fields.retired(ocr_settings.RETIRED, os.environ):
            log.warning("%s", sentence)
        with stderr_lines.captured():
            _run(settings, worker_command)
    except OcrError as error:
        if settings is not None and settings.log_format == "json":
            log.critical("%s", error.message)
        else:
            sys.stderr.write(f"ocr_service: {escape(error.message)}\n")
        return error.exit_code
    except Exception:
        log.exception("the service cannot go on")
        return EXIT_OTHER
    log.info("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
