"""What a lane prepares for in advance, behind the work that there is.

A network takes 25 to 60 ms to prepare for a new shape. All of them before the first text would be
seconds of waiting; none of them, a memory that grows for hundreds of images. So each lane prepares
for one shape at a time while it has nothing else to do, and now and then when it always has.
"""

import collections
import logging
from collections.abc import Callable, Iterable
from typing import NamedTuple

IDLE_S = 0.5
"""Without work for so long, a lane prepares: a page that is being decoded is not held up."""
CALLS_BETWEEN = 64
"""So many calls with work lie between two preparations of a lane that is never idle."""

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

    def called(self, shape: Shape | None) -> None:
        """The lane does work, with lines of this shape."""
        self._calls += 1
        if shape is not None and self._left:
            self._left = collections.deque(each for each in self._left if each.shape != shape)

    @property
    def overdue(self) -> bool:
        """Whether one is to be made though there is work."""
        return bool(self._left) and self._calls >= CALLS_BETWEEN

    def next(self) -> Callable[[], None]:
        """The next one, which must exist; it never raises."""
        preparation = self._left.popleft()
        self._calls = 0
        return lambda: _run(preparation)


def _run(preparation: Preparation) -> None:
    try:
        preparation.run()
    except Exception as error:  # work of that shape will say what it lacks
        log.warning(
            "the models could not be prepared for %s (%s); reading goes on",
            preparation.shape or "pages",
            error,
        )
