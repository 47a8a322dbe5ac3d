"""One backup by pieces from beginning to end: lock, check, store, publish, rotate.

It runs in a process of its own (`backup_process`): what it takes of the processors and of the
memory is its own, and killing it costs nothing but this one backup.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from records.chunk_store import ChunkStore
from records.chunked_copy import collect
from records.database_copy import publish, sha256_of
from safekeeping import rotation


class TooSlowError(Exception):
    """Giving way to all others it would not end in time: `between` says so.

    What was stored stays for the next try.
    """


class Made(NamedTuple):
    """A backup that was made."""

    size_bytes: int
    """Of the database that it holds."""
    sha256: str
    """Of the .backup file, which names every piece by its own."""
    images: int
    pages: int
    added_bytes: int
    """What it took on the disk."""
    kept: int
    """So many backups are there now that are named after their time."""
    all_bytes: int
    """What those take on the disk together."""


def make(
    database: Path,
    target: Path,
    *,
    keep: int,
    limit_bytes: int,
    between: Callable[[], None],
) -> Made:
    """Back up `database`, which others may write meanwhile, as `target`.

    Raises:
        ConflictError: backup_running.
        StoreError: the database is damaged, or cannot be copied; DiskFullError.
        OSError: the folder cannot be written.
        TooSlowError: `between` raised it.
    """
    store = ChunkStore(target.parent)
    with store.locked():
        try:
            manifest = collect(database, store, between)
            partial = target.with_name(f".{target.name}.partial")
            partial.write_bytes(manifest.to_json())
            sha256 = sha256_of(partial)
            publish(partial, target, sha256)
        except TooSlowError:
            raise
        except BaseException:
            rotation.sweep(store, target.parent)  # what it stored is nobody's
            raise
        rotation.rotate(store, target, keep=keep, limit_bytes=limit_bytes)
        kept, all_bytes, _ = rotation.need(target.parent)
    return Made(
        manifest.size_bytes,
        sha256,
        manifest.images,
        manifest.pages,
        manifest.added_bytes,
        kept,
        all_bytes,
    )
