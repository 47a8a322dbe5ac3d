"""File events wake the watcher soon, but not for nothing and not all the time."""

import errno
import os
import threading
import time

import pytest
from polling import wait_until
from watchdog.events import FileSystemEvent
from watchdog.observers.inotify import InotifyWatchGroup
from watcher_scene import Running, Scene

from folder import file_events


def test_an_event_brings_the_look_forward(scene: Scene) -> None:
    with Running(scene, interval_s=3600, settle_s=0.05):
        scene.write("sub/deep/a.png")
        wait_until(lambda: scene.statuses() == {"sub/deep/a.png": "pending"}, "the new file")


def test_our_own_reading_wakes_nobody(scene: Scene) -> None:
    file = scene.write("a.png")
    wake = threading.Event()
    with file_events.watching(scene.root, wake):
        for _ in range(20):
            file.read_bytes()
        assert not wake.wait(0.5)
        file.write_bytes(b"changed")
        assert wake.wait(10)


def test_a_folder_that_is_moved_in_is_one_event_however_many_files_it_has(scene: Scene) -> None:
    """watchdog makes up one for each file: 200 MB for a million that come back at once."""
    away = scene.root.parent / "away"
    (away / "deep").mkdir(parents=True)
    for number in range(300):
        (away / "deep" / f"{number}.png").touch()
    told: list[str] = []
    wake = threading.Event()
    with file_events.watching(
        scene.root, wake, lambda event: told.append(str(event.src_path)) or True
    ):
        away.rename(scene.root / "back")
        assert wake.wait(10)
        (scene.root / "last.png").touch()
        wait_until(lambda: any(path.endswith("last.png") for path in told), "the last event")
    assert 0 < len(told) < 20


def test_folders_that_come_back_are_watched_without_a_word(
    scene: Scene, recwarn: pytest.WarningsRecorder
) -> None:
    """watchdog warns of each, and names all folders each time."""
    away, back = scene.root.parent / "away", scene.root / "back"
    for number in range(20):
        (back / str(number)).mkdir(parents=True)
    told: list[str] = []
    wake = threading.Event()

    def note(event: FileSystemEvent) -> bool:
        told.append(f"{event.event_type} {os.fsdecode(event.src_path)}")
        return True

    with file_events.watching(scene.root, wake, note):
        back.rename(away)
        wait_until(lambda: f"deleted {back}" in told, "the folder's leaving")
        away.rename(back)
        wait_until(lambda: f"created {back}" in told, "its return")
        (back / "7" / "new.png").touch()
        wait_until(lambda: f"created {back}/7/new.png" in told, "the file in it")
    assert [str(warning.message) for warning in recwarn] == []


def test_a_watch_is_named_in_few_words() -> None:
    """Its text held all folders twice, and watchdog writes it for each that comes back."""
    group = object.__new__(InotifyWatchGroup)
    group.path = b"/images"
    assert len(repr(group)) < 200


def test_without_events_looking_suffices(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    class NoObserver:
        def schedule(self, *_: object, **__: object) -> None:
            raise OSError(errno.ENOSPC, "inotify watch limit reached")

    monkeypatch.setattr(file_events, "Observer", NoObserver)
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
