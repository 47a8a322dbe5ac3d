"""Backups can be trusted: complete, checked, rotated, and never in the way of the writers."""

import datetime
import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from database_fixtures import World
from polling import Clock, wait_until

from disk_guard import DiskGuard
from ocr_errors import DiskFullError, RequestError, StoreError
from records import chunked_copy, database_copy
from records.database_copy import (
    checksum_file,
    examine,
    newest_good,
    sha256_of,
    utc_stamp,
    verify,
)
from safekeeping import backup_child
from safekeeping.backups import FIRST_BACKUP_S, RETRY_S, Backups

NEVER = 0.0


class Desk:
    """A world with some texts, and backups of it with a clock that is moved by hand."""

    def __init__(self, folder: Path) -> None:
        self.data = folder
        self.world = World(folder)
        self.free = 10**12
        self.clock = Clock()
        self.stop = threading.Event()
        self.backups = self.new(NEVER)

    def new(self, every_h: float, keep: int = 7) -> Backups:
        guard = DiskGuard(self.data, min_free_mb=1, free=lambda _: self.free)
        made = Backups(
            self.world.database, guard, every_h=every_h, keep=keep, stop=self.stop, clock=self.clock
        )
        made.on_request = made.work
        return made

    def read(self, count: int) -> None:
        for number in range(count):
            self.world.put(b"%d.png" % number, f"content {number}")
        self.world.read_all()

    def names(self) -> list[str]:
        folder = self.data / "backups"
        names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
        return sorted(names - {"chunks"})


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.stop.set()
    made.world.close()


def timed(day: int) -> str:
    """By the version before: whole files."""
    return f"ocr_data-202601{day:02d}T120000Z.db"


def test_a_backup_is_one_checked_file_with_a_checksum(desk: Desk) -> None:
    desk.read(3)
    before = os.umask(0o027)
    try:
        reply = desk.backups.request("mine.db", "r")
    finally:
        os.umask(before)
    path = desk.data / "backups" / "mine.db"
    assert reply.state == "done"
    assert (reply.path, reply.images, reply.pages) == ("backups/mine.db", 3, 3)
    assert (reply.bytes, reply.sha256) == (path.stat().st_size, sha256_of(path))
    assert checksum_file(path).read_text() == f"{sha256_of(path)}  mine.db\n"
    assert desk.names() == ["mine.db", "mine.db.sha256"], "no log beside it, no rest of the work"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    uri = f"{path.as_uri()}?mode=ro"
    with sqlite3.connect(uri, uri=True) as reader:
        assert reader.execute("SELECT count(*) FROM page_texts").fetchone() == (3,)
        assert reader.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert desk.backups.state() == reply
    assert desk.backups.newest is not None
    assert desk.backups.newest["path"] == "backups/mine.db"


def test_the_same_request_is_one_backup(desk: Desk) -> None:
    first = desk.backups.request("mine.db", "r")
    inode = (desk.data / "backups" / "mine.db").stat().st_ino
    assert desk.backups.request("mine.db", "r") == first
    assert (desk.data / "backups" / "mine.db").stat().st_ino == inode
    desk.backups.request("mine.db", "r2")
    assert (desk.data / "backups" / "mine.db").stat().st_ino != inode


def test_writers_go_on_while_it_copies_and_the_copy_is_of_one_moment(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_copy, "STEP_PAGES", 2)
    desk.read(200)
    written = []

    def write() -> None:
        with desk.world.database.transaction() as connection:
            for key in ("one", "two"):  # both or none
                connection.execute(
                    "INSERT INTO service_state VALUES (?, '1')", (f"{key}{len(written)}",)
                )
        written.append(1)

    copy = desk.world.database.copy_to(desk.data / "backups" / "x.db", between=write)
    assert len(written) > 10, "it was copied in steps"
    reader = apsw.Connection(str(copy.path), apsw.SQLITE_OPEN_READONLY)
    rows = {row[0] for row in reader.execute("SELECT key FROM service_state")}
    assert {key for key in rows if key[:3] == "one"} == {f"one{key[3:]}" for key in rows}
    assert {key for key in rows if key[:3] == "two"} == {f"two{key[3:]}" for key in rows}
    reader.close()
    desk.world.check()


@pytest.mark.parametrize(
    "file",
    ["../ocr_data.db", "../../out.db", "/tmp/out.db", "notes.txt", ".hidden.db", "../run/a.db",
     "../previews/x.db", "link.db", "folder.db", "out/a.db"],
)  # fmt: skip
def test_a_backup_goes_nowhere_else(desk: Desk, file: str, tmp_path: Path) -> None:
    folder = desk.data / "backups"
    folder.mkdir()
    (folder / "folder.db").mkdir()
    (folder / "link.db").symlink_to(desk.data / "ocr_data.db")
    (folder / "out").symlink_to(tmp_path.parent)
    with pytest.raises(RequestError) as caught:
        desk.backups.request(file, None)
    assert caught.value.code == "bad_backup_file"
    desk.world.check()


def test_an_absolute_path_within_the_data_folder(desk: Desk) -> None:
    target = desk.data / "backups" / "here.db"
    assert desk.backups.request(str(target), None).path == "backups/here.db"


def test_without_room_it_is_refused_with_the_reason(desk: Desk) -> None:
    desk.free = 1_000_000
    with pytest.raises(RequestError) as caught:
        desk.backups.request(None, None)
    assert caught.value.code == "disk_low"
    assert "no room for a backup" in caught.value.message
    assert desk.names() == []


def test_one_that_fails_midway_leaves_the_old_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.backups.request("mine.db", None)
    before = sha256_of(desk.data / "backups" / "mine.db")

    def full(_: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(database_copy, "sync", full)
    with pytest.raises(RequestError, match="No space left"):
        desk.backups.request("mine.db", None)
    monkeypatch.undo()
    assert desk.names() == ["mine.db", "mine.db.sha256"]
    assert sha256_of(desk.data / "backups" / "mine.db") == before
    verify(desk.data / "backups" / "mine.db")


def test_interrupted_before_its_checksum_it_is_still_a_good_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.backups.request("mine.db", None)
    desk.read(3)

    def power_loss(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(database_copy, "write_checksum", power_loss)
    target = desk.data / "backups" / "mine.db"
    with pytest.raises(KeyboardInterrupt):
        desk.world.database.copy_to(target, between=lambda: None)
    assert examine(target).images == 3
    verify(target)


def test_a_full_disk_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    source = apsw.Connection(str(tmp_path / "source.db"))
    source.execute("CREATE TABLE t (a)")

    def full() -> None:
        raise apsw.FullError("database or disk is full")

    with pytest.raises(DiskFullError):
        database_copy.write_copy(source, tmp_path / "backups" / "a.db", between=full)
    assert list((tmp_path / "backups").iterdir()) == []
    source.close()


def test_a_copy_that_fails_the_check_never_gets_its_name(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.read(50)
    sound = database_copy.examine

    def spoil(path: Path, **how: object) -> object:
        with path.open("r+b") as stream:
            stream.seek(3 * 4096)
            stream.write(b"\xff" * 4096)
        return sound(path)

    monkeypatch.setattr(database_copy, "examine", spoil)
    with pytest.raises(RequestError) as caught:
        desk.backups.request("mine.db", None)
    assert caught.value.code == "database_damaged"
    assert desk.names() == []


def test_by_the_clock(desk: Desk) -> None:
    backups = desk.new(every_h=24)
    backups.work()
    assert desk.names() == []
    desk.clock.now += FIRST_BACKUP_S
    backups.work()
    assert len(desk.names()) == 2
    first = desk.names()
    desk.clock.now += 23 * 3600
    backups.work()
    assert desk.names() == first
    desk.clock.now += 3601
    os.rename(desk.data / "backups" / first[0], desk.data / "backups" / timed(1))
    (desk.data / "backups" / first[1]).unlink()
    backups.work()
    assert len(desk.names()) == 3


def test_by_the_clock_only_what_is_new_is_stored(desk: Desk) -> None:
    desk.read(100)
    backups = desk.new(every_h=24)
    first = backups.request(None, None)
    assert first.path.endswith(".backup")
    assert first.sha256 == sha256_of(desk.data / first.path)
    assert (first.images, first.bytes) == (100, examined_bytes(desk, first.path))
    assert first.added_bytes is not None
    assert 0 < first.added_bytes < (first.bytes or 0)
    desk.clock.now += 24 * 3600
    wait_until(lambda: utc_stamp() not in first.path)  # the second of the first one is over
    backups.work()
    assert backups.state().added_bytes == 0
    assert backups.newest is not None
    assert backups.newest["kept"] == 2
    assert backups.newest["all_bytes"] < 2 * first.added_bytes


def examined_bytes(desk: Desk, path: str) -> int:
    with (desk.data / "whole.db").open("wb") as stream:
        chunked_copy.assemble(desk.data / path, stream)
    examine(desk.data / "whole.db")
    return (desk.data / "whole.db").stat().st_size


def test_the_next_needs_no_room_for_all_of_it(desk: Desk) -> None:
    desk.read(20)
    desk.free = 1_020_000
    with pytest.raises(RequestError) as caught:
        desk.backups.request(None, None)
    assert caught.value.code == "disk_low"
    desk.free = 10**12
    desk.backups.request(None, None)
    desk.free = 1_020_000
    assert desk.backups.request(None, None).state == "done"


def test_their_share_of_the_disk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = desk.data / "backups"
    folder.mkdir()
    for day in range(1, 4):
        (folder / timed(day)).write_bytes(b"x" * 1_000_000)
    real = os.statvfs(desk.data)

    class Small:
        """A disk of 8 MB, of which nearly all is free."""

        f_frsize, f_blocks, f_bavail = 1, 8_000_000, real.f_bavail * real.f_frsize

    monkeypatch.setattr(os, "statvfs", lambda _: Small)
    guard = DiskGuard(desk.data, min_free_mb=1, free=lambda _: desk.free)
    backups = Backups(
        desk.world.database, guard, every_h=0, keep=7, share_percent=30, stop=desk.stop
    )
    backups.on_request = backups.work
    made = backups.request(None, None)
    left = [name for name in desk.names() if not name.endswith(".sha256")]
    assert left == [timed(2), timed(3), Path(made.path).name], "2.4 MB for all of them"
    assert backups.newest is not None
    assert 2_000_000 < backups.newest["all_bytes"] < 2_400_000


def test_never_when_it_is_switched_off(desk: Desk) -> None:
    backups = desk.new(NEVER)
    desk.clock.now += 10**9
    backups.work()
    assert desk.names() == []


def test_a_restart_does_not_start_the_day_anew(desk: Desk) -> None:
    folder = desk.data / "backups"
    folder.mkdir()
    (folder / timed(1)).touch()
    hour = datetime.timedelta(hours=1).total_seconds()
    now = datetime.datetime.now(datetime.UTC).timestamp()
    os.utime(folder / timed(1), (now - 20 * hour, now - 20 * hour))
    backups = desk.new(every_h=24)
    desk.clock.now += 3.9 * hour
    backups.work()
    assert desk.names() == [timed(1)]
    desk.clock.now += 0.2 * hour
    backups.work()
    assert len(desk.names()) == 3
    os.utime(folder / timed(1), (now + 9000 * hour, now + 9000 * hour))  # the clock was wrong
    assert desk.new(every_h=24)._first_wait_s() <= 24 * hour


def test_one_by_the_clock_that_fails_warns_and_is_tried_again(desk: Desk) -> None:
    backups = desk.new(every_h=24)
    desk.free = 0
    desk.clock.now += FIRST_BACKUP_S
    backups.work()
    assert backups.warning is not None
    assert backups.warning.code == "backup_failed"
    assert "no room" in backups.warning.message
    desk.free = 10**12
    desk.clock.now += RETRY_S
    backups.work()
    assert backups.warning is None
    assert len(desk.names()) == 2


def test_rotation_keeps_the_newest_and_whatever_has_another_name(desk: Desk) -> None:
    folder = desk.data / "backups"
    folder.mkdir()
    others = ["mine.db", "ocr_data-0.1.0-20260101T120000Z.db", "before-migration-v1-x.db"]
    for name in [*others, *(timed(day) for day in range(1, 6))]:
        (folder / name).touch()
        checksum_file(folder / name).touch()
    desk.new(NEVER, keep=3).request(None, None)
    left = [name for name in desk.names() if name.endswith((".db", ".backup"))]
    assert set(others) < set(left)
    kept = [name for name in left if name not in others]
    assert kept[:2] == [timed(4), timed(5)]
    assert len(kept) == 3
    assert kept[2].endswith(".backup")
    assert len([name for name in desk.names() if name.endswith(".sha256")]) == 6


def test_rotation_never_deletes_the_one_just_made_though_the_clock_was_set_back(
    desk: Desk,
) -> None:
    folder = desk.data / "backups"
    folder.mkdir()
    for day in range(1, 4):
        (folder / timed(day).replace("2026", "2999")).touch()
    reply = desk.new(NEVER, keep=1).request(None, None)
    assert [name for name in desk.names() if not name.endswith(".sha256")] == [
        Path(reply.path).name
    ]


def test_rotation_needs_a_success(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = desk.data / "backups"
    folder.mkdir()
    for day in range(1, 6):
        (folder / timed(day)).touch()
    before = desk.names()

    def failing(*_: object, **__: object) -> None:
        raise OSError(5, "injected")

    monkeypatch.setattr(backup_child, "run", failing)
    with pytest.raises(RequestError):
        desk.new(NEVER, keep=1).request(None, None)
    assert desk.names() == before


def test_the_service_that_stops_waits_for_no_backup(desk: Desk) -> None:
    desk.stop.set()
    with pytest.raises(RequestError) as caught:
        desk.backups.request(None, None)
    assert caught.value.code == "stopping"
    assert desk.names() == []
    desk.world.check()


def test_the_newest_good_one_is_found_among_damaged_ones(desk: Desk) -> None:
    desk.read(5)
    folder = desk.data / "backups"
    for number, name in enumerate(["old.db", "good.db", "wrong-sum.db", "no-sum.db"]):
        desk.backups.request(name, None)
        os.utime(folder / name, (1000 + number, 1000 + number))
    checksum_file(folder / "no-sum.db").unlink()
    assert newest_good(folder) == folder / "no-sum.db"
    for name in ("wrong-sum.db", "no-sum.db"):
        stamp = (folder / name).stat().st_mtime
        with (folder / name).open("r+b") as stream:
            stream.seek(2 * 4096)
            stream.write(b"\xff" * 4096)
        os.utime(folder / name, (stamp, stamp))
    assert newest_good(folder) == folder / "good.db"
    assert newest_good(desk.data / "nowhere") is None


def test_examining_changes_nothing(desk: Desk) -> None:
    desk.backups.request("mine.db", None)
    folder = desk.data / "backups"
    before = {name: (folder / name).read_bytes() for name in desk.names()}
    examine(folder / "mine.db")
    assert {name: (folder / name).read_bytes() for name in desk.names()} == before
    (folder / "text.db").write_text("words " * 1000)
    with pytest.raises(StoreError) as caught:
        examine(folder / "text.db")
    assert caught.value.code == "database_damaged"
