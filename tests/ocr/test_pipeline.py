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


def test_the_attempt_is_counted_before_the_reading(desk: Desk) -> None:
    """Or an image that takes the whole machine down would do so for ever."""
    seen: list[Any] = []
    desk.pool.on_read = lambda _: seen.append(desk.rows("attempts", "status")["a.png"])
    desk.add("a.png")
    desk.run()
    desk.wait(a="done")
    assert seen == [(1, "processing")]


def test_attempts_survive_the_end_of_the_service(desk: Desk) -> None:
    """Killed in the middle, three times: then it is the image's fault."""
    desk.add("a.png", "b.png")
    for attempt in (1, 2, 3):
        claimed = desk.store.claim(2)
        assert claimed is not None
        assert desk.rows("attempts")["a.png"] == attempt
        assert len(claimed.tasks) == (2 if attempt == 1 else 1)
        desk.reopen()
    assert desk.recovered == (0, 1)
    desk.run()
    desk.wait(a="quarantined", b="done")
    assert desk.rows("error_code")["a.png"] == "service_ended"
    assert desk.pool.batches == [["b.png"]]


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
    desk.pool.on_read = lambda _: desk.catalogue.mark_missing([b"a.png"]) and None
    desk.add("a.png", "b.png")
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
