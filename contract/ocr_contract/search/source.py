"""Where a search reads: the connection, the direction, between which ids, and for how long.

A search has a time, and within it each of the streams that race has a turn. Both end a step of
Python before it begins (`spend`), and one of SQLite in the middle (`asking`).
"""

import contextlib
import dataclasses
import functools
import math
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator

from ocr_contract.search.tree import Node


class TimeUpError(Exception):
    """The search has used up its time."""


class SliceUpError(Exception):
    """This stream has had its turn; asked again, it goes on where it was."""


@dataclasses.dataclass(frozen=True, slots=True)
class Rare:
    """What all hits of a part of the query hold and few other images do (`rare_trigrams`)."""

    expression: str
    """For images_fts."""
    cost: int
    """About what FTS5 takes for it."""


class Source:
    """A connection, in which direction and between which ids it is read, and until when."""

    def __init__(
        self, connection: sqlite3.Connection, ids: tuple[int, int], *, newest_first: bool,
        deadline: float, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.connection = connection
        self.first_id, self.last_id = ids
        self.sign = 1 if newest_first else -1
        self.deadline = deadline
        self.interrupt_at = math.inf
        """By time.monotonic(): when SQLite itself is interrupted."""
        self.cost = 0
        """What the search has cost, in rows of an index: a measure without a clock."""
        self.turn_ends = sys.maxsize
        """At which cost another stream has its turn."""
        self.turn_ends_cpu = math.inf
        """At which processor time of this thread SQLite itself is interrupted for that."""
        self.rare: dict[tuple[Node, ...], Rare | None] = {}
        """What was found out about parts of the query; None: many images have such a part."""
        self._clock = clock

    @functools.cached_property
    def file(self) -> str:
        """The database's; empty where there is none."""
        return str(self.connection.execute("PRAGMA database_list").fetchone()[2])

    def is_to_interrupt(self) -> bool:
        """Whether SQLite, which asks this while it works, should end its step."""
        return time.thread_time() > self.turn_ends_cpu or time.monotonic() > self.interrupt_at

    def is_turn_over(self) -> bool:
        """Whether whoever is asked now has had its turn."""
        return self.cost >= self.turn_ends or time.thread_time() > self.turn_ends_cpu

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        """A step of SQLite; an interrupted one is a turn or a search that is over."""
        try:
            yield
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            if time.monotonic() > self.interrupt_at:
                raise TimeUpError from error
            raise SliceUpError from error

    def set_range(self, first_id: int, last_id: int) -> None:
        """Hits lie between these ids only."""
        self.first_id, self.last_id = first_id, last_id
        self.rare.clear()

    @property
    def top(self) -> int:
        """The largest key that there may be."""
        return self.last_id if self.sign > 0 else -self.first_id

    def spend(self, cost: int) -> None:
        """Before a step that costs so much: raise TimeUpError or SliceUpError instead of it."""
        if self._clock() > self.deadline:
            raise TimeUpError
        if self.is_turn_over():
            raise SliceUpError
        self.cost += cost

    def between(self, at_most: int) -> tuple[int, int]:
        """The ids with keys up to `at_most`: first and last."""
        if self.sign > 0:
            return self.first_id, min(self.last_id, at_most)
        return max(self.first_id, -at_most), self.last_id
