"""The folder is what counts: gone, moved and changed files are noticed, requests answered."""

import errno
import os
import threading
import time

import pytest
from polling import wait_until
from watcher_scene import Running, Scene


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


def test_the_first_event_brings_a_look_at_once(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    burst_s = settle_s = 4.0
    monkeypatch.setattr("folder.watcher._BURST_S", burst_s)
    with Running(scene, interval_s=3600, settle_s=settle_s) as running:
        time.sleep(1.1 * burst_s)  # until the look at the start is long enough ago
        started = time.monotonic()
        scene.write("a.png")
        wait_until(lambda: running.watcher.settling, "the file seen")
        assert time.monotonic() - started < 0.75 * burst_s


def test_a_burst_of_events_brings_few_looks(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("folder.watcher._BURST_S", 2.0)
    with Running(scene, interval_s=3600, settle_s=2.0) as running:
        before = running.looks
        for number in range(100):
            scene.write(f"{number}.png")
            time.sleep(0.01)
        wait_until(lambda: len(scene.statuses()) == 100, "all taken")
        assert running.looks - before <= 4


def test_it_stops_at_once(scene: Scene) -> None:
    with Running(scene, interval_s=3600, settle_s=3600) as running:
        scene.write("a.png")
        wait_until(lambda: running.watcher.settling, "the file seen")
        started = time.monotonic()
        scene.stop.set()
        running.watcher.wake()
        running.thread.join(10)
        assert time.monotonic() - started < 2
