"""What AND, OR and NOT make of streams, and a race between two ways to the same answer.

Two streams are joined by jumping: each goes at once to where the other one is, so that what one of
them lacks the other never has to count through.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence, Set

from ocr_contract.search.source import SliceUpError, Source, TimeUpError
from ocr_contract.search.streams import (
    FIRST_ROWS,
    MOST_ROWS,
    NOTHING_LEFT,
    SEEK_COST,
    Stream,
)

FIRST_TURN = 4 * SEEK_COST
CHANCE = 8_000
CHANCE_A_COST = 3
CHANCE_A_KEY = 500
CHANCE_KEYS = 60
"""What has more hits than fill a page is not as rare as was thought."""
UNIT_CPU_S = 3e-6
"""How long a step of cost 1 may take, before SQLite is interrupted for the next one's turn."""


class AllOf(Stream):
    """What is in all of `wanted` and in none of `unwanted`."""

    def __init__(
        self, source: Source, wanted: Sequence[Stream], unwanted: Sequence[Stream] = ()
    ) -> None:
        self._source = source
        self._wanted = wanted
        self._unwanted = unwanted
        self._target = source.top

    def seek(self, at_most: int) -> int | None:
        self._target = min(self._target, at_most)
        while (key := self._agreed()) is not None:
            if not any(stream.seek(key) == key for stream in self._unwanted):
                return key
            self._target = key - 1
        return None

    def reached(self) -> int:
        return self._target

    def _agreed(self) -> int | None:
        """The next key that all of `wanted` have."""
        while True:
            self._source.spend(1)
            lowest = self._target
            for stream in self._wanted:
                key = stream.seek(lowest)
                if key is None:
                    self._target = NOTHING_LEFT
                    return None
                lowest = key
            if lowest == self._target:
                return lowest
            self._target = lowest


class Without(Stream):
    """A stream without these few keys."""

    def __init__(self, inner: Stream, few: Set[int]) -> None:
        self._inner = inner
        self._few = few

    def seek(self, at_most: int) -> int | None:
        key = self._inner.seek(at_most)
        while key is not None and key in self._few:
            key = self._inner.seek(key - 1)
        return key

    def reached(self) -> int:
        return self._inner.reached()

    def rest(self, at_most: int, most: int, keys: list[int]) -> None:
        found: list[int] = []
        try:
            self._inner.rest(at_most, most - len(keys) + len(self._few), found)
        finally:
            keys += [key for key in found if key not in self._few][: most - len(keys)]


class AnyOf(Stream):
    """What is in one of these."""

    def __init__(self, streams: Sequence[Stream]) -> None:
        self._streams = streams

    def seek(self, at_most: int) -> int | None:
        found = (stream.seek(at_most) for stream in self._streams)
        return max((key for key in found if key is not None), default=None)

    def reached(self) -> int:
        return max(stream.reached() for stream in self._streams)

    def rest(self, at_most: int, most: int, keys: list[int]) -> None:
        found: set[int] = set()
        above = NOTHING_LEFT
        try:
            for stream in self._streams:
                some: list[int] = []
                try:
                    stream.rest(at_most, most - len(keys), some)
                finally:
                    found.update(some)
        except Exception:
            above = self.reached()  # some streams came farther than others
            raise
        finally:
            keys += sorted((key for key in found if key > above), reverse=True)[: most - len(keys)]


class Checked(Stream):
    """Of a stream what `check` lets through; it is asked for many ids at once."""

    def __init__(
        self, source: Source, inner: Stream, check: Callable[[list[int]], set[int]], cost: int
    ) -> None:
        """`cost`: of checking one id."""
        self._source = source
        self._inner = inner
        self._check = check
        self._cost = cost
        self._waiting: list[int] = []
        self._passed: list[int] = []
        self._next = source.top
        self._size = FIRST_ROWS

    def seek(self, at_most: int) -> int | None:
        while True:
            while self._passed and self._passed[-1] > at_most:
                self._passed.pop()
            if self._passed:
                return self._passed[-1]
            self._next = min(self._next, at_most)
            self._waiting = [key for key in self._waiting if key <= at_most]
            if not self._look():
                return None

    def reached(self) -> int:
        if self._passed or self._waiting:
            return (self._passed[-1:] or self._waiting)[0]
        return min(self._inner.reached(), self._next)

    def _look(self) -> bool:
        """Check the next keys; False when there are none."""
        try:
            while len(self._waiting) < self._size:
                key = self._inner.seek(self._next)
                if key is None:
                    break
                self._waiting.append(key)
                self._next = key - 1
            self._source.spend(self._cost * len(self._waiting))
        except TimeUpError:
            if not self._waiting:
                raise
        keys = self._waiting
        with self._source.asking():
            passed = self._check([self._source.sign * key for key in keys]) if keys else set()
        self._waiting = []
        self._passed = [key for key in reversed(keys) if self._source.sign * key in passed]
        self._size = min(2 * self._size, MOST_ROWS)
        return bool(keys)


class Race(Stream):
    """Streams with the same keys, of which nobody knows beforehand which is fast: they take turns.

    Whichever is first tells the next key, and has the first turn from then on. So it costs at most
    a few times what the best of them would have cost alone.
    """

    def __init__(self, source: Source, contenders: Sequence[Stream]) -> None:
        self._source = source
        self._contenders = list(contenders)
        self._length = FIRST_TURN

    def seek(self, at_most: int) -> int | None:
        while True:
            for contender in tuple(self._contenders):
                try:
                    with _turn(self._source, self._length):
                        key = contender.seek(at_most)
                except SliceUpError:
                    if self._source.is_turn_over():
                        raise
                    continue
                self._contenders.remove(contender)
                self._contenders.insert(0, contender)
                return key
            self._length *= 2

    def reached(self) -> int:
        return min(contender.reached() for contender in self._contenders)


class Chance(Stream):
    """Two streams with the same keys: the first is faster as a rule, and very slow now and then.

    So it has one turn, a little longer with each key that it tells, of the first page's; then the
    second goes on.
    """

    def __init__(self, source: Source, first: Stream, second: Stream, cost: int = 0) -> None:
        """`cost`: of the first, as far as that is known; it may take some times as long."""
        self._source = source
        self._first: Stream | None = first
        self._second = second
        self._left = CHANCE + CHANCE_A_COST * cost
        self._keys = CHANCE_KEYS

    def seek(self, at_most: int) -> int | None:
        if self._first is not None:
            spent = self._source.cost
            try:
                with _turn(self._source, self._left):
                    key = self._first.seek(at_most)
            except SliceUpError:
                if self._source.is_turn_over():
                    raise
                self._first = None
            else:
                self._left += CHANCE_A_KEY - (self._source.cost - spent)
                self._keys -= 1
                if self._keys == 0 and key is not None:
                    self._first = None
                return key
        return self._second.seek(at_most)

    def reached(self) -> int:
        return self._second.reached() if self._first is None else self._first.reached()

    def rest(self, at_most: int, most: int, keys: list[int]) -> None:
        while self._first is not None:
            if len(keys) == most or (key := self.seek(at_most)) is None:
                return
            keys.append(key)
            at_most = key - 1
        self._second.rest(at_most, most, keys)


@contextlib.contextmanager
def _turn(source: Source, cost: int) -> Iterator[None]:
    """What is asked within it ends with SliceUpError when it costs more."""
    outer = source.turn_ends, source.turn_ends_cpu
    source.turn_ends = min(outer[0], source.cost + cost)
    source.turn_ends_cpu = min(outer[1], time.thread_time() + cost * UNIT_CPU_S)
    try:
        yield
    finally:
        source.turn_ends, source.turn_ends_cpu = outer
