"""Opening a file of the image folder that nobody has vouched for.

Both the service (which hashes) and the worker (which decodes) come through here: regular
files only, no symbolic link on any part of the way, never more bytes than allowed, and the
file must be the same after reading as before. Standard library only.
"""

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import heartbeat
from ocr_contract.error_codes import ErrorCode
from ocr_errors import ImageError

_CHUNK_BYTES = 1 << 20
IsOwn = Callable[[os.stat_result], bool]
_OPEN_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
FOLDER_FLAGS = _OPEN_FLAGS | os.O_DIRECTORY


class FileStat(NamedTuple):
    """What tells whether a file is still the same one."""

    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @classmethod
    def of(cls, result: os.stat_result) -> "FileStat":
        """The part of a stat result that counts."""
        return cls(result.st_size, result.st_mtime_ns, result.st_ctime_ns, result.st_ino)


def display_name(path: bytes) -> str:
    r"""`path` as valid, printable text: undecodable bytes become \xNN, control characters too."""
    text = path.decode("utf-8", "backslashreplace")
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def check_regular(mode: int) -> None:
    """Raise ImageError unless `mode` (st_mode) is a regular file's."""
    if stat.S_ISREG(mode):
        return
    if stat.S_ISLNK(mode):
        raise ImageError(
            ErrorCode.SYMLINK,
            "This is a symbolic link, and links are not followed. Copy the image itself here.",
            ignored=True,
        )
    raise ImageError(
        ErrorCode.NOT_A_REGULAR_FILE,
        "This is no regular file (a pipe, socket or device) and is left alone.",
        ignored=True,
    )


def open_regular(root: Path, path: bytes, is_own: IsOwn = lambda _: False) -> int:
    """A file descriptor for reading `path` below `root`; the caller closes it.

    What `is_own` is not opened: SQLite's locks would be lost as it is closed (`own_data`).

    Every part of the path is opened by itself without following links, so that a folder that
    is swapped for a link between two looks leads nowhere.

    Raises:
        ImageError: file_vanished, unreadable, symlink, not_a_regular_file, data_folder.
    """
    *folders, name = path.split(b"/")
    if name in {b"", b".", b".."} or any(part in {b"", b".", b".."} for part in folders):
        raise ImageError(ErrorCode.UNREADABLE, "The path leads out of the image folder.")
    descriptor = -1
    try:
        descriptor = open_folder(root, folders)
        found = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
        check_regular(found.st_mode)
        if is_own(found):
            raise ImageError(
                ErrorCode.DATA_FOLDER,
                "This is a file of the data folder, by another name. Remove it from here.",
                ignored=True,
            )
        opened = os.open(name, _OPEN_FLAGS, dir_fd=descriptor)
    except OSError as error:
        raise _open_error(error) from error
    finally:
        if descriptor >= 0:
            os.close(descriptor)
    try:
        check_regular(os.fstat(opened).st_mode)  # it may have been swapped since the look
    except ImageError:
        os.close(opened)
        raise
    return opened


def open_folder(root: str | bytes | Path, folders: Iterable[bytes]) -> int:
    """A descriptor of the folder to which these steps lead from `root`; the caller closes it.

    Step by step: no link is followed, and no path is too long. Raises OSError.
    """
    descriptor = os.open(root, FOLDER_FLAGS & ~os.O_NOFOLLOW)
    for part in folders:
        try:
            inner = os.open(part, FOLDER_FLAGS, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        descriptor = inner
    return descriptor


def lstat_below(root: str | bytes | Path, path: bytes) -> os.stat_result:
    """`os.lstat` of `path` below `root`, also where both together are too long for the kernel."""
    try:
        return os.lstat(os.path.join(os.fsencode(root), path))  # noqa: PTH118  bytes
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
    *folders, name = path.split(b"/")
    descriptor = open_folder(root, folders)
    try:
        return os.stat(name, dir_fd=descriptor, follow_symlinks=False)
    finally:
        os.close(descriptor)


def read_bytes(root: Path, path: bytes, max_bytes: int) -> tuple[bytes, str]:
    """The content of `path` below `root` and its SHA-256 in hex.

    Raises:
        ImageError: as `open_regular`; empty_file, too_many_bytes, changed_while_read.
    """
    chunks: list[bytes] = []
    _, sha256, _ = _read(root, path, max_bytes, chunks)
    return b"".join(chunks), sha256


def fingerprint(
    root: Path, path: bytes, max_bytes: int, *, is_own: IsOwn = lambda _: False
) -> tuple[FileStat, str, bytes]:
    """What the service needs to know of a file: its stat, SHA-256 in hex, first bytes.

    Raises:
        ImageError: as `read_bytes`.
    """
    return _read(root, path, max_bytes, None, is_own)


def _read(
    root: Path,
    path: bytes,
    max_bytes: int,
    keep: list[bytes] | None,
    is_own: IsOwn = lambda _: False,
) -> tuple[FileStat, str, bytes]:
    descriptor = open_regular(root, path, is_own)
    try:
        before = FileStat.of(os.fstat(descriptor))
        if before.size_bytes == 0:
            raise ImageError(ErrorCode.EMPTY_FILE, "The file is empty. Save or copy it again.")
        digest = hashlib.sha256()
        head = b""
        count = 0
        while chunk := os.read(descriptor, _CHUNK_BYTES):
            heartbeat.beat()
            count += len(chunk)
            if count > max_bytes:
                raise ImageError(
                    ErrorCode.TOO_MANY_BYTES,
                    f"The file is larger than {max_bytes / 1e6:g} MB. Make it smaller, "
                    "or raise OCR_MAX_FILE_MB.",
                )
            head = head or chunk[:64]
            digest.update(chunk)
            if keep is not None:
                keep.append(chunk)
        after = FileStat.of(os.fstat(descriptor))
        if after != before or count != before.size_bytes:
            raise ImageError(
                ErrorCode.CHANGED_WHILE_READ,
                "The file was written to while it was read; it is read again.",
            )
    except OSError as error:
        raise _open_error(error) from error
    finally:
        os.close(descriptor)
    return before, digest.hexdigest(), head


def _open_error(error: OSError) -> ImageError:
    if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ESTALE}:
        return ImageError(ErrorCode.FILE_VANISHED, "The file was gone when its turn came.")
    if error.errno == errno.ELOOP:
        return ImageError(ErrorCode.SYMLINK, "The path leads over a symbolic link.", ignored=True)
    reason = os.strerror(error.errno or 0)
    return ImageError(
        ErrorCode.UNREADABLE,
        f"The file cannot be read ({reason}). Let user {os.geteuid()}, as whom the service runs, "
        "read it.",
    )
