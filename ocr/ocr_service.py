"""ocr_service: checks what can be checked, starts the parts (`service_parts`), waits for the end.

The service ends when it is told to (SIGTERM, SIGINT), when one of its threads cannot go on, or
when one stands still (`heartbeat`); starting it again is its supervisor's job.
"""

import argparse
import faulthandler
import logging
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from types import FrameType
from typing import TYPE_CHECKING

import heartbeat
import models
import ocr_settings
import remembered_settings
from folder_checks import check_folders
from ocr_contract import setting_fields
from ocr_contract.logs import LineFormatter, SubjectFilter, before_the_log
from ocr_errors import EXIT_INTERRUPTED, EXIT_OTHER, OcrError
from ocr_settings import Settings
from worker_link import reading_pools, stderr_lines
from worker_link.pool import WORKER_COMMAND
from worker_link.reading_pools import Pools

if TYPE_CHECKING:
    from service_parts import Parts

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
        self._stop = threading.Event()
        self._told_to_stop: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._failure: BaseException | None = None
        pools = reading_pools.launched(settings, worker_command, self._stop)
        try:
            self._parts = _parts(settings, pools, self._stop)
        except BaseException:
            pools.stop()
            raise
        remembered_settings.remember(settings)
        self._watchdog = heartbeat.Guard(settings.watchdog_s)

    def run(self) -> None:
        """Work until `stop`; raises what ended one of the threads."""
        threads = [
            threading.Thread(target=self._guard, args=(name, part), name=name, daemon=True)
            for name, part in (
                ("watcher", self._parts.watcher.run),
                *self._parts.pipelines.threads,
                ("upkeep", self._parts.upkeep.run),
                ("search", self._parts.search.run),
                ("check", self._parts.check.run),
                ("trials", self._parts.trials.run),
            )
        ]
        self._parts.control.start()
        for thread in threads:
            thread.start()
        self._watchdog.start()
        with self._watchdog.watched("main"):
            while not self._is_told_to_stop(within_s=1.0):
                heartbeat.beat()
                if not self._parts.control.alive:
                    self._failure = RuntimeError("the control server ended")
                    self.stop()
        self._stop_threads()
        for thread in threads:
            thread.join(2.0)
        self._parts.control.stop()
        self._parts.pools.stop()
        self._parts.trials.end()
        self._parts.database.close(clean=self._failure is None)
        if (damage := self._parts.database.damage) is not None:
            raise damage
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Have `run` end everything. Safe in a signal handler, unlike the events' own locks, which
        the interrupted main thread may hold: it would wait for itself."""
        self._told_to_stop.put(None)

    def _is_told_to_stop(self, *, within_s: float) -> bool:
        try:
            self._told_to_stop.get(timeout=within_s)
        except queue.Empty:
            return False
        return True

    def _stop_threads(self) -> None:
        self._stop.set()
        self._parts.watcher.wake()
        self._parts.pipelines.wake()
        self._parts.upkeep.wake()
        self._parts.trials.wake()

    def _guard(self, name: str, part: Callable[[], None]) -> None:
        """A thread that fails takes the service down: half a service helps nobody."""
        try:
            with self._watchdog.watched(name):
                part()
        except BaseException as error:
            self._failure = error
            self.stop()


def _parts(settings: Settings, pools: Pools, stop: threading.Event) -> "Parts":
    """What is left to check, and all parts, while the first worker gets ready."""
    models.resolve(
        settings.models_folder,
        settings.model,
        detection=settings.detection_model or None,
        recognition=settings.recognition_model or None,
    )
    import service_parts  # half a second of imports, which no worker waits for any more

    return service_parts.build(settings, pools, stop)


def _configure_logging(level: str, kind: str) -> None:
    logging.basicConfig(level=level.upper(), stream=sys.stderr)
    (handler,) = logging.getLogger().handlers
    handler.setFormatter(LineFormatter(kind))
    handler.addFilter(SubjectFilter())
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
    try:
        settings = ocr_settings.load(os.environ)
        if options.print_config:
            sys.stdout.write("\n".join(setting_fields.dump(settings)) + "\n")
            return 0
        _configure_logging(settings.log_level, settings.log_format)
        for sentence in setting_fields.warnings(ocr_settings.RETIRED, os.environ):
            log.warning("%s", sentence)
        with stderr_lines.captured():
            _run(settings, worker_command)
    except OcrError as error:
        sys.stderr.write(before_the_log("ocr_service", error.message, os.environ))
        return error.exit_code
    except KeyboardInterrupt:  # before the handlers are there; nothing runs that must be ended
        return EXIT_INTERRUPTED
    except Exception:
        log.exception("the service cannot go on")
        return EXIT_OTHER
    log.info("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
