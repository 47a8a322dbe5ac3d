"""Files of a private folder: written whole or not at all, read only when no other can have written.

Folders are open descriptors, and no link is followed: what a name means cannot change between a
look and the reading.
"""

import contextlib
import fcntl
import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path

FOLDER_MODE = 0o700
OTHERS = 0o077
"""The bits of a mode that let somebody else in."""
NEW = ".new"
"""The end of the name of a file that is being written, under a lock."""


class BadFileError(Exception):
    """A file that is not what was kept; says why, as half a sentence."""


def open_folder(path: Path) -> int:
    """A descriptor of this folder, which is made when it is not there.

    Raises:
        OSError: there is none, or it is another user's.
    """
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=FOLDER_MODE)
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    if os.fstat(folder).st_uid != os.geteuid():
        os.close(folder)
        raise PermissionError(0, "it belongs to another user")
    return folder


def close_to_others(folder: int) -> bool:
    """Let nobody else into the folder; whether somebody was let in before, who may have written."""
    was_open = bool(os.fstat(folder).st_mode & OTHERS)
    if was_open:
        os.fchmod(folder, FOLDER_MODE)
    return was_open


def names(folder: int) -> list[str]:
    """What lies in it."""
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries]


def read_own(folder: int, name: str, most_bytes: int) -> bytes:
    """A file's content.

    Raises:
        BadFileError: it is not one that only we can have written.
        OSError: it cannot be read, or is a link.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with os.fdopen(os.open(name, flags, dir_fd=folder), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise BadFileError("it is no file")
        if found.st_uid != os.geteuid() or found.st_mode & OTHERS or found.st_nlink != 1:
            raise BadFileError("others could have changed it")
        if found.st_size > most_bytes:
            raise BadFileError("it is too large")
        return file.read()


def write_whole(folder: int, name: str, parts: Iterable[bytes]) -> None:
    """All of the file or nothing of it, whatever happens meanwhile."""
    passing = f".{secrets.token_hex(8)}{NEW}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(passing, flags, 0o600, dir_fd=folder), "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # see `is_being_written`
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
            os.rename(passing, name, src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)
    except BaseException:
        remove(folder, passing)
        raise


def is_being_written(folder: int, name: str) -> bool:
    """Whether a process that is alive writes it; a killed one leaves it behind."""
    with os.fdopen(os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder), "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def remove(folder: int, name: str) -> bool:
    """Whether there was something that could be removed."""
    try:
        os.unlink(name, dir_fd=folder)
    except OSError:
        return False
    return True
