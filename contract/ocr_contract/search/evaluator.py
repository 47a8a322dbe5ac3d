"""The images that a query means, newest first: by falling id.

A search is never longer than its time: then it is cut, with what was found so far and the place
from where it can go on.
"""

import dataclasses
import math
import sqlite3
import time
from collections.abc import Callable

from ocr_contract.search import plan, rare
from ocr_contract.search.source import SliceUpError, Source, TimeUpError
from ocr_contract.search.streams import NoStream, Stream
from ocr_contract.search.tree import Node

SEARCH_LIMIT_S = 1.5
COUNT_LIMIT_S = 0.005
"""Of processor time."""
MOST_COUNTED = 10_000
_INTERRUPT_LATER_S = 0.2
"""SQLite itself ends a step that takes so much longer than the search may."""
_AFTERWARDS_S = 1.0
"""What reading the hits may take."""
_PROGRESS_STEPS = 1_000


@dataclasses.dataclass(frozen=True, slots=True)
class Hits:
    """One page of the hits."""

    ids: list[int]
    next_below: int | None
    """The next page has ids below this one; None: there is none."""
    is_complete: bool
    """False: the search was cut; more may lie above `next_below` than these, too."""
    count: int
    count_is_exact: bool
    """False: there are more than `count`."""
    cost: int
    """What it took, in rows looked at."""
    no_row_fits: bool = False
    """Other words would find nothing either: no image is in the state and so on."""


def find(
    connection: sqlite3.Connection, tree: Node, *, limit: int, below: int | None = None,
    counts: bool = True, limit_s: float = SEARCH_LIMIT_S, cpu_limit_s: float = math.inf,
    clock: Callable[[], float] = time.monotonic,
) -> Hits:  # fmt: skip
    """The next `limit` hits with ids below `below`; with `counts` how many there are in all."""
    with _Search(connection, tree, newest_first=True, limit_s=limit_s, clock=clock) as search:
        search.source.turn_ends_cpu = time.thread_time() + cpu_limit_s
        keys: list[int] = []
        at_most = search.source.top if below is None else below - 1
        is_complete = search.collect(keys, at_most, limit + 1)
        if not is_complete:
            more = _following(keys, limit)
            is_page = more is not None
            if more is None:
                more = search.place_reached(at_most, keys)
            count = len(keys)
            return Hits(keys[:limit], more, is_page, count, False, search.source.cost)
        page, count = keys[:limit], len(keys)
        more = _following(keys, limit)
        is_exact = more is None
        if counts and more is not None:
            search.source.turn_ends_cpu = time.thread_time() + COUNT_LIMIT_S
            is_exact = search.collect(keys, keys[-1] - 1, MOST_COUNTED + 1, is_last=True)
            is_exact = is_exact and len(keys) <= MOST_COUNTED
            count = min(len(keys), MOST_COUNTED)
        no_row_fits = isinstance(search.stream, NoStream)
        return Hits(page, more, True, count, is_exact, search.source.cost, no_row_fits)


def neighbours(
    connection: sqlite3.Connection, tree: Node, image_id: int, *, limit_s: float = SEARCH_LIMIT_S
) -> tuple[int | None, int | None]:
    """The hits before and after an image: (newer, older)."""
    found: list[int | None] = []
    for newest_first, at_most in ((False, -image_id - 1), (True, image_id - 1)):
        with _Search(connection, tree, newest_first=newest_first, limit_s=limit_s / 2) as search:
            keys: list[int] = []
            search.collect(keys, at_most, 1)
            found.append(abs(keys[0]) if keys else None)
    return found[0], found[1]


def percent_seen(connection: sqlite3.Connection) -> int:
    """How much of the archive the search sees, rounded down: below 100 hits may be missing."""
    ((images, unfolded),) = connection.execute(
        "SELECT (SELECT coalesce(sum(images), 0) FROM image_counts), "
        "(SELECT count(*) FROM images INDEXED BY images_to_index WHERE search_form < 2)"
    ).fetchall()
    if unfolded <= plan.FEW_UNFOLDED:
        return 100
    return int(100 * (images - unfolded) // images)


def _following(keys: list[int], limit: int) -> int | None:
    return keys[limit - 1] if len(keys) > limit else None


class _Search:
    """One query on one state of the database, with its time. Use as a context manager."""

    def __init__(
        self, connection: sqlite3.Connection, tree: Node, *, newest_first: bool, limit_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._connection = connection
        self._tree = tree
        self._limit_s = limit_s
        deadline = clock() + limit_s
        self.source = Source(
            connection, (1, 0), newest_first=newest_first, deadline=deadline, clock=clock
        )
        self.stream: Stream | None = None

    def __enter__(self) -> "_Search":
        self.source.interrupt_at = time.monotonic() + self._limit_s + _INTERRUPT_LATER_S
        self._connection.set_progress_handler(self.source.is_to_interrupt, _PROGRESS_STEPS)
        self._connection.execute("BEGIN")
        ((first, last),) = self._connection.execute(
            "SELECT (SELECT min(id) FROM images), (SELECT max(id) FROM images)"
        ).fetchall()
        if first is not None:
            self.source.set_range(first, last)
            self.source.set_range(*rare.id_range(self.source, self._tree))
        return self

    def __exit__(self, *_: object) -> None:
        self.stream = None
        self._connection.rollback()
        until = time.monotonic() + _AFTERWARDS_S
        self._connection.set_progress_handler(lambda: time.monotonic() > until, _PROGRESS_STEPS)

    def place_reached(self, at_most: int, keys: list[int]) -> int | None:
        """After a cut: the ids below this one were not looked at; None: no step was made."""
        if self.stream is None:
            return None
        reached = min([self.stream.reached(), *(key - 1 for key in keys[-1:])])
        return reached + 1 if self.source.first_id <= reached < at_most else None

    def collect(self, keys: list[int], at_most: int, most: int, *, is_last: bool = False) -> bool:
        """Add the next keys, up to `most` in all; False when time was up before.

        After a call that `is_last` there is no other.
        """
        try:
            if self.stream is None:
                if self.source.first_id > self.source.last_id:
                    return True
                self.stream = plan.stream(self.source, self._tree)
            if is_last:
                self.stream.rest(at_most, most, keys)
                return True
            while len(keys) < most and (key := self.stream.seek(at_most)) is not None:
                keys.append(key)
                at_most = key - 1
        except (TimeUpError, SliceUpError):
            return False
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            return False
        return True
