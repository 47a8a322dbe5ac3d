"""The pools that read for the service: how many workers, and what memory each may hold."""

import threading
from collections.abc import Sequence

from machine_limits import usable_memory
from ocr_settings import Settings
from worker_link.pool import Pool, Wear

_WORKERS_SHARE = 0.6
"""Of the memory that there is: the rest is for the service and for one large image more."""


def launched(settings: Settings, command: Sequence[str], stop: threading.Event) -> Pool:
    """A pool whose worker gets ready already, beside what the service does until it starts."""
    wear = Wear(settings.worker_max_images, _most_memory(settings), beside=True)
    pool = Pool(timeout_s=settings.timeout_s, stop=stop, command=command, wear=wear)
    pool.launch()
    return pool


def _most_memory(settings: Settings) -> int:
    """Bytes that a worker may hold before it is replaced; 0: any."""
    if settings.worker_max_rss_mb:
        return settings.worker_max_rss_mb * 1_000_000
    return int(usable_memory() * _WORKERS_SHARE)
