"""What the engine compiled, kept in data/engines for the next start: a few files, each checked.

    <32 hex digits>.network    for a key: its SHA-256 in line 1, its key and facts in line 2 (JSON),
                               then what the engine exported
    <32 hex digits>.tried      the same while a start tries it; it gets its name back when the
                               networks have run, so what ends a process is not tried twice
    .<16 hex digits>.new       being written

The engine takes what it imports at its word: such a file is as good as code. So the folder is this
user's alone (0700), and a file counts only when it is a regular one of this user's with no other
name, for the key that is asked for, and with the right sum. Whatever else lies in its place is
thrown away; a folder or a disk that cannot be used costs time at the start and nothing else.
"""

import collections
import contextlib
import dataclasses
import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from engines.private_files import (
    NEW,
    BadFileError,
    close_to_others,
    is_being_written,
    names,
    open_folder,
    read_own,
    remove,
    write_whole,
)

MOST_FILES = 12
"""Three for each combination of models and settings; those that were used last stay."""
MOST_BYTES = 256 << 20
MOST_FILE_BYTES = 128 << 20
_FORM = b"ocr_docker network 1"
_KEPT, _TRIED = ".network", ".tried"

log = logging.getLogger("inference")

Key = Mapping[str, str]
"""All that the content depends on."""


@dataclasses.dataclass(frozen=True, slots=True)
class Kept:
    """What was kept for a key."""

    facts: dict[str, bool]
    """What is not to be seen in the content."""
    content: bytes


class KeptFiles:
    """The folder. Safe to use from several processes."""

    def __init__(self, folder: Path, has_room: Callable[[int], bool]) -> None:
        """`has_room` says whether so many bytes more may be written to that disk."""
        self._folder = folder
        self._has_room = has_room
        self._on_trial: list[str] = []
        self._owed: collections.deque[tuple[Key, dict[str, bool], Callable[[], bytes]]] = (
            collections.deque()
        )
        self._told = False

    def take(self, key: Key) -> Kept | None:
        """What was kept for this key; None when there is nothing that can be trusted.

        It is on trial until `confirm`.
        """
        name = _name(key)
        with self._open() as folder:
            if folder is None:
                return None
            if remove(folder, name + _TRIED):
                log.warning("%s was left by a start that failed; it is made anew", name + _TRIED)
            try:
                os.rename(name + _KEPT, name + _TRIED, src_dir_fd=folder, dst_dir_fd=folder)
            except OSError:  # nothing was kept
                return None
            try:
                kept = _parse(read_own(folder, name + _TRIED, MOST_FILE_BYTES), key)
            except (BadFileError, OSError, ValueError, LookupError, TypeError) as error:
                log.warning(
                    "%s was thrown away (%s) and is made anew", self._folder / (name + _KEPT), error
                )
                remove(folder, name + _TRIED)
                return None
            self._on_trial.append(name)
            return kept

    def refuse(self, key: Key, reason: object) -> None:
        """What was taken for this key cannot be used."""
        name = _name(key)
        log.warning("%s was thrown away (%s) and is made anew", self._folder / name, reason)
        with self._open() as folder, contextlib.suppress(ValueError):
            self._on_trial.remove(name)
            if folder is not None:
                remove(folder, name + _TRIED)

    def confirm(self) -> None:
        """All that was taken has been used and does its work: it may be taken again."""
        with self._open() as folder:
            while folder is not None and self._on_trial:
                name = self._on_trial.pop()
                with contextlib.suppress(OSError):  # another process threw it away
                    os.utime(name + _TRIED, dir_fd=folder, follow_symlinks=False)
                    os.rename(name + _TRIED, name + _KEPT, src_dir_fd=folder, dst_dir_fd=folder)

    def keep_later(self, key: Key, facts: dict[str, bool], make: Callable[[], bytes]) -> None:
        """As `keep`, of what `make` gives, once `write` is called: no start waits for a disk."""
        self._owed.append((key, facts, make))

    def write(self) -> None:
        """Keep what was to be kept later."""
        while self._owed:
            key, facts, make = self._owed.popleft()
            self.keep(key, facts, make())

    def keep(self, key: Key, facts: dict[str, bool], content: bytes) -> None:
        """Keep this for the key, as far as there is room."""
        described = {"key": dict(key), "facts": facts}
        head = json.dumps(described, sort_keys=True).encode() + b"\n"
        digest = hashlib.sha256(head)
        digest.update(content)
        parts = (_FORM + b" " + digest.hexdigest().encode() + b"\n", head, content)
        size = sum(map(len, parts))
        if size > MOST_FILE_BYTES or not self._has_room(size):
            return
        with self._open() as folder:
            if folder is None:
                return
            try:
                write_whole(folder, _name(key) + _KEPT, parts)
            except OSError as error:  # a full disk, say: the next start compiles anew
                log.warning(
                    "what was compiled cannot be kept in %s (%s); every start takes longer. Make "
                    "room, or give the folder to the service's user",
                    self._folder,
                    os.strerror(error.errno or 0),
                )
            _tidy(folder)

    @contextlib.contextmanager
    def _open(self) -> Iterator[int | None]:
        """The folder's descriptor; None when it cannot be used."""
        try:
            folder = open_folder(self._folder)
        except OSError as error:
            if not self._told:
                log.warning(
                    "%s cannot be used (%s): every start takes longer. Remove it, or give it to "
                    "the service's user",
                    self._folder,
                    error.strerror,
                )
            self._told = True
            yield None
            return
        try:
            if close_to_others(folder):
                log.warning("%s was open to other users; it is emptied and closed", self._folder)
                for name in names(folder):
                    remove(folder, name)
            yield folder
        finally:
            os.close(folder)


def _name(key: Key) -> str:
    return hashlib.sha256(json.dumps(dict(key), sort_keys=True).encode()).hexdigest()[:32]


def _parse(whole: bytes, key: Key) -> Kept:
    """What a file says, when it says it for this key and its sum is right."""
    summed = whole.find(b"\n") + 1
    form, _, digest = whole[:summed].rstrip().rpartition(b" ")
    # A view: the content is megabytes.
    if form != _FORM or digest != hashlib.sha256(memoryview(whole)[summed:]).hexdigest().encode():
        raise BadFileError("its sum is wrong")
    begins = whole.find(b"\n", summed) + 1
    described = json.loads(whole[summed:begins])
    if described["key"] != dict(key):
        raise BadFileError("it was kept for something else")
    return Kept(described["facts"], whole[begins:])


def _tidy(folder: int) -> None:
    """Remove what a killed process was writing, and what is beyond the bounds, oldest first."""
    found = []
    for name in names(folder):
        with contextlib.suppress(OSError):
            if name.endswith(NEW) and not is_being_written(folder, name):
                remove(folder, name)
            elif name.endswith((_KEPT, _TRIED)):
                state = os.stat(name, dir_fd=folder, follow_symlinks=False)
                found.append((state.st_mtime_ns, state.st_size, name))
    size = 0
    for files, (_, size_bytes, name) in enumerate(sorted(found, reverse=True), 1):
        size += size_bytes
        if files > MOST_FILES or size > MOST_BYTES:
            remove(folder, name)
