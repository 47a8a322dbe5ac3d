"""What requests change: once, however often they are sent, and remembered for a week."""

import datetime
from pathlib import Path

import pytest
from database_fixtures import World

from ocr_contract.replies import CorrectionReply, PauseReply, ReprocessReply
from ocr_errors import ImageError, RequestError
from records import request_effects


def test_a_repeated_request_is_one_effect(world: World) -> None:
    for name in ("a.png", "b.png", "c.png"):
        world.put(name.encode(), name)
    world.read_all()
    ids = [row[0] for row in world.rows("SELECT id FROM images")]
    assert world.effects.reprocess(ids, "request-1") == ReprocessReply(3)
    world.read_all()
    assert world.effects.reprocess(ids, "request-1") == ReprocessReply(3)
    assert world.store.claim(3) is None, "the repetition queued nothing"
    assert world.effects.reprocess(ids, "request-2") == ReprocessReply(3)


def test_a_request_id_is_for_one_action(world: World) -> None:
    world.effects.set_paused(True, "request-1")
    with pytest.raises(RequestError, match="used for pause") as error:
        world.effects.reprocess([1], "request-1")
    assert (error.value.code, error.value.http_status) == ("request_id_reused", 409)
    with pytest.raises(RequestError):
        world.effects.set_paused(False, "request-1")
    assert world.store.paused


def test_a_request_that_fails_can_be_sent_again(world: World) -> None:
    with pytest.raises(RequestError, match="no line 7"):
        world.effects.correct(7, "text", "request-1")
    assert world.effects.stored_reply(CorrectionReply, "request-1", "corrections") is None
    with pytest.raises(RequestError, match="no line 7"):
        world.effects.correct(7, "text", "request-1")


def test_all_that_is_quarantined_waits_again_with_its_copies(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In slices, after each of which every copy stands where its original stands."""
    monkeypatch.setattr(request_effects, "_SLICE_ROWS", 2)
    for number in range(5):
        world.put(b"%d.png" % number, f"poison {number}")
    world.put(b"copy.png", "poison 0")
    crash = ImageError("worker_died", "The worker died.")
    while (claim := world.store.claim(1)) is not None:
        world.store.give_up(claim.batch_id, crash, 1, alone=True)
    world.put(b"waits.png", "rose")
    world.put(b"gone.png", "poison 1")
    world.remove(b"gone.png")
    assert world.store.counts()["quarantined"] == 6
    assert world.effects.retry_quarantined("once") == ReprocessReply(6)
    world.check()
    assert world.effects.retry_quarantined("once") == ReprocessReply(6), "remembered"
    assert world.effects.retry_quarantined("again") == ReprocessReply(0)
    assert set(world.rows("SELECT status, attempts FROM images")) == {
        ("pending", 0), ("missing", 0),
    }  # fmt: skip
    assert world.read_all() == 6


def test_a_pause_outlives_a_restart(tmp_path: Path) -> None:
    world = World(tmp_path)
    assert not world.store.paused
    assert world.effects.set_paused(True, "request-1") == PauseReply(True)
    world.close()
    world = World(tmp_path)
    assert world.store.paused
    assert world.effects.set_paused(True, "request-1") == PauseReply(True)
    assert world.effects.set_paused(False, None) == PauseReply(False)
    assert not world.store.paused
    world.close()


def test_requests_are_forgotten_after_a_week(world: World) -> None:
    world.effects.set_paused(True, "old")
    world.effects.set_paused(True, "new")
    with world.database.transaction() as connection:
        week = (
            datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=7, minutes=1)
        ).isoformat()
        connection.execute("UPDATE requests SET created_at = ? WHERE request_id = 'old'", (week,))
    assert world.effects.forget_old_requests() == 1
    assert world.effects.stored_reply(PauseReply, "old", "pause") is None
    assert world.effects.stored_reply(PauseReply, "new", "pause") == PauseReply(True)
