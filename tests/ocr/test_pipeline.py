"""The pipeline from claim to result: crashes, pauses and changed files included."""

import threading
import time
from typing import Any

import pytest
from pipeline_desk import Desk
from polling import wait_until

import fake_worker
from page_records import Task
from worker_link.pool import Pool, Stopped


def test_what_is_pending_is_read_in_batches(desk: Desk) -> None:
    desk.add("a.png", "b.png", "c.png")
    desk.run()
    desk.wait(a="done", b="done", c="done")
    assert desk.pool.batches == [["a.png", "b.png"], ["c.png"]]
    with desk.database.reading() as connection:
        texts = connection.execute("SELECT text FROM pages ORDER BY image_id").fetchall()
    assert [text for (text,) in texts] == ["text of a.png", "text of b.png", "text of c.png"]


def test_what_appears_is_read(desk: Desk) -> None:
    desk.run()
    wait_until(lambda: desk.pipeline.state == "idle")
    desk.add("a.png")
    desk.wait(a="done")


def test_after_a_crash_one_by_one_and_the_others_are_done(desk: Desk) -> None:
    desk.pool.poison = {"b.png": "worker_died"}
    desk.add("a.png", "b.png", "c.png", "d.png")
    desk.run()
    desk.wait(a="done", b="quarantined", c="done", d="done")
    assert desk.pool.batches[:2] == [["a.png", "b.png"], ["c.png", "d.png"]]
    assert all(len(batch) == 1 for batch in desk.pool.batches[2:])
    assert [batch for batch in desk.pool.batches if "b.png" in batch][1:] == [["b.png"]] * 2
    assert desk.rows("attempts", "error_code")["b.png"] == (3, "worker_died")
    assert "read again" in desk.rows("error")["b.png"]
    assert desk.error is None


@pytest.mark.parametrize("code", ["worker_timeout", "worker_nonsense"])
def test_quarantine_says_why(desk: Desk, code: str) -> None:
    desk.reopen(max_attempts=1)
    desk.pool.poison = {"a.png": code}
    desk.add("a.png")
    desk.run()
    desk.wait(a="quarantined")
    assert desk.rows("error_code")["a.png"] == code
    assert len(desk.pool.batches) == 1


def test_with_one_attempt_allowed_the_neighbour_is_read_all_the_same(desk: Desk) -> None:
    """The worker ended on both; only alone it can be told which of them it was."""
    desk.reopen(max_attempts=1)
    desk.pool.poison = {"b.png": "worker_died"}
    desk.add("a.png", "b.png")
    desk.run()
    desk.wait(a="done", b="quarantined")
    assert desk.pool.batches == [["a.png", "b.png"], ["a.png"], ["b.png"]]


def test_what_was_in_work_at_one_end_is_read_as_before(desk: Desk) -> None:
    desk.add("a.png", "b.png")
    assert desk.store.claim(2) is not None
    desk.reopen()
    assert desk.recovered == (2, 0)
    desk.run()
    desk.wait(a="done", b="done")
    assert desk.pool.batches == [["a.png", "b.png"]]
    assert desk.rows("attempts") == {"a.png": 0, "b.png": 0}


def killed(desk: Desk, times: int) -> None:
    """While everything that was claimed is in work; the pipeline's thread never ran."""
    for _ in range(times):
        assert desk.store.claim(9) is not None
        desk.reopen()


def test_what_was_in_work_at_two_ends_comes_last_alone_and_after_a_while(desk: Desk) -> None:
    desk.add("a.png")
    killed(desk, 2)
    desk.add("b.png", "c.png", "d.png")
    desk.run()
    desk.wait(b="done", c="done", d="done")
    desk.looked()
    assert desk.statuses()["a.png"] == "pending", "the service has not lived long enough"
    desk.clock.now += 2.0
    desk.pipeline.wake()
    desk.wait(a="done")
    assert desk.pool.batches == [["b.png", "c.png"], ["d.png"], ["a.png"]]
    desk.effects.set_paused(True, None)
    desk.looked()  # or it takes a.png alone, having looked whether it may before the pause
    desk.effects.reprocess([desk.rows("id")["a.png"]], None)
    desk.add("e.png")
    desk.effects.set_paused(False, None)
    desk.pipeline.wake()
    desk.wait(a="done", e="done")
    assert desk.pool.batches[3:] == [["a.png", "e.png"]], "it was read: nothing is held against it"


def test_a_signal_is_carried_out_with_what_has_to_wait_for_its_turn(desk: Desk) -> None:
    desk.add("a.png")
    killed(desk, 2)
    desk.reopen(wait_for_signal=True)
    desk.pipeline.signal(limit=None, paths=frozenset({b"a.png"}))()
    desk.run()
    desk.looked()
    desk.looked()
    assert desk.pipeline.state == "idle", "the order still stands"
    desk.clock.now += 2.0
    desk.pipeline.wake()
    desk.wait(a="done")
    wait_until(lambda: desk.pipeline.state == "waiting")


def test_without_an_order_nothing_wakes_for_a_trial(desk: Desk) -> None:
    desk.add("a.png")
    killed(desk, 2)
    desk.reopen(wait_for_signal=True)
    assert desk.pipeline._idle_s() == 30.0


def test_it_wakes_by_itself_when_the_time_of_a_trial_has_come(desk: Desk) -> None:
    desk.add("a.png")
    killed(desk, 3)
    desk.clock.now += 100.0  # a service that loads its models does not live yet
    desk.run()
    wait_until(lambda: desk.pipeline._able_since is not None)
    desk.looked()
    assert desk.pipeline._idle_s() == pytest.approx(4.0)
    desk.effects.set_paused(True, None)
    desk.clock.now += 4.5
    assert desk.pipeline._idle_s() == 30.0
    desk.effects.set_paused(False, None)
    assert desk.pipeline._idle_s() == 1.0, "due, but not taken: no loop without a rest"
    desk.pipeline.wake()
    desk.wait(a="done")


def test_stopping_gives_the_attempt_back(desk: Desk) -> None:
    def stop(_: list[Task]) -> None:
        raise Stopped

    desk.pool.on_read = stop
    desk.add("a.png")
    desk.run()
    wait_until(lambda: desk.pool.batches)
    wait_until(lambda: desk.statuses()["a.png"] == "pending")
    assert desk.rows("attempts")["a.png"] == 0
    assert desk.error is None


def test_pause_finishes_the_batch_and_outlives_a_restart(desk: Desk) -> None:
    desk.pool.on_read = lambda _: desk.effects.set_paused(True, None) and None
    desk.add("a.png", "b.png", "c.png")
    desk.run()
    desk.wait(a="done", b="done", c="pending")
    wait_until(lambda: desk.pipeline.state == "paused")
    desk.reopen()
    desk.pool.on_read = lambda _: None
    desk.run()
    wait_until(lambda: desk.pool.provenance is not None)
    assert desk.pipeline.state == "paused"
    assert desk.statuses()["c.png"] == "pending"
    desk.effects.set_paused(False, None)
    desk.pipeline.wake()
    desk.wait(c="done")


def test_results_for_a_changed_file_are_dropped(desk: Desk) -> None:
    texts: list[bytes] = []

    def change(tasks: list[Task]) -> None:
        if not texts:
            desk.change("a.png")
        texts.extend(task.sha256.encode() for task in tasks)

    desk.pool.on_read = change
    desk.add("a.png")
    desk.run()
    wait_until(lambda: len(texts) == 2, "a second reading")
    desk.wait(a="done")
    assert desk.rows("sha256")["a.png"] == texts[1].decode() != texts[0].decode()
    with desk.database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM pages").fetchall() == [(1,)]


def test_results_for_a_file_that_vanished_are_dropped(desk: Desk) -> None:
    desk.add("a.png", "b.png")
    with desk.database.reading() as connection:
        ((image_id,),) = connection.execute("SELECT id FROM images WHERE name = 'a.png'").fetchall()
    desk.pool.on_read = lambda _: desk.catalogue.mark_missing([image_id]) and None
    desk.run()
    desk.wait(a="missing", b="done")


def test_in_watch_mode_a_signal_limits_nothing(desk: Desk) -> None:
    desk.pipeline.signal(limit=1, paths=frozenset({b"a.png"}))
    desk.add("a.png", "b.png")
    desk.run()
    desk.wait(a="done", b="done")


def test_a_database_that_fails_ends_the_service(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(desk.store, "finish", broken)
    desk.add("a.png")
    desk.run()
    wait_until(lambda: desk.error)
    assert desk.statuses()["a.png"] == "processing"


def test_pages_per_second_over_the_last_minute(desk: Desk) -> None:
    assert desk.pipeline.pages_per_second() == 0
    desk.add("a.png", "b.png")
    desk.clock.now += 10
    desk.run()
    desk.wait(a="done", b="done")
    wait_until(lambda: desk.pipeline.pages_per_second() == pytest.approx(0.2))
    desk.clock.now += 50
    assert desk.pipeline.pages_per_second() == pytest.approx(2 / 60)
    desk.clock.now += 11
    assert desk.pipeline.pages_per_second() == 0


def test_many_may_ask_for_the_speed_at_once(desk: Desk) -> None:
    """Each throws out what is too old; two must not throw out the same."""
    failed: list[BaseException] = []
    begin = threading.Barrier(4)

    def ask() -> None:
        begin.wait(5)
        try:
            for _ in range(300):
                desk.clock.now += 0.5
                desk.pipeline.pages_per_second()
        except BaseException as error:
            failed.append(error)

    for second in range(20_000):
        desk.pipeline._rate.append((desk.clock.now + second / 100, 1))
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert failed == []


def test_what_is_in_work_can_be_seen(desk: Desk) -> None:
    seen: list[Any] = []
    desk.pool.on_read = lambda _: seen.append((desk.pipeline.state, desk.pipeline.batch))
    desk.add("a.png", "b.png")
    assert desk.pipeline.state == "starting"
    desk.run()
    desk.wait(a="done", b="done")
    ((state, batch),) = seen
    assert state == "working"
    assert batch["images"] == ["a.png", "b.png"]
    wait_until(lambda: desk.pipeline.batch is None)
    assert desk.pipeline.state == "idle"


@pytest.mark.parametrize("start", ["ok", "two"])
def test_with_a_real_worker_process(desk: Desk, start: str) -> None:
    """Crashes of every kind in one pile: each bad image alone ends in quarantine."""
    pool = Pool(timeout_s=0.5, stop=desk.stop, command=fake_worker.command(start))
    desk.use(pool)
    good = [f"good-{i}.png" for i in range(7)]
    bad = ["segv-1.png", "leave-1.png", "hang-1.png", "garbage-1.png", "half-1.png", "kill-1.png"]
    desk.add("failing-1.png")
    for pair in zip(good, [*bad, "good-9.png"], strict=True):
        desk.add(*pair)
    started = time.monotonic()
    desk.run()
    wait_until(lambda: not {"pending", "processing"} & set(desk.statuses().values()), deadline_s=30)
    assert time.monotonic() - started < 30
    statuses = desk.statuses()
    assert {statuses[name] for name in bad} == {"quarantined"}
    assert {statuses[name] for name in good} <= {"done", "failed"}
    assert statuses["failing-1.png"] == "failed"
    assert desk.rows("error_code")["hang-1.png"] == "worker_timeout"
    pool.stop()
