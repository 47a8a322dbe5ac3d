"""The processing signal: what it orders is read, and no more."""

from collections.abc import Callable
from typing import Any

import pytest
from pipeline_desk import Desk
from polling import wait_until


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Reads only what it is told to."""
    desk.reopen(wait_for_signal=True)
    return desk


def ready(desk: Desk, *names: str) -> None:
    desk.add(*names)
    desk.run()
    wait_until(lambda: desk.pool.provenance)


def test_without_it_nothing_is_read(desk: Desk) -> None:
    ready(desk, "a.png")
    desk.looked()
    assert desk.pool.batches == []
    assert desk.pipeline.state == "waiting"


def test_it_reads_what_is_pending_and_then_waits_again(desk: Desk) -> None:
    ready(desk, "a.png", "b.png", "c.png")
    desk.pipeline.signal(limit=None, paths=None)()
    desk.wait(a="done", b="done", c="done")
    wait_until(lambda: desk.pipeline.state == "waiting")
    desk.add("d.png")
    desk.looked()
    assert desk.pipeline.state == "waiting"
    assert desk.statuses()["d.png"] == "pending"
    desk.pipeline.signal(limit=None, paths=None)()
    desk.wait(d="done")


def test_it_lasts_until_the_folder_has_been_looked_at(desk: Desk) -> None:
    """The look is not over: what it finds belongs to this signal."""
    ready(desk, "a.png")
    complete = desk.pipeline.signal(limit=None, paths=None)
    desk.wait(a="done")
    wait_until(lambda: desk.pipeline.state == "idle")
    desk.add("b.png")
    desk.wait(b="done")
    complete()
    wait_until(lambda: desk.pipeline.state == "waiting")


def test_what_arrives_as_the_look_ends_is_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue was empty a moment ago, the look is complete now: that is no empty queue."""
    claim = desk.store.claim
    complete: Callable[[], None] | None = None

    def claim_then_look_ends(limit: int, paths: Any = None, **how: Any) -> Any:
        nonlocal complete
        claimed = claim(limit, paths, **how)
        if claimed is None and complete is not None:
            desk.add("late.png")
            complete()
            complete = None
        return claimed

    monkeypatch.setattr(desk.store, "claim", claim_then_look_ends)
    complete = desk.pipeline.signal(limit=None, paths=None)
    desk.run()
    desk.wait(late="done")


def test_a_limit(desk: Desk) -> None:
    ready(desk, *(f"{i}.png" for i in range(5)))
    desk.pipeline.signal(limit=3, paths=None)
    wait_until(lambda: desk.store.counts()["done"] == 3)
    wait_until(lambda: desk.pipeline.state == "waiting")
    assert [len(batch) for batch in desk.pool.batches] == [2, 1]
    assert desk.store.counts()["pending"] == 2


@pytest.mark.parametrize("prefetch", [2, 3])
@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
def test_a_limit_is_kept_however_many_are_in_work(desk: Desk, prefetch: int, limit: int) -> None:
    desk.pool.prefetch = prefetch
    ready(desk, *(f"{i}.png" for i in range(7)))
    desk.pipeline.signal(limit=limit, paths=None)
    wait_until(lambda: desk.store.counts()["done"] == limit)
    wait_until(lambda: desk.pipeline.state == "waiting")
    desk.looked()
    assert desk.store.counts()["pending"] == 7 - limit


def test_a_limit_and_a_crash(desk: Desk) -> None:
    """What was in work and could not be read does not count; what is quarantined does."""
    desk.pool.prefetch = 2
    desk.pool.poison = {"b.png": "worker_died"}
    ready(desk, *(f"{name}.png" for name in "abcd"))
    desk.pipeline.signal(limit=4, paths=None)
    desk.wait(a="done", b="quarantined", c="done", d="done")
    wait_until(lambda: desk.pipeline.state == "waiting")


def test_orders_end_though_others_are_in_work(desk: Desk) -> None:
    desk.pool.prefetch = 3
    desk.add("a.png", "b.png", "c.png", "d.png")
    desk.pipeline.signal(limit=None, paths=frozenset({b"a.png"}))()
    desk.pipeline.signal(limit=1, paths=frozenset({b"b.png", b"c.png"}))
    desk.pipeline.signal(limit=None, paths=frozenset({b"nothing.png"}))()
    desk.run()
    desk.wait(a="done", b="done", c="pending", d="pending")
    wait_until(lambda: desk.pipeline.state == "waiting")
    assert len(desk.pool.batches) == 2


def test_paths(desk: Desk) -> None:
    ready(desk, "a.png", "b.png", "c.png")
    desk.pipeline.signal(limit=None, paths=frozenset({b"b.png", b"nothing.png"}))()
    desk.wait(b="done")
    wait_until(lambda: desk.pipeline.state == "waiting")
    assert desk.statuses() == {"a.png": "pending", "b.png": "done", "c.png": "pending"}


def test_two_signals_are_two_orders(desk: Desk) -> None:
    """The second does not take the first one's place."""
    desk.add("a.png", "b.png", "c.png")
    desk.pipeline.signal(limit=None, paths=frozenset({b"a.png"}))()
    desk.pipeline.signal(limit=None, paths=frozenset({b"c.png"}))()
    desk.run()
    desk.wait(a="done", b="pending", c="done")
    wait_until(lambda: desk.pipeline.state == "waiting")


def test_an_order_that_waits_for_its_look_holds_up_no_other(desk: Desk) -> None:
    desk.add("a.png")
    desk.pipeline.signal(limit=None, paths=frozenset({b"never.png"}))
    desk.pipeline.signal(limit=None, paths=frozenset({b"a.png"}))()
    desk.run()
    desk.wait(a="done")


def test_a_restart_waits_for_a_new_signal(desk: Desk) -> None:
    desk.add("a.png")
    desk.pipeline.signal(limit=None, paths=None)
    desk.reopen(wait_for_signal=True)
    ready(desk)
    assert desk.pipeline.state == "waiting"
    assert desk.pool.batches == []
