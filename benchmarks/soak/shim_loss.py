"""A power cut without rights: SQLite's writes are recorded, and what a cut may leave is built.

A file system keeps a write for sure only once it is synced. So the files after a cut hold every
write before their last sync, and of the later ones any sectors: each of 512 bytes is there or
not, whatever the order of writing was. A file that was never synced may be missing altogether.
"""

import functools
import random
from pathlib import Path
from typing import Any, NamedTuple

import apsw

from acknowledger import Writer
from device_loss import check
from soak_report import require

_SECTOR = 512
_VFS = "recorder"
_RUN_IMAGES = 40
_LOSSES_PER_RUN = 10


class Event(NamedTuple):
    """One thing that happened: kind is write, truncate, sync, delete or told."""

    kind: str
    file: str
    offset: int
    content: bytes


class _File(apsw.VFSFile):
    """A file of SQLite's that also tells what is done to it."""

    def __init__(self, events: list[Event], name: Any, flags: list[int]) -> None:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._note = functools.partial(_append, events, Path(str(path)).name)
        super().__init__("unix", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802  SQLite's names
        super().xWrite(data, offset)
        self._note("write", offset, bytes(data))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        super().xTruncate(newsize)
        self._note("truncate", newsize, b"")

    def xSync(self, flags: int) -> None:  # noqa: N802
        super().xSync(flags)
        self._note("sync", 0, b"")


def _append(events: list[Event], file: str, kind: str, offset: int, content: bytes) -> None:
    events.append(Event(kind, file, offset, content))


class _Recorder(apsw.VFS):
    """The default file layer, with every file told apart."""

    def __init__(self, events: list[Event]) -> None:
        self._events = events
        super().__init__(_VFS, "unix", makedefault=True)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        super().xDelete(filename, syncdir)
        # Kept to one outcome: it lasts. SQLite may lose an unsynced one only for a worse start.
        _append(self._events, Path(filename).name, "delete", 0, b"")

    def xOpen(self, name: Any, flags: list[int]) -> _File:  # noqa: N802
        return _File(self._events, name, flags)


def lose_power(folder: Path, losses: int, draw: random.Random) -> int:
    """So many losses over several recorded runs; returns how many images were acknowledged."""
    total = 0
    for run, begin in enumerate(range(0, losses, _LOSSES_PER_RUN)):
        events = record(folder / f"run-{run}")
        told_at = [at for at, event in enumerate(events) if event.kind == "told"]
        require(len(told_at) == _RUN_IMAGES, "the recorded run stood still")
        for number in range(begin, min(begin + _LOSSES_PER_RUN, losses)):
            cut = draw.randrange(told_at[0] + 1, len(events))
            place = folder / f"cut-{number}"
            place.mkdir()
            for name, content in after_the_cut(events[:cut], draw).items():
                (place / name).write_bytes(content)
            acknowledged = sum(at < cut for at in told_at)
            check(place / "ocr_data.db", acknowledged)
            total += acknowledged
    return total


def record(folder: Path) -> list[Event]:
    """What storing some images does to the files."""
    events: list[Event] = []
    folder.mkdir()

    def alone(connection: apsw.Connection) -> None:
        # The recorded layer has no shared memory; the order of writes and syncs is the same.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA wal_autocheckpoint = 60")

    recorder = _Recorder(events)
    apsw.connection_hooks.append(alone)
    try:
        writer = Writer(folder / "ocr_data.db")
        for number in range(1, _RUN_IMAGES + 1):
            writer.write(number)
            events.append(Event("told", "", number, b""))
        writer.close()
    finally:
        apsw.connection_hooks.remove(alone)
        recorder.unregister()
    return events


def after_the_cut(events: list[Event], draw: random.Random) -> dict[str, bytes]:
    """The files as a cut after these events may leave them."""
    synced: dict[str, int] = {}
    for at, event in enumerate(events):
        if event.kind == "sync":
            synced[event.file] = at
    files: dict[str, bytearray] = {}
    keep = draw.choice((0.0, 0.5, 0.9, 1.0))
    for at, event in enumerate(events):
        if event.kind == "delete":
            files.pop(event.file, None)
        if event.kind not in ("write", "truncate") or event.file.endswith("-shm"):
            continue
        durable = at < synced.get(event.file, -1)
        if not durable and event.file not in synced and draw.random() > keep:
            continue
        content = files.setdefault(event.file, bytearray())
        if event.kind == "truncate":
            if durable or draw.random() < keep:
                del content[event.offset :]
            continue
        for start in range(0, len(event.content), _SECTOR):
            if durable or draw.random() < keep:
                _put(content, event.offset + start, event.content[start : start + _SECTOR])
    return {name: bytes(content) for name, content in files.items()}


def _put(content: bytearray, offset: int, piece: bytes) -> None:
    content.extend(bytes(max(0, offset + len(piece) - len(content))))
    content[offset : offset + len(piece)] = piece
