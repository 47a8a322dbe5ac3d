"""Who runs on the inference device when: a few lanes, and lines that travel together.

Each lane is a thread that runs one network call at a time, so that exactly as many calls as the
device can take at once are under way, whoever asks. Pages ask from threads of their own: they
decode, search and cut while the lanes compute. Waiting lines of one width, of whatever page or
batch, go through the recogniser together. A network takes a while to turn to another shape, so a
lane stays with a width as long as that fills its calls, and then goes to where most is waiting.
What it may prepare for in advance it does when nothing is waiting (`preparations`).
"""

import atexit
import collections
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import Any, Generic, NamedTuple, TypeVar

import page_progress
from decoding.pixels import Pixels
from engines.preparations import IDLE_S, Preparation, Preparations, Shape

Result = TypeVar("Result")
Answer = TypeVar("Answer")

ENOUGH_LINES_PER_LANE = 48
"""With fewer lines waiting, other calls go first: a page's detection brings the next lines."""
_PATIENCE = 64
"""Calls after which the line that has waited longest has its turn, whatever else there is."""
_LONGEST_PREPARATION_S = 10.0
_CALLS_TO_RECOVER = 200
"""How many calls without a failure there are before twice as many lines go together again."""


class Lanes(Generic[Result]):
    """A device's lanes. Safe to use from any thread."""

    def __init__(
        self,
        count: int,
        recognise: Callable[[list[Pixels]], Sequence[Result]],
        together: Callable[[int, int], int],
        enough_lines: int = ENOUGH_LINES_PER_LANE,
        most_calls: int = 2,
    ) -> None:
        """`recognise` reads lines of one width; of `waiting` ones `together(width, waiting)` go
        together. While fewer than `enough_lines` for each lane wait, other calls go first, at
        most `most_calls` at a time."""
        self._recognise = recognise
        self._together = together
        self._enough = enough_lines * count
        self._most_calls = most_calls
        self._changed = threading.Condition()
        self._calls: collections.deque[tuple[Callable[[], Any], Future[Any]]] = collections.deque()
        self._calls_running = 0
        self._lines: dict[int, collections.deque[_Line[Result]]] = {}
        """By width."""
        self._waiting = 0
        self._taken = 0
        """Calls with lines so far: the clock by which lines wait."""
        self._divisor = 1
        self._calls_since_failure = 0
        self._busy_s = 0.0
        self.count = count
        self._preparing = 0
        self._preparations = [Preparations() for _ in range(count)]
        for number, preparations in enumerate(self._preparations):
            threading.Thread(
                target=self._run, args=(preparations,), name=f"lane-{number}", daemon=True
            ).start()

    @property
    def busy_s(self) -> float:
        """Seconds that the lanes spent in network calls so far, of all lanes together."""
        with self._changed:
            return self._busy_s

    def call(self, work: Callable[[], Answer]) -> Answer:
        """Run `work`, a network call, in a lane.

        One such call runs at a time, because the detector's memory is the largest there is; more,
        up to `most_calls`, when a lane would stand still otherwise.
        """
        future: Future[Answer] = Future()
        with self._changed:
            self._calls.append((work, future))
            self._changed.notify()
        return _stepping(future)

    def recognise(self, lines: Sequence[Pixels]) -> list[Result]:
        """Read prepared lines, in company; results in the order of `lines`."""
        waiting = [_Line[Result](line) for line in lines]
        with self._changed:
            for line in waiting:
                line.since = self._taken
                self._lines.setdefault(line.pixels.shape[1], collections.deque()).append(line)
            self._waiting += len(waiting)
            self._changed.notify_all()
        return [_stepping(line.future) for line in waiting]

    def prepare(self, each: Iterable[Preparation], once: Iterable[Preparation] = ()) -> None:
        """Let every lane make its own preparations `each`, behind its work, and one of them
        those that are made `once`, first."""
        every = list(each)
        with self._changed:
            self._preparations[0].add(once)
            for preparations in self._preparations:
                preparations.add(every)
            self._changed.notify_all()

        atexit.register(self.stop_preparing)

    @property
    def to_prepare(self) -> int:
        """How many preparations are left or being made, in all lanes."""
        with self._changed:
            return self._preparing + sum(map(len, self._preparations))

    def stop_preparing(self) -> None:
        """Drop what is left, and wait for what is being made: a thread that is in native code when
        the interpreter ends aborts the process."""
        with self._changed:
            for preparations in self._preparations:
                preparations.clear()
            self._changed.wait_for(lambda: not self._preparing, _LONGEST_PREPARATION_S)

    def _run(self, preparations: Preparations) -> None:
        shape: Shape | None = None
        idle_since = time.monotonic()
        while True:
            turn = self._next(shape, preparations, idle_since)
            started, shape = time.monotonic(), turn.shape
            turn.run()
            with self._changed:
                if turn.is_work:
                    idle_since = time.monotonic()
                    self._busy_s += idle_since - started
                else:
                    self._preparing -= 1
                    self._changed.notify_all()

    def _next(self, last: Shape | None, preparations: Preparations, idle_since: float) -> "_Turn":
        """What this lane does now, after lines of the shape `last`; waits until there is
        something."""
        with self._changed:
            while True:
                if preparations.overdue:
                    self._changed.notify()  # what this lane was woken for, another may take
                    return self._take_preparation(preparations, last)
                turn = self._take(last)
                if turn is not None:
                    preparations.called(turn.shape)
                    self._tell_others(preparations, turn.shape)
                    return turn
                wait_s = None
                if preparations:
                    wait_s = idle_since + IDLE_S - time.monotonic()
                    if wait_s <= 0:
                        return self._take_preparation(preparations, last)
                self._changed.wait(wait_s)

    def _take(self, last: Shape | None) -> "_Turn | None":
        """The work that has its turn, if there is any."""
        if self._calls and not self._calls_running and self._waiting < self._enough:
            return _Turn(self._take_call(), last)
        if self._lines:
            shape = self._choose(last)
            return _Turn(self._take_lines(*shape), shape)
        if self._calls and self._calls_running < self._most_calls:
            return _Turn(self._take_call(), last)
        return None

    def _take_preparation(self, preparations: Preparations, last: Shape | None) -> "_Turn":
        self._preparing += 1
        run, shape = preparations.next()
        self._tell_others(preparations, shape)
        return _Turn(run, last, is_work=False)

    def _tell_others(self, own: Preparations, shape: Shape | None) -> None:
        """The other lanes hear which shape this one learns."""
        for preparations in self._preparations:
            if preparations is not own:
                preparations.learnt_elsewhere(shape)

    def _take_call(self) -> Callable[[], None]:
        work, future = self._calls.popleft()
        self._calls_running += 1

        def run() -> None:
            try:
                answer = work()
            except BaseException as error:
                self._end_call()
                future.set_exception(error)
            else:
                self._end_call()
                future.set_result(answer)

        return run

    def _end_call(self) -> None:
        with self._changed:
            self._calls_running -= 1
            self._changed.notify()

    def _choose(self, last: Shape | None) -> Shape:
        """Width and number of the lines that a lane takes next, after those of `last`."""
        longest = min(self._lines, key=lambda width: self._lines[width][0].since)
        if self._taken - self._lines[longest][0].since > _PATIENCE:
            return longest, self._count(longest)
        if last and last[0] in self._lines and self._count(last[0]) == last[1]:
            return last
        most = max(self._lines, key=lambda width: width * len(self._lines[width]))
        return most, self._count(most)

    def _count(self, width: int) -> int:
        return max(self._together(width, len(self._lines[width])) // self._divisor, 1)

    def _take_lines(self, width: int, count: int) -> Callable[[], None]:
        queue = self._lines[width]
        lines = [queue.popleft() for _ in range(count)]
        if not queue:
            del self._lines[width]
        self._waiting -= count
        self._taken += 1
        return lambda: self._read(lines)

    def _read(self, lines: "list[_Line[Result]]") -> None:
        try:
            results = self._recognise([line.pixels for line in lines])
            if len(results) != len(lines):
                raise ValueError(f"{len(results)} results for {len(lines)} lines")
        except Exception as error:
            if len(lines) == 1:
                lines[0].future.set_exception(error)
                return
            # Most likely there was not enough memory: from now on fewer go together.
            with self._changed:
                self._divisor *= 2
                self._calls_since_failure = 0
            middle = len(lines) // 2
            self._read(lines[:middle])
            self._read(lines[middle:])
            return
        self._recover()
        for line, result in zip(lines, results, strict=True):
            line.future.set_result(result)

    def _recover(self) -> None:
        """Memory that was short may be there again; a device's, when another program ended."""
        with self._changed:
            self._calls_since_failure += 1
            if self._divisor > 1 and self._calls_since_failure >= _CALLS_TO_RECOVER:
                self._divisor //= 2
                self._calls_since_failure = 0


class _Turn(NamedTuple):
    """What a lane does next."""

    run: Callable[[], None]
    shape: Shape | None
    """Of the lines that the lane is prepared for afterwards."""
    is_work: bool = True


class _Line(Generic[Result]):
    """A line that waits for its text."""

    def __init__(self, pixels: Pixels) -> None:
        self.pixels = pixels
        self.since = 0
        self.future: Future[Result] = Future()


def _stepping(future: "Future[Answer]") -> Answer:
    """The result, once it is there, which is a step on the caller's page."""
    answer = future.result()
    page_progress.step()
    return answer
