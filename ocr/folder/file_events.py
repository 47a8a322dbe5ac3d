"""File events of the image folder: they wake, no more, as some are lost under load."""

import contextlib
import logging
import os
import threading
import warnings
from collections.abc import Callable, Iterator, Set
from pathlib import Path
from typing import Any, cast

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer as AnyObserver
from watchdog.observers.api import EventQueue

with contextlib.suppress(ImportError, OSError):  # it is Linux's
    from watchdog.observers.inotify import InotifyWatchGroup

    InotifyWatchGroup.__repr__ = object.__repr__  # type: ignore[method-assign]  # see _COMES_BACK

_QUIET_EVENTS = frozenset({"opened", "closed_no_write"})
"""Our own reading causes these."""
_MOST_EVENTS = 50_000
"""How many paths of events are remembered from one look to the next, 5 MB at most."""

_COMES_BACK = "Callback with id"
"""How watchdog begins to warn of each folder that was moved away and comes back, since it goes on
watching it all the while. The text lists all folders that are watched, so that the log and Python's
memory of warnings grew as the square of their number: 150 MB for 900 folders."""

log = logging.getLogger("watcher")


class Events:
    """Which paths had a file event since the last look: tells what woke whom to a new file."""

    def __init__(self, root: Path) -> None:
        self._prefix = os.path.join(os.fsencode(root), b"")
        self._paths: set[bytes] = set()
        self._data_folders: Set[bytes] = frozenset()

    def leave_out(self, data_folders: Set[bytes]) -> None:
        """What happens in these wakes nobody: every result that is stored would."""
        self._data_folders = data_folders

    def note(self, event: FileSystemEvent) -> bool:
        """Called in the observer's thread; returns whether the event matters."""
        matters = False
        for path in filter(None, (event.src_path, event.dest_path)):
            name = os.fsencode(cast("str | bytes", path))
            if not name.startswith(self._prefix):
                matters = True  # the root itself
                continue
            inner = name[len(self._prefix) :]
            if self._is_left_out(inner):
                continue
            matters = True
            if len(self._paths) < _MOST_EVENTS:
                self._paths.add(inner)
        return matters

    def _is_left_out(self, path: bytes) -> bool:
        return any(
            path == folder or path.startswith(folder + b"/") for folder in self._data_folders
        )

    def take(self) -> set[bytes]:
        """The paths until now; what comes later counts for the next look."""
        taken, self._paths = self._paths, set()
        return taken


class _ReportedEvents(EventQueue):
    """Without those that watchdog makes up for each file in a folder that is moved.

    The folder's own event wakes; one for each of a million files in it would wait here, 200 MB.
    """

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """An event and its watch, or what ends the observer."""
        if not (isinstance(item, tuple) and item[0].is_synthetic):
            super().put(item, block, timeout)


class Observer(AnyObserver):  # type: ignore[misc, valid-type]  # it differs by platform
    """The platform's, with events of what was reported alone."""

    def __init__(self) -> None:
        super().__init__()
        self._reported = _ReportedEvents()

    @property
    def event_queue(self) -> EventQueue:
        """From the threads that wait for the kernel to the one that tells."""
        return self._reported


@contextlib.contextmanager
def watching(
    root: Path, wake: threading.Event, matters: Callable[[FileSystemEvent], bool] = lambda _: True
) -> Iterator[None]:
    """Wake the watcher when something that matters happens below `root`.

    Without events looking suffices.
    """

    class Handler(FileSystemEventHandler):
        def on_any_event(self, event: FileSystemEvent) -> None:
            if event.event_type not in _QUIET_EVENTS and matters(event):
                wake.set()

    warnings.filterwarnings("ignore", _COMES_BACK, RuntimeWarning)
    observer = Observer()
    try:
        observer.schedule(Handler(), os.fspath(root), recursive=True)
        observer.start()
    except OSError as error:
        log.warning("no file events (%s); the folder is looked at regularly all the same", error)
        yield
        return
    try:
        yield
    finally:
        observer.stop()
        observer.join(1.0)
