"""File events of the image folder: they wake, no more, as some are lost under load."""

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

_QUIET_EVENTS = frozenset({"opened", "closed_no_write"})
"""Our own reading causes these."""
_MOST_EVENTS = 50_000
"""How many paths of events are remembered from one look to the next, 5 MB at most."""

log = logging.getLogger("watcher")


class Events:
    """Which paths had a file event since the last look: tells what woke whom to a new file."""

    def __init__(self, root: Path) -> None:
        self._prefix = os.path.join(os.fsencode(root), b"")
        self._paths: set[bytes] = set()

    def note(self, event: FileSystemEvent) -> None:
        """Called in the observer's thread."""
        for path in (event.src_path, event.dest_path):
            name = os.fsencode(path)
            if name.startswith(self._prefix) and len(self._paths) < _MOST_EVENTS:
                self._paths.add(name[len(self._prefix) :])

    def take(self) -> set[bytes]:
        """The paths until now; what comes later counts for the next look."""
        taken, self._paths = self._paths, set()
        return taken


@contextlib.contextmanager
def watching(
    root: Path, wake: threading.Event, note: Callable[[FileSystemEvent], None] = lambda _: None
) -> Iterator[None]:
    """Wake the watcher when something happens below `root`; without events looking suffices."""

    class Handler(FileSystemEventHandler):
        def on_any_event(self, event: FileSystemEvent) -> None:
            if event.event_type not in _QUIET_EVENTS:
                note(event)
                wake.set()

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
