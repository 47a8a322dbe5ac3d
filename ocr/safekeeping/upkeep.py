"""What the service does beside reading: watches the disk, makes backups, tidies the database.

A thread of its own, so that nothing of this holds up a batch or a look at the folder.
"""

import logging
import threading
import time
from collections.abc import Callable

import heartbeat
from disk_guard import DiskGuard
from ocr_errors import DiskFullError
from records.database import Database
from records.request_effects import RequestEffects
from safekeeping.backups import Backups

TICK_S = 2.0
_TIDY_EVERY_S = 3600.0

log = logging.getLogger("upkeep")


class Upkeep:
    """The thread."""

    def __init__(
        self,
        database: Database,
        effects: RequestEffects,
        guard: DiskGuard,
        backups: Backups,
        *,
        stop: threading.Event,
        on_room: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`on_room` is called when reading may go on after a hold."""
        self._database = database
        self._effects = effects
        self._guard = guard
        self._backups = backups
        self._stop = stop
        self._on_room = on_room
        self._clock = clock
        self._wake = threading.Event()
        self._held: str | None = None
        self._tidy_due = clock()
        backups.on_request = self.wake

    def wake(self) -> None:
        """Something waits to be done, or the service stops."""
        self._wake.set()

    def run(self) -> None:
        """Until the service stops."""
        while not self._stop.is_set():
            self._wake.clear()
            self.step()
            heartbeat.wait(self._wake, TICK_S)

    def step(self) -> None:
        """Do once what there is to do."""
        heartbeat.beat()
        self._database.look_after()
        hold = self._guard.hold()
        code = None if hold is None else hold.code
        if code != self._held:
            if hold is not None:
                log.warning("nothing more is read: %s", hold.message)
            else:
                log.info("there is room again; reading goes on")
                self._on_room()
            self._held = code
        self._backups.work()
        if self._clock() >= self._tidy_due:
            self._tidy_due = self._clock() + _TIDY_EVERY_S
            try:
                self._effects.forget_old_requests()
            except DiskFullError as error:
                log.warning("the database is not tidied now: %s", error)
