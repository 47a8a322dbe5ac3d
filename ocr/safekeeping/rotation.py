"""Which backups stay: the newest, as many as wanted, as long as they keep within their share.

Only those named after their time are counted and deleted; whatever has another name is a person's.
"""

import contextlib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ocr_errors import StoreError
from records.chunk_store import ChunkStore, sync
from records.chunked_copy import SUFFIX, Manifest, read_manifest, used
from records.database_copy import checksum_file

_TIMED_NAME = re.compile(r"ocr_data-\d{8}T\d{6}Z\.(db|backup)")
_LEFT_BEHIND = re.compile(r"\.ocr_data-\d{8}T\d{6}Z\.(db|backup)(\.sha256)?\.partial")


class Need(NamedTuple):
    """What the backups that are named after their time take on the disk."""

    backups: int
    size_bytes: int
    one_more_bytes: int | None
    """What each took beside those before it, on average; None while there is only one."""


def is_timed(path: Path) -> bool:
    """Whether it is named after its time, and may be rotated away."""
    return _TIMED_NAME.fullmatch(path.name) is not None


def timed(folder: Path) -> list[Path]:
    """The backups that are named after their time, oldest first."""
    return sorted(path for path in folder.iterdir() if is_timed(path)) if folder.is_dir() else []


def limit_bytes(folder: Path, share_percent: float) -> int:
    """That share of the disk that `folder` is on."""
    disk = os.statvfs(folder)
    return int(disk.f_blocks * disk.f_frsize * share_percent / 100)


def need(folder: Path) -> Need:
    """What they take now."""
    paths = timed(folder)
    sizes = ChunkStore(folder).sizes()
    manifests = [found for path in paths if (found := _manifest(path)) is not None]
    later = [manifest.added_bytes for manifest in manifests[1:]]
    mean = sum(later) // len(later) if later else None
    return Need(len(paths), _size_bytes(paths, sizes), mean)


def rotate(store: ChunkStore, newest: Path, *, keep: int, limit_bytes: int) -> list[Path]:
    """Delete the oldest beyond `keep` or `limit_bytes`, never `newest`, which was just checked.

    `store` is locked. Returns what was deleted.
    """
    folder = newest.parent
    kept = [newest, *(path for path in reversed(timed(folder)) if path != newest)]
    gone = kept[keep:]
    del kept[keep:]
    sizes = store.sizes()
    while len(kept) > 1 and _size_bytes(kept, sizes) > limit_bytes:
        gone.append(kept.pop())
    for path in gone:
        checksum_file(path).unlink(missing_ok=True)
        path.unlink(missing_ok=True)
    sync(folder)
    sweep(store, folder)
    return gone


def sweep(store: ChunkStore, folder: Path) -> None:
    """Delete the pieces that no backup in `folder` uses, and what was left half-written.

    While one list of pieces cannot be read nobody knows which pieces it needs: they stay.
    """
    for path in folder.iterdir():
        if _LEFT_BEHIND.fullmatch(path.name):
            path.unlink(missing_ok=True)
    with contextlib.suppress(StoreError, OSError):
        store.sweep(used(folder))


def _size_bytes(paths: Iterable[Path], sizes: dict[str, int]) -> int:
    """Of these backups together; a piece that several have counts once."""
    total = 0
    chunks: set[str] = set()
    for path in paths:
        with contextlib.suppress(OSError):
            total += path.stat().st_size
        manifest = _manifest(path)
        if manifest is not None:
            chunks.update(manifest.chunks)
    return total + sum(sizes.get(chunk, 0) for chunk in chunks)


def _manifest(path: Path) -> Manifest | None:
    if path.suffix == SUFFIX:
        with contextlib.suppress(StoreError, OSError):
            return read_manifest(path)
    return None
