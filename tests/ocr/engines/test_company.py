"""Calls that go together: who joins whom, and what a failure costs the others."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from polling import wait_until

from engines.company import Company


class Lane:
    """One lane, that can be held up; notes what went together."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.open.set()
        self.asked = 0
        self.together: list[list[int]] = []
        self.fails: Callable[[list[int]], bool] = lambda _: False
        self._one_at_a_time = threading.Lock()
        self._count = threading.Lock()

    def call(self, work: Callable[[], None]) -> None:
        with self._count:
            self.asked += 1
        with self._one_at_a_time:
            self.open.wait()
            work()

    def run(self, items: list[int]) -> list[int]:
        self.together.append(items)
        if self.fails(items):
            raise MemoryError("too much")
        return [10 * item for item in items]


@pytest.fixture
def lane() -> Lane:
    return Lane()


def company(lane: Lane, most: int = 4) -> Company[int, int]:
    """Odd and even numbers do not go together."""
    return Company(lane.call, lane.run, lambda waiting: min(waiting, most), lambda item: item % 2)


def ask_all(lane: Lane, made: Company[int, int], items: list[int]) -> list[int]:
    """All at once, while the lane is held up until they wait."""
    lane.open.clear()
    with ThreadPoolExecutor(len(items)) as threads:
        answers = threads.map(made.ask, items)
        wait_until(lambda: lane.asked == len(items))
        lane.open.set()
        return list(answers)


def test_alone_it_goes_alone(lane: Lane) -> None:
    made = company(lane)
    assert [made.ask(1), made.ask(2)] == [10, 20]
    assert lane.together == [[1], [2]]


def test_those_that_wait_go_together_with_their_own_kind(lane: Lane) -> None:
    items = list(range(12))
    assert ask_all(lane, company(lane), items) == [10 * item for item in items]
    assert sorted(item for some in lane.together for item in some) == items
    assert max(map(len, lane.together)) == 4
    assert all(len({item % 2 for item in some}) == 1 for some in lane.together)


def test_a_lack_of_memory_halves_and_goes_on(lane: Lane) -> None:
    lane.fails = lambda items: len(items) > 1
    assert ask_all(lane, company(lane), [0, 2, 4, 6]) == [0, 20, 40, 60]
    assert [some for some in lane.together if len(some) == 1] == [
        [item] for some in lane.together if len(some) == 4 for item in some
    ]


def test_only_the_one_that_cannot_be_answered_fails(lane: Lane) -> None:
    lane.fails = lambda items: 2 in items
    made = company(lane)
    failed: list[int] = []

    def ask(item: int) -> int:
        try:
            return made.ask(item)
        except MemoryError:
            failed.append(item)
            return -1

    lane.open.clear()
    with ThreadPoolExecutor(4) as threads:
        answers = threads.map(ask, [0, 2, 4, 6])
        wait_until(lambda: lane.asked == 4)
        lane.open.set()
        assert list(answers) == [0, -1, 40, 60]
    assert failed == [2]
    assert made.ask(8) == 80
