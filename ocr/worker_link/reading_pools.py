"""The pools that read for the service: how many workers, and what memory each may hold."""

import logging
import threading
from collections.abc import Sequence

from machine_limits import usable_memory
from ocr_settings import Settings
from page_records import Provenance
from worker_count import MEMORY_EACH, MEMORY_SHARE, worker_count, workers_that_pay
from worker_link.pool import Pool, Wear

log = logging.getLogger("pool")


class Pools:
    """One pool for each worker process. Safe to ask from any thread."""

    def __init__(self, pools: Sequence[Pool]) -> None:
        self.all = tuple(pools)

    @property
    def provenance(self) -> Provenance | None:
        """Of a worker that is ready; None while there is none."""
        return next((found for pool in self.all if (found := pool.provenance) is not None), None)

    @property
    def pids(self) -> list[int]:
        """The workers' process ids."""
        return [pid for pool in self.all if (pid := pool.pid) is not None]

    @property
    def restarts(self) -> int:
        """How many workers were started in the place of another."""
        return sum(max(pool.starts - 1, 0) for pool in self.all)

    def stop(self) -> None:
        """As `Pool.stop`, for all."""
        for pool in self.all:
            pool.stop()


def launched(settings: Settings, command: Sequence[str], stop: threading.Event) -> Pools:
    """The pools, of which the first one's worker gets ready already, beside what the service does
    until its threads begin."""
    workers = worker_count(settings)
    _tell_of(workers, settings)
    most_memory = _most_memory(settings, workers)
    wear = Wear(settings.worker_max_images, most_memory, beside=True, workers=workers)
    pools = [
        Pool(timeout_s=settings.timeout_s, stop=stop, command=command, wear=wear)
        for _ in range(workers)
    ]
    pools[0].launch()
    return Pools(pools)


def _tell_of(workers: int, settings: Settings) -> None:
    """What a person with many processors should know of the number of workers."""
    wanted = workers_that_pay(settings)
    if settings.workers or wanted == 1:
        return
    if workers < wanted:
        log.warning(
            "%d worker processes read, where the processors could feed %d: each needs %.1f GB, and "
            "all together get %.0f %% of the memory. Give the service more (in Docker "
            "OCR_MEMORY_LIMIT), or say how many with OCR_WORKERS.",
            workers, wanted, MEMORY_EACH / 1e9, 100 * MEMORY_SHARE,
        )  # fmt: skip
    else:
        log.info("%d worker processes read", workers)


def _most_memory(settings: Settings, workers: int) -> int:
    """Bytes that each worker may hold before it is replaced; 0: any."""
    if settings.worker_max_rss_mb:
        return settings.worker_max_rss_mb * 1_000_000
    return int(usable_memory() * MEMORY_SHARE) // workers
