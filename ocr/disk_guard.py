"""Whether there is room to go on reading: on the data folder's disk, and in the write-ahead log.

    hold = guard.hold()        None, or why no new batch may begin

It is asked before every batch, so reading goes on by itself as soon as there is room again.
Nothing is marked as failed meanwhile: what waits, waits.
"""

import os
from collections.abc import Callable
from pathlib import Path

from ocr_contract.error_codes import ErrorCode
from ocr_contract.replies import ServiceWarning

MAX_WAL_BYTES = 256 << 20
"""Well over SQLite's own bound (64 MB, `journal_size_limit`): a reader stands in its way."""


def free_bytes(folder: Path) -> int:
    """What an ordinary user may still write on the folder's file system."""
    result = os.statvfs(folder)
    return result.f_bavail * result.f_frsize


class DiskGuard:
    """Says when to hold. Safe to ask from any thread."""

    def __init__(
        self,
        folder: Path,
        *,
        min_free_mb: float,
        wal_bytes: Callable[[], int] = lambda: 0,
        is_full: Callable[[], bool] = lambda: False,
        max_wal_bytes: int = MAX_WAL_BYTES,
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        """`wal_bytes` and `is_full` tell the write-ahead log's size and whether a write failed."""
        self._folder = folder
        self.min_free_mb = min_free_mb
        self._min_free_bytes = int(min_free_mb * 1e6)
        self._wal_bytes = wal_bytes
        self._is_full = is_full
        self._max_wal_bytes = max_wal_bytes
        self._free = free

    def hold(self) -> ServiceWarning | None:
        """Why nothing may be read now; None when there is room."""
        warning = self.short_of(0)
        if warning is not None:
            return warning
        wal_bytes = self._wal_bytes()
        if wal_bytes > self._max_wal_bytes:
            return ServiceWarning(
                ErrorCode.WAL_LARGE,
                f"The database's write-ahead log has grown to {wal_bytes / 1e6:.0f} MB, because "
                "another program keeps the database open in the middle of reading. End that "
                "program; reading goes on by itself.",
                holds=True,
            )
        return None

    def short_of(self, size_bytes: int) -> ServiceWarning | None:
        """Why `size_bytes` more should not be written now; None when there is room for them."""
        try:
            free = self._free(self._folder)
        except OSError as error:
            return ServiceWarning(
                ErrorCode.DISK_UNKNOWN,
                f"The disk of the data folder {self._folder} does not say how much room it has "
                f"({os.strerror(error.errno or 0)}). Check the disk and its mount.",
                holds=True,
            )
        if self._is_full() or free < self._min_free_bytes + size_bytes:
            needed = (self._min_free_bytes + size_bytes) / 1e6
            return ServiceWarning(
                ErrorCode.DISK_LOW,
                f"Only {free / 1e6:.0f} MB are free on the disk of the data folder; "
                f"{needed:.0f} are needed (OCR_MIN_FREE_MB). Make room there: what waits is "
                "read as soon as there is enough.",
                holds=True,
            )
        return None
