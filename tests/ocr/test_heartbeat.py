"""The self-watchdog: what counts as standing still, and what ends then."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from polling import wait_until

import heartbeat
from heartbeat import Guard
from ocr_errors import EXIT_OTHER
from project import ROOT

LIMIT_S = 60.0
TICK_S = 5.0


class Stalls:
    """A guard with a clock of its own; counts what it reports."""

    def __init__(self) -> None:
        self.now = 0.0
        self.reported: list[tuple[str, float]] = []
        self.guard = Guard(
            LIMIT_S, on_stall=lambda *stall: self.reported.append(stall), clock=lambda: self.now
        )

    def pass_time(self, seconds: float, each_tick: Callable[[], None] = lambda: None) -> None:
        """Tick as the guard's thread does."""
        for _ in range(int(seconds / TICK_S)):
            each_tick()
            self.now += TICK_S
            self.guard.tick()


@pytest.fixture
def stalls() -> Stalls:
    return Stalls()


def test_a_loop_that_stands_still_is_reported_after_the_limit(stalls: Stalls) -> None:
    with stalls.guard.watched("watcher"):
        stalls.pass_time(LIMIT_S - TICK_S)
        assert stalls.reported == []
        stalls.pass_time(TICK_S)
        assert stalls.reported == [("watcher", LIMIT_S)]


def test_a_loop_that_beats_is_not(stalls: Stalls) -> None:
    with stalls.guard.watched("watcher"):
        stalls.pass_time(10 * LIMIT_S, heartbeat.beat)
        stalls.pass_time(LIMIT_S - TICK_S)
        heartbeat.beat()  # just in time
        stalls.pass_time(LIMIT_S - TICK_S)
    assert stalls.reported == []


def test_one_that_ended_is_not(stalls: Stalls) -> None:
    with stalls.guard.watched("watcher"):
        pass
    stalls.pass_time(2 * LIMIT_S)
    assert stalls.reported == []


def test_each_loop_has_a_heart_of_its_own(stalls: Stalls) -> None:
    """One that goes on does not hide one that is stuck."""
    stuck, over = threading.Event(), threading.Event()

    def loop() -> None:
        with stalls.guard.watched("pipeline"):
            stuck.set()
            over.wait(10)

    thread = threading.Thread(target=loop)
    thread.start()
    assert stuck.wait(10)
    with stalls.guard.watched("watcher"):
        stalls.pass_time(LIMIT_S, heartbeat.beat)
    over.set()
    thread.join()
    assert stalls.reported == [("pipeline", LIMIT_S)]


def test_a_process_that_was_stopped_as_a_whole_is_not_stuck(stalls: Stalls) -> None:
    """`docker pause` for an hour: the guard's own thread stood still as well."""
    with stalls.guard.watched("watcher"):
        stalls.pass_time(TICK_S)
        stalls.now += 3600
        stalls.guard.tick()
        assert stalls.reported == []


def test_waiting_is_no_standing_still(stalls: Stalls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "_SLICE_S", 0.01)
    with stalls.guard.watched("watcher"):
        (heart,) = stalls.guard._standing
        assert not heartbeat.wait(threading.Event(), 0.05)
        assert heart.beats >= 4


def test_waiting_ends_with_the_event_or_with_the_time() -> None:
    event = threading.Event()
    assert not heartbeat.wait(event, 0.0)
    assert not heartbeat.wait(event, -1.0)
    started = time.monotonic()
    threading.Timer(0.05, event.set).start()
    assert heartbeat.wait(event, 30.0)
    assert time.monotonic() - started < 10
    assert heartbeat.wait(event, 0.0)


def test_a_thread_that_nobody_watches_may_beat() -> None:
    heartbeat.beat()


def test_the_kernel_knows_the_loops_by_name(stalls: Stalls) -> None:
    """So that `top -H` does, and the tests of the containers."""
    over = threading.Event()

    def loop() -> None:
        with stalls.guard.watched("a-name-that-is-too-long"):
            over.wait(10)

    def names() -> list[str]:
        return [task.joinpath("comm").read_text() for task in Path("/proc/self/task").iterdir()]

    before = Path("/proc/self/comm").read_text()
    with stalls.guard.watched("main"):
        assert Path("/proc/self/comm").read_text() == before
    thread = threading.Thread(target=loop)
    thread.start()
    wait_until(lambda: "a-name-that-is-\n" in names())
    over.set()
    thread.join()


def test_the_process_ends_and_says_where_it_stood() -> None:
    """Even with a thread that holds on to everything, as a stuck one does."""
    code = (
        "import threading, time, heartbeat\n"
        "guard = heartbeat.Guard(0.2)\n"
        "def stuck_here():\n"
        "    with guard.watched('pipeline'):\n"
        "        time.sleep(60)\n"
        "threading.Thread(target=stuck_here).start()\n"
        "guard.start()\n"
    )
    started = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT / "ocr")},
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert time.monotonic() - started < 20
    assert ended.returncode == EXIT_OTHER
    assert "pipeline has stood still for 0.2 s; the service ends" in ended.stderr
    assert "in stuck_here" in ended.stderr
