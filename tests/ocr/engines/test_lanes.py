"""Lanes: who goes when, what travels together, and what a failure costs."""

import collections
import contextlib
import random
import threading
import types
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polling import wait_until

import page_progress
from decoding.pixels import Pixels
from engines import lanes as lanes_module
from engines.lanes import Lanes

DEADLINE_S = 15.0


def line(width: int, name: int = 0) -> Pixels:
    """A line that tells its name: in blue and green of its first pixel."""
    made = np.zeros((1, width, 3), dtype=np.uint8)
    made[0, 0, :2] = name % 256, name // 256
    return made


def name_of(pixels: Pixels) -> int:
    return int(pixels[0, 0, 0]) + 256 * int(pixels[0, 0, 1])


class Device:
    """Reads a line as its name; notes what it was given, and can be held up or fail."""

    def __init__(self) -> None:
        self.batches: list[list[tuple[int, int]]] = []
        """(width, name) of the lines of each batch."""
        self.order: list[str] = []
        self.open = threading.Event()
        self.open.set()
        self.at_once = 0
        self.most_at_once = 0
        self.fails: Callable[[list[int]], bool] = lambda _: False
        self._lock = threading.Lock()

    def read(self, lines: list[Pixels]) -> list[int]:
        names = [name_of(pixels) for pixels in lines]
        with self._lock:
            self.batches.append([(p.shape[1], n) for p, n in zip(lines, names, strict=True)])
            self.order.append("lines")
        with self.computing():
            if self.fails(names):
                raise MemoryError("too much")
        return names

    @contextlib.contextmanager
    def computing(self) -> Iterator[None]:
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            assert self.open.wait(DEADLINE_S)
            yield
        finally:
            with self._lock:
                self.at_once -= 1

    def widths(self) -> list[tuple[int, int]]:
        """(width, count) of each batch."""
        for batch in self.batches:
            assert len({width for width, _ in batch}) == 1, "widths were mixed"
        return [(batch[0][0], len(batch)) for batch in self.batches]


@pytest.fixture
def device() -> Device:
    return Device()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(32) as pool:
        yield pool


def made(device: Device, count: int = 1, most: int = 2) -> Lanes[int]:
    return Lanes(count, device.read, lambda _, waiting: min(most, waiting))


def done(*futures: "Future[Any]") -> list[Any]:
    return [future.result(DEADLINE_S) for future in futures]


def held_up(lanes: Lanes[int], device: Device, threads: ThreadPoolExecutor) -> "Future[Any]":
    """A lane that computes a line of width 1, named 0, until `device.open` is set."""
    device.open.clear()
    before = len(device.batches)
    future = threads.submit(lanes.recognise, [line(1)])
    wait_until(lambda: len(device.batches) > before, "the lane to compute")
    return future


def test_results_come_in_the_order_of_the_lines(device: Device) -> None:
    widths = [30, 10, 20, 10, 30, 30, 10, 20, 10]
    lines = [line(width, name) for name, width in enumerate(widths)]
    assert made(device).recognise(lines) == list(range(len(widths)))


def test_no_lines(device: Device) -> None:
    assert made(device).recognise([]) == []
    assert device.batches == []


def test_a_lane_goes_where_most_is_waiting(device: Device) -> None:
    """By columns, not by lines."""
    made(device).recognise([line(width) for width in (20, 10, 10, 90, 10, 20)])
    assert device.widths() == [(90, 1), (20, 2), (10, 2), (10, 1)]


def test_a_lane_stays_with_a_width_while_it_fills_its_calls(device: Device) -> None:
    """Though more is waiting elsewhere: turning to another shape takes time."""
    made(device).recognise([line(width) for width in (20,) * 5 + (30,) * 3])
    assert device.widths() == [(20, 2), (20, 2), (30, 2), (30, 1), (20, 1)]


def test_a_line_that_nobody_joins_has_its_turn(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes_module, "_PATIENCE", 3)
    made(device).recognise([line(10), *[line(20)] * 20])
    assert device.widths() == [(20, 2)] * 4 + [(10, 1)] + [(20, 2)] * 6


def test_within_a_width_it_is_first_come_first_served(device: Device) -> None:
    made(device).recognise([line(10, name) for name in range(7)])
    assert [name for batch in device.batches for _, name in batch] == list(range(7))


def test_each_width_has_a_limit_of_its_own(device: Device) -> None:
    lanes = Lanes(1, device.read, lambda width, waiting: min(60 // width, waiting) or 1)
    lanes.recognise([line(width) for width in (10, 30, 80) for _ in range(7)])
    assert device.widths() == [(80, 1)] * 7 + [(30, 2)] * 3 + [(10, 6), (30, 1), (10, 1)]


def test_lines_of_several_pages_travel_together(
    device: Device, threads: ThreadPoolExecutor
) -> None:
    lanes = made(device, most=8)
    first = held_up(lanes, device, threads)
    pages = [threads.submit(lanes.recognise, [line(10, 10 * p + i) for i in range(2)])
             for p in range(1, 5)]  # fmt: skip
    wait_until(lambda: lanes._waiting == 8, "all lines to wait")
    device.open.set()
    assert done(first, *pages) == [[0], [10, 11], [20, 21], [30, 31], [40, 41]]
    assert device.widths() == [(1, 1), (10, 8)]


def test_as_many_at_once_as_there_are_lanes(device: Device, threads: ThreadPoolExecutor) -> None:
    device.open.clear()
    lanes = made(device, count=3)
    pages = [threads.submit(lanes.recognise, [line(10, i), line(20, i)]) for i in range(10)]
    wait_until(lambda: device.at_once == 3 and lanes._waiting == 20 - _lines_of(device))
    device.open.set()
    assert done(*pages) == [[i, i] for i in range(10)]
    assert device.most_at_once == 3


def _lines_of(device: Device) -> int:
    return sum(map(len, device.batches))


class TestCalls:
    def test_a_call_answers_what_it_was_asked(self, device: Device) -> None:
        assert made(device).call(lambda: "answer") == "answer"

    def test_a_call_that_fails_says_so_and_the_next_is_served(self, device: Device) -> None:
        lanes = made(device)

        def fail() -> None:
            raise MemoryError("no")

        for _ in range(3):
            with pytest.raises(MemoryError, match="no"):
                lanes.call(fail)
        assert lanes.call(lambda: 7) == 7
        assert lanes.recognise([line(10, 5)]) == [5]

    @pytest.mark.parametrize(("count", "at_once"), [(2, 1), (4, 2), (8, 4)])
    def test_without_lines_calls_take_no_more_lanes_than_they_may(
        self, device: Device, threads: ThreadPoolExecutor, count: int, at_once: int
    ) -> None:
        lanes: Lanes[int] = Lanes(
            count, device.read, lambda _, waiting: min(2, waiting), most_calls=at_once
        )
        opened, running, most = threading.Event(), 0, 0

        def work() -> None:
            nonlocal running, most
            running += 1
            most = max(most, running)
            assert opened.wait(DEADLINE_S)
            running -= 1

        calls = [threads.submit(lanes.call, work) for _ in range(6)]
        wait_until(lambda: running == at_once and len(lanes._calls) == 6 - at_once)
        if count > at_once:
            assert lanes.recognise([line(10, name) for name in range(9)]) == list(range(9))
        assert running == at_once
        opened.set()
        done(*calls)
        assert most == at_once

    def test_while_lines_wait_only_one_call_runs(
        self, device: Device, threads: ThreadPoolExecutor
    ) -> None:
        lanes = made(device, count=2)
        first = [held_up(lanes, device, threads) for _ in range(2)]
        page = threads.submit(lanes.recognise, [line(10, name) for name in range(20)])
        wait_until(lambda: lanes._waiting == 20, "the lines to wait")
        opened = threading.Event()
        calls = [threads.submit(lanes.call, lambda: opened.wait(DEADLINE_S)) for _ in range(2)]
        wait_until(lambda: len(lanes._calls) == 2, "the calls to wait")
        device.open.set()
        assert page.result(DEADLINE_S) == list(range(20))
        opened.set()
        done(*first, *calls)

    def order(
        self, device: Device, threads: ThreadPoolExecutor, waiting: int
    ) -> tuple[list[str], Lanes[int]]:
        """What a single lane does with so many lines of one width and then a call."""
        lanes = made(device)
        first = held_up(lanes, device, threads)
        page = threads.submit(lanes.recognise, [line(10)] * waiting)
        wait_until(lambda: lanes._waiting == waiting, "the lines to wait")
        call = threads.submit(lanes.call, lambda: device.order.append("call"))
        wait_until(lambda: lanes._calls, "the call to wait")
        device.open.set()
        done(first, page, call)
        return device.order, lanes

    def test_it_goes_first_when_few_lines_wait(
        self, device: Device, threads: ThreadPoolExecutor
    ) -> None:
        order, _ = self.order(device, threads, 4)
        assert order == ["lines", "call", "lines", "lines"]

    def test_it_waits_until_few_lines_wait(
        self, device: Device, threads: ThreadPoolExecutor
    ) -> None:
        """Not until none does: what it brings must be there by then."""
        enough = lanes_module.ENOUGH_LINES_PER_LANE
        order, _ = self.order(device, threads, enough + 3)
        assert order == ["lines"] * 3 + ["call"] + ["lines"] * ((enough + 3) // 2 - 1)

    def test_lines_do_not_wait_for_a_call_that_may_not_run(
        self, device: Device, threads: ThreadPoolExecutor
    ) -> None:
        lanes = made(device, count=2)
        opened, started = threading.Event(), threading.Event()

        def work() -> None:
            started.set()
            assert opened.wait(DEADLINE_S)

        first = threads.submit(lanes.call, work)
        assert started.wait(DEADLINE_S)
        lines = held_up(lanes, device, threads)
        second = threads.submit(lanes.call, work)
        wait_until(lambda: lanes._calls, "the call to wait")
        page = threads.submit(lanes.recognise, [line(10, 3)])
        wait_until(lambda: lanes._waiting == 1, "the line to wait")
        device.open.set()
        assert page.result(DEADLINE_S) == [3]
        opened.set()
        done(first, lines, second)


class TestFailures:
    def test_only_the_guilty_line_fails(self, device: Device, threads: ThreadPoolExecutor) -> None:
        """Its batch is halved until it stands alone; the lines beside it are read."""
        device.fails = lambda names: 13 in names
        lanes = made(device, most=16)
        first = held_up(lanes, device, threads)
        pages = {name: threads.submit(lanes.recognise, [line(10, name)]) for name in range(10, 18)}
        wait_until(lambda: lanes._waiting == 8, "all lines to wait")
        device.open.set()
        assert done(first) == [[0]]
        with pytest.raises(MemoryError):
            pages.pop(13).result(DEADLINE_S)
        for name, page in pages.items():
            assert done(page) == [[name]]
        assert sorted(count for _, count in device.widths()) == [1, 1, 1, 2, 2, 4, 4, 8]

    def test_a_page_with_a_guilty_line_fails_and_the_next_is_read(self, device: Device) -> None:
        device.fails = lambda names: 3 in names
        lanes = made(device, count=2, most=4)
        with pytest.raises(MemoryError, match="too much"):
            lanes.recognise([line(10, name) for name in range(8)])
        assert lanes.recognise([line(10, 9), line(20, 8)]) == [9, 8]

    def test_what_is_too_much_at_a_time_is_read_in_parts_and_later_is_less(
        self, device: Device
    ) -> None:
        device.fails = lambda names: len(names) > 2
        lanes = made(device, most=8)
        assert lanes.recognise([line(10, name) for name in range(8)]) == list(range(8))
        # The halves fail one after the other, and each failure halves what comes later.
        assert device.widths() == [(10, count) for count in (8, 4, 2, 2, 4, 2, 2)]
        device.batches.clear()
        assert lanes.recognise([line(20, name) for name in range(8)]) == list(range(8))
        assert device.widths() == [(20, 1)] * 8

    def test_after_many_calls_without_a_failure_more_go_together_again(
        self, device: Device, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lanes_module, "_CALLS_TO_RECOVER", 8)
        device.fails = lambda names: len(names) > 2
        lanes = made(device, most=4)
        assert lanes.recognise([line(10, name) for name in range(4)]) == list(range(4))
        device.fails = lambda _: False
        device.batches.clear()
        lanes.recognise([line(10)] * 24)
        assert [count for _, count in device.widths()] == [2] * 6 + [4] * 3

    def test_a_line_is_never_divided(self, device: Device) -> None:
        device.fails = lambda _: True
        lanes = made(device, most=2)
        for _ in range(4):
            with pytest.raises(MemoryError):
                lanes.recognise([line(10), line(10)])
        device.fails = lambda _: False
        assert lanes.recognise([line(10, 1), line(10, 2)]) == [1, 2]

    @pytest.mark.parametrize("change", [-1, 1])
    def test_a_recogniser_that_loses_lines_is_found_out(self, change: int) -> None:
        lanes: Lanes[int] = Lanes(1, lambda lines: [7] * (len(lines) + change), min)
        with pytest.raises(ValueError, match="results for 1 lines"):
            lanes.recognise([line(10)] * 3)


def test_it_counts_the_seconds_that_its_lanes_compute(
    device: Device, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of all lanes together; waiting counts for nothing."""
    lanes = made(device, count=2)
    assert (lanes.busy_s, lanes.count) == (0.0, 2)
    clock = [0.0]
    monkeypatch.setattr(lanes_module, "time", types.SimpleNamespace(monotonic=lambda: clock[0]))
    device.open.clear()
    page = threads.submit(lanes.recognise, [line(10), line(20)])
    wait_until(lambda: device.at_once == 2)
    clock[0] = 3.0
    device.open.set()
    page.result(DEADLINE_S)
    wait_until(lambda: lanes.busy_s == 6.0)
    clock[0] = 50.0
    assert lanes.call(lambda: clock.__setitem__(0, 54.0)) is None
    wait_until(lambda: lanes.busy_s == 10.0)


pages = st.lists(st.lists(st.sampled_from([1, 2, 3, 40]), max_size=12), max_size=12)
"""The widths of each page's lines."""


@settings(max_examples=60, deadline=None)
@given(pages, st.integers(1, 4), st.integers(1, 5), st.integers(0, 2**32))
def test_whatever_is_asked_every_page_gets_its_own(
    wanted: list[list[int]], count: int, most: int, seed: int
) -> None:
    """Many threads, several widths, calls between the lines, some lines guilty."""
    rng = random.Random(seed)
    device = Device()
    guilty: set[int] = set()
    names = iter(range(1, 10_000))
    jobs: list[list[tuple[int, int]]] = []
    for page in wanted:
        jobs.append([(width, next(names)) for width in page])
        if page and rng.random() < 0.2:
            guilty.add(rng.choice(jobs[-1])[1])
    device.fails = lambda found: bool(guilty.intersection(found))
    lanes = made(device, count, most)
    calls: collections.Counter[int] = collections.Counter()

    def read(number: int) -> list[int] | None:
        lanes.call(lambda: calls.update([number]))
        try:
            return lanes.recognise([line(width, name) for width, name in jobs[number]])
        except MemoryError:
            return None

    with ThreadPoolExecutor(12) as pool:
        results = done(*[pool.submit(read, number) for number in range(len(jobs))])
    for job, result in zip(jobs, results, strict=True):
        expected = [name for _, name in job]
        assert result == (None if guilty.intersection(expected) else expected)
    assert calls == dict.fromkeys(range(len(jobs)), 1)
    assert all(size <= most for _, size in device.widths())
    assert device.most_at_once <= count
    if not guilty:
        assert sorted(n for batch in device.batches for _, n in batch) == sorted(
            name for job in jobs for _, name in job
        )


def test_each_line_read_is_a_step_on_its_page(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[int] = []
    monkeypatch.setattr(page_progress, "step", lambda: steps.append(threading.get_ident()))
    lanes: Lanes[int] = Lanes(2, lambda lines: [0] * len(lines), lambda _, waiting: waiting)
    lanes.recognise([np.zeros((48, 160, 3), dtype=np.uint8)] * 5)
    lanes.call(lambda: 1)
    assert steps == [threading.get_ident()] * 6
