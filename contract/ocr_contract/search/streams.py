"""Sorted streams of image ids, read from the indexes; `joins` makes AND, OR and NOT of them.

A stream gives keys that fall: ids when the newest come first, minus ids the other way round. Its
one question is `seek(at_most)`: the largest key up to `at_most`, None when there is none. Who
asks never asks for more than before.
"""

import abc
import bisect
import sqlite3
from collections.abc import Sequence
from typing import Any

from ocr_contract.search.source import SliceUpError, Source, TimeUpError

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


class Stream(abc.ABC):
    """Keys that fall."""

    @abc.abstractmethod
    def seek(self, at_most: int) -> int | None:
        """The largest key up to `at_most`."""

    @abc.abstractmethod
    def reached(self) -> int:
        """When time was up: no key above this one is left to be found."""

    def rest(self, at_most: int, most: int, keys: list[int]) -> None:
        """Append the next keys up to `at_most`, until `keys` has `most`: the last that is asked.

        Cut by an error it leaves in `keys` what was found above `reached()`.
        """
        while len(keys) < most and (key := self.seek(at_most)) is not None:
            keys.append(key)
            at_most = key - 1


class SqlStream(Stream):
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
        self._rising: list[int] = []
        """The keys that were read, each with the other sign: they rise."""
        self._place = 0
        self._size = FIRST_ROWS
        self._reached = source.top

    def seek(self, at_most: int) -> int | None:
        self._reached = min(self._reached, at_most)
        if self._cursor is None:
            self._open(at_most)
        while True:
            self._place = bisect.bisect_left(self._rising, -at_most, self._place)
            if self._place < len(self._rising):
                self._reached = -self._rising[self._place]
                return self._reached
            if not self._rising:
                self._reached = NOTHING_LEFT
                return None
            if self._is_far(at_most):
                self._open(at_most)
            else:
                self._fetch()

    def reached(self) -> int:
        return self._reached

    def rest(self, at_most: int, most: int, keys: list[int]) -> None:
        """As they come: looking for each by itself takes longer than FTS5 for a common word."""
        while len(keys) < most and self.seek(at_most) is not None:
            found = self._rising[self._place : self._place + most - len(keys)]
            keys += [-key for key in found]
            self._reached = at_most = keys[-1] - 1

    def _is_far(self, at_most: int) -> bool:
        """Whether to jump: as dense as the last rows were, many more lie before `at_most`."""
        covered = self._rising[-1] - self._rising[0] + 1
        return (-self._rising[-1] - at_most) * len(self._rising) > self._seek_cost * covered

    def _open(self, at_most: int) -> None:
        self._source.spend(self._seek_cost)
        self._close()
        values = (*self._values, *self._source.between(at_most))
        with self._source.asking():
            self._cursor = self._source.connection.execute(self._sql, values)
        self._size = FIRST_ROWS
        self._read()

    def _fetch(self) -> None:
        self._source.spend(self._size)
        self._read()

    def _read(self) -> None:
        assert self._cursor is not None
        try:
            with self._source.asking():
                rows = self._cursor.fetchmany(self._size)
        except (SliceUpError, TimeUpError):
            self._close()  # asked again, it begins where it is asked for
            raise
        self._rising = [-self._source.sign * row[0] for row in rows]
        self._place = 0
        self._size = min(2 * self._size, MOST_ROWS)

    def _close(self) -> None:
        if self._cursor is not None:
            self._cursor.close()
        self._cursor, self._rising, self._place = None, [], 0


class FewStream(Stream):
    """The ids of a text index's expression that few images fulfil, read without their order.

    They are read all before the first is told. Where there are more than `most`, or the turn is
    over, it ends with SliceUpError, and nothing was told.
    """

    def __init__(self, source: Source, expression: str, most: int) -> None:
        self._source = source
        self._expression = expression
        self._most = most
        self._ids: list[int] = []
        self._known: ListStream | None = None

    def seek(self, at_most: int) -> int | None:
        if self._known is None:
            self._read()
        assert self._known is not None
        return self._known.seek(at_most)

    def reached(self) -> int:
        return self._source.top if self._known is None else self._known.reached()

    def _read(self) -> None:
        self._source.spend(SEEK_COST)
        sql = (
            "SELECT rowid FROM images_fts WHERE images_fts MATCH ? AND rowid BETWEEN ? AND ? "
            "ORDER BY rowid"
        )
        first = self._ids[-1] + 1 if self._ids else self._source.first_id
        with self._source.asking():  # interrupted it goes on where it was
            cursor = self._source.connection.execute(
                sql, (self._expression, first, self._source.last_id)
            )
            while len(self._ids) <= self._most and (row := cursor.fetchone()) is not None:
                self._ids.append(row[0])
            cursor.close()
        if len(self._ids) > self._most:
            raise SliceUpError
        self._known = ListStream([self._source.sign * image_id for image_id in self._ids])


class WalkStream(Stream):
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
            following = first - 1
        else:
            last = min(last, first + self._window - 1)
            following = -(last + 1)
        with self._source.asking():
            rows = self._source.connection.execute(
                self._sql, (first, last, *self._values)
            ).fetchall()
        self._next = following
        self._keys = [self._source.sign * row[0] for row in rows]
        self._place = 0
        self._window = min(2 * self._window, _MOST_WINDOW)


class NoStream(Stream):
    """No image's row fulfils what is asked, whatever the texts say."""

    def seek(self, at_most: int) -> int | None:
        return None

    def reached(self) -> int:
        return NOTHING_LEFT


class ListStream(Stream):
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
