"""The pipeline with a real database and a worker that is told how to fail."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from polling import Clock, wait_until

from ocr_errors import WorkerError
from page_records import BatchResult, ImageResult, Line, Page, Provenance, Task
from pipeline import Pipeline
from records.catalogue import Catalogue
from records.database import Database
from records.request_effects import RequestEffects
from records.store import Store
from source_files import FileStat

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
        self.page_in_hand: int | None = None
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
        self.effects = RequestEffects(self.database)
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
