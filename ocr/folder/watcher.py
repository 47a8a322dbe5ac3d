"""Watching the image folder: what is there, what is new, what is finished.

Looking (`folder_look`) is the truth; file events (`file_events`) only bring the next look forward,
because they are lost under load and on network mounts. A file is finished (`settling`) when its
stat stays the same over two looks at least `settle_s` apart.
"""

import collections
import itertools
import logging
import math
import threading
import time
from collections.abc import Callable, Set
from pathlib import Path

import heartbeat
from folder.disappearance import Disappearance
from folder.file_events import Events, watching
from folder.folder_look import FolderLook
from folder.folder_walk import FolderWalk
from folder.intake import Finished, Intake
from folder.settling import Settling
from folder.unchanged_parts import UnchangedParts
from folder_rights import ImageRights
from ocr_contract.error_codes import ErrorCode
from ocr_contract.replies import ServiceWarning
from ocr_errors import DiskFullError
from own_data import NOTHING, OwnData
from records.catalogue import Catalogue
from source_files import FileStat, display_name, lstat_below

_BURST_S = 0.2
"""The first event brings a look at once; for those that follow there is one look so often."""
_REST = 2.0
"""For this many times as long as it took, no other look is made for events: a third of one core."""

log = logging.getLogger("watcher")


class LookRequest:
    """Someone wants a look now, and to know what came of it."""

    def __init__(self, on_settled: Callable[[], None]) -> None:
        self.on_settled = on_settled
        self.looked = threading.Event()
        self.found = 0
        """Files that are new or changed, not yet finished; valid once `looked` is set."""


class Watcher:
    """The thread that keeps the catalogue true to the folder."""

    def __init__(
        self,
        root: Path,
        catalogue: Catalogue,
        intake: Intake,
        *,
        stop: threading.Event,
        interval_s: float,
        settle_s: float,
        on_change: Callable[[], None],
        missing_grace_s: float = 300.0,
        own: OwnData = NOTHING,
        rights: ImageRights | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`on_change` is called when rows changed; `own` is never looked at.

        `rights` says what to do about a folder that cannot be read.
        """
        self._root = root
        self._catalogue = catalogue
        self._rows = catalogue.rows
        self._intake = intake
        self._stop = stop
        self._interval_s = interval_s
        self._settle_s = settle_s
        self._on_change = on_change
        self._own = own
        self._rights = rights
        self._data_folders: Set[bytes] = frozenset()
        self._clock = clock
        self._burst_s = min(settle_s, _BURST_S)
        self._burst_until = -math.inf
        self._wake = threading.Event()
        self._requests: collections.deque[LookRequest] = collections.deque()
        self._settling = Settling(settle_s, clock)
        self._unchanged = UnchangedParts(catalogue.rows.commits)
        self._disappearance = Disappearance(missing_grace_s, clock)
        self._events = Events(root)
        self.found_by = {"event": 0, "rescan": 0}
        """New and changed files since the start, by what first told of them."""
        self._limits_changed = True
        """The first look: the service may have been started with other settings."""
        self.warning: ServiceWarning | None = None
        self._is_full = False

    @property
    def settling(self) -> int:
        """How many files are new or changed but not yet finished."""
        return len(self._settling) + self._settling.waiting

    def request_look(self, on_settled: Callable[[], None]) -> LookRequest:
        """Look now; `on_settled` is called when all that this look saw is finished and taken in."""
        request = LookRequest(on_settled)
        self._requests.append(request)
        self._wake.set()
        return request

    def wake(self) -> None:
        """Something happened in the folder, or the service stops."""
        self._wake.set()

    def run(self) -> None:
        """Until the service stops."""
        looked: list[LookRequest] = []
        with watching(self._root, self._wake, self._events.note):
            next_look = not_before = self._clock()
            while not self._stop.is_set():
                if self._clock() >= next_look or self._requests:
                    requests = [self._requests.popleft() for _ in range(len(self._requests))]
                    took = self._unless_full(self.look)
                    not_before = self._clock() + _REST * took
                    self._burst_until = self._clock() + self._burst_s
                    next_look = max(self._clock() + self._interval_s, not_before)
                    for request in requests:
                        request.found = self.settling
                        request.looked.set()
                    looked += requests
                else:
                    self._unless_full(self._recheck)
                if self._settling.has_room_again:
                    next_look = self._clock()
                if not self.settling:
                    for request in looked:
                        request.on_settled()
                    looked.clear()
                if self._wait(next_look):
                    next_look = max(self._clock(), not_before)

    def _wait(self, next_look: float) -> bool:
        """Until the next look, the next recheck, or a wake-up; True for a wake-up."""
        wait_s = next_look - self._clock()
        if self._settling:
            due_s = self._settling.due_in_s()
            # What is overdue could not be stored, or is being written to: no hurry.
            wait_s = min(wait_s, max(due_s, self._burst_s) if due_s > 0 else self._settle_s)
        if not heartbeat.wait(self._wake, max(wait_s, 0.01)):
            return False
        if not self._requests:  # let a burst of events pass: one look for all of them
            self._stop.wait(max(self._burst_until - self._clock(), 0.0))
        self._wake.clear()
        return True

    def _unless_full(self, step: Callable[[], float]) -> float:
        """A full disk changes nothing: what could not be stored is seen again at the next look."""
        started = self._clock()
        try:
            took = step()
        except DiskFullError as error:
            # Once, or there would be a line every second for as long as it is full.
            log.log(logging.DEBUG if self._is_full else logging.WARNING, "%s", error.message)
            self._is_full = True
            return self._clock() - started
        self._is_full = False
        return took

    def look(self) -> float:
        """Look at the whole folder once; returns how long the looking took, in seconds."""
        started = self._clock()
        told = self._events.take()
        look = FolderLook(
            FolderWalk(self._root, own=self._own, rights=self._rights),
            self._rows,
            self._catalogue,
            self._settling,
            self._unchanged,
            take=self._take,
            found=lambda path: self._count_found(path in told),
            on_change=self._on_change,
            stop=self._stop,
            limits_changed=self._limits_changed,
        )
        is_complete = look.run()
        self._leave_out(look.walk.data_folders)
        took = self._clock() - started - look.changing_s
        if is_complete:
            self._take(look.finished)
            self._limits_changed = False
            self._compare(look)
        return took

    def _count_found(self, was_told: bool) -> None:
        self.found_by["event" if was_told else "rescan"] += 1

    def _leave_out(self, data_folders: Set[bytes]) -> None:
        self._events.leave_out(data_folders)
        for path in sorted(data_folders - self._data_folders):
            log.info("%s is a data folder: nothing in it is read", display_name(path))
        self._data_folders = data_folders

    def _recheck(self) -> float:
        """A second look at the unfinished files alone; takes no time to speak of."""
        finished = []
        for path in self._settling:
            heartbeat.beat()
            try:
                stat = FileStat.of(lstat_below(self._root, path))
            except OSError:
                self._settling.forget(path)
                continue
            if self._settling.finished(path, stat):
                finished.append((path, stat))
        self._take(finished)
        return 0.0

    def _take(self, finished: list[Finished]) -> None:
        # New names first: when `scan.png` became `scan1.png` and there is a new `scan.png`, the
        # text moves on before it would go.
        finished.sort(key=lambda file: self._catalogue.has_row(file[0]))
        at = 0
        while at < len(finished) and not self._stop.is_set():
            heartbeat.beat()
            count, taken = self._intake.take(itertools.islice(finished, at, None))
            for path, _ in finished[at : at + count]:
                self._settling.forget(path)
            if taken:
                self._on_change()
            at += count

    def _compare(self, look: FolderLook) -> None:
        """Mark as missing what two complete looks in a row did not see."""
        if look.walk.problem is not None:
            self._warn(
                ErrorCode.FOLDER_UNREADABLE,
                f"{look.walk.problem} Nothing is marked as missing until it can be read.",
            )
            return
        if look.walk.count == 0 and self._rows.any_listed():
            self._warn(
                ErrorCode.FOLDER_EMPTY,
                f"The image folder {self._root} is empty. If it should not be, check the mount; "
                "all texts are kept.",
            )
            return
        gone = self._disappearance.gone(look.absent, look.known)
        held_back = self._disappearance.held_back
        if held_back:
            self._warn(
                ErrorCode.MANY_FILES_GONE,
                f"{held_back} files of the image folder {self._root} have vanished at once. If "
                "that is a mistake, bring them back; else wait: soon they are marked as missing. "
                "All texts are kept.",
            )
        else:
            self._warn(None)
        if self._catalogue.mark_missing(gone, pause=self._stop.wait):
            self._on_change()

    def _warn(self, code: str | None, message: str = "") -> None:
        warning = None if code is None else ServiceWarning(code, message)
        if warning != self.warning:
            if warning:
                log.warning(warning.message)
            self.warning = warning
