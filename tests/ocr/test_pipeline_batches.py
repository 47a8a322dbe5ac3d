"""Several batches in work at a time: the worker is never idle, and none of them gets lost."""

from typing import Any

import pytest
from pipeline_desk import Desk
from polling import wait_until

import fake_worker
from ocr_errors import WorkerError
from page_records import Task
from worker_link.pool import Pool, Stopped


@pytest.fixture
def desk(desk: Desk) -> Desk:
    desk.pool.prefetch = 2
    return desk


@pytest.mark.parametrize("newest_first", [False, True])
def test_the_worker_has_the_next_before_it_answers(desk: Desk, newest_first: bool) -> None:
    desk.pool.newest_first = newest_first
    desk.add(*(f"{i}.png" for i in range(7)))
    desk.run()
    wait_until(lambda: desk.store.counts()["done"] == 7)
    assert [len(batch) for batch in desk.pool.batches] == [2, 2, 2, 1]
    assert [len(others) for _, others in desk.pool.beside] == [0, 2, 2, 2]
    with desk.database.reading() as connection:
        rows = connection.execute(
            "SELECT name, text FROM images JOIN pages ON image_id = images.id"
        ).fetchall()
    assert all(text == f"text of {name}" for name, text in rows)


def test_the_oldest_is_shown(desk: Desk) -> None:
    seen: list[Any] = []

    def look(_: list[Task]) -> None:
        batch = desk.pipeline.batch
        seen.append(batch and batch["images"])

    desk.pool.newest_first = True
    desk.pool.on_read = look
    desk.add("a.png", "b.png", "c.png")
    desk.run()
    desk.wait(a="done", b="done", c="done")
    assert seen == [["a.png", "b.png"]] * 2


def test_a_crash_makes_suspects_of_all_and_quarantines_one(desk: Desk) -> None:
    desk.pool.poison = {"b.png": "worker_died"}
    desk.add(*(f"{name}.png" for name in "abcdef"))
    desk.run()
    desk.wait(a="done", b="quarantined", c="done", d="done", e="done", f="done")
    counts = {name: sum(name in batch for batch in desk.pool.batches) for name in desk.rows("id")}
    assert counts == {
        "a.png": 2, "b.png": 3, "c.png": 2, "d.png": 2, "e.png": 1, "f.png": 1
    }  # fmt: skip
    suspects = {"a.png", "b.png", "c.png", "d.png"}
    for names, others in desk.pool.beside[2:]:
        if suspects & {*names, *others}:
            assert (len(names), others) == (1, []), "a suspect is in work alone"
    assert desk.rows("attempts") == dict.fromkeys(desk.rows("id"), 0) | {"b.png": 3}


def test_nothing_joins_a_suspect(desk: Desk) -> None:
    """What appears while it is in work waits for its end."""
    first = True

    def crash_once_then_add(tasks: list[Task]) -> None:
        nonlocal first
        if first:
            first = False
            raise WorkerError("worker_died", "The worker ended.")
        if tasks[0].path == b"a.png":
            desk.add("late.png")

    desk.pool.on_read = crash_once_then_add
    desk.add("a.png")
    desk.run()
    desk.wait(a="done", late="done")
    assert desk.pool.beside == [(["a.png"], []), (["a.png"], []), (["late.png"], [])]


def test_stopping_gives_all_attempts_back(desk: Desk) -> None:
    def stop(_: list[Task]) -> None:
        raise Stopped

    desk.pool.on_read = stop
    desk.add("a.png", "b.png", "c.png", "d.png", "e.png")
    desk.run()
    wait_until(lambda: len(desk.pool.batches) == 2)
    wait_until(lambda: set(desk.statuses().values()) == {"pending"})
    assert set(desk.rows("attempts").values()) == {0}
    assert desk.error is None


def test_stopping_between_two_results_gives_the_second_back(desk: Desk) -> None:
    """The loop ends by itself then: nobody waits for the worker, and nothing is raised."""
    desk.pool.on_read = lambda _: desk.stop.set()
    desk.add("a.png", "b.png", "c.png", "d.png")
    desk.run()
    desk.wait(a="done", b="done", c="pending", d="pending")
    assert set(desk.rows("attempts").values()) == {0}
    assert desk.error is None


def test_pause_finishes_both_and_begins_no_other(desk: Desk) -> None:
    desk.pool.on_read = lambda _: desk.effects.set_paused(True, None) and None
    desk.add("a.png", "b.png", "c.png", "d.png", "e.png")
    desk.run()
    desk.wait(a="done", b="done", c="done", d="done", e="pending")
    wait_until(lambda: desk.pipeline.state == "paused")
    desk.looked()
    assert len(desk.pool.batches) == 2


def test_a_result_for_a_changed_file_is_dropped(desk: Desk) -> None:
    shas: list[str] = []

    def change(tasks: list[Task]) -> None:
        if not shas:
            desk.change("c.png")
        shas.extend(task.sha256 for task in tasks if task.path == b"c.png")
        shas.append("")

    desk.pool.on_read = change
    desk.add("a.png", "b.png", "c.png")
    desk.run()
    desk.wait(a="done", b="done", c="done")
    first, second = filter(None, shas)
    assert desk.rows("sha256")["c.png"] == second != first


def test_a_worn_worker_finishes_what_it_has(desk: Desk) -> None:
    desk.pool.wears_out_after = 2
    desk.add(*(f"{i}.png" for i in range(10)))
    desk.run()
    wait_until(lambda: desk.store.counts()["done"] == 10)
    assert [len(others) for _, others in desk.pool.beside] == [0, 2, 0, 2, 0]
    assert desk.pool.starts == 3
    assert desk.error is None


def test_what_appears_meanwhile_joins_at_once(desk: Desk) -> None:
    """The worker has room for it, and the image in work may take long."""
    pool = Pool(timeout_s=20, stop=desk.stop, command=fake_worker.command("two"))
    desk.use(pool)
    desk.add("later.png")
    desk.run()
    desk.wait(later="processing")
    desk.add("a.png")  # the worker answers the first only when it has this one
    desk.wait(later="done", a="done")
    pool.stop()
