"""In an archive that rests a look reads no rows, and yet it sees whatever changes."""

import os
from collections.abc import Callable

import pytest
from watcher_scene import Scene

from folder import folder_walk
from folder.folder_walk import Seen
from folder.unchanged_parts import UnchangedParts
from records.folder_rows import AS_IT_WAS, FolderRows


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Of each reading of rows the path after which it begins."""
    monkeypatch.setattr(folder_walk, "TOGETHER", 2)
    after: list[bytes] = []
    real = FolderRows.seen

    def noted(self: FolderRows, *between: bytes, limits_changed: bool) -> object:
        after.append(between[0])
        return real(self, *between, limits_changed=limits_changed)

    monkeypatch.setattr(FolderRows, "seen", noted)
    return after


def at_rest(scene: Scene) -> None:
    """Six images, one of them missing; two looks have seen them so."""
    for number in range(6):
        scene.write(f"{number}.png")
    scene.look(2)
    scene.read_all()
    (scene.root / "3.png").unlink()
    scene.clock.now += 1000.0
    scene.look(4)
    assert scene.statuses() == {f"{n}.png": "missing" if n == 3 else "done" for n in range(6)}


def test_at_rest_only_what_comes_behind_the_last_file_is_asked_for(
    scene: Scene, reads: list[bytes]
) -> None:
    at_rest(scene)
    reads.clear()
    scene.look(3)
    assert reads == [b"5.png"] * 3


def change_content(scene: Scene) -> None:
    scene.write("4.png", b"others")


def delete(scene: Scene) -> None:
    (scene.root / "4.png").unlink()


def bring_back(scene: Scene) -> None:
    scene.write("3.png")


def add(scene: Scene) -> None:
    scene.write("35.png")


def replace(scene: Scene) -> None:
    os.replace(scene.root / "0.png", scene.root / "5.png")


def touch(scene: Scene) -> None:
    os.utime(scene.root / "2.png", ns=(1, 1))


def forget_size(scene: Scene) -> None:
    """A row that changes while its file does not."""
    with scene.database.transaction() as connection:
        connection.execute("UPDATE images SET size_bytes = 1 WHERE name = '1.png'")


@pytest.mark.parametrize(
    "change", [change_content, delete, bring_back, add, replace, touch, forget_size]
)
def test_whatever_changes_is_seen(
    scene: Scene, reads: list[bytes], change: Callable[[Scene], None]
) -> None:
    at_rest(scene)
    scene.look(3)
    change(scene)
    scene.clock.now += 1000.0
    scene.look(3)
    found = {
        entry.name: (entry.stat().st_size, entry.stat().st_mtime_ns)
        for entry in os.scandir(scene.root)
    }
    with scene.database.reading() as connection:
        rows = connection.execute(
            "SELECT name, size_bytes, mtime_ns FROM images WHERE status != 'missing'"
        ).fetchall()
    assert {name: (size, mtime) for name, size, mtime in rows} == found


def test_what_is_committed_amid_a_look_ends_the_trust_in_its_parts() -> None:
    commits = 0
    files: list[Seen] = [(b"a.png", 1, 2, 3, 4, AS_IT_WAS)]
    parts = UnchangedParts(lambda: commits)
    parts.begin()
    parts.add(b"", files, 1)
    assert parts.rows(b"", files) is None, "this look asks for each part once"
    parts.begin()
    assert parts.rows(b"", files) == 1
    assert parts.rows(b"", [(b"a.png", 1, 2, 3, 5, AS_IT_WAS)]) is None
    commits += 1
    assert parts.rows(b"", files) is None
    parts.begin()
    assert parts.rows(b"", files) is None
    commits += 1
    parts.add(b"", files, 1)
    parts.begin()
    assert parts.rows(b"", files) is None
