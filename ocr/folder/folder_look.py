"""One look at the image folder: which files are there, and what is in the way of seeing them."""

import collections
import os
from collections.abc import Callable, Set
from pathlib import Path
from typing import NamedTuple

import heartbeat
from ocr_contract.error_codes import ErrorCode
from ocr_errors import ImageError
from source_files import FileStat, check_regular, display_name

_IGNORED_NAMES = frozenset({b"Thumbs.db", b"desktop.ini", b"@eaDir", b"lost+found"})
_IGNORED_SUFFIXES = (b".part", b".partial", b".crdownload", b".download", b".filepart", b".tmp",
                     b".swp", b"~")  # fmt: skip
_GONE = (FileNotFoundError, NotADirectoryError)


class Look(NamedTuple):
    """What one look at the folder saw."""

    files: dict[bytes, FileStat]
    refused: dict[bytes, tuple[FileStat, ImageError]]
    """Links, pipes, devices: things that are there but are never opened."""
    problem: str | None
    """One sentence when the look is not complete; then nothing can be said about what is gone."""
    unchanged: Set[bytes] = frozenset()
    """Further files, whose stat is known: it would take most of the memory."""

    def __bool__(self) -> bool:
        """Whether there is anything at all."""
        return bool(self.files or self.refused or self.unchanged)

    def has(self, path: bytes) -> bool:
        """Whether something is there."""
        return path in self.unchanged or path in self.files or path in self.refused


def look_at(
    root: Path,
    on_litter: Callable[[bytes, str], None] = lambda *_: None,
    is_unchanged: Callable[[bytes, FileStat], bool] = lambda *_: False,
) -> Look:
    """Everything below `root`, links not followed, the usual litter left out.

    `on_litter(path, code)` is called for that: hidden, system_file or unfinished_copy.
    `is_unchanged(path, stat)` tells which files are to be seen as `Look.unchanged`.
    """
    files: dict[bytes, FileStat] = {}
    unchanged: set[bytes] = set()
    refused: dict[bytes, tuple[FileStat, ImageError]] = {}
    problem: str | None = None
    folders = [b""]
    base = os.fsencode(root)
    while folders:
        heartbeat.beat()
        folder = folders.pop()
        try:
            with os.scandir(os.path.join(base, folder)) as listing:
                entries = collections.deque(listing)
        except OSError as error:
            if not folder or not isinstance(error, _GONE):
                problem = _unreadable(base, folder, error)
            continue
        while entries:
            entry = entries.popleft()  # each keeps its stat for as long as it is there
            path = os.path.join(folder, entry.name)
            if litter := _litter_code(entry.name):
                on_litter(path, litter)
                continue
            try:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(path)
                    continue
                result = entry.stat(follow_symlinks=False)
            except _GONE:
                continue  # since the folder was listed
            except OSError as error:
                problem = _unreadable(base, path, error)
                continue
            stat = FileStat.of(result)
            try:
                check_regular(result.st_mode)
            except ImageError as error:
                refused[path] = (stat, error)
            else:
                if is_unchanged(path, stat):
                    unchanged.add(path)
                else:
                    files[path] = stat
    return Look(files, refused, problem, unchanged)


def _unreadable(base: bytes, path: bytes, error: OSError) -> str:
    where = display_name(os.path.join(base, path).rstrip(b"/"))
    return f"{where} cannot be read ({os.strerror(error.errno or 0)})."


def _litter_code(name: bytes) -> str | None:
    """Why a name is not even looked at; None when it is."""
    if name.startswith(b"."):
        return ErrorCode.HIDDEN
    if name in _IGNORED_NAMES or name.startswith(b"~$"):
        return ErrorCode.SYSTEM_FILE
    return ErrorCode.UNFINISHED_COPY if name.lower().endswith(_IGNORED_SUFFIXES) else None
