"""Two workers that feed one writer: what they share, and that neither takes the other along."""

import functools
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from pipeline_desk import Desk, FakePool
from polling import wait_until

import fake_worker
from page_records import BatchResult, Provenance, Task
from pipelines import Pipelines
from worker_link.pool import Pool
from worker_link.reading_pools import Pools


class Two(Desk):
    """A desk whose pipeline is two of them."""

    def both(self, *pools: Any, wait_for_signal: bool = False) -> Pipelines:
        """Start them; the desk's own pipeline stays unused."""
        made = Pipelines(
            self.store,
            Pools(pools),
            stop=self.stop,
            max_attempts=2,
            wait_for_signal=wait_for_signal,
        )
        self.pipeline = cast(Any, made)
        for _, work in made.threads:
            thread = threading.Thread(target=work)
            thread.start()
            self._threads.append(thread)
        return made


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    made = Two(tmp_path)
    yield made
    made.close()


class Watched(FakePool):
    """Tells what is in work in all such pools together, as a batch is answered."""

    everything: dict[int, list[str]]

    def __init__(self, everything: dict[int, list[str]], seen: list[set[str]]) -> None:
        super().__init__()
        self.everything = everything
        self.seen = seen

    def submit(self, batch_id: int, tasks: list[Task]) -> None:
        super().submit(batch_id, tasks)
        self.everything[batch_id] = [task.path.decode() for task in tasks]

    def next_result(self, woken: threading.Event) -> BatchResult | None:
        in_work = list(self._in_work)
        self.seen.append({name for names in list(self.everything.values()) for name in names})
        try:
            return super().next_result(woken)
        finally:
            for batch_id in in_work:
                if batch_id not in self._in_work:
                    self.everything.pop(batch_id)


def test_both_read_at_the_same_time(two: Two) -> None:
    meet = threading.Barrier(2)
    pools = [FakePool(), FakePool()]
    for pool in pools:
        pool.on_read = lambda _: meet.wait(20) and None
    two.add("a.png", "b.png", "c.png", "d.png")
    made = two.both(*pools)
    two.wait(a="done", b="done", c="done", d="done")
    assert [len(pool.batches) for pool in pools] == [1, 1]
    wait_until(lambda: made.state == "idle")
    assert made.batch is None


def test_the_others_wait_until_the_first_can_read(two: Two) -> None:
    """So that the first text comes first."""
    may_start = threading.Event()

    class Slow(FakePool):
        def start(self) -> Provenance:
            if not self.starts:
                may_start.wait(20)
            return super().start()

    first, second = Slow(), FakePool()
    made = two.both(first, second)
    assert made.state == "starting"
    assert second.starts == 0
    may_start.set()
    wait_until(lambda: second.starts == 1)
    assert first.starts == 1


def test_what_ended_a_worker_is_read_again_with_nothing_beside_it_in_any(two: Two) -> None:
    everything: dict[int, list[str]] = {}
    seen: list[set[str]] = []
    pools = [Watched(everything, seen), Watched(everything, seen)]
    meet = threading.Barrier(2)

    def meet_at_first(pool: FakePool, _: list[Task]) -> None:
        if len(pool.batches) == 1:
            meet.wait(20)

    for pool in pools:
        pool.poison = {"b.png": "worker_died"}
        pool.on_read = functools.partial(meet_at_first, pool)
    two.add(*(f"{name}.png" for name in "abcdefgh"))
    two.both(*pools)
    two.wait(b="quarantined", **dict.fromkeys("acdefgh", "done"))
    alone = sorted(batch[0] for pool in pools for batch in pool.batches if len(batch) == 1)
    assert alone == ["a.png", "b.png"], "what the other worker had is none of its business"
    assert {"a.png", "b.png", "c.png", "d.png"} in seen
    assert [found for found in seen if found & {"a.png", "b.png"}][-2:] == [{"a.png"}, {"b.png"}]


def test_an_order_for_three_images_is_over_after_three_whoever_reads_them(two: Two) -> None:
    two.add(*(f"{name}.png" for name in "abcdefgh"))
    pools = [FakePool(), FakePool()]
    made = two.both(*pools, wait_for_signal=True)
    wait_until(lambda: made.state == "waiting")
    made.signal(limit=3, paths=None)()
    wait_until(lambda: list(two.statuses().values()).count("done") >= 3)
    wait_until(lambda: made.state == "waiting")
    assert list(two.statuses().values()).count("done") == 3
    made.signal(limit=None, paths=None)()
    wait_until(lambda: set(two.statuses().values()) == {"done"})


def test_a_killed_worker_takes_nothing_of_the_other_along(two: Two) -> None:
    """Real processes: one is killed again and again, and the other goes on."""
    pools = [Pool(timeout_s=20.0, stop=two.stop, command=fake_worker.command()) for _ in range(2)]
    names = [f"{number}.png" for number in range(24)]
    two.add(*names, "kill-1.png")
    made = two.both(*pools)
    try:
        wait_until(lambda: "pending" not in two.statuses().values() and made.batch is None)
        wait_until(lambda: two.statuses()["kill-1.png"] == "quarantined")
        assert {two.statuses()[name] for name in names} == {"done"}
        assert sum(count for count in two.rows("attempts").values()) <= 3
        assert Pools(pools).restarts >= 1
    finally:
        two.stop.set()
        Pools(pools).stop()


def test_a_stop_gives_back_what_both_had(two: Two) -> None:
    begun = threading.Semaphore(0)

    class Endless(FakePool):
        def next_result(self, woken: threading.Event) -> BatchResult | None:
            begun.release()
            woken.wait(20)
            return None

    two.add("a.png", "b.png", "c.png", "d.png")
    two.both(Endless(), Endless())
    for _ in range(2):
        assert begun.acquire(timeout=20)
    two.stop.set()
    two.pipeline.wake()
    for thread in two._threads:
        thread.join(20)
    assert two.rows("status", "attempts") == dict.fromkeys(
        (f"{name}.png" for name in "abcd"), ("pending", 0)
    )
