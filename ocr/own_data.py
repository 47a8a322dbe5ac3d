"""What the image folder must never show: this program's own data, by whatever name and mount.

A data folder in the image folder would be read, written to because of that, and read again. And a
file of SQLite that this process opens and closes loses the locks of its own connection
(https://sqlite.org/howtocorrupt.html, 2.2). So three signs are looked at, none by opening a file:

    device and inode   the data folder in use, what lies directly in it, hard links to that; a bind
                       mount has those of what it shows
    names in a folder  the database beside its lock: the data folder of any installation, also where
                       a mount gives other numbers (decision 17)
    the file's name    files of SQLite, whoever's they are
"""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from ocr_contract.data_folder import DATABASE_NAME, LOCK_SUFFIX

SIGNS = frozenset(os.fsencode(name) for name in (DATABASE_NAME, DATABASE_NAME + LOCK_SUFFIX))
"""What lies in a data folder, whoever's it is."""
_DATABASE_SUFFIXES = (b".db", b".db3", b".s3db", b".sl3", b".sqlite", b".sqlite2", b".sqlite3",
                      b"-wal", b"-shm", b"-journal")  # fmt: skip


def is_database_file(name: bytes) -> bool:
    """Whether SQLite gives its files such names."""
    return name.lower().endswith(_DATABASE_SUFFIXES)


def shows_data_folder(names: Iterable[bytes]) -> bool:
    """Whether a folder that holds these names is the data folder of an installation."""
    return {name for name in names if name in SIGNS} == SIGNS


def is_data_folder(folder: Path) -> bool:
    """Whether `folder` is the data folder of an installation, without listing it."""
    return all(os.path.lexists(folder / os.fsdecode(sign)) for sign in SIGNS)


class OwnData:
    """The data folder in use, and what lies directly in it. Safe to share between threads."""

    def __init__(self, folder: Path | None = None) -> None:
        """Without a folder nothing is one's own."""
        self._folder = folder
        self._ids: frozenset[tuple[int, int]] = frozenset()
        self.inodes: frozenset[int] = frozenset()
        """A first, quick question: what has none of these needs no second one."""
        self.refresh()

    def refresh(self) -> None:
        """Look again: files of the database are made anew now and then."""
        if self._folder is None:
            return
        found: set[tuple[int, int]] = set()
        try:
            found.add(_id(self._folder.stat()))
            with os.scandir(self._folder) as listing:
                for entry in listing:
                    with contextlib.suppress(FileNotFoundError):  # made for a moment only
                        found.add(_id(entry.stat(follow_symlinks=False)))
        except OSError:
            found |= self._ids  # what was known stays known
        self._ids = frozenset(found)
        self.inodes = frozenset(inode for _, inode in found)

    def has(self, result: os.stat_result) -> bool:
        """Whether this is the stat of something of one's own."""
        return _id(result) in self._ids


NOTHING = OwnData()


def _id(result: os.stat_result) -> tuple[int, int]:
    return result.st_dev, result.st_ino
