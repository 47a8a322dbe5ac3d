"""Each loop of the service on a full disk: it keeps what it has, and goes on when there is room."""

import contextlib

import apsw
import pytest
from pipeline_desk import Desk
from polling import wait_until
from watcher_scene import Running, Scene

import pipeline as pipeline_module
from ocr_contract.replies import PauseReply
from ocr_contract.schema import Status
from ocr_errors import DiskFullError
from records.database import Database
from records.request_effects import RequestEffects
from records.store import Store
from worker_link.pool import Stopped


class Disk:
    """Refuses every commit while it is full."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        self.refused = 0
        commit = Database._commit

        def guarded(database: Database) -> None:
            if self.full:
                self.refused += 1
                raise apsw.FullError("database or disk is full")
            commit(database)

        monkeypatch.setattr(Database, "_commit", guarded)

    def refuses_more(self) -> None:
        """Wait until it was tried, and tried again."""
        before = self.refused
        wait_until(lambda: self.refused >= before + 2, "two attempts to write")


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    monkeypatch.setattr(pipeline_module, "_FULL_DISK_WAIT_S", 0.02)
    return Disk(monkeypatch)


def fill(disk: Disk) -> None:
    disk.full = True


def reads_after_a_restart(desk: Desk, disk: Disk) -> None:
    """The service stops without an error; once there is room, the next start reads a.png."""
    desk.close()
    disk.full = False
    assert desk.error is None
    desk.pool.on_read = lambda _: None
    desk.open()
    desk.run()
    desk.wait(a="done")


def test_a_batch_that_cannot_be_stored_is_kept_and_stored_later(desk: Desk, disk: Disk) -> None:
    desk.pool.on_read = lambda _: fill(disk)
    desk.add("a.png", "b.png")
    desk.run()
    disk.refuses_more()
    desk.pool.on_read = lambda _: None
    disk.full = False
    desk.wait(a="done", b="done")
    assert desk.pool.batches == [["a.png", "b.png"]], "read once only"
    assert desk.error is None
    assert desk.rows("attempts") == {"a.png": 0, "b.png": 0}


def test_nothing_is_claimed_that_cannot_be_written_down(desk: Desk, disk: Disk) -> None:
    desk.add("a.png")
    disk.full = True
    desk.run()
    disk.refuses_more()
    assert desk.pool.batches == []
    assert desk.statuses() == {"a.png": Status.PENDING}
    disk.full = False
    desk.wait(a="done")


def test_a_strike_is_counted_once(desk: Desk, disk: Disk) -> None:
    desk.pool.poison["a.png"] = "worker_died"
    desk.pool.on_read = lambda _: fill(disk)
    desk.add("a.png")
    desk.run()
    disk.refuses_more()
    desk.pool.on_read = lambda _: None
    desk.pool.poison.clear()
    disk.full = False
    desk.wait(a="done")
    assert len(desk.pool.batches) == 2
    assert desk.error is None


def test_stopping_does_not_wait_for_room(desk: Desk, disk: Disk) -> None:
    desk.pool.on_read = lambda _: fill(disk)
    desk.add("a.png")
    desk.run()
    disk.refuses_more()
    reads_after_a_restart(desk, disk)


def test_stopping_in_the_middle_of_reading_on_a_full_disk(desk: Desk, disk: Disk) -> None:
    def stopping(_: object) -> None:
        disk.full = True
        raise Stopped

    desk.pool.on_read = stopping
    desk.add("a.png")
    desk.run()
    wait_until(lambda: disk.refused)
    reads_after_a_restart(desk, disk)


def test_the_watcher_sees_again_what_it_could_not_write_down(scene: Scene, disk: Disk) -> None:
    with Running(scene, interval_s=0.1, settle_s=0.05) as running:
        scene.write("a.png")
        gone = scene.write("b.png")
        wait_until(lambda: len(scene.statuses()) == 2)
        disk.full = True
        scene.write("c.png")
        (scene.root / "notes.txt").write_text("notes")
        gone.unlink()
        disk.refuses_more()
        assert running.thread.is_alive()
        assert len(scene.statuses()) == 2
        disk.full = False
        wait_until(
            lambda: (
                scene.statuses()
                == {
                    "a.png": "pending",
                    "b.png": "missing",
                    "c.png": "pending",
                    "notes.txt": "ignored",
                }
            )
        )


def test_the_disk_is_full_when_a_file_has_settled(scene: Scene, disk: Disk) -> None:
    """Between two looks the watcher writes, too: what it then takes in was seen by the last one."""
    with Running(scene, interval_s=3600, settle_s=0.05) as running:
        disk.full = True
        scene.write("a.png")
        disk.refuses_more()
        assert running.looks <= 4, "it is the look that was refused"
        assert running.thread.is_alive()
        disk.full = False
        wait_until(lambda: scene.statuses() == {"a.png": "pending"})


def test_an_error_of_the_disk_is_a_full_disk_only_when_it_is_full(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_: Database) -> None:
        raise apsw.IOError("disk I/O error")

    monkeypatch.setattr(Database, "_commit", failing)
    with pytest.raises(apsw.IOError), scene.database.transaction():
        pass
    assert not scene.database.is_full
    monkeypatch.setattr("records.opening.free_bytes", lambda _: 0)
    with pytest.raises(DiskFullError), scene.database.transaction():
        pass
    assert scene.database.is_full
    monkeypatch.undo()
    scene.database.look_after()  # tries by itself
    assert not scene.database.is_full


def test_a_request_that_did_not_fit_can_be_sent_again(scene: Scene, disk: Disk) -> None:
    effects = RequestEffects(scene.database)
    disk.full = True
    with pytest.raises(DiskFullError):
        effects.set_paused(True, "r")
    with contextlib.suppress(DiskFullError):
        effects.forget_old_requests()
    disk.full = False
    assert effects.stored_reply(PauseReply, "r", "pause") is None
    assert effects.set_paused(True, "r") == PauseReply(True)
    assert Store(scene.database).paused


def test_a_watcher_says_once_that_the_disk_is_full(
    scene: Scene, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    with Running(scene, interval_s=0.05, settle_s=0.05):
        disk.full = True
        scene.write("a.png")
        for _ in range(3):
            disk.refuses_more()
        assert [record.name for record in caplog.records].count("watcher") == 1
        disk.full = False
        wait_until(lambda: scene.statuses() == {"a.png": "pending"})
        disk.full = True
        scene.write("b.png")
        disk.refuses_more()
        disk.full = False
        wait_until(lambda: len(scene.statuses()) == 2)
    assert [record.name for record in caplog.records].count("watcher") == 2
