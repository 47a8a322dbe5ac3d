"""What the search index does not hold folded yet is folded behind the work.

After a migration that is every image, for a database that another program made, too; otherwise the
few whose text is new (`search_index`). The newest come first: they are what people look for. A step
is short and committed, so others write in between, and after a kill the rest is still marked in the
rows. When much was read and nothing is read now, the pieces of the index are joined: each search
looks into every piece.
"""

import logging
import threading
import time
from collections.abc import Callable

import heartbeat
from ocr_errors import DiskFullError
from records import doubtful_lines, search_index
from records.database import Connection, Database

_IMAGES_A_STEP = 100
_PAGES_A_STEP = 500
_LOOK_AGAIN_S = 30.0
"""New texts wait, and another program may have written; it says nothing."""
_NO_ROOM_S = 60.0
_SHORTEST_REST_S = 0.005
_REST, _REST_WHILE_READING = 0.1, 1.5
"""Times what the step took."""
_WORTH_SAYING = 2 * search_index.WAITING
_WORTH_MERGING = 5000
"""So many images leave the index in pieces that every search would have to look into."""
_WORTH_MERGING_CHANGES = 200_000
"""So many changed rows do, too: those of some thousand pages."""

log = logging.getLogger("search")


class SearchBacklog:
    """The thread."""

    def __init__(
        self, database: Database, *, stop: threading.Event, is_busy: Callable[[], bool]
    ) -> None:
        """`is_busy` tells whether images are being read."""
        self._database = database
        self._stop = stop
        self._is_busy = is_busy
        self._merged_at: int | None = None
        """How many rows had been changed when the pieces were last joined; None: not since the
        start, and what the service before this one has left nobody remembers."""

    def run(self) -> None:
        """Until the service stops."""
        while not self._stop.is_set():
            heartbeat.beat()
            try:
                self.work_off()
                self.merge_when_idle()
                rest_s = _LOOK_AGAIN_S
            except DiskFullError as error:
                log.warning("the search index is not made further now: %s", error)
                rest_s = _NO_ROOM_S
            heartbeat.wait(self._stop, rest_s)

    def work_off(self) -> int:
        """Fold what is left, with a rest after each step; returns how many images. First count the
        doubtful lines of pages from before version 4, which takes a tenth as long."""
        self._in_steps(lambda c: doubtful_lines.count_some(c, _PAGES_A_STEP))
        with self._database.reading() as connection:
            left = search_index.count_left(connection)
        if not left:
            return 0
        is_much = left > _WORTH_SAYING
        if is_much:
            log.info("the search index is being made for %d images", left)
        done = self._in_steps(lambda c: search_index.index_some(c, _IMAGES_A_STEP))
        if done >= _WORTH_MERGING and not self._stop.is_set():
            self._in_steps(search_index.merge_some)
        if is_much:
            log.info("%d images went into the search index", done)
        return done

    def merge_when_idle(self) -> int:
        """Join the pieces that much reading has left, while nothing is read, and once after a
        start; returns 0 at once where there are few."""

        def step(connection: Connection) -> int:
            return 0 if self._is_busy() else search_index.merge_some(connection)

        with self._database.reading() as connection:
            changes = connection.total_changes()
        is_new = self._merged_at is None or changes - self._merged_at >= _WORTH_MERGING_CHANGES
        if self._is_busy() or not is_new:
            return 0
        merged = self._in_steps(step)
        if not self._is_busy():
            with self._database.reading() as connection:
                self._merged_at = connection.total_changes()
        return merged

    def _in_steps(self, step: "search_index.Step") -> int:
        """Until a step has nothing to do, or the service stops; the sum of what they did."""
        done = 0
        while not self._stop.is_set():
            heartbeat.beat()
            began = time.monotonic()
            with self._database.transaction() as connection:
                did = step(connection)
            if not did:
                break
            done += did
            took_s = time.monotonic() - began
            rest_s = took_s * (_REST_WHILE_READING if self._is_busy() else _REST)
            self._stop.wait(max(_SHORTEST_REST_S, rest_s))
        return done
