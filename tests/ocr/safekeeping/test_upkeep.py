"""The thread beside the reading: it notices room again, tidies, and survives a full disk."""

import threading
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from polling import Clock, wait_until

from disk_guard import DiskGuard
from ocr_contract.replies import PauseReply
from records.database import Database
from records.request_effects import RequestEffects
from safekeeping.backups import Backups
from safekeeping.upkeep import Upkeep


class Desk:
    """The real parts, with a disk whose room is set by hand."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(folder / "ocr_data.db")
        self.effects = RequestEffects(self.database)
        self.free = 10**12
        self.room = 0
        self.clock = Clock()
        self.stop = threading.Event()
        guard = DiskGuard(
            folder,
            min_free_mb=1,
            is_full=lambda: self.database.is_full,
            free=lambda _: self.free,
        )
        self.backups = Backups(
            self.database, guard, every_h=0, keep=1, stop=self.stop, clock=self.clock
        )
        self.upkeep = Upkeep(
            self.database,
            self.effects,
            guard,
            self.backups,
            stop=self.stop,
            on_room=self.there_is_room,
            clock=self.clock,
        )

    def there_is_room(self) -> None:
        self.room += 1


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.stop.set()
    made.upkeep.wake()
    made.database.close()


def test_the_pipeline_is_woken_when_there_is_room_again(desk: Desk) -> None:
    desk.upkeep.step()
    desk.free = 0
    desk.upkeep.step()
    desk.upkeep.step()
    assert desk.room == 0
    desk.free = 10**12
    desk.upkeep.step()
    desk.upkeep.step()
    assert desk.room == 1


def test_a_write_that_failed_is_tried_again_until_there_is_room(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Database) -> None:
        raise apsw.FullError("database or disk is full")

    monkeypatch.setattr(Database, "_commit", full)
    desk.upkeep.step()  # tidying is what fails here
    assert desk.database.is_full
    desk.upkeep.step()
    monkeypatch.undo()
    desk.upkeep.step()
    assert not desk.database.is_full
    assert desk.room == 1


def test_requests_are_forgotten_every_hour(desk: Desk) -> None:
    def age() -> None:
        with desk.database.transaction() as connection:
            connection.execute("UPDATE requests SET created_at = '2020-01-01T00:00:00.000Z'")

    for _ in range(2):
        desk.effects.set_paused(True, "r")
        age()
        desk.upkeep.step()
        assert desk.effects.stored_reply(PauseReply, "r", "pause") is None
        desk.effects.set_paused(True, "r")
        age()
        desk.upkeep.step()
        assert desk.effects.stored_reply(PauseReply, "r", "pause") is not None, "not at every step"
        desk.clock.now += 3600


def test_a_backup_that_is_asked_for_is_made_at_once(desk: Desk) -> None:
    thread = threading.Thread(target=desk.upkeep.run)
    thread.start()
    try:
        assert desk.backups.request("a.db", None).state == "done"
    finally:
        desk.stop.set()
        desk.upkeep.wake()
        thread.join(10)
    wait_until(lambda: not thread.is_alive())
