"""A stopped service's database that is large enough for several pieces, and backups of it."""

import hashlib
from pathlib import Path

from database_fixtures import World

from records.chunked_copy import read_manifest
from records.database_check import examine
from safekeeping.backup_work import Made, make
from safekeeping.restore import restore

PLENTY = 10**12


def grow(data: Path, name: str, rows: int = 40) -> None:
    """One more image, and rows that compress badly: 20 kB each."""
    world = World(data)
    world.put(name.encode(), name)
    world.read_all()
    with world.database.transaction() as connection:
        for number in range(rows):
            seed = f"{name}{number}".encode()
            text = hashlib.shake_256(seed).hexdigest(10_000)
            connection.execute("INSERT INTO service_state VALUES (?, ?)", (f"{seed!r}", text))
    world.close()


def timed(day: int, suffix: str = ".backup") -> str:
    return f"ocr_data-202601{day:02d}T120000Z{suffix}"


def back_up(data: Path, day: int, *, keep: int = 7, limit_bytes: int = PLENTY) -> Made:
    return make(
        data / "ocr_data.db",
        data / "backups" / timed(day),
        keep=keep,
        limit_bytes=limit_bytes,
        between=lambda: None,
    )


def images_in(backup: Path, folder: Path) -> int:
    """How many a restore brings back; as many as the backup says."""
    target = folder / "restored" / "ocr_data.db"
    target.parent.mkdir(exist_ok=True)
    done = restore(backup, target, backup.parent)
    assert done.images == examine(target).images == read_manifest(backup).images
    return done.images


def pieces(data: Path) -> set[str]:
    """What lies in the store, half-written pieces included."""
    return {path.name for path in (data / "backups" / "chunks").rglob("*") if path.is_file()}


def piece(data: Path, name: str) -> Path:
    return data / "backups" / "chunks" / name[:2] / name
