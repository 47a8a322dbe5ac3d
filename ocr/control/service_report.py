"""What the service tells of itself: its status, whether it is ready, its metrics."""

import os
import shutil
import time
from collections.abc import Callable

import machine_limits
from control import ocr_metrics
from disk_guard import DiskGuard
from folder.watcher import Watcher
from ocr_contract import VERSION
from ocr_contract.replies import ServiceWarning, StatusReply, WarningObject
from ocr_settings import Settings
from pipelines import Pipelines
from records import ocr_totals
from records.database import Database
from records.store import Store
from records.thorough_check import ThoroughCheck
from safekeeping.backups import Backups
from worker_link.reading_pools import Pools


class ServiceReport:
    """Put together from the service's parts for one answer. Safe to ask from any thread."""

    def __init__(
        self,
        settings: Settings,
        *,
        database: Database,
        store: Store,
        pools: Pools,
        pipeline: Pipelines,
        watcher: Watcher,
        guard: DiskGuard,
        backups: Backups,
        check: ThoroughCheck,
        readings: Callable[[], list[str]],
    ) -> None:
        """`readings` tells what a page can be read with on trial."""
        self._readings = readings
        self._settings = settings
        self._database = database
        self._store = store
        self._pools = pools
        self._pipeline = pipeline
        self._watcher = watcher
        self._guard = guard
        self._backups = backups
        self._check = check
        self._started = time.monotonic()

    def status(self) -> StatusReply:
        """The service's state now."""
        counts = self._store.counts()
        rate = self._pipeline.pages_per_second()
        waiting = counts["pending"] + counts["processing"]
        if waiting and rate > 0:
            waiting += self._store.count_pages_left()
        used = self._pools.provenance
        warnings = [
            _to_json(warning)
            for warning in (self._guard.hold(), self._watcher.warning, self._backups.warning)
            if warning is not None
        ]
        return StatusReply(
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
            worker_restarts=self._pools.restarts,
            uptime_s=round(time.monotonic() - self._started, 1),
            warnings=warnings,
            backup=self._backups.newest,
            done_with_warning=self._store.count_warned(),
            check=self._check.state,
            readings=self._readings(),
        )

    def not_ready(self) -> str | None:
        """Why nothing is read at this moment; None when the worker is ready."""
        if self._pools.provenance is None:
            return "The models are being loaded; try again in a few seconds."
        if not any(map(machine_limits.is_running, self._pools.pids)):
            self._pipeline.wake()  # it starts another one
            return "The worker has ended; another one is being started."
        return None

    def metrics(self) -> bytes:
        """Prometheus' text format."""
        processes = {"main": os.getpid()}
        for number, pid in enumerate(self._pools.pids, 1):
            processes["worker" if number == 1 else f"worker-{number}"] = pid
        sizes = {name: machine_limits.resident_bytes(pid) for name, pid in processes.items()}
        try:
            free_bytes = shutil.disk_usage(self._settings.data_folder).free
        except OSError:
            free_bytes = None
        measured = ocr_metrics.Measured(
            totals=ocr_totals.read(self._database),
            resident_bytes={name: size for name, size in sizes.items() if size is not None},
            free_bytes=free_bytes,
            found=self._watcher.found_by,
        )
        return ocr_metrics.render(self.status(), measured)


def _printable(text: str) -> str:
    """A folder's name need not be UTF-8; what goes into JSON must be."""
    return text.encode(errors="backslashreplace").decode()


def _to_json(warning: ServiceWarning) -> WarningObject:
    return {
        "code": warning.code,
        "message": _printable(warning.message),
        "holds": warning.holds,
    }
