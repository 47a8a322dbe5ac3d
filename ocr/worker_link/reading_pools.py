"""The pools that read for the service: how many workers, and what memory each may hold."""

import threading
from collections.abc import Sequence

from machine_limits import usable_memory
from ocr_settings import Settings
from page_records import Provenance
from worker_link.pool import Pool, Wear

_WORKERS_SHARE = 0.6
"""Of the memory that there is: the rest is for the service and for one large image more."""


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
    wear = Wear(
        settings.worker_max_images, _most_memory(settings), beside=True, workers=settings.workers
    )
    pools = [
        Pool(timeout_s=settings.timeout_s, stop=stop, command=command, wear=wear)
        for _ in range(settings.workers)
    ]
    pools[0].launch()
    return Pools(pools)


def _most_memory(settings: Settings) -> int:
    """Bytes that each worker may hold before it is replaced; 0: any."""
    if settings.worker_max_rss_mb:
        return settings.worker_max_rss_mb * 1_000_000
    return int(usable_memory() * _WORKERS_SHARE) // settings.workers
