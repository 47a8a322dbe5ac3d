"""Whatever is renamed keeps its row: none is left over as missing, and little is read again."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watcher_scene import PNG, Scene

from folder import intake
from records import catalogue, recognition
from source_files import lstat_below


def rows_by_inode(scene: Scene) -> dict[int, int]:
    with scene.database.reading() as connection:
        return dict(connection.execute("SELECT inode, id FROM images").fetchall())


def never_missing(scene: Scene) -> None:
    """From now on: not even for the time of one look."""
    with scene.database.transaction() as connection:
        connection.execute(
            "CREATE TEMP TRIGGER never BEFORE UPDATE OF status ON main.images "
            "WHEN new.status = 'missing' BEGIN SELECT RAISE(ABORT, 'missing'); END"
        )


def count(scene: Scene) -> int:
    return len(scene.row())


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The paths whose files were opened to be hashed."""
    paths: list[bytes] = []
    real = intake.fingerprint

    def noting(root: Path, path: bytes, *args: int, **how: Callable[..., bool]) -> object:
        paths.append(path)
        return real(root, path, *args, **how)

    monkeypatch.setattr(intake, "fingerprint", noting)
    return paths


@pytest.mark.parametrize("new", ["a folder before", "z folder after", "d/within/itself"])
def test_a_renamed_folder_is_known_at_the_first_look_and_not_hashed_again(
    scene: Scene, hashed: list[bytes], new: str
) -> None:
    for number in range(30):
        scene.write(f"d/{number % 3}/{number}.png", b"same" if number % 2 else b"")
    (scene.root / "d" / "notes.txt").write_text("words")
    os.symlink("nowhere", scene.root / "d" / "link")
    scene.look(2)
    scene.read_all()
    before = rows_by_inode(scene)
    hashed.clear()
    os.rename(scene.root / "d", scene.root / "moved")
    os.makedirs((scene.root / new).parent, exist_ok=True)
    os.rename(scene.root / "moved", scene.root / new)
    changes = scene.changes
    scene.look()
    assert all(name.startswith(f"{new}/") for name in scene.statuses())
    assert rows_by_inode(scene) == before
    scene.look(3)
    assert "missing" not in scene.statuses().values()
    assert rows_by_inode(scene) == before
    assert hashed == []
    assert scene.changes == changes + 1
    assert scene.read_all() == 0


def test_what_is_written_to_under_a_renamed_folder_is_hashed(
    scene: Scene, hashed: list[bytes]
) -> None:
    """Size and the time of the last writing are as before: ctime tells."""
    file = scene.write("d/a.png", b"first")
    scene.write("d/b.png")
    scene.look(2)
    scene.read_all()
    hashed.clear()
    stat = file.stat()
    file.write_bytes(PNG + b"other")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    os.rename(scene.root / "d", scene.root / "e")
    scene.look(3)
    assert hashed == [b"e/a.png"]
    assert scene.statuses() == {"d/a.png": "missing", "e/a.png": "pending", "e/b.png": "done"}


def test_a_hard_link_to_a_known_file_is_a_copy_that_is_not_hashed(
    scene: Scene, hashed: list[bytes]
) -> None:
    """Its ctime is another, and the first name's too; but then both are the same file again."""
    file = scene.write("a.png")
    os.link(file, scene.root / "b.png")
    scene.look(2)
    scene.read_all()
    assert sorted(hashed) in ([b"a.png"], [b"b.png"], [b"a.png", b"b.png"])
    assert scene.statuses() == {"a.png": "done", "b.png": "done"}
    (scene.root / "b.png").unlink()
    scene.look(3)
    assert scene.statuses() == {"a.png": "done", "b.png": "missing"}


@given(
    contents=st.lists(st.sampled_from([b"x", b"y", b"z"]), min_size=1, max_size=8),
    moves=st.lists(
        st.tuples(st.integers(0, 7), st.sampled_from(["", "e", "e/f", "D", "z"])), max_size=8
    ),
    folder=st.sampled_from(["E", "c", "f/g", "zz"]),
    stable=st.booleans(),
)
def test_of_several_with_the_same_content_each_finds_its_own_row(
    contents: list[bytes], moves: list[tuple[int, str]], folder: str, stable: bool
) -> None:
    """Single files and their folder, each to a new name; also where inodes are of no use."""
    with tempfile.TemporaryDirectory() as temporary:
        scene = Scene(Path(temporary))
        try:
            files = {
                number: scene.write(f"d/{number}.png", content)
                for number, content in enumerate(contents)
            }
            scene.look(2)
            scene.read_all()
            before = rows_by_inode(scene)
            never_missing(scene)
            for number, (which, target) in enumerate(moves):
                if which in files:
                    file = scene.root / target / f"{number} {files[which].name}"
                    file.parent.mkdir(parents=True, exist_ok=True)
                    os.rename(files.pop(which), file)
            if (scene.root / "d").exists():
                (scene.root / folder).parent.mkdir(parents=True, exist_ok=True)
                move = os.rename if stable else shutil.copytree
                move(scene.root / "d", scene.root / folder)
                shutil.rmtree(scene.root / "d", ignore_errors=True)
            scene.look(4)
            assert set(scene.statuses().values()) == {"done"}
            assert len(scene.statuses()) == len(contents) == count(scene)
            assert scene.read_all() == 0
            if stable:
                assert rows_by_inode(scene) == before
        finally:
            scene.database.close()


@pytest.mark.parametrize("stable", [True, False])
def test_a_renamed_folder_of_more_copies_than_are_asked_for(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, stable: bool
) -> None:
    """Blank pages, among others: each is where its neighbour went."""
    monkeypatch.setattr(recognition, "_MOST_TRIED", 3)
    for number in range(40):
        scene.write(f"d/{number:02}.png", b"blank" if number % 4 else b"")
    scene.look(2)
    scene.read_all()
    if stable:
        os.rename(scene.root / "d", scene.root / "e")
    else:
        shutil.copytree(scene.root / "d", scene.root / "e")
        shutil.rmtree(scene.root / "d")
    scene.look(4)
    assert scene.statuses() == {f"e/{number:02}.png": "done" for number in range(40)}
    assert scene.read_all() == 0


@pytest.mark.parametrize("which", [0, 7, 39])
def test_one_of_more_copies_than_are_asked_for_is_renamed_where_inodes_do_not_last(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, which: int
) -> None:
    monkeypatch.setattr(recognition, "_MOST_TRIED", 3)
    for number in range(40):
        scene.write(f"d/{number:02}.png", b"blank")
    scene.look(2)
    scene.read_all()
    shutil.copy(scene.root / f"d/{which:02}.png", scene.root / "other.png")
    (scene.root / f"d/{which:02}.png").unlink()
    scene.look(4)
    left = {f"d/{number:02}.png": "done" for number in range(40) if number != which}
    assert scene.statuses() == left | {"other.png": "done"}
    assert count(scene) == 40
    assert scene.read_all() == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [("Scan.png", "scan.png"), ("scan.png", "Scan.png"), ("Box/A.png", "box/a.png"),
     ("box/a.png", "Box/a.png"), ("Box/a.png", "box/a.png")],
)  # fmt: skip
def test_a_rename_that_changes_only_the_case(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, old: str, new: str
) -> None:
    """Where names are the same in any case, the old one is still found by asking for it."""
    monkeypatch.setattr(catalogue, "lstat_below", lstat_in_any_case)
    scene.write(old, b"one")
    scene.write("other.png", b"one")
    scene.look(2)
    scene.read_all()
    before = rows_by_inode(scene)
    for count in range(1, new.count("/") + 2):
        parts_old, parts_new = old.split("/")[:count], new.split("/")[:count]
        parts_old[: count - 1] = parts_new[: count - 1]
        os.rename(scene.root / "/".join(parts_old), scene.root / "/".join(parts_new))
    scene.look(4)
    assert scene.statuses() == {new: "done", "other.png": "done"}
    assert rows_by_inode(scene) == before
    assert scene.read_all() == 0


def lstat_in_any_case(root: bytes, path: bytes) -> os.stat_result:
    """As a mount does that does not tell the case of names."""
    found = b""
    for part in path.split(b"/"):
        names = os.listdir(os.path.join(root, found))
        for name in names:
            if name.lower() == part.lower():
                found = os.path.join(found, name)
                break
        else:
            raise FileNotFoundError(path)
    return lstat_below(root, found)


def test_a_share_that_is_back_after_the_grace_period_is_not_hashed(
    scene: Scene, tmp_path: Path, hashed: list[bytes]
) -> None:
    for number in range(30):
        scene.write(f"d/{number}.png", b"same" if number % 2 else b"")
    scene.write("other.png")
    (scene.root / "d" / "notes.txt").write_text("words")
    scene.look(2)
    scene.read_all()
    before = scene.statuses()
    os.rename(scene.root / "d", tmp_path / "unmounted")
    scene.look(2)
    scene.clock.now += 300
    scene.look()
    assert list(scene.statuses().values()).count("missing") == 31
    hashed.clear()
    os.rename(tmp_path / "unmounted", scene.root / "d")
    scene.look()
    assert scene.statuses() == before | {"d/notes.txt": "missing"}
    scene.look(2)
    assert scene.statuses() == before
    assert hashed == [b"d/notes.txt"], "its verdict went as it was missing"
    assert scene.read_all() == 0
