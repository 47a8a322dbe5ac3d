"""What a lane prepares for in advance, behind the work that there is.

A network takes 25 to 60 ms to prepare for a new shape. All of them before the first text would be
seconds of waiting; none of them, a memory that grows for hundreds of images. So each lane prepares
for one shape at a time while it has nothing else to do, and now and then when it always has.

What one lane has just prepared for costs the next one little: the library below still has most of
it, and both use the same (3 ms and less than 1 MB instead of 40 ms and 6 MB). It keeps what it made
last, so lanes that learn shapes at different times share nothing. Therefore a lane never stays more
than a few shapes behind another.
"""

import collections
import itertools
import logging
from collections.abc import Callable, Iterable
from typing import NamedTuple

IDLE_S = 0.5
"""Without work for so long, a lane prepares: a page that is being decoded is not held up."""
CALLS_BETWEEN = 64
"""So many calls with work lie between two preparations of a lane that is never idle."""
MOST_BEHIND = 6
"""A lane with work prepares when others have learnt more shapes than so many that it has not."""

log = logging.getLogger("inference")

Shape = tuple[int, int]
"""Width and number of lines that go together."""


class Preparation(NamedTuple):
    """One call of a network whose answer nobody wants."""

    run: Callable[[], object]
    shape: Shape | None = None
    """Of the lines; the preparation is spared when lines of this shape come first."""


class Preparations:
    """What one lane still has to prepare for. For this lane's thread, or under its lock."""

    def __init__(self) -> None:
        self._left: collections.deque[Preparation] = collections.deque()
        self._behind = 0
        """So many of the first ones are for shapes that other lanes have learnt."""
        self._calls = 0
        """With work, since the last preparation."""

    def __len__(self) -> int:
        return len(self._left)

    def add(self, preparations: Iterable[Preparation]) -> None:
        """To be made after those that are left."""
        self._left.extend(preparations)

    def clear(self) -> None:
        """None is to be made any more."""
        self._left.clear()
        self._behind = 0

    def called(self, shape: Shape | None) -> None:
        """The lane does work, with lines of this shape."""
        self._calls += 1
        if shape is not None and self._left:
            self._take_out(shape)

    def learnt_elsewhere(self, shape: Shape | None) -> None:
        """Another lane does something with lines of this shape: to be prepared for soon."""
        if shape is None or not self._left:
            return
        first = list(itertools.islice(self._left, self._behind))
        if any(each.shape == shape for each in first):
            return
        for preparation in self._take_out(shape):
            self._left.insert(self._behind, preparation)
            self._behind += 1

    @property
    def overdue(self) -> bool:
        """Whether one is to be made though there is work."""
        return bool(self._left) and (self._calls >= CALLS_BETWEEN or self._behind > MOST_BEHIND)

    def next(self) -> tuple[Callable[[], None], Shape | None]:
        """The next one, which must exist, and its shape; it never raises."""
        preparation = self._left.popleft()
        self._behind = max(self._behind - 1, 0)
        self._calls = 0
        return lambda: _run(preparation), preparation.shape

    def _take_out(self, shape: Shape) -> list[Preparation]:
        """Those for the shape, which are left no longer."""
        found = [each for each in self._left if each.shape == shape]
        if found:
            first = itertools.islice(self._left, self._behind)
            self._behind -= sum(each.shape == shape for each in first)
            self._left = collections.deque(each for each in self._left if each.shape != shape)
        return found


def _run(preparation: Preparation) -> None:
    try:
        preparation.run()
    except Exception as error:  # work of that shape will say what it lacks
        log.warning(
            "the models could not be prepared for %s (%s); reading goes on",
            preparation.shape or "pages",
            error,
        )
