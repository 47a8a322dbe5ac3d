"""A data folder in the image folder is left out, whatever its name there, and is never opened."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from polling import wait_until
from reader_process import ServiceProcess
from watcher_scene import PNG, Scene, Walked

from folder.file_events import watching
from folder.folder_coverage import FolderCoverage
from ocr_contract.control import ControlClient, ServiceUnreachable
from own_data import OwnData, is_database_file
from records.catalogue import Catalogue, path_exists

KINDS = ["inside", "another name", *(["bind mount"] if os.geteuid() == 0 else [])]


@contextlib.contextmanager
def shown_inside(root: Path, data: Path, kind: str) -> Iterator[Path]:
    """`data` is within `root`; yields the path by which the program knows it."""
    if kind == "inside":
        yield data
    elif kind == "another name":  # of the same device and inode, as a mount has
        yield Path("/proc/self/root") / data.relative_to("/")
    else:
        known = root.parent / "data"
        known.mkdir()
        subprocess.run(["mount", "--bind", data, known], check=True)
        try:
            yield known
        finally:
            subprocess.run(["umount", "--lazy", known], check=True)


@pytest.mark.parametrize("kind", KINDS)
def test_the_data_folder_is_left_out_and_named(scene: Scene, kind: str) -> None:
    scene.write("a.png")
    picture = scene.write("sub/deep/my data/previews/ab/page.png")
    data = picture.parents[2]
    (data / "temp.png").write_bytes(PNG)
    with shown_inside(scene.root, data, kind) as known:
        own = OwnData(known)
        scene.watcher = scene.new_watcher(own=own)
        scene.look(3)
        assert scene.statuses() == {"a.png": "pending"}
        catalogue = Catalogue(scene.database, exists=path_exists(scene.root))
        counted = FolderCoverage(
            scene.root, catalogue, found_by=lambda: scene.watcher.found_by, own=own
        ).count()
    assert counted.files == 2
    assert counted.reasons["ignored"] == {
        "data_folder": {"count": 1, "names": ["sub/deep/my data"]}
    }


def test_a_part_of_the_data_folder_is_left_out_wherever_it_is_mounted(scene: Scene) -> None:
    """Its previews, for one: known by device and inode as the folder itself is."""
    scene.write("previews/ab/page.png")
    seen = Walked(scene.root, own=OwnData(scene.root))
    assert (seen.files, seen.data_folders) == ({}, {b"previews"})


@pytest.mark.parametrize("where", ["other", "sub/copy of data"])
def test_the_data_of_any_installation_is_left_out(scene: Scene, where: str) -> None:
    """By the database beside its lock: its mount may have another device than ours."""
    for name in ("ocr_data.db", "ocr_data.db.lock", "temp.png", "previews/ab/page.png"):
        scene.write(f"{where}/{name}")
    scene.write("a.png")
    scene.look(3)
    assert scene.statuses() == {"a.png": "pending"}
    assert Walked(scene.root).data_folders == {where.encode()}


def test_a_database_alone_makes_no_folder_of_data(scene: Scene) -> None:
    """Whoever keeps a copy of the texts beside the images has them read all the same."""
    scene.write("a.png")
    scene.write("ocr_data.db")
    scene.look(2)
    assert scene.statuses() == {"a.png": "pending"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [("texts.db", True), ("Texts.DB", True), ("a.sqlite3", True), ("a.sqlite", True),
     ("ocr_data.db-wal", True), ("history-shm", True), ("a.db3-journal", True), (b"\xff.db", True),
     ("a.png", False), ("db", False), ("a.db.png", False), ("journal.jpg", False)],
)  # fmt: skip
def test_files_of_sqlite_by_their_names(name: str | bytes, expected: bool) -> None:
    assert is_database_file(os.fsencode(name)) is expected


def test_a_database_is_not_opened_and_is_named(scene: Scene) -> None:
    scene.write("a.png")
    for name in ("x.db", "sub/x.db-wal", "sub/x.db-shm"):
        scene.write(name)
    (scene.root / "folder.db").mkdir()
    scene.write("folder.db/b.png")
    with opened() as names:
        scene.look(3)
    assert scene.statuses() == {"a.png": "pending", "folder.db/b.png": "pending"}
    assert {b"a.png", b"b.png"} <= names
    assert not {name for name in names if b"x.db" in name}
    assert sorted(Walked(scene.root).litter) == [
        (name, "database_file") for name in (b"sub/x.db-shm", b"sub/x.db-wal", b"x.db")
    ]


@contextlib.contextmanager
def opened() -> Iterator[set[bytes]]:
    """The names of what this process opens meanwhile."""
    _NAMES.clear()
    _RECORDING.append(True)
    try:
        yield _NAMES
    finally:
        _RECORDING.clear()


_NAMES: set[bytes] = set()
_RECORDING: list[bool] = []


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and _RECORDING and isinstance(arguments[0], str | bytes):
        _NAMES.add(os.fsencode(arguments[0]))


sys.addaudithook(_hook)  # there is no way to take one away: it only listens when it is told to


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", ".lock"])
def test_a_hard_link_to_the_database_is_not_opened(scene: Scene, suffix: str) -> None:
    """Whatever it is called: to close it would drop the locks of this process."""
    data = scene.root.parent  # where the scene's database is
    scene.write("b.png")
    scene.watcher = scene.new_watcher(own=OwnData(data))
    os.link(data / f"ocr_data.db{suffix}", scene.root / "a.png")
    with opened() as names:
        scene.look(3)
    assert b"b.png" in names
    assert b"a.png" not in names
    assert scene.statuses() == {"b.png": "pending"}


def test_a_link_to_the_database_that_is_put_there_after_the_look(scene: Scene) -> None:
    """Between the look and the opening; the check stands directly before the latter."""
    data = scene.root.parent
    own = OwnData(data)
    scene.watcher = scene.new_watcher(own=own)
    scene.write("a.png").unlink()
    os.link(data / "ocr_data.db", scene.root / "a.png")
    scene.watcher._own = OwnData()  # the look lets it pass
    with opened() as names:
        scene.look(2)
    assert b"a.png" not in names
    assert scene.codes() == {"a.png": "data_folder"}
    assert scene.statuses() == {"a.png": "ignored"}


def test_what_happens_in_a_data_folder_wakes_nobody(scene: Scene) -> None:
    """Or each result that is stored would bring a look at the whole folder."""
    data = scene.write("data/temp.png").parent
    scene.watcher = scene.new_watcher(own=OwnData(data))
    scene.look()
    wake = threading.Event()
    with watching(scene.root, wake, scene.watcher._events.note):
        for number in range(20):
            (data / "temp.png").write_bytes(b"%d" % number)
            (data / f"new {number}").mkdir()
        assert not wake.wait(0.5)
        scene.write("database.png")
        assert wake.wait(10)


def test_data_in_images(tmp_path: Path) -> None:
    """One picture stays one row, however long it goes on; ten looks at least have passed.

    The names are short, as a socket's path must be."""
    service = ServiceProcess(tmp_path)
    data = service.images / "app" / "data"
    data.parent.mkdir()
    service.data.rename(data)
    service.environment["OCR_DATA_FOLDER"] = str(data)
    (data / "previews").mkdir()
    (data / "previews" / "page.png").write_bytes(PNG)
    service.add("a.jpg")
    client = ControlClient(data / "run" / "ocr.sock")
    try:
        service.start()
        wait_until(lambda: counts(client).get("done") == 1)
        (data / "temp.png").write_bytes(PNG)
        until = time.monotonic() + 10 * 0.2
        wait_until(lambda: time.monotonic() > until)
        assert counts(client)["total"] == 1
        ignored = client.coverage().reasons["ignored"]
        assert ignored == {"data_folder": {"count": 1, "names": ["app/data"]}}
        assert "app/data is a data folder: nothing in it is read" in service.stop()[2]
    finally:
        service.kill()


def counts(client: ControlClient) -> dict[str, int]:
    try:
        return client.status().counts
    except ServiceUnreachable:
        return {}
