"""How the service ended the last time, written into the database's lock file.

    {"end": "clean",   "files": [[bytes, mtime_ns, inode], null]}    closed, nothing was wrong
    {"end": "suspect", "files": …}                                   damage was met
    nothing                                                          it runs, or was killed

`files` are the database and its log as they were then: a mark holds only for those. The lock file
is there anyway, and whoever holds the lock may write it.
"""

import contextlib
import enum
import json
import os
from pathlib import Path

_MOST_BYTES = 4096


class Ending(enum.Enum):
    """How the service ended the last time."""

    CLEAN = "clean"
    """It closed the database, which nobody has written since."""
    UNCLEAN = "unclean"
    """It was killed, the power failed, or somebody wrote or exchanged the file since."""
    SUSPECT = "suspect"
    """It ended because it met damage in this very file."""


def read(descriptor: int, database: Path) -> Ending:
    """The mark, if it belongs to the files that lie there now."""
    try:
        mark = json.loads(os.pread(descriptor, _MOST_BYTES, 0))
        end, then = Ending(mark["end"]), mark["files"]
        now = _files(database)
        if end is Ending.SUSPECT and then[0][2] != now[0][2]:  # type: ignore[index]
            return Ending.UNCLEAN  # another file took its place, or it would not be mended
        if end is Ending.CLEAN and then != now:
            return Ending.UNCLEAN
    except (OSError, ValueError, LookupError, TypeError):
        return Ending.UNCLEAN
    return end


def clear(descriptor: int) -> None:
    """From now on the service runs: whatever ends it without a word was no clean stop."""
    os.ftruncate(descriptor, 0)
    os.fsync(descriptor)


def write(descriptor: int, database: Path, end: Ending) -> None:
    """The database is closed. On a full disk there is no mark: the next start looks at more."""
    mark = json.dumps({"end": end.value, "files": _files(database)}).encode()
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, mark, 0)
        os.fsync(descriptor)


def _files(database: Path) -> list[list[int] | None]:
    return [_seen(database), _seen(database.with_name(database.name + "-wal"))]


def _seen(path: Path) -> list[int] | None:
    try:
        result = path.stat()
    except OSError:
        return None
    return [result.st_size, result.st_mtime_ns, result.st_ino]
