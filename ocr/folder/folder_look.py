"""One look at the image folder: files and rows side by side, and what differs.

What is found out by the stat alone is done at once, some files in a transaction: what lies under
another name now, and what was missing and is back as it was. So a million files under a renamed
folder need neither memory nor another reading. The others are handed to `settling`.
"""

import contextlib
import threading
import time
from collections.abc import Callable

from folder.folder_walk import FolderWalk, Seen
from folder.intake import Finished
from folder.settling import Settling
from folder.side_by_side import Part, differences, side_by_side
from folder.unchanged_parts import UnchangedParts
from ocr_errors import ImageError
from records.catalogue import REST, ROWS_TOGETHER, Catalogue
from records.folder_rows import AS_IT_WAS, MISSING, FolderRows, RowSeen
from records.id_set import IdSet
from source_files import FileStat

_MOST_TRIED = 20_000
"""So many files that failed are tried again at the end of the look, the further ones within it."""

_Odd = tuple[bytes, FileStat, ImageError | None]
"""Nothing in its row tells what it is; with the reason when it is not to be opened."""


class FolderLook:
    """What one look sees."""

    def __init__(
        self,
        walk: FolderWalk,
        rows: FolderRows,
        catalogue: Catalogue,
        settling: Settling,
        unchanged: UnchangedParts,
        *,
        take: Callable[[list[Finished]], None],
        found: Callable[[bytes], None],
        on_change: Callable[[], None],
        stop: threading.Event,
        limits_changed: bool,
    ) -> None:
        """`take` takes finished files in; `found` is called for each that is new or changed."""
        self.walk = walk
        self._rows = rows
        self._catalogue = catalogue
        self._settling = settling
        self._unchanged = unchanged
        self._take = take
        self._found = found
        self._on_change = on_change
        self._stop = stop
        self._limits_changed = limits_changed
        self._odd: list[_Odd] = []
        self._to_try: list[Finished] = []
        self._unseen: set[bytes] = set()
        self._settled: list[Finished] = []
        self.known = 0
        """Rows that are not missing."""
        self.absent = IdSet()
        """Those of them whose file was not seen; what was found under another name is not there."""
        self.changing_s = 0.0
        """For so long it did not look, but changed rows and let others write."""

    @property
    def finished(self) -> list[Finished]:
        """Files that can be taken in now."""
        return self._settled + self._to_try

    def run(self) -> bool:
        """Look at everything; False when the service stops meanwhile."""
        self._catalogue.absent = self.absent
        self._settling.waiting = 0
        self._unseen = set(self._settling)
        self._unchanged.begin()
        with contextlib.closing(self.walk.blocks()) as blocks:
            for part in side_by_side(blocks, self._rows_between, passes_over=self._passes_over):
                if self._stop.is_set():
                    return False
                if self.walk.problem is not None:  # what was not seen may be there all the same
                    self._catalogue.absent = IdSet()
                if not part.files and (self.walk.problem is not None or self.walk.count == 0):
                    break  # nothing can be said about the rest of the rows
                self._compare(part)
                if not self._look_up_odd(ROWS_TOGETHER):
                    return False
        if not self._look_up_odd(1):
            return False
        for path in self._unseen:
            self._settling.forget(path)
        return True

    def _rows_between(self, after: bytes, up_to: bytes | None) -> list[RowSeen]:
        return self._rows.seen(after, up_to, limits_changed=self._limits_changed)

    def _passes_over(self, after: bytes, files: list[Seen]) -> bool:
        rows = None if self._limits_changed else self._unchanged.rows(after, files)
        self.known += rows or 0
        return rows is not None

    def _compare(self, part: Part[RowSeen]) -> None:
        known = len(part.rows)
        gone = []
        is_unchanged = True
        for file, row in differences(part.files, part.rows):
            if row is not None and row[5] == MISSING:
                known -= 1
            elif file is None and row is not None:
                gone.append(row[0])
            if file is None:
                continue
            is_unchanged = False
            path, stat = file[0], FileStat(*file[1:5])
            is_same = row is not None and row[1:5] == file[1:5]
            error = self.walk.refused.get(path)
            if error is not None and row is not None and is_same and row[5] != MISSING:
                continue
            if error is not None or row is None or (is_same and row[5] == MISSING):
                self._odd.append((path, stat, error))
            elif is_same and row[5] != AS_IT_WAS:
                self._try_again(path, stat)
            else:
                self._settle(path, stat)
        for image_id in self._rows.ids(gone) if gone else ():
            self.absent.add(image_id)
        self.known += known
        if is_unchanged and not gone:
            self._unchanged.add(part.after, part.files, known)

    def _look_up_odd(self, least: int) -> bool:
        """While there are so many of them; False when the service stops meanwhile."""
        while len(self._odd) >= least:
            if self._stop.is_set():
                return False
            self._look_up_some()
        return True

    def _look_up_some(self) -> None:
        """What of the odd ones is known by its stat; the others are not opened, or settle."""
        started = time.monotonic()
        odd, self._odd = self._odd[:ROWS_TOGETHER], self._odd[ROWS_TOGETHER:]
        new = [(path, stat) for path, stat, _ in odd if path not in self._settling]
        known = self._catalogue.recognise(new)
        refused = [each for each in odd if each[0] not in known and each[2] is not None]
        if refused:
            self._catalogue.refuse_all(refused)
        for path, stat, error in odd:
            if path in known:
                self._found(path)
            elif error is None:
                self._settle(path, stat)
        if known or refused:
            self._on_change()
            self._stop.wait(REST * (time.monotonic() - started))
            self.changing_s += time.monotonic() - started

    def _settle(self, path: bytes, stat: FileStat) -> None:
        self._unseen.discard(path)
        is_new = path not in self._settling
        if self._settling.finished(path, stat):
            self._settled.append((path, stat))
        elif is_new and path in self._settling:
            self._found(path)

    def _try_again(self, path: bytes, stat: FileStat) -> None:
        self._to_try.append((path, stat))
        if len(self._to_try) >= _MOST_TRIED:
            started = time.monotonic()
            self._take(self._to_try)
            self._to_try = []
            self.changing_s += time.monotonic() - started
