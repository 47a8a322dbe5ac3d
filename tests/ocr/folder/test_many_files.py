"""Many files: what is remembered is bounded, changes come in short steps, others go on between."""

import itertools
import os
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from database_fixtures import World
from polling import wait_until
from test_folder_machine import Checked, Killed, killed_at
from watcher_scene import PNG, Running, Scene

from folder import folder_look, folder_walk, intake, settling, side_by_side
from ocr_contract import text_folding
from records import catalogue, folder_rows


def fill(scene: Scene, folders: int, files: int) -> int:
    """A row and an empty file each, as if read; returns how many."""
    rows = []
    for folder, number in itertools.product(range(folders), range(files)):
        name = f"d/{folder}/{number}.png"
        if number == 0:
            (scene.root / "d" / str(folder)).mkdir(parents=True, exist_ok=True)
        descriptor = os.open(scene.root / name, os.O_CREAT | os.O_WRONLY, 0o644)
        found = os.fstat(descriptor)
        os.close(descriptor)
        stat = (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
        rows.append((name.encode(), name, *stat, name.encode().hex().rjust(64, "0")))
    with scene.database.transaction() as connection:
        connection.execute("CREATE INDEX IF NOT EXISTS images_inode ON images (inode)")
        connection.executemany(
            "INSERT INTO images (path, name, size_bytes, mtime_ns, ctime_ns, inode, sha256, "
            "status, found_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, 'pending', 't', 't')",
            rows,
        )
    return len(rows)


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 50 rows."""
    for module in (catalogue, folder_look):
        monkeypatch.setattr(module, "ROWS_TOGETHER", 50)
    monkeypatch.setattr(intake, "_MOST_TOGETHER", 50)


@pytest.fixture
def largest(scene: Scene) -> Iterator[list[int]]:
    """How many rows each transaction changed."""
    real = scene.database._commit
    sizes: list[int] = []
    before = [scene.database._connection.total_changes()]

    def commit() -> None:
        real()
        sizes.append(scene.database._connection.total_changes() - before[0])
        before[0] += sizes[-1]

    scene.database._commit = commit  # type: ignore[method-assign]
    yield sizes


def test_a_watcher_remembers_no_file_that_is_as_it_was(
    scene: Scene, small_steps: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a million it was 300 MB. Elsewhere, vanished, back: a look takes as little."""
    monkeypatch.setattr(folder_walk, "TOGETHER", 50)
    monkeypatch.setattr(folder_rows, "ROWS_TOGETHER", 50)
    monkeypatch.setattr(side_by_side, "ROWS_TOGETHER", 50)
    # What it remembers, and Python of freed tuples, is bounded, but more than 2,000 files need.
    monkeypatch.setattr(text_folding, "gram_tokens", set)
    fill(scene, 20, 100)
    scene.write("other.png")  # what is hashed takes a megabyte
    scene.look(2)
    tracemalloc.start()
    try:
        scene.watcher = scene.new_watcher()
        scene.look(2)
        _, unchanged = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        os.rename(scene.root / "d", scene.root / "e")
        scene.look(2)
        os.rename(scene.root / "e", scene.root.parent / "away")
        scene.look(2)
        scene.clock.now += 300
        scene.look()
        os.rename(scene.root.parent / "away", scene.root / "e")
        scene.look()
        _, changed = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(scene.statuses()) == 2001
    assert set(scene.statuses().values()) == {"pending"}
    assert unchanged < 150_000
    assert changed < 200_000


def test_of_a_million_new_files_so_many_settle_at_once(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "MOST", 10)
    for number in range(25):
        scene.write(f"{number:02}.png")
    scene.look()
    assert scene.watcher.settling == 25
    assert len(scene.watcher._settling) == 10
    for _ in range(3):
        scene.look(2)
    assert len(scene.statuses()) == 25
    assert scene.watcher.settling == 0
    assert scene.watcher.found_by == {"event": 0, "rescan": 25}


def test_those_that_wait_have_their_turn_at_once(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not at the next interval; and a request is answered when the last of them is taken in."""
    monkeypatch.setattr(settling, "MOST", 5)
    for number in range(18):
        scene.write(f"{number:02}.png")
    settled = threading.Event()
    with Running(scene, interval_s=3600, settle_s=0.05) as running:
        request = running.watcher.request_look(settled.set)
        assert request.looked.wait(10)
        wait_until(lambda: len(scene.statuses()) == 18, "all of them")
        assert settled.wait(10)


@pytest.mark.parametrize("kind", ["renamed", "gone and back"])
def test_changes_come_in_short_steps(
    scene: Scene, largest: list[int], small_steps: None, tmp_path: Path, kind: str
) -> None:
    count = fill(scene, 3, 100)
    scene.look()
    largest.clear()
    if kind == "renamed":
        os.rename(scene.root / "d", scene.root / "e")
        scene.look(2)
    else:
        scene.write("other.png")
        os.rename(scene.root / "d", tmp_path / "away")
        scene.look(2)
        scene.clock.now += 300
        scene.look()
        assert list(scene.statuses().values()).count("missing") == count
        os.rename(tmp_path / "away", scene.root / "d")
        scene.look()
    assert "missing" not in scene.statuses().values()
    assert len(largest) >= 6
    assert max(largest) <= 9 * 50, "what follows a row is counted, too: counts, the search index"


def test_files_that_are_dealt_with_quickly_come_in_short_steps(
    scene: Scene, largest: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_MOST_TOGETHER", 20)
    for number in range(100):
        (scene.root / f"{number}.png").touch()  # an error each, found without reading
    scene.look(2)
    assert scene.watcher.settling == 0
    assert len(largest) == 5


def test_others_write_while_a_folder_vanishes(
    scene: Scene, small_steps: None, tmp_path: Path
) -> None:
    """A writer beside it never waits for long, though the watcher would have the lock again."""
    fill(scene, 4, 250)
    scene.write("other.png")
    scene.look(2)
    os.rename(scene.root / "d", tmp_path / "away")
    scene.look(2)
    scene.clock.now += 300
    states: list[tuple[int, int]] = []
    done = threading.Event()

    def write() -> None:
        while not done.is_set():
            with scene.database.transaction() as connection:
                connection.execute("INSERT OR REPLACE INTO service_state VALUES ('x', 'x')")
                states.extend(
                    connection.execute(
                        "SELECT count(*), 0 FROM images WHERE status = 'missing'"
                    ).fetchall()
                )

    writer = threading.Thread(target=write)
    writer.start()
    scene.look()
    done.set()
    writer.join()
    between = {count for count, _ in states if 0 < count < 1000}
    assert len(between) >= 3, "it wrote between the steps"


@pytest.mark.parametrize("kind", ["renamed", "vanished", "back"])
def test_it_stops_amid_a_change_of_many_rows(
    scene: Scene, small_steps: None, tmp_path: Path, kind: str
) -> None:
    fill(scene, 4, 100)
    scene.write("other.png")
    scene.look(2)
    if kind == "renamed":
        os.rename(scene.root / "d", scene.root / "e")
    else:
        os.rename(scene.root / "d", tmp_path / "away")
        scene.look(2)
        scene.clock.now += 300
        if kind == "back":
            scene.look()
            os.rename(tmp_path / "away", scene.root / "d")
    real = scene.database._commit

    def commit() -> None:
        real()
        scene.stop.set()

    before = scene.row()
    scene.database._commit = commit  # type: ignore[method-assign]
    scene.look()
    changed = sum(row not in before for row in scene.row())
    assert 0 < changed <= 400 / 2


@pytest.mark.parametrize("after", [True, False])
def test_killed_at_every_transaction_nothing_is_lost_or_doubled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    """Of a folder that is renamed, vanishes and comes back, with copies in it."""
    for module in (catalogue, folder_look):
        monkeypatch.setattr(module, "ROWS_TOGETHER", 4)
    monkeypatch.setattr(intake, "_MOST_TOGETHER", 4)
    scene = Scene(tmp_path)
    with scene.database.reading() as connection:
        connection.execute("PRAGMA synchronous = OFF")
    try:
        for number in range(24):
            scene.write(f"d/{number:02}.png", b"same" if number % 3 == 0 else b"")
        scene.write("other.png")
        scene.look(2)
        scene.read_all()
        expected = {row[0]: row[1:3] for row in texts(scene)}
        for at in itertools.count(1):
            kills = 0
            os.rename(scene.root / "d", scene.root / "e")
            kills += looks_until_quiet(scene, at, after=after)
            os.rename(scene.root / "e", tmp_path / "away")
            kills += looks_until_quiet(scene, at, after=after)
            assert list(scene.statuses().values()).count("missing") == 24
            os.rename(tmp_path / "away", scene.root / "d")
            kills += looks_until_quiet(scene, at, after=after)
            assert {row[0]: row[1:3] for row in texts(scene)} == expected
            assert set(scene.statuses().values()) == {"done"}
            assert scene.read_all() == 0
            Checked(scene).check()
            if not kills:
                break
        assert at > 4
    finally:
        scene.database.close()


def looks_until_quiet(scene: Scene, at: int, *, after: bool) -> int:
    """Looks, the first ones of which are killed at their transaction of this number."""
    kills = 0
    for _ in range(6):
        try:
            with killed_at(scene, at, after=after):
                scene.watcher.look()
        except Killed:
            kills += 1
            scene.watcher = scene.new_watcher()
        scene.clock.now += 200
    for _ in range(4):
        scene.watcher.look()
        scene.clock.now += 200
    return kills


def texts(scene: Scene) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = World.rows(
        Checked(scene),
        "SELECT images.id, images.sha256, page_texts.text FROM images "
        "JOIN page_texts ON image_id = images.id",
    )
    return rows


def test_a_folder_that_never_rests_is_looked_at_to_its_end(scene: Scene) -> None:
    """What stays is taken in and nothing of it is missing meanwhile, whatever goes on beside it."""
    for number in range(50):
        scene.write(f"d/{number}.png")
        scene.write(f"steady/{number}.png")
    done = threading.Event()

    def change() -> None:
        for number in itertools.count():
            if done.is_set():
                return
            old, new = ("d", "e") if number % 2 == 0 else ("e", "d")
            os.rename(scene.root / old, scene.root / new)
            (scene.root / new / f"{number % 50}.png").write_bytes(PNG + b"%d" % number)
            (scene.root / new / f"more {number % 7}.png").write_bytes(PNG)

    changing = threading.Thread(target=change)
    changing.start()
    try:
        for _ in range(30):
            scene.look()
            states = scene.statuses()
            steady = [state for name, state in states.items() if name.startswith("steady/")]
            assert set(steady) <= {"pending"}
    finally:
        done.set()
        changing.join()
    assert len(steady) == 50
    for _ in range(6):
        scene.look()
        scene.clock.now += 300
    there = {
        os.path.relpath(os.path.join(folder, name), scene.root)
        for folder, _, names in os.walk(scene.root)
        for name in names
    }
    assert {name for name, state in scene.statuses().items() if state != "missing"} == there
