"""One look at the image folder: which files are there, and what is in the way of seeing them."""

import collections
import os
from collections.abc import Callable, Set
from pathlib import Path
from typing import NamedTuple

import heartbeat
from folder_rights import ImageRights
from ocr_contract.error_codes import ErrorCode
from ocr_errors import ImageError
from own_data import NOTHING, OwnData, is_database_file, shows_data_folder
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
    data_folders: Set[bytes] = frozenset()
    """Data folders of installations, this one's too: nothing in them is looked at."""

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
    own: OwnData = NOTHING,
    rights: ImageRights | None = None,
) -> Look:
    """Everything below `root`, links not followed, the usual litter and all of `own` left out.

    `on_litter(path, code)` is called for that: hidden, system_file, unfinished_copy, data_folder
    or database_file.
    `is_unchanged(path, stat)` tells which files are to be seen as `Look.unchanged`; `rights` says
    what to do about a folder that cannot be read.
    """
    files: dict[bytes, FileStat] = {}
    unchanged: set[bytes] = set()
    refused: dict[bytes, tuple[FileStat, ImageError]] = {}
    data_folders: set[bytes] = set()
    problem: str | None = None
    own.refresh()
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
                problem = _unreadable(base, folder, error, rights)
            continue
        if shows_data_folder(entry.name for entry in entries):
            if not folder:  # the start refuses it; it was put there since
                return Look({}, {}, f"{display_name(base)} is the data folder of an installation.")
            data_folders.add(folder)
            on_litter(folder, ErrorCode.DATA_FOLDER)
            continue
        while entries:
            entry = entries.popleft()  # each keeps its stat for as long as it is there
            path = os.path.join(folder, entry.name)
            if litter := _litter_code(entry.name):
                on_litter(path, litter)
                continue
            try:
                is_folder = entry.is_dir(follow_symlinks=False)
                result = entry.stat(follow_symlinks=False)
            except _GONE:
                continue  # since the folder was listed
            except OSError as error:
                problem = _unreadable(base, path, error, rights)
                continue
            if own.has(result):
                on_litter(path, ErrorCode.DATA_FOLDER)
                if is_folder:
                    data_folders.add(path)
                continue
            if is_folder:
                folders.append(path)
                continue
            if is_database_file(entry.name):
                on_litter(path, ErrorCode.DATABASE_FILE)
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
    return Look(files, refused, problem, unchanged, data_folders)


def _unreadable(base: bytes, path: bytes, error: OSError, rights: ImageRights | None) -> str:
    where = display_name(os.path.join(base, path).rstrip(b"/"))
    remedy = rights.remedy(error) if rights else ""
    return f"{where} cannot be read ({os.strerror(error.errno or 0)}).{remedy}"


def _litter_code(name: bytes) -> str | None:
    """Why a name is not even looked at; None when it is."""
    if name.startswith(b"."):
        return ErrorCode.HIDDEN
    if name in _IGNORED_NAMES or name.startswith(b"~$"):
        return ErrorCode.SYSTEM_FILE
    return ErrorCode.UNFINISHED_COPY if name.lower().endswith(_IGNORED_SUFFIXES) else None
