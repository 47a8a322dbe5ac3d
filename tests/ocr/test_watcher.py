"""The folder is what counts: finished files are taken once, gone ones noticed, odd ones named."""

import errno
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from polling import Clock, wait_until
from watcher_scene import PNG, Scene

import source_files
import watcher as watcher_module
from catalogue import Catalogue, path_exists
from source_files import FileStat
from watcher import Settling, look_at


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.stop.set()
    scene.database.close()


def test_a_file_is_taken_at_the_second_look_that_finds_it_unchanged(scene: Scene) -> None:
    scene.write("a.png")
    scene.watcher.look()
    assert scene.statuses() == {}
    assert scene.watcher.settling == 1
    scene.clock.now += 0.9
    scene.watcher.look()
    assert scene.statuses() == {}, "not yet settled"
    scene.clock.now += 0.2
    scene.watcher.look()
    assert scene.statuses() == {"a.png": "pending"}
    assert (scene.watcher.settling, scene.changes) == (0, 1)
    scene.look(3)
    assert scene.changes == 1


def test_a_slow_copy_is_never_taken_early(scene: Scene) -> None:
    """Over a minute; several looks find it unchanged, but not for as long as it takes."""
    file = scene.write("a.png")
    for number in range(70):
        for _ in range(3):  # what wakes the watcher looks oftener than it takes to settle
            scene.watcher.look()
            scene.clock.now += 0.3
        with file.open("ab") as stream:
            stream.write(b"%d" % number)
        assert scene.statuses() == {}
    scene.look(2)
    assert scene.statuses() == {"a.png": "pending"}


def test_a_copy_that_keeps_the_size_but_writes_is_not_finished(scene: Scene) -> None:
    file = scene.write("a.png", b"\0" * 100)
    for number in range(5):
        scene.look()
        with file.open("r+b") as stream:
            stream.seek(10 + number)
            stream.write(b"x")
        os.utime(file, ns=(1, 1))  # even a writer that sets its times back: ctime tells
    assert scene.statuses() == {}


def test_temporary_then_renamed(scene: Scene) -> None:
    part = scene.write("a.png.part", b"half")
    scene.look(3)
    assert (scene.statuses(), scene.watcher.settling) == ({}, 0)
    part.rename(scene.root / "a.png")
    scene.look(2)
    assert scene.statuses() == {"a.png": "pending"}


def test_written_to_between_the_look_and_the_reading(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = scene.write("a.png")
    scene.look()
    real = source_files.open_regular

    def growing(root: Path, path: bytes) -> int:
        monkeypatch.setattr(source_files, "open_regular", real)
        with file.open("ab") as stream:
            stream.write(b"more")
        return real(root, path)

    monkeypatch.setattr(source_files, "open_regular", growing)
    scene.look()
    assert scene.statuses() == {}
    scene.look(2)
    assert scene.statuses() == {"a.png": "pending"}


def test_overwritten_while_it_is_read(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    file = scene.write("a.png")
    scene.look()
    real_read = os.read

    def overwriting_read(descriptor: int, count: int) -> bytes:
        monkeypatch.setattr(os, "read", real_read)
        file.write_bytes(PNG + b"other content")
        return real_read(descriptor, count)

    monkeypatch.setattr(os, "read", overwriting_read)
    scene.look()
    assert scene.statuses() == {}
    scene.look(2)
    assert scene.statuses() == {"a.png": "pending"}


@pytest.mark.parametrize(
    "name",
    [".hidden.png", ".git/a.png", "Thumbs.db", "desktop.ini", "@eaDir/a.png", "lost+found/a.png",
     "a.png.part", "a.PNG.CRDOWNLOAD", "a.tmp", "a.png~", "~$a.png", "sub/.sync.a.png.1", "a.swp"],
)  # fmt: skip
def test_litter_is_not_even_seen(scene: Scene, name: str) -> None:
    scene.write(name)
    assert look_at(scene.root) == ({}, {}, None)


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


def test_an_unreadable_file_is_tried_at_every_look_until_it_can_be_read(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.write("a.png")
    scene.look(2)
    scene.read_all()
    scene.write("b.png")
    real_open = os.open

    def failing_open(path: str | bytes, *args: int, **kwargs: int) -> int:
        if path == b"b.png":
            raise OSError(errno.EIO, "injected")
        return real_open(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", failing_open)
    scene.look(2)
    assert scene.statuses() == {"a.png": "done", "b.png": "failed"}
    assert scene.codes()["b.png"] == "unreadable"
    before = scene.row()
    scene.look(3)
    assert scene.row() == before
    assert scene.watcher.settling == 0
    monkeypatch.setattr(os, "open", real_open)
    scene.look()
    assert scene.statuses()["b.png"] == "pending"


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


def test_a_deleted_file_is_missing_after_two_looks_and_returns_as_done(scene: Scene) -> None:
    scene.write("keep.png")
    file = scene.write("sub/a.png", b"picture")
    scene.look(2)
    assert scene.read_all() == 2
    away = file.rename(scene.root.parent / "away.png")
    scene.look()
    assert scene.statuses()["sub/a.png"] == "done", "one look may be mistaken"
    scene.look()
    assert scene.statuses()["sub/a.png"] == "missing"
    changes = scene.changes
    scene.look(2)
    assert scene.changes == changes
    away.rename(file)
    scene.look(2)
    assert scene.statuses()["sub/a.png"] == "done"
    assert scene.read_all() == 0


def test_a_file_that_is_away_for_one_look_only_changes_nothing(scene: Scene) -> None:
    scene.write("keep.png")
    file = scene.write("a.png")
    scene.look(2)
    before = scene.row()
    for _ in range(3):
        away = file.rename(scene.root.parent / "away.png")
        scene.look()
        away.rename(file)
        os.utime(file)  # a rename changes ctime anyway
        scene.look(2)
    assert [row[8] for row in scene.row()] == [row[8] for row in before]
    assert "missing" not in scene.statuses().values()


def test_a_renamed_file_keeps_its_text(scene: Scene) -> None:
    scene.write("keep.png")
    file = scene.write("a.png")
    scene.look(2)
    scene.read_all()
    file.rename(scene.root / "b.png")
    scene.look(4)
    assert scene.statuses() == {"keep.png": "done", "b.png": "done"}
    assert scene.read_all() == 0
    (scene.root / "b.png").rename(scene.root / "a.png")
    scene.look(4)
    assert scene.statuses() == {"keep.png": "done", "a.png": "done"}
    assert scene.read_all() == 0


def test_a_scanner_that_moves_names_on_costs_one_reading(scene: Scene) -> None:
    """scan.png becomes scan1.png and there is a new scan.png, all within one look."""
    scene.write("scan.png", b"first")
    scene.look(2)
    scene.read_all()
    (scene.root / "scan.png").rename(scene.root / "scan1.png")
    scene.write("scan.png", b"second")
    scene.look(2)
    assert scene.statuses() == {"scan.png": "pending", "scan1.png": "done"}
    assert scene.read_all() == 1


def test_an_emptied_folder_changes_no_row_and_warns_until_it_is_back(scene: Scene) -> None:
    files = [scene.write("a.png"), scene.write("b.png")]
    scene.look(2)
    scene.read_all()
    before = scene.row()
    away = [file.rename(scene.root.parent / file.name) for file in files]
    scene.write(".gitkeep")
    scene.look(4)
    assert scene.row() == before
    assert scene.watcher.warning is not None
    assert "is empty" in scene.watcher.warning.message
    for old, new in zip(away, files, strict=True):
        old.rename(new)
    scene.look(2)
    assert scene.watcher.warning is None
    assert set(scene.statuses().values()) == {"done"}
    assert scene.read_all() == 0


def test_a_vanished_folder_changes_no_row_and_warns_until_it_is_back(scene: Scene) -> None:
    scene.write("a.png")
    scene.look(2)
    before = scene.row()
    away = scene.root.rename(scene.root.parent / "away")
    scene.look(3)
    assert scene.row() == before
    assert scene.watcher.warning is not None
    assert scene.watcher.warning.message == (
        f"{scene.root} cannot be read (No such file or directory). "
        "Nothing is marked as missing until it can be read."
    )
    away.rename(scene.root)
    scene.look()
    assert scene.watcher.warning is None


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


def test_a_restart_takes_nothing_again_and_notices_what_went_on(scene: Scene) -> None:
    scene.write("a.png")
    scene.write("b.png")
    scene.write("c.png")
    scene.look(2)
    scene.read_all()
    before = scene.row()
    scene.watcher = scene.new_watcher()
    scene.look(3)
    assert scene.row() == before
    (scene.root / "a.png").unlink()
    scene.write("b.png", b"changed")
    scene.watcher = scene.new_watcher()
    scene.look(3)
    assert scene.statuses() == {"a.png": "missing", "b.png": "pending", "c.png": "done"}


def test_a_raised_limit_lets_a_large_file_in(scene: Scene) -> None:
    scene.watcher = scene.new_watcher(max_bytes=50)
    scene.write("large.png", b"x" * 100)
    scene.look(3)
    assert scene.codes() == {"large.png": "too_many_bytes"}
    scene.watcher = scene.new_watcher(max_bytes=50)
    scene.look(3)
    assert scene.codes() == {"large.png": "too_many_bytes"}
    scene.watcher = scene.new_watcher(max_bytes=500)
    scene.look()
    assert scene.statuses() == {"large.png": "pending"}


def test_settling_in_itself() -> None:
    clock = Clock()
    settling = Settling(2.0, clock)
    stat, other = FileStat(1, 1, 1, 1), FileStat(1, 1, 2, 1)
    assert not settling.finished(b"a", stat)
    clock.now += 1.9
    assert not settling.finished(b"a", stat)
    assert not settling.finished(b"a", other)
    clock.now += 1.9
    assert not settling.finished(b"a", other)
    clock.now += 0.1
    assert settling.finished(b"a", other)
    settling.forget(b"a")
    settling.forget(b"never seen")
    assert len(settling) == 0


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
        started = time.perf_counter()
        scene.watcher.look()
        quickest = min(quickest, time.perf_counter() - started)
    assert quickest < 2.0 / 5
    assert scene.watcher.settling == 0


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


def test_an_event_brings_the_look_forward(scene: Scene) -> None:
    with Running(scene, interval_s=3600, settle_s=0.05):
        scene.write("sub/deep/a.png")
        wait_until(lambda: scene.statuses() == {"sub/deep/a.png": "pending"}, "the new file")


def test_our_own_reading_wakes_nobody(scene: Scene) -> None:
    file = scene.write("a.png")
    wake = threading.Event()
    with watcher_module._events(scene.root, wake):
        for _ in range(20):
            file.read_bytes()
        assert not wake.wait(0.5)
        file.write_bytes(b"changed")
        assert wake.wait(10)


def test_without_events_looking_suffices(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    class NoObserver:
        def schedule(self, *_: object, **__: object) -> None:
            raise OSError(errno.ENOSPC, "inotify watch limit reached")

    monkeypatch.setattr(watcher_module, "Observer", NoObserver)
    with Running(scene, interval_s=0.1, settle_s=0.05):
        scene.write("a.png")
        wait_until(lambda: scene.statuses() == {"a.png": "pending"}, "the new file")


def test_a_burst_of_events_is_a_handful_of_looks(scene: Scene) -> None:
    with Running(scene, interval_s=3600, settle_s=0.2) as running:
        started = time.monotonic()
        for number in range(1000):
            scene.write(f"{number % 50}.png", b"%d" % number)
        wait_until(lambda: len(scene.statuses()) == 50, "fifty files")
        lasted_s = time.monotonic() - started
        assert running.looks <= 3 + lasted_s / 0.2


def test_a_slow_folder_is_not_looked_at_all_the_time(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events that never end must not keep a core busy: a look is followed by a rest."""
    scene.write("a.png")
    with Running(scene, interval_s=3600, settle_s=0.05) as running:
        running.watcher.look = slow = SlowLook(0.2)  # type: ignore[method-assign, assignment]
        ends_at = time.monotonic() + 2.5

        def event() -> bool:
            running.watcher.wake()
            return time.monotonic() > ends_at

        wait_until(event, "the end")
        assert 2 <= slow.count <= 1 + 2.5 / 0.55


class SlowLook:
    """Takes its time, as a hundred thousand files on a slow disk do."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.count = 0

    def __call__(self) -> float:
        self.count += 1
        threading.Event().wait(self.seconds)
        return self.seconds


def test_a_request_is_answered_when_all_that_it_saw_is_taken(scene: Scene) -> None:
    settled = threading.Event()
    at_that_time: list[dict[str, str]] = []

    def on_settled() -> None:
        at_that_time.append(scene.statuses())
        settled.set()

    with Running(scene, interval_s=3600, settle_s=0.3) as running:
        for name in ("a.png", "b.png", "c.png"):
            scene.write(name)
        request = running.watcher.request_look(on_settled)
        assert request.looked.wait(10)
        assert request.found == 3
        assert settled.wait(10)
    assert at_that_time == [dict.fromkeys(["a.png", "b.png", "c.png"], "pending")]


def test_a_request_with_nothing_new_is_answered_at_once(scene: Scene) -> None:
    with Running(scene, interval_s=3600) as running:
        answered = [threading.Event() for _ in range(5)]
        for event in answered:
            running.watcher.request_look(event.set)
        for event in answered:
            assert event.wait(10)


def test_it_stops_at_once(scene: Scene) -> None:
    with Running(scene, interval_s=3600, settle_s=3600) as running:
        scene.write("a.png")
        wait_until(lambda: running.watcher.settling, "the file seen")
        started = time.monotonic()
        scene.stop.set()
        running.watcher.wake()
        running.thread.join(10)
        assert time.monotonic() - started < 2
