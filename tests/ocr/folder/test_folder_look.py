"""What a look sees: odd names and files are named, litter is not, a failed look changes no row."""

import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from watcher_scene import PNG, Scene, Walked

from records.catalogue import Catalogue, path_exists


@pytest.mark.parametrize(
    "name",
    [".hidden.png", ".git/a.png", "Thumbs.db", "desktop.ini", "@eaDir/a.png", "lost+found/a.png",
     "a.png.part", "a.PNG.CRDOWNLOAD", "a.tmp", "a.png~", "~$a.png", "sub/.sync.a.png.1", "a.swp",
     "#recycle/a.png", "sub/@Recycle/b/a.png", "$RECYCLE.BIN/S-1-5/a.png", "$Recycle.Bin/a.png",
     "System Volume Information/a.png", ".Trash-1000/files/a.png", ".Trashes/501/a.png",
     "LOST+FOUND/a.png", "#snapshot/daily/a.png", "Network Trash Folder/a.png", "thumbs.DB"],
)  # fmt: skip
def test_litter_is_not_even_seen(scene: Scene, name: str) -> None:
    scene.write(name)
    scene.look(3)
    assert Walked(scene.root).files == {}
    assert scene.statuses() == {}


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

    real_lstat, real_open = os.lstat, os.open

    class Listing:
        def __init__(self, entries: Iterator[os.DirEntry[str]]) -> None:
            self.entries = entries

        def __enter__(self) -> "Listing":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def __iter__(self) -> Iterator[os.DirEntry[str]]:
            if where == "listing":
                raise OSError(errno.ESTALE, "injected")
            return self.entries

    def in_subfolder(descriptor: int) -> bool:
        return os.readlink(f"/proc/self/fd/{descriptor}").endswith("/sub")

    def failing(descriptor: int) -> object:
        if where == "root":
            raise denied
        return Listing(real(descriptor)) if in_subfolder(descriptor) else real(descriptor)

    def failing_open(path: str | bytes, *args: int, **kwargs: int) -> int:
        if where == "subfolder" and path == b"sub":
            raise denied
        return real_open(path, *args, **kwargs)

    def failing_lstat(path: str | bytes, **kwargs: int) -> os.stat_result:
        if where == "stat" and path == b"b.png":
            raise denied
        return real_lstat(path, **kwargs)

    monkeypatch.setattr(os, "open", failing_open)
    monkeypatch.setattr(os, "lstat", failing_lstat)
    monkeypatch.setattr(os, "scandir", failing)
    scene.look(4)
    assert scene.row() == before
    assert scene.watcher.warning is not None
    assert "cannot be read (" in scene.watcher.warning.message
    monkeypatch.undo()
    scene.look()
    assert scene.watcher.warning is None


def test_a_folder_that_goes_during_the_look_is_no_problem(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.write("a.png")
    scene.write("sub/b.png")
    scene.look(2)
    real = os.open

    def vanishing(path: str | bytes, *args: int, **kwargs: int) -> int:
        if path == b"sub":
            raise FileNotFoundError(errno.ENOENT, "injected")
        return real(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", vanishing)
    scene.look(2)
    assert scene.watcher.warning is None
    assert scene.statuses() == {"a.png": "pending", "sub/b.png": "missing"}


def test_twenty_thousand_files_are_looked_at_quickly(scene: Scene) -> None:
    base = scene.root
    for folder in range(20):
        (base / str(folder)).mkdir()
        for number in range(1000):
            os.close(os.open(base / f"{folder}/{number}.png", os.O_CREAT | os.O_WRONLY))
    seen = Walked(base)
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
