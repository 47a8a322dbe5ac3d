"""The pipeline with a real database and a worker that is told how to fail."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fake_worker
import pytest
from polling import Clock, wait_until

import heartbeat
import pipeline as pipeline_module
from catalogue import Catalogue
from database import Database
from ocr_errors import WorkerError
from pipeline import Pipeline
from pool import Pool, Stopped
from source_files import FileStat
from store import Store
from worker_protocol import BatchResult, ImageResult, Line, Page, Provenance, Task

SQUARE = ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0))


class FakePool:
    """Answers when it is asked; fails on what it is told to fail on."""

    def __init__(self, batch_size: int = 2) -> None:
        self.batches: list[list[str]] = []
        """The names of every batch that was submitted."""
        self.beside: list[tuple[list[str], list[str]]] = []
        """Each submitted batch with the names that were in work then."""
        self.poison: dict[str, str] = {}
        """Image name to the code of the WorkerError that it causes."""
        self.start_errors: list[Exception] = []
        self.on_read: Callable[[list[Task]], None] = lambda _: None
        """Called as a batch is answered."""
        self.newest_first = False
        self.prefetch = 1
        self.wears_out_after = 0
        self.worn_out: str | None = None
        self.starts = 0
        self.provenance: Provenance | None = None
        self._batch_size = batch_size
        self._in_work: dict[int, list[Task]] = {}

    def start(self) -> Provenance:
        if self.start_errors:
            raise self.start_errors.pop(0)
        if self.provenance is None or self.worn_out:
            assert not self._in_work, "lost"
            self.starts += 1
            self.worn_out = None
            self.provenance = Provenance(
                "fake", "cpu", "f32", {}, {}, self._batch_size, self.prefetch
            )
        return self.provenance

    def submit(self, batch_id: int, tasks: list[Task]) -> None:
        assert self.provenance is not None
        names = [task.path.decode() for task in tasks]
        assert self.worn_out is None, "a worn worker gets no more"
        in_work = [task.path.decode() for batch in self._in_work.values() for task in batch]
        self.batches.append(names)
        self.beside.append((names, in_work))
        self._in_work[batch_id] = tasks
        assert len(self._in_work) <= self.prefetch

    def next_result(self, _: threading.Event) -> BatchResult | None:
        batch_id = list(self._in_work)[-1 if self.newest_first else 0]
        tasks = self._in_work[batch_id]
        try:
            self.on_read(tasks)
            for name in (task.path.decode() for batch in self._in_work.values() for task in batch):
                if name in self.poison:
                    raise WorkerError(self.poison[name], "The worker ended.")
        except BaseException:
            self.provenance = None
            self._in_work.clear()
            raise
        del self._in_work[batch_id]
        if self.wears_out_after and len(self.batches) % self.wears_out_after == 0:
            self.worn_out = "read much"
        return BatchResult(batch_id, 0.1, tuple(result(task) for task in tasks))


def result(task: Task) -> ImageResult:
    line = Line(f"text of {task.path.decode()}", 0.9, SQUARE)
    return ImageResult(task.image_id, task.sha256, (Page(10, 10, 0, (line,), None, None, 0.1),))


class Desk:
    """One service's parts around a database that outlives them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self.stop = threading.Event()
        self.clock = Clock()
        self.pool = FakePool()
        self._threads: list[threading.Thread] = []
        self.open()

    def open(self, *, wait_for_signal: bool = False, max_attempts: int = 3) -> None:
        """As after a start of the service."""
        self.stop.clear()
        self.database = Database(self._folder / "ocr_data.db")
        self.catalogue = Catalogue(self.database, exists=lambda _: True)
        self.store = Store(self.database)
        self.recovered = self.store.recover(max_attempts)
        self.pipeline = self._pipeline(self.pool, wait_for_signal, max_attempts)
        self.error: BaseException | None = None

    def _pipeline(self, pool: Any, wait_for_signal: bool, max_attempts: int) -> Pipeline:
        return Pipeline(
            self.store,
            pool,
            stop=self.stop,
            max_attempts=max_attempts,
            wait_for_signal=wait_for_signal,
            clock=self.clock,
        )

    def reopen(self, **how: Any) -> None:
        """Restart the service."""
        self.close()
        self.open(**how)

    def close(self) -> None:
        """Stop the thread, close the database."""
        self.stop.set()
        self.pipeline.wake()
        for thread in self._threads:
            thread.join(5)
            assert not thread.is_alive()
        self._threads.clear()
        self.database.close()

    def use(self, pool: Any) -> None:
        """Another pool than the fake."""
        self.pipeline = self._pipeline(pool, False, 3)

    def run(self) -> None:
        """Start the pipeline's thread."""

        def guarded() -> None:
            try:
                self.pipeline.run()
            except BaseException as error:
                self.error = error

        thread = threading.Thread(target=guarded)
        thread.start()
        self._threads.append(thread)

    def add(self, *names: str) -> None:
        """Finished new files."""
        for name in names:
            self._count += 1
            stat = FileStat(1, self._count, self._count, self._count)
            self.catalogue.register(name.encode(), stat, f"{self._count:064x}")
        self.pipeline.wake()

    def change(self, name: str) -> None:
        """A file with new content."""
        self.add(name)

    def rows(self, *columns: str) -> dict[str, Any]:
        """Name to the columns' values."""
        with self.database.reading() as connection:
            found = connection.execute(f"SELECT name, {', '.join(columns)} FROM images").fetchall()
        return {name: values[0] if len(values) == 1 else tuple(values) for name, *values in found}

    def statuses(self) -> dict[str, str]:
        return self.rows("status")

    def wait(self, **statuses: str) -> None:
        """Until the images of these names (without .png) are in these states."""
        wanted = {f"{name}.png": status for name, status in statuses.items()}
        wait_until(lambda: wanted.items() <= self.statuses().items(), f"{wanted}")

    def looked(self) -> None:
        """Until the pipeline has looked for work: it wakes up before it looks."""
        for _ in range(2):
            self.pipeline.wake()
            wait_until(lambda: not self.pipeline._wake.is_set())

    def idle(self) -> None:
        """Until the pipeline has nothing to do and waits."""
        wait_until(lambda: self.pipeline.state in {"idle", "waiting", "paused"})


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.close()


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


class TestSeveralBatchesInWork:
    @pytest.fixture
    def desk(self, tmp_path: Path) -> Iterator[Desk]:
        made = Desk(tmp_path)
        made.pool.prefetch = 2
        yield made
        made.close()

    @pytest.mark.parametrize("newest_first", [False, True])
    def test_the_worker_has_the_next_before_it_answers(
        self, desk: Desk, newest_first: bool
    ) -> None:
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

    def test_the_oldest_is_shown(self, desk: Desk) -> None:
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

    def test_a_crash_makes_suspects_of_all_and_quarantines_one(self, desk: Desk) -> None:
        desk.pool.poison = {"b.png": "worker_died"}
        desk.add(*(f"{name}.png" for name in "abcdef"))
        desk.run()
        desk.wait(a="done", b="quarantined", c="done", d="done", e="done", f="done")
        counts = {
            name: sum(name in batch for batch in desk.pool.batches) for name in desk.rows("id")
        }
        assert counts == {
            "a.png": 2, "b.png": 3, "c.png": 2, "d.png": 2, "e.png": 1, "f.png": 1
        }  # fmt: skip
        suspects = {"a.png", "b.png", "c.png", "d.png"}
        for names, others in desk.pool.beside[2:]:
            if suspects & {*names, *others}:
                assert (len(names), others) == (1, []), "a suspect is in work alone"
        assert desk.rows("attempts") == dict.fromkeys(desk.rows("id"), 0) | {"b.png": 3}

    def test_nothing_joins_a_suspect(self, desk: Desk) -> None:
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

    def test_stopping_gives_all_attempts_back(self, desk: Desk) -> None:
        def stop(_: list[Task]) -> None:
            raise Stopped

        desk.pool.on_read = stop
        desk.add("a.png", "b.png", "c.png", "d.png", "e.png")
        desk.run()
        wait_until(lambda: len(desk.pool.batches) == 2)
        wait_until(lambda: set(desk.statuses().values()) == {"pending"})
        assert set(desk.rows("attempts").values()) == {0}
        assert desk.error is None

    def test_stopping_between_two_results_gives_the_second_back(self, desk: Desk) -> None:
        """The loop ends by itself then: nobody waits for the worker, and nothing is raised."""
        desk.pool.on_read = lambda _: desk.stop.set()
        desk.add("a.png", "b.png", "c.png", "d.png")
        desk.run()
        desk.wait(a="done", b="done", c="pending", d="pending")
        assert set(desk.rows("attempts").values()) == {0}
        assert desk.error is None

    def test_pause_finishes_both_and_begins_no_other(self, desk: Desk) -> None:
        desk.pool.on_read = lambda _: desk.store.set_paused(True, None) and None
        desk.add("a.png", "b.png", "c.png", "d.png", "e.png")
        desk.run()
        desk.wait(a="done", b="done", c="done", d="done", e="pending")
        wait_until(lambda: desk.pipeline.state == "paused")
        desk.looked()
        assert len(desk.pool.batches) == 2

    def test_a_result_for_a_changed_file_is_dropped(self, desk: Desk) -> None:
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

    def test_a_worn_worker_finishes_what_it_has(self, desk: Desk) -> None:
        desk.pool.wears_out_after = 2
        desk.add(*(f"{i}.png" for i in range(10)))
        desk.run()
        wait_until(lambda: desk.store.counts()["done"] == 10)
        assert [len(others) for _, others in desk.pool.beside] == [0, 2, 0, 2, 0]
        assert desk.pool.starts == 3
        assert desk.error is None

    def test_what_appears_meanwhile_joins_at_once(self, desk: Desk) -> None:
        """The worker has room for it, and the image in work may take long."""
        pool = Pool(timeout_s=20, stop=desk.stop, command=fake_worker.command("two"))
        desk.use(pool)
        desk.add("later.png")
        desk.run()
        desk.wait(later="processing")
        desk.add("a.png")  # the worker answers the first only when it has this one
        desk.wait(later="done", a="done")
        pool.stop()


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
    desk.pool.on_read = lambda _: desk.store.set_paused(True, None) and None
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
    desk.store.set_paused(False, None)
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


class TestTheProcessingSignal:
    @pytest.fixture
    def desk(self, tmp_path: Path) -> Iterator[Desk]:
        made = Desk(tmp_path)
        made.reopen(wait_for_signal=True)
        yield made
        made.close()

    def ready(self, desk: Desk, *names: str) -> None:
        desk.add(*names)
        desk.run()
        wait_until(lambda: desk.pool.provenance)

    def test_without_it_nothing_is_read(self, desk: Desk) -> None:
        self.ready(desk, "a.png")
        desk.looked()
        assert desk.pool.batches == []
        assert desk.pipeline.state == "waiting"

    def test_it_reads_what_is_pending_and_then_waits_again(self, desk: Desk) -> None:
        self.ready(desk, "a.png", "b.png", "c.png")
        desk.pipeline.signal(limit=None, paths=None)()
        desk.wait(a="done", b="done", c="done")
        wait_until(lambda: desk.pipeline.state == "waiting")
        desk.add("d.png")
        desk.looked()
        assert desk.pipeline.state == "waiting"
        assert desk.statuses()["d.png"] == "pending"
        desk.pipeline.signal(limit=None, paths=None)()
        desk.wait(d="done")

    def test_it_lasts_until_the_folder_has_been_looked_at(self, desk: Desk) -> None:
        """The look is not over: what it finds belongs to this signal."""
        self.ready(desk, "a.png")
        complete = desk.pipeline.signal(limit=None, paths=None)
        desk.wait(a="done")
        wait_until(lambda: desk.pipeline.state == "idle")
        desk.add("b.png")
        desk.wait(b="done")
        complete()
        wait_until(lambda: desk.pipeline.state == "waiting")

    def test_what_arrives_as_the_look_ends_is_read(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
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

    def test_a_limit(self, desk: Desk) -> None:
        self.ready(desk, *(f"{i}.png" for i in range(5)))
        desk.pipeline.signal(limit=3, paths=None)
        wait_until(lambda: desk.store.counts()["done"] == 3)
        wait_until(lambda: desk.pipeline.state == "waiting")
        assert [len(batch) for batch in desk.pool.batches] == [2, 1]
        assert desk.store.counts()["pending"] == 2

    @pytest.mark.parametrize("prefetch", [2, 3])
    @pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
    def test_a_limit_is_kept_however_many_are_in_work(
        self, desk: Desk, prefetch: int, limit: int
    ) -> None:
        desk.pool.prefetch = prefetch
        self.ready(desk, *(f"{i}.png" for i in range(7)))
        desk.pipeline.signal(limit=limit, paths=None)
        wait_until(lambda: desk.store.counts()["done"] == limit)
        wait_until(lambda: desk.pipeline.state == "waiting")
        desk.looked()
        assert desk.store.counts()["pending"] == 7 - limit

    def test_a_limit_and_a_crash(self, desk: Desk) -> None:
        """What was in work and could not be read does not count; what is quarantined does."""
        desk.pool.prefetch = 2
        desk.pool.poison = {"b.png": "worker_died"}
        self.ready(desk, *(f"{name}.png" for name in "abcd"))
        desk.pipeline.signal(limit=4, paths=None)
        desk.wait(a="done", b="quarantined", c="done", d="done")
        wait_until(lambda: desk.pipeline.state == "waiting")

    def test_orders_end_though_others_are_in_work(self, desk: Desk) -> None:
        desk.pool.prefetch = 3
        desk.add("a.png", "b.png", "c.png", "d.png")
        desk.pipeline.signal(limit=None, paths=frozenset({b"a.png"}))()
        desk.pipeline.signal(limit=1, paths=frozenset({b"b.png", b"c.png"}))
        desk.pipeline.signal(limit=None, paths=frozenset({b"nothing.png"}))()
        desk.run()
        desk.wait(a="done", b="done", c="pending", d="pending")
        wait_until(lambda: desk.pipeline.state == "waiting")
        assert len(desk.pool.batches) == 2

    def test_paths(self, desk: Desk) -> None:
        self.ready(desk, "a.png", "b.png", "c.png")
        desk.pipeline.signal(limit=None, paths=frozenset({b"b.png", b"nothing.png"}))()
        desk.wait(b="done")
        wait_until(lambda: desk.pipeline.state == "waiting")
        assert desk.statuses() == {"a.png": "pending", "b.png": "done", "c.png": "pending"}

    def test_two_signals_are_two_orders(self, desk: Desk) -> None:
        """The second does not take the first one's place."""
        desk.add("a.png", "b.png", "c.png")
        desk.pipeline.signal(limit=None, paths=frozenset({b"a.png"}))()
        desk.pipeline.signal(limit=None, paths=frozenset({b"c.png"}))()
        desk.run()
        desk.wait(a="done", b="pending", c="done")
        wait_until(lambda: desk.pipeline.state == "waiting")

    def test_an_order_that_waits_for_its_look_holds_up_no_other(self, desk: Desk) -> None:
        desk.add("a.png")
        desk.pipeline.signal(limit=None, paths=frozenset({b"never.png"}))
        desk.pipeline.signal(limit=None, paths=frozenset({b"a.png"}))()
        desk.run()
        desk.wait(a="done")

    def test_a_restart_waits_for_a_new_signal(self, desk: Desk) -> None:
        desk.add("a.png")
        desk.pipeline.signal(limit=None, paths=None)
        desk.reopen(wait_for_signal=True)
        self.ready(desk)
        assert desk.pipeline.state == "waiting"
        assert desk.pool.batches == []


def test_in_watch_mode_a_signal_limits_nothing(desk: Desk) -> None:
    desk.pipeline.signal(limit=1, paths=frozenset({b"a.png"}))
    desk.add("a.png", "b.png")
    desk.run()
    desk.wait(a="done", b="done")


@pytest.mark.parametrize("code", ["model_missing", "model_wrong", "no_gpu", "bad_device"])
def test_a_start_that_cannot_work_ends_the_service(desk: Desk, code: str) -> None:
    desk.pool.start_errors = [WorkerError(code, "No.")]
    desk.run()
    wait_until(lambda: desk.error)
    assert isinstance(desk.error, WorkerError)
    assert desk.error.code == code


class Naps:
    """In place of the stop event: waiting takes no time, and is remembered."""

    def __init__(self) -> None:
        self.taken: list[float] = []
        self._set = False

    def is_set(self) -> bool:
        return self._set

    def set(self) -> None:
        self._set = True

    def wait(self, timeout_s: float) -> bool:
        self.taken.append(timeout_s)
        return self._set


def test_a_start_that_may_work_next_time_is_tried_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    naps = Naps()
    monkeypatch.setattr(heartbeat, "_SLICE_S", 60.0)  # each pause is one nap
    monkeypatch.setattr(desk.pipeline, "_stop", naps)
    desk.pool.start_errors = [WorkerError("worker_died", "No.")] * 3
    desk.add("a.png")
    desk.run()
    desk.wait(a="done")
    assert naps.taken == pytest.approx([2.0, 4.0, 8.0], abs=0.1)
    naps.set()


def test_starts_that_never_work_end_the_service(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "_SLICE_S", 60.0)
    monkeypatch.setattr(desk.pipeline, "_stop", Naps())
    desk.pool.start_errors = [WorkerError("worker_died", "No.")] * 50
    desk.run()
    wait_until(lambda: desk.error)
    assert len(desk.pool.start_errors) == 50 - pipeline_module._MAX_FAILED_STARTS


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
