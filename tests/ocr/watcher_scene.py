"""A real folder with a watcher: one whose clock stands still unless it is moved, or one at work."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from database_fixtures import PROVENANCE, page
from polling import Clock, wait_until

from folder.folder_walk import FolderWalk
from folder.intake import Intake
from folder.watcher import Watcher
from folder_rights import ImageRights
from own_data import NOTHING, OwnData
from page_records import BatchResult, ImageResult
from records.catalogue import Catalogue, path_exists
from records.database import Database
from records.request_effects import RequestEffects
from records.store import Store
from source_files import FileStat

PNG = b"\x89PNG\r\n\x1a\n"


class Scene:
    """The folder, its database, and the watcher between them."""

    def __init__(self, tmp_path: Path) -> None:
        self.root = tmp_path / "images"
        self.root.mkdir()
        self.database = Database(tmp_path / "ocr_data.db")
        self.store = Store(self.database)
        self.effects = RequestEffects(self.database)
        self.clock = Clock()
        self.changes = 0
        self.stop = threading.Event()
        self.watcher = self.new_watcher()

    def new_watcher(
        self,
        *,
        clock: Callable[[], float] | None = None,
        interval_s: float = 5.0,
        settle_s: float = 1.0,
        max_bytes: int = 10_000,
        own: OwnData = NOTHING,
        rights: ImageRights | None = None,
    ) -> Watcher:
        catalogue = Catalogue(self.database, exists=path_exists(self.root))
        return Watcher(
            self.root,
            catalogue,
            Intake(
                self.root, self.database, catalogue, max_bytes=max_bytes, own=own, rights=rights
            ),
            stop=self.stop,
            interval_s=interval_s,
            settle_s=settle_s,
            on_change=self.changed,
            own=own,
            rights=rights,
            clock=clock or self.clock,
        )

    def changed(self) -> None:
        self.changes += 1

    def write(self, name: str, content: bytes = b"") -> Path:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(PNG + (content or name.encode()))
        return file

    def look(self, times: int = 1) -> None:
        """Look, and again a settle time later."""
        for _ in range(times):
            self.watcher.look()
            self.clock.now += 1.0

    def read_all(self) -> int:
        """Pretend that everything pending was read; returns how many images."""
        count = 0
        while (batch := self.store.claim(100)) is not None:
            results = [
                ImageResult(task.image_id, task.sha256, (page("text"),)) for task in batch[1]
            ]
            self.store.finish(BatchResult(batch[0], 0.1, tuple(results)), PROVENANCE)
            count += len(results)
        return count

    def statuses(self) -> dict[str, str]:
        with self.database.reading() as connection:
            return dict(connection.execute("SELECT name, status FROM images").fetchall())

    def codes(self) -> dict[str, str]:
        with self.database.reading() as connection:
            return dict(connection.execute("SELECT name, error_code FROM images").fetchall())

    def row(self) -> list[tuple[object, ...]]:
        with self.database.reading() as connection:
            return list(connection.execute("SELECT * FROM images ORDER BY id"))


class Walked:
    """A whole walk at once."""

    def __init__(
        self, root: Path, own: OwnData = NOTHING, rights: ImageRights | None = None
    ) -> None:
        self.litter: list[tuple[bytes, str]] = []
        walk = FolderWalk(
            root, on_litter=lambda *each: self.litter.append(each), own=own, rights=rights
        )
        self.files: dict[bytes, FileStat] = {}
        self.refused: dict[bytes, str] = {}
        self.order: list[bytes] = []
        for block in walk.blocks():
            self.order += [seen[0] for seen in block]
            self.files |= {
                seen[0]: FileStat(*seen[1:5]) for seen in block if seen[0] not in walk.refused
            }
            self.refused |= {path: error.code for path, error in walk.refused.items()}
        self.problem = walk.problem
        self.data_folders = walk.data_folders


class Running:
    """A watcher at work in its thread, with the real clock and real events."""

    def __init__(self, scene: Scene, **settings: float) -> None:
        self.scene = scene
        self.watcher = scene.new_watcher(clock=time.monotonic, **settings)  # type: ignore[arg-type]
        self.looks = 0
        self.thread = threading.Thread(target=self.watcher.run, daemon=True)
        real = self.watcher.look

        def counted() -> float:
            self.looks += 1
            return real()

        self.watcher.look = counted  # type: ignore[method-assign]

    def __enter__(self) -> "Running":
        self.thread.start()
        wait_until(lambda: self.looks, "the first look")
        return self

    def __exit__(self, *_: object) -> None:
        self.scene.stop.set()
        self.watcher.wake()
        self.thread.join(10)
        assert not self.thread.is_alive()
