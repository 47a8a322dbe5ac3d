"""One walk through the image folder, in the order of the bytes of all paths.

That is the order in which the database keeps them, so that both can be read side by side and
neither has to be held: of a folder with a million files there are in memory a thousand at a time,
and the names that are left in the folders on the way.

Folders are entered step by step from their parents, never by a path: it may be longer than the
kernel takes (4,096 bytes), and no link on the way is followed.
"""

import collections
import errno
import itertools
import operator
import os
import stat
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import heartbeat
from folder.left_out import OFTEN, why_left_out
from folder.sorted_names import SortedNames
from folder_rights import ImageRights
from ocr_contract.error_codes import ErrorCode
from ocr_errors import ImageError
from own_data import NOTHING, SIGNS, OwnData, is_database_file, shows_data_folder
from records.folder_rows import AS_IT_WAS
from source_files import FOLDER_FLAGS, check_regular, display_name, open_folder

TOGETHER = 1000
"""Files in a block."""
_MOST_OPEN = 64
"""Descriptors, however deep the folders lie in each other."""
_KIND, _FOLDER, _REGULAR = stat.S_IFMT(0xFFFF), stat.S_IFDIR, stat.S_IFREG
_NAME = operator.attrgetter("name")
_GONE = (FileNotFoundError, NotADirectoryError)

Seen = tuple[bytes, int, int, int, int, int]
"""path, size_bytes, mtime_ns, ctime_ns, inode, AS_IT_WAS: what begins the row of this very file
(`records.folder_rows.RowSeen`)."""


class FolderWalk:
    """Everything below `root`, links not followed; to be walked once."""

    def __init__(
        self,
        root: Path,
        *,
        on_litter: Callable[[bytes, str], None] = lambda *_: None,
        own: OwnData = NOTHING,
        rights: ImageRights | None = None,
    ) -> None:
        """The usual litter, databases and all of `own` are left out.

        `on_litter(path, code)` is called for these: hidden, system_file, unfinished_copy,
        data_folder or database_file. `rights` says what to do about a folder that cannot be read.
        """
        self._root = os.fsencode(root)
        self._on_litter = on_litter
        self._own = own
        self._rights = rights
        self._way: list[_Folder] = []
        """From the root to the folder that is looked through."""
        self.count = 0
        """Files until now."""
        self.refused: dict[bytes, ImageError] = {}
        """Links, pipes, devices of the last block: things that are there but are never opened."""
        self.problem: str | None = None
        """One sentence when the walk is not complete; then nothing can be said about what is gone
        of that which comes after."""
        self.data_folders: set[bytes] = set()
        """Data folders of installations, this one's too: nothing in them is looked at."""

    def blocks(self) -> Generator[list[Seen], None, None]:
        """What is there, some at a time, in the order of the paths."""
        self._own.refresh()
        block: list[Seen] = []
        self._enter_root()
        try:
            while self._way:
                heartbeat.beat()
                if self._look_through(self._way[-1], block):
                    self._leave()
                if len(block) >= TOGETHER:
                    yield self._counted(block)
                    block = []
            if block:
                yield self._counted(block)
        finally:
            while self._way:
                self._leave()

    def _counted(self, block: list[Seen]) -> list[Seen]:
        self.count += len(block)
        if self.refused:  # the others were those of blocks before
            names = {seen[0] for seen in block}
            self.refused = {path: e for path, e in self.refused.items() if path in names}
        return block

    def _look_through(self, folder: "_Folder", block: list[Seen]) -> bool:
        """Until the block is full, or there is a folder to enter; True at the folder's end."""
        if folder.descriptor < 0 and not self._come_back():
            return True
        # Names for this function alone: it goes round once for each of a million files.
        descriptor, prefix, own_inodes = folder.descriptor, folder.prefix, self._own.inodes
        lstat, append, often, below = os.lstat, block.append, OFTEN, folder.below
        room = TOGETHER - len(block)
        for name in folder.names_left():
            while below and below[-1] < name:  # all that lies in it comes before this name
                if self._enter(folder, below.pop()[:-1]):
                    folder.held = name
                    return False
            is_odd = name[-4:] not in often or name[0] in b".~"
            if is_odd and (litter := why_left_out(name)):
                self._on_litter(prefix + name, litter)
                continue
            try:
                found = lstat(name, dir_fd=descriptor)
            except _GONE:
                continue  # since the folder was listed
            except OSError as error:
                self._unreadable(prefix + name, error)
                continue
            kind = found.st_mode & _KIND
            if kind == _FOLDER:
                below.append(name + b"/")
                continue
            inode = found.st_ino
            if inode in own_inodes and self._own.has(found):
                self._on_litter(prefix + name, ErrorCode.DATA_FOLDER)
                continue
            if is_odd and is_database_file(name):
                self._on_litter(prefix + name, ErrorCode.DATABASE_FILE)
                continue
            path = prefix + name
            if kind != _REGULAR:
                self._refuse(path, found.st_mode)
            append((path, found.st_size, found.st_mtime_ns, found.st_ctime_ns, inode, AS_IT_WAS))
            room -= 1
            if room == 0:
                return False
        while below:
            if self._enter(folder, below.pop()[:-1]):
                return False
        return True

    def _refuse(self, path: bytes, mode: int) -> None:
        try:
            check_regular(mode)
        except ImageError as error:
            self.refused[path] = error

    def _enter_root(self) -> None:
        try:
            descriptor = open_folder(self._root, ())
        except OSError as error:
            self._unreadable(b"", error)
            return
        self._list(descriptor, b"", b"")

    def _enter(self, parent: "_Folder", name: bytes) -> bool:
        """Whether there is something to look through now."""
        path = parent.prefix + name
        try:
            descriptor = os.open(name, FOLDER_FLAGS, dir_fd=parent.descriptor)
        except OSError as error:
            self._unreadable(path, error)
            return False
        return self._list(descriptor, path, name)

    def _list(self, descriptor: int, path: bytes, name: bytes) -> bool:
        """Take the names in; the descriptor is closed, here or later."""
        try:
            if path and self._own.has(os.fstat(descriptor)):
                names = None
            else:
                with os.scandir(descriptor) as listing:
                    names = SortedNames(map(_NAME, listing), look_for=SIGNS)
        except OSError as error:
            os.close(descriptor)
            self._unreadable(path, error)
            return False
        except BaseException:
            os.close(descriptor)
            raise
        if names is None or shows_data_folder(names.found):
            os.close(descriptor)
            if path:
                self.data_folders.add(path)
                self._on_litter(path, ErrorCode.DATA_FOLDER)
            else:  # the start refuses it; it was put there since
                where = display_name(self._root)
                self.problem = f"{where} is the data folder of an installation."
            return False
        self._way.append(_Folder(path + b"/" if path else b"", name, descriptor, iter(names)))
        if len(self._way) > _MOST_OPEN:
            self._way[-1 - _MOST_OPEN].close()
        return True

    def _leave(self) -> None:
        self._way.pop().close()

    def _come_back(self) -> bool:
        """Open the folder at the end of the way once more, and the last of those that lead there.

        False when that does not work: it is gone, or told to be unreadable.
        """
        opened: collections.deque[int] = collections.deque()
        try:
            opened.append(open_folder(self._root, ()))
            for folder in self._way[1:]:
                heartbeat.beat()
                opened.append(os.open(folder.name, FOLDER_FLAGS, dir_fd=opened[-1]))
                if len(opened) > _MOST_OPEN:
                    os.close(opened.popleft())
        except OSError as error:
            for descriptor in opened:
                os.close(descriptor)
            self._unreadable(self._way[-1].prefix.rstrip(b"/"), error)
            return False
        for folder, descriptor in zip(reversed(self._way), reversed(opened), strict=False):
            folder.descriptor = descriptor
        return True

    def _unreadable(self, path: bytes, error: OSError) -> None:
        if path and (isinstance(error, _GONE) or error.errno == errno.ELOOP):
            return  # since the folder was listed
        where = display_name(os.path.join(self._root, path).rstrip(b"/"))
        remedy = self._rights.remedy(error) if self._rights else ""
        self.problem = f"{where} cannot be read ({os.strerror(error.errno or 0)}).{remedy}"


class _Folder:
    """One that was entered and is not yet at its end."""

    def __init__(self, prefix: bytes, name: bytes, descriptor: int, names: Iterator[bytes]) -> None:
        self.prefix = prefix
        self.name = name
        self.descriptor = descriptor
        """-1: closed for a while, as too many lie below it."""
        self.names = names
        self.held: bytes | None = None
        """A name that was taken from `names` and is not yet looked at."""
        self.below: list[bytes] = []
        """Folders in it that were met and are not yet entered, each with a slash: what lies in
        there is sorted by that. The last one is the first by the order."""

    def names_left(self) -> Iterator[bytes]:
        """Those that are not yet looked at."""
        held, self.held = self.held, None
        return self.names if held is None else itertools.chain((held,), self.names)

    def close(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1
