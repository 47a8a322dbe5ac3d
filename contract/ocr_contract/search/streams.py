"""Sorted streams of image ids, read from the indexes; `joins` makes AND, OR and NOT of them.

A stream gives keys that fall: ids when the newest come first, minus ids the other way round. Its
one question is `seek(at_most)`: the largest key up to `at_most`, None when there is none. Who
asks never asks for more than before.
"""

import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

FIRST_ROWS = 8
MOST_ROWS = 512
SEEK_COST = 200
"""What a new query of a text index costs, in rows that the old one goes on; about 0.2 ms."""
ROW_SEEK_COST = 20
"""The same of an index on images."""
DOCUMENT_COST = 80
"""What it costs to compare an image's whole text."""
COLUMNS_COST = 5
"""What it costs to look at an image's row."""
_FIRST_WINDOW = 200
_MOST_WINDOW = 20_000
"""Ids: the clock is looked at between two windows."""

NOTHING_LEFT = -(2**63)


class TimeUpError(Exception):
    """The search has used up its time."""


class SliceUpError(Exception):
    """This stream has had its turn; asked again, it goes on where it was."""


class Stream(Protocol):
    """Keys that fall."""

    def seek(self, at_most: int) -> int | None:
        """The largest key up to `at_most`."""
        ...

    def reached(self) -> int:
        """When time was up: no key above this one is left to be found."""
        ...


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
        self.cost = 0
        """What the search has cost, in rows of an index: a measure without a clock."""
        self.turn_ends = sys.maxsize
        """At which cost another stream has its turn."""
        self._clock = clock

    def set_range(self, first_id: int, last_id: int) -> None:
        """Hits lie between these ids only."""
        self.first_id, self.last_id = first_id, last_id

    @property
    def top(self) -> int:
        """The largest key that there may be."""
        return self.last_id if self.sign > 0 else -self.first_id

    def spend(self, cost: int) -> None:
        """Before a step that costs so much: raise TimeUpError or SliceUpError instead of it."""
        if self._clock() > self.deadline:
            raise TimeUpError
        if self.cost >= self.turn_ends:
            raise SliceUpError
        self.cost += cost

    def between(self, at_most: int) -> tuple[int, int]:
        """The ids with keys up to `at_most`: first and last."""
        if self.sign > 0:
            return self.first_id, min(self.last_id, at_most)
        return max(self.first_id, -at_most), self.last_id


class SqlStream:
    """The ids of a SELECT whose table is an index in the order of ids."""

    def __init__(
        self, source: Source, key: str, sql: str, values: Sequence[Any],
        *, seek_cost: int = SEEK_COST,
    ) -> None:  # fmt: skip
        """`sql` ends where "AND key BETWEEN …" goes on."""
        order = "DESC" if source.sign > 0 else "ASC"
        self._sql = f"{sql} AND {key} BETWEEN ? AND ? ORDER BY {key} {order}"
        self._source = source
        self._values = values
        self._seek_cost = seek_cost
        self._cursor: sqlite3.Cursor | None = None
        self._keys: list[int] = []
        self._place = 0
        self._size = FIRST_ROWS
        self._reached = source.top

    def seek(self, at_most: int) -> int | None:
        self._reached = min(self._reached, at_most)
        if self._cursor is None:
            self._open(at_most)
        while True:
            while self._place < len(self._keys):
                if self._keys[self._place] <= at_most:
                    self._reached = self._keys[self._place]
                    return self._reached
                self._place += 1
            if not self._keys:
                self._reached = NOTHING_LEFT
                return None
            if self._is_far(at_most):
                self._open(at_most)
            else:
                self._fetch()

    def reached(self) -> int:
        return self._reached

    def _is_far(self, at_most: int) -> bool:
        """Whether to jump: as dense as the last rows were, many more lie before `at_most`."""
        covered = self._keys[0] - self._keys[-1] + 1
        return (self._keys[-1] - at_most) * len(self._keys) > self._seek_cost * covered

    def _open(self, at_most: int) -> None:
        self._source.spend(self._seek_cost)
        if self._cursor is not None:
            self._cursor.close()
        values = (*self._values, *self._source.between(at_most))
        self._cursor = self._source.connection.execute(self._sql, values)
        self._size = FIRST_ROWS
        self._read()

    def _fetch(self) -> None:
        self._source.spend(self._size)
        self._read()

    def _read(self) -> None:
        assert self._cursor is not None
        self._keys = [self._source.sign * row[0] for row in self._cursor.fetchmany(self._size)]
        self._place = 0
        self._size = min(2 * self._size, MOST_ROWS)


class WalkStream:
    """Every image that fulfils a condition on its row, looked at one after the other."""

    def __init__(self, source: Source, condition: str, values: Sequence[Any]) -> None:
        self._sql = (
            "SELECT i.id FROM images i WHERE i.id BETWEEN ? AND ? "  # noqa: S608  # fixed pieces
            f"AND {condition} ORDER BY i.id {'DESC' if source.sign > 0 else 'ASC'}"
        )
        self._source = source
        self._values = values
        self._keys: list[int] = []
        self._place = 0
        self._next = source.top
        self._window = _FIRST_WINDOW

    def seek(self, at_most: int) -> int | None:
        while True:
            while self._place < len(self._keys):
                if self._keys[self._place] <= at_most:
                    return self._keys[self._place]
                self._place += 1
            self._next = min(self._next, at_most)
            first, last = self._source.between(self._next)
            if first > last:
                return None
            self._look(first, last)

    def reached(self) -> int:
        """A key that was found and not yet passed is above what was looked at."""
        return self._keys[self._place] if self._place < len(self._keys) else self._next

    def _look(self, first: int, last: int) -> None:
        self._source.spend(min(last - first + 1, self._window))
        if self._source.sign > 0:
            first = max(first, last - self._window + 1)
            self._next = first - 1
        else:
            last = min(last, first + self._window - 1)
            self._next = -(last + 1)
        rows = self._source.connection.execute(self._sql, (first, last, *self._values)).fetchall()
        self._keys = [self._source.sign * row[0] for row in rows]
        self._place = 0
        self._window = min(2 * self._window, _MOST_WINDOW)


class ListStream:
    """Keys that are known already."""

    def __init__(self, keys: Sequence[int]) -> None:
        self._keys = sorted(keys, reverse=True)
        self._place = 0

    def seek(self, at_most: int) -> int | None:
        while self._place < len(self._keys) and self._keys[self._place] > at_most:
            self._place += 1
        return self._keys[self._place] if self._place < len(self._keys) else None

    def reached(self) -> int:
        return self._keys[self._place] if self._place < len(self._keys) else NOTHING_LEFT
