"""A file is taken when it is finished, whatever is done to it until then."""

import math
import os
from pathlib import Path

import pytest
from polling import Clock
from watcher_scene import PNG, Scene

import source_files
from folder.settling import Settling
from source_files import FileStat


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

    def growing(root: Path, path: bytes, *rest: object) -> int:
        monkeypatch.setattr(source_files, "open_regular", real)
        with file.open("ab") as stream:
            stream.write(b"more")
        return real(root, path, *rest)  # type: ignore[arg-type]

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


def test_settling_in_itself() -> None:
    clock = Clock()
    settling = Settling(2.0, clock)
    assert settling.due_in_s() == math.inf
    stat, other = FileStat(1, 1, 1, 1), FileStat(1, 1, 2, 1)
    assert not settling.finished(b"a", stat)
    clock.now += 1.9
    assert not settling.finished(b"a", stat)
    assert not settling.finished(b"a", other)
    clock.now += 1.9
    assert not settling.finished(b"a", other)
    assert not settling.finished(b"b", stat)
    assert settling.due_in_s() == pytest.approx(0.1), "the first that can be finished counts"
    settling.forget(b"b")
    clock.now += 0.1
    assert settling.finished(b"a", other)
    settling.forget(b"a")
    settling.forget(b"never seen")
    assert len(settling) == 0
