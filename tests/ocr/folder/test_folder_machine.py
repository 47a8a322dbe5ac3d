"""Any sequence of what people do to a real folder, looks, kills, and changes amid a look.

The model is the folder itself: when all comes to rest, its files are the rows that are not missing,
each with the content that it has.
"""

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from database_fixtures import World
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from watcher_scene import PNG, Scene

import heartbeat
from folder import disappearance, folder_look, folder_walk, intake, settling, side_by_side
from ocr_contract.schema import Status
from records import catalogue, folder_rows

FOLDERS = st.sampled_from(["", "d", "d/s", "e", "D"])
NAMES = st.sampled_from(["a.png", "b.png", "a", "a.txt"])
CONTENTS = st.sampled_from([b"rose", b"tulip", b"rose"])
SMALL = [
    (folder_walk, "TOGETHER", 2), (folder_rows, "ROWS_TOGETHER", 2),
    (side_by_side, "ROWS_TOGETHER", 2), (catalogue, "ROWS_TOGETHER", 2),
    (folder_look, "ROWS_TOGETHER", 2), (intake, "_MOST_TOGETHER", 2), (settling, "MOST", 4),
    (disappearance, "MANY_FILES", 2),
]  # fmt: skip
"""So that a few files are more than one piece of everything."""


class Killed(BaseException):
    """The service ends in this moment."""


class Checked(World):
    """The checks of a database that another made."""

    def __init__(self, scene: Scene) -> None:
        self.database = scene.database


Change = Callable[[], None]


class Folder(RuleBasedStateMachine):
    """People do as they like, the watcher looks, and both at once."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        for module, name, value in SMALL:
            self.patch.setattr(module, name, value)
        self.folder = tempfile.TemporaryDirectory()
        self.scene = Scene(Path(self.folder.name))
        with self.scene.database.reading() as connection:
            connection.execute("PRAGMA synchronous = OFF")  # no power is cut here
        self.root = self.scene.root
        self.count = 0

    def teardown(self) -> None:
        try:
            self.everything_comes_to_rest()
        finally:
            self.scene.database.close()
            self.patch.undo()
            self.folder.cleanup()

    # What people do. What is not possible is not done.

    @rule(folder=FOLDERS, name=NAMES, content=CONTENTS)
    def write(self, folder: str, name: str, content: bytes) -> None:
        with contextlib.suppress(OSError):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
            (self.root / folder / name).write_bytes(PNG + content)

    @rule(folder=FOLDERS, name=NAMES)
    def delete(self, folder: str, name: str) -> None:
        with contextlib.suppress(OSError):
            (self.root / folder / name).unlink()

    @rule(folder=FOLDERS.filter(bool))
    def delete_folder(self, folder: str) -> None:
        shutil.rmtree(self.root / folder, ignore_errors=True)

    @rule(old=FOLDERS, name=NAMES, new=FOLDERS, other=NAMES)
    def rename(self, old: str, name: str, new: str, other: str) -> None:
        with contextlib.suppress(OSError):
            (self.root / new).mkdir(parents=True, exist_ok=True)
            os.rename(self.root / old / name, self.root / new / other)

    @rule(old=FOLDERS.filter(bool), new=FOLDERS.filter(bool))
    def rename_folder(self, old: str, new: str) -> None:
        with contextlib.suppress(OSError):
            os.rename(self.root / old, self.root / new)

    @rule(old=FOLDERS, name=NAMES, new=FOLDERS, other=NAMES, hard=st.booleans())
    def copy(self, old: str, name: str, new: str, other: str, hard: bool) -> None:
        with contextlib.suppress(OSError, shutil.SameFileError):
            (self.root / new).mkdir(parents=True, exist_ok=True)
            make = os.link if hard else shutil.copy2
            make(self.root / old / name, self.root / new / other)

    # What the service does.

    @rule(waits_s=st.sampled_from([0.0, 1.0, 400.0]))
    def look(self, waits_s: float) -> None:
        self.scene.watcher.look()
        self.scene.clock.now += waits_s

    @rule()
    def read(self) -> None:
        self.scene.read_all()

    @rule(changes=st.lists(st.tuples(FOLDERS, NAMES, FOLDERS, NAMES), min_size=1, max_size=5))
    def look_while_it_changes(self, changes: list[tuple[str, str, str, str]]) -> None:
        """At every sign of life something is renamed or written anew."""
        left = list(changes)

        def beat() -> None:
            if left:
                old, name, new, other = left.pop()
                self.write(old, name, other.encode()) if old == new else self.rename_folder(
                    old or "d", new or "e"
                )
                self.rename(old, name, new, other)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(heartbeat, "beat", beat)
            self.scene.watcher.look()
        self.scene.clock.now += 1.0

    @rule(number=st.integers(1, 4), after=st.booleans())
    def look_and_be_killed(self, number: int, after: bool) -> None:
        """Before or after the commit of one of the transactions; then it starts anew."""
        with killed_at(self.scene, number, after=after), contextlib.suppress(Killed):
            self.scene.watcher.look()
        self.scene.clock.now += 1.0
        self.scene.watcher = self.scene.new_watcher()

    # What holds.

    @invariant()
    def the_database_is_sound(self) -> None:
        Checked(self.scene).check()

    def everything_comes_to_rest(self) -> None:
        for _ in range(12):
            self.scene.look()
            self.scene.clock.now += 400
        self.scene.read_all()
        assert self.scene.watcher.settling == 0
        on_disk = {
            os.path.relpath(os.path.join(folder, name), self.root): self.digest(folder, name)
            for folder, _, names in os.walk(self.root)
            for name in names
        }
        checked = Checked(self.scene)
        if on_disk:  # an empty folder changes nothing
            rows = checked.rows("SELECT name, sha256 FROM images WHERE status <> 'missing'")
            assert dict(rows) == on_disk
            states = {row[0] for row in checked.rows("SELECT status FROM images")}
            assert states <= {Status.DONE, Status.MISSING}
        before = self.scene.row()
        self.scene.look(2)
        assert self.scene.row() == before
        self.the_database_is_sound()

    @staticmethod
    def digest(folder: str, name: str) -> str:
        return hashlib.sha256(Path(folder, name).read_bytes()).hexdigest()


@contextlib.contextmanager
def killed_at(scene: Scene, number: int, *, after: bool) -> Iterator[list[int]]:
    """The commit of this number does not come to pass, or is the last thing that does."""
    real = scene.database._commit
    made: list[int] = []

    def commit() -> None:
        made.append(len(made) + 1)
        if made[-1] == number and not after:
            raise Killed
        real()
        if made[-1] == number:
            raise Killed

    scene.database._commit = commit  # type: ignore[method-assign]
    try:
        yield made
    finally:
        scene.database._commit = real  # type: ignore[method-assign]


Folder.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestFolder = Folder.TestCase
