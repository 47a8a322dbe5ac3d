"""Calls that go together: whoever comes while another waits for the device joins it.

A page is searched when its thread asks. Each asks a lane for a turn; the first turn that comes
takes along all that wait for a call of the same kind, up to a number, and the others' turns find
nothing left to do.
"""

import collections
import threading
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Company(Generic[Item, Answer]):
    """One kind of call. Safe to use from any thread."""

    def __init__(
        self,
        lane: Callable[[Callable[[], None]], None],
        run: Callable[[list[Item]], Sequence[Answer]],
        together: Callable[[int], int],
        kind: Callable[[Item], Hashable],
    ) -> None:
        """`lane` runs what it is given in a lane and waits; `run` answers items of one `kind`; of
        `waiting` ones `together(waiting)` go together."""
        self._lane = lane
        self._run = run
        self._together = together
        self._kind = kind
        self._lock = threading.Lock()
        self._waiting: dict[Hashable, collections.deque[tuple[Item, Future[Answer]]]] = {}

    def ask(self, item: Item) -> Answer:
        """The answer for one item, which goes in company."""
        kind = self._kind(item)
        future: Future[Answer] = Future()
        with self._lock:
            self._waiting.setdefault(kind, collections.deque()).append((item, future))
        # As many turns as items, and each takes at least one while there are any: none is left.
        self._lane(lambda: self._turn(kind))
        return future.result()

    def _turn(self, kind: Hashable) -> None:
        with self._lock:
            waiting = self._waiting.get(kind)
            if not waiting:
                return
            taken = [waiting.popleft() for _ in range(self._together(len(waiting)))]
            if not waiting:
                del self._waiting[kind]
        self._answer(taken)

    def _answer(self, taken: list[tuple[Item, "Future[Answer]"]]) -> None:
        try:
            answers = self._run([item for item, _ in taken])
        except Exception as error:
            if len(taken) == 1:
                taken[0][1].set_exception(error)
                return
            # Most likely there was not enough memory: half of them may fit.
            middle = len(taken) // 2
            self._answer(taken[:middle])
            self._answer(taken[middle:])
            return
        for (_, future), answer in zip(taken, answers, strict=True):
            future.set_result(answer)
