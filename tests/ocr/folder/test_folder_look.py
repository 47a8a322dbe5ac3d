"""What a look sees: odd names and files are named, litter is not, a failed look changes no row."""

import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from watcher_scene import PNG, Scene

from folder.folder_look import look_at
from records.catalogue import Catalogue, path_exists
from source_files import FileStat


@pytest.mark.parametrize(
    "name",
    [".hidden.png", ".git/a.png", "Thumbs.db", "desktop.ini", "@eaDir/a.png", "lost+found/a.png",
     "a.png.part", "a.PNG.CRDOWNLOAD", "a.tmp", "a.png~", "~$a.png", "sub/.sync.a.png.1", "a.swp"],
)  # fmt: skip
def test_litter_is_not_even_seen(scene: Scene, name: str) -> None:
    scene.write(name)
    seen = look_at(scene.root)
    assert seen == ({}, {}, None, set(), set())
    assert not seen


def test_files_that_are_known_are_seen_without_their_stat(scene: Scene) -> None:
    for name in ("a.png", "b.png", "c.png"):
        scene.write(name)
    asked = {}

    def is_b(path: bytes, stat: FileStat) -> bool:
        asked[path] = stat
        return path == b"b.png"

    seen = look_at(scene.root, is_unchanged=is_b)
    assert asked == look_at(scene.root).files
    assert seen.unchanged == {b"b.png"}
    assert seen.files.keys() == {b"a.png", b"c.png"}
    assert seen
    assert [seen.has(name) for name in (b"a.png", b"b.png", b"d.png")] == [True, True, False]


def test_what_is_no_regular_file_has_a_row_with_a_reason(scene: Scene, tmp_path: Path) -> None:
    scene.write("a.png")
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "b.png").write_bytes(PNG)
    (scene.root / "file.png").symlink_to("a.png")
    (scene.root / "folder").symlink_to(secret)
    (scene.root / "loop").symlink_to(".")
    (scene.root / "nowhere.png").symlink_to("nothing")
    os.mkfifo(scene.root / "pipe.png")
    scene.look(3)
    assert scene.statuses() == {
        "a.png": "pending",
        **dict.fromkeys(["file.png", "folder", "loop", "nowhere.png", "pipe.png"], "ignored"),
    }
    assert scene.codes()["loop"] == "symlink"
    assert scene.codes()["pipe.png"] == "not_a_regular_file"
    changes = scene.changes
    scene.look(3)
    assert scene.changes == changes
    (scene.root / "pipe.png").unlink()
    scene.write("pipe.png")
    scene.look(2)
    assert scene.statuses()["pipe.png"] == "pending"


def test_names_of_any_bytes(scene: Scene) -> None:
    base = os.fsencode(scene.root)
    for name in (b"\xff\xfe.png", b"new\nline.png", "\u202egnp.png".encode(), b"<b>.png"):
        with open(os.path.join(base, name), "wb") as stream:
            stream.write(PNG + name)
    scene.look(2)
    assert set(scene.statuses()) == {
        "\\xff\\xfe.png",
        "new\\nline.png",
        "\\u202egnp.png",
        "<b>.png",
    }
    assert set(scene.statuses().values()) == {"pending"}


@pytest.mark.parametrize("where", ["root", "subfolder", "stat", "listing"])
def test_a_folder_that_cannot_be_read_changes_no_row(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Injected, as permission bits do not hold back root."""
    scene.write("a.png")
    scene.write("sub/b.png")
    scene.look(2)
    before = scene.row()
    real = os.scandir
    denied = PermissionError(errno.EACCES, "injected")

    class Listing:
        def __init__(self, entries: Iterator[os.DirEntry[bytes]]) -> None:
            self.entries = entries

        def __enter__(self) -> "Listing":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def __iter__(self) -> Iterator[object]:
            if where == "listing":
                raise OSError(errno.ESTALE, "injected")
            return (Entry(entry) for entry in self.entries)

    class Entry:
        def __init__(self, entry: os.DirEntry[bytes]) -> None:
            self.name, self.is_dir = entry.name, entry.is_dir

        def stat(self, **_: object) -> os.stat_result:
            raise denied

    def failing(path: bytes) -> object:
        in_subfolder = path.endswith(b"/sub")
        if where == "root" or (where == "subfolder" and in_subfolder):
            raise denied
        return Listing(real(path)) if in_subfolder and where != "subfolder" else real(path)

    monkeypatch.setattr(os, "scandir", failing)
    scene.look(4)
    assert scene.row() == before
    assert scene.watcher.warning is not None
    assert "cannot be read (" in scene.watcher.warning.message
    monkeypatch.setattr(os, "scandir", real)
    scene.look()
    assert scene.watcher.warning is None


def test_a_folder_that_goes_during_the_look_is_no_problem(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.write("a.png")
    scene.write("sub/b.png")
    scene.look(2)
    real = os.scandir

    def vanishing(path: bytes) -> object:
        if path.endswith(b"/sub"):
            raise FileNotFoundError(errno.ENOENT, "injected")
        return real(path)

    monkeypatch.setattr(os, "scandir", vanishing)
    scene.look(2)
    assert scene.watcher.warning is None
    assert scene.statuses() == {"a.png": "pending", "sub/b.png": "missing"}


def test_twenty_thousand_files_are_looked_at_quickly(scene: Scene) -> None:
    base = scene.root
    for folder in range(20):
        (base / str(folder)).mkdir()
        for number in range(1000):
            os.close(os.open(base / f"{folder}/{number}.png", os.O_CREAT | os.O_WRONLY))
    seen = look_at(base)
    assert len(seen.files) == 20_000
    catalogue = Catalogue(scene.database, exists=path_exists(base))
    with scene.database.transaction():
        for path, stat in seen.files.items():
            catalogue.register(path, stat, path.hex().rjust(64, "0"))
    scene.watcher = scene.new_watcher()
    quickest = 9.0
    for _ in range(3):
        started = time.process_time()
        scene.watcher.look()
        quickest = min(quickest, time.process_time() - started)
    assert quickest < 2.0 / 5
    assert scene.watcher.settling == 0
