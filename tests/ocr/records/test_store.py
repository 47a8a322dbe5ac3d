"""Batches and results: claimed once, counted before, stored whole, or undone."""

import json
from pathlib import Path

import apsw
import pytest
from database_fixtures import PROVENANCE, World, failure, page, sha, text_of

from image_warnings import ImageWarning
from ocr_contract.replies import ReprocessReply
from ocr_errors import ImageError
from page_records import ImageResult, Line, Task
from records import corrections, results
from records.database_copy import write_copy

CRASH = ImageError("worker_died", "The worker died.")


def claim(world: World, limit: int = 2) -> tuple[int, list[bytes]]:
    batch = world.store.claim(limit)
    assert batch is not None
    return batch[0], [task.path for task in batch[1]]


def put_three(world: World) -> None:
    for path in (b"a.png", b"b.png", b"c.png"):
        world.put(path, path.decode())


def test_a_claim_takes_the_oldest_and_nothing_twice(world: World) -> None:
    put_three(world)
    first, paths = claim(world)
    assert paths == [b"a.png", b"b.png"]
    second, paths = claim(world)
    assert paths == [b"c.png"]
    assert second != first
    assert world.store.claim(2) is None
    assert world.row(b"a.png")["attempts"] == 0, "nothing happened to it yet"
    assert world.store.counts() | {"processing": 3, "total": 3} == world.store.counts()


def test_to_count_looks_at_no_image(world: World) -> None:
    """At a million images, GROUP BY status took a tenth of a second each time."""
    put_three(world)
    with world.database.transaction() as connection:
        connection.execute("UPDATE image_counts SET images = 7 WHERE status = 'pending'")
        connection.execute("INSERT INTO image_counts VALUES ('done', 1, 5), ('done', 0, 2)")
    counts = world.store.counts()
    assert (counts["pending"], counts["done"], counts["total"]) == (7, 7, 14)
    assert world.store.count_warned() == 5


def test_a_claim_of_some_paths_takes_no_other(world: World) -> None:
    put_three(world)
    world.put(b"copy.png", "b.png")
    batch = world.store.claim(5, frozenset({b"copy.png", b"c.png", b"unknown.png"}))
    assert batch is not None
    assert [task.path for task in batch[1]] == [b"b.png", b"c.png"], "the copy's original"
    assert world.store.claim(5, frozenset()) is None


def test_what_was_tried_before_comes_last_and_alone(world: World) -> None:
    put_three(world)
    batch_id, _ = claim(world)
    assert world.store.give_up(batch_id, CRASH, 3, alone=False) == []
    assert claim(world)[1] == [b"c.png"]
    assert claim(world)[1] == [b"a.png"]
    assert claim(world)[1] == [b"b.png"]


def test_three_strikes_put_an_image_and_its_copies_into_quarantine(world: World) -> None:
    world.put(b"a.png", "poison")
    world.put(b"b.png", "poison")
    for attempt in (1, 2, 3):
        batch_id, paths = claim(world)
        assert paths == [b"a.png"]
        assert len(world.store.give_up(batch_id, CRASH, 3, alone=True)) == (attempt == 3)
    for path in (b"a.png", b"b.png"):
        assert (world.status(path), world.row(path)["error_code"]) == ("quarantined", "worker_died")
    assert world.store.claim(2) is None
    assert world.effects.reprocess([world.row(b"b.png")["id"]], None) == ReprocessReply(1)
    assert world.status(b"a.png") == world.status(b"b.png") == "pending"
    assert world.row(b"a.png")["attempts"] == 0
    world.read_all()
    assert world.text(b"b.png") == text_of("poison")


def test_what_shared_the_worker_is_never_quarantined_without_a_try_of_its_own(
    world: World,
) -> None:
    world.put(b"a.png", "innocent")
    world.put(b"b.png", "poison")
    batch_id, _ = claim(world)
    assert world.store.give_up(batch_id, CRASH, 1, alone=False) == []
    batch_id, paths = claim(world)
    assert paths == [b"a.png"]
    world.finish(batch_id, world.read(Task(1, b"a.png", sha("innocent"))))
    batch_id, paths = claim(world)
    assert (paths, world.store.give_up(batch_id, CRASH, 1, alone=True)) == ([b"b.png"], [2])
    assert world.status(b"a.png") == "done"


def test_two_batches_are_two_claims(world: World) -> None:
    put_three(world)
    first, second = world.store.claim(1), world.store.claim(1)
    assert first is not None
    assert second is not None
    assert not first.suspect
    results = [world.read(task) for task in (*first.tasks, *second.tasks)]
    assert world.finish(second.batch_id, results[0]) == 0, "not this batch's image"
    assert world.finish(second.batch_id, results[1]) == 1
    assert world.store.give_up(first.batch_id, CRASH, 3, alone=False) == []
    assert (world.status(b"a.png"), world.status(b"b.png")) == ("pending", "done")


def test_no_suspect_comes_unless_it_may(world: World) -> None:
    world.put(b"a.png", "rose")
    batch_id, _ = claim(world)
    world.store.give_up(batch_id, CRASH, 3, alone=True)
    assert world.store.claim(2, suspects=False) is None
    world.put(b"b.png", "tulip")
    fresh = world.store.claim(2, suspects=False)
    assert fresh is not None
    assert ([task.path for task in fresh.tasks], fresh.suspect) == ([b"b.png"], False)
    suspect = world.store.claim(2)
    assert suspect is not None
    assert ([task.path for task in suspect.tasks], suspect.suspect) == ([b"a.png"], True)


def test_releasing_is_no_attempt(world: World) -> None:
    put_three(world)
    batch_id, _ = claim(world)
    world.store.release(batch_id)
    world.store.recover(3)
    assert world.rows("SELECT * FROM service_state") == []
    assert (world.status(b"a.png"), world.row(b"a.png")["attempts"]) == ("pending", 0)


def test_a_batch_stores_everything_about_itself(world: World) -> None:
    world.put(b"a.png", "rose")
    batch_id, _ = claim(world)
    image_id = world.row(b"a.png")["id"]
    assert world.finish(batch_id, ImageResult(image_id, sha("rose"), (page("one", "two"),))) == 1
    parameters = json.dumps(PROVENANCE.parameters | {"inference_seconds": 0.0})
    assert world.rows(
        "SELECT images, pages, engine, device, precision, models, parameters FROM batches"
    ) == [(1, 1, "pretended 1.0", "cpu", "f32", json.dumps(PROVENANCE.models), parameters)]
    assert world.rows(
        "SELECT number, width, height, text, line_count, round(confidence, 3) FROM pages"
    ) == [(1, 200, 300, "one\ntwo", 2, 0.9)]
    assert world.rows("SELECT number, text, polygon FROM lines ORDER BY number") == [
        (1, "one", "[[0,0],[100,0],[100,20],[0,20]]"),
        (2, "two", "[[0,30],[100,30],[100,50],[0,50]]"),
    ]
    row = world.row(b"a.png")
    assert (row["status"], row["attempts"], row["batch_id"]) == ("done", 0, batch_id)
    assert world.rows("SELECT count(finished_at) FROM images") == [(1,)]


def test_an_image_without_text_is_done(world: World) -> None:
    world.put(b"a.png", "blank")
    batch_id, _ = claim(world)
    world.finish(batch_id, ImageResult(world.row(b"a.png")["id"], sha("blank"), (page(),)))
    assert world.status(b"a.png") == "done"
    assert world.rows("SELECT text, confidence FROM pages") == [("", None)]


def test_a_result_that_comes_too_late_belongs_to_no_row(world: World) -> None:
    put_three(world)
    batch_id, tasks, _ = world.store.claim(3) or (0, [], False)
    results = [world.read(task) for task in tasks]
    world.put(b"a.png", "changed")
    world.remove(b"b.png")
    assert world.finish(batch_id, *results) == 1
    assert [world.status(path) for path in (b"a.png", b"b.png", b"c.png")] == [
        "pending",
        "missing",
        "done",
    ]
    assert world.text(b"a.png") is None
    world.store.claim(1)
    world.finish(batch_id, *results)  # claimed by another batch meanwhile
    assert world.status(b"a.png") == "processing"


def test_the_text_belongs_to_the_bytes_that_were_read(world: World) -> None:
    """Overwritten between claim and reading; a copy of the old content must not show the new."""
    world.put(b"a.png", "rose")
    world.put(b"b.png", "rose")
    batch_id, tasks, _ = world.store.claim(2) or (0, [], False)
    world.write(b"a.png", "tulip")
    world.finish(batch_id, world.read(tasks[0]))
    world.check()
    assert (world.text(b"a.png"), world.row(b"a.png")["sha256"]) == (
        text_of("tulip"),
        sha("tulip"),
    )
    assert world.text(b"b.png") is None
    world.register(b"a.png")
    assert world.read_all() == 1
    assert world.text(b"b.png") == text_of("rose")
    assert world.text(b"a.png") == text_of("tulip")


@pytest.mark.parametrize("code", ["file_vanished", "unreadable", "changed_while_read"])
def test_an_error_of_the_moment_is_not_the_copys(world: World, code: str) -> None:
    world.put(b"a.png", "rose")
    world.put(b"b.png", "rose")
    batch_id, tasks, _ = world.store.claim(2) or (0, [], False)
    world.finish(batch_id, failure(tasks[0].image_id, code, None))
    assert world.row(b"a.png")["error_code"] == code
    world.read_all()
    assert world.text(b"b.png") == text_of("rose")


@pytest.mark.parametrize("code", ["file_vanished", "damaged_image"])
def test_a_second_reading_that_fails_loses_no_text(world: World, code: str) -> None:
    world.put(b"a.png", "rose")
    world.read_all()
    image_id = world.row(b"a.png")["id"]
    assert world.effects.reprocess([image_id], None) == ReprocessReply(1)
    assert world.text(b"a.png") == text_of("rose")
    batch_id, _ = claim(world)
    world.finish(batch_id, failure(image_id, code, None))
    assert (world.status(b"a.png"), world.text(b"a.png")) == ("failed", text_of("rose"))


def test_without_enough_memory_an_image_is_read_alone_and_then_quarantined(world: World) -> None:
    """Others may have taken the memory; alone it has all of it, and the engine's smaller sides."""
    world.put(b"a.png", "rose")
    world.put(b"copy.png", "rose")
    world.put(b"b.png", "lily")
    image_id = world.row(b"a.png")["id"]
    batch = world.store.claim(2)
    assert batch is not None and [task.path for task in batch.tasks] == [b"a.png", b"b.png"]
    lacking = failure(image_id, "out_of_memory", None)
    world.finish(batch.batch_id, lacking, world.read(batch.tasks[1]))
    assert {world.status(b"a.png"), world.status(b"copy.png")} == {"pending"}
    world.put(b"c.png", "newer")
    assert claim(world)[1] == [b"c.png"], "alone, and after what was not tried"
    batch_id, paths = claim(world)
    assert paths == [b"a.png"]
    world.finish(batch_id, lacking)
    assert {world.status(b"a.png"), world.status(b"copy.png")} == {"quarantined"}
    assert world.row(b"a.png")["error_code"] == "out_of_memory"
    assert world.effects.reprocess([image_id], None) == ReprocessReply(1)
    assert claim(world)[1] == [b"a.png"]


def test_reprocess_skips_what_waits_is_unknown_or_was_never_read(world: World) -> None:
    put_three(world)
    world.write(b"d.png", "no image")
    world.refuse(b"d.png", "empty_file")
    world.remove(b"c.png")
    claim(world, 1)
    ids = [row[0] for row in world.rows("SELECT id FROM images")]
    assert world.effects.reprocess([*ids, 999], None) == ReprocessReply(0)


def test_a_batch_that_cannot_be_stored_leaves_nothing(world: World) -> None:
    put_three(world)
    batch_id, tasks, _ = world.store.claim(2) or (0, [], False)
    good = world.read(tasks[0])
    bad = ImageResult(tasks[1].image_id, tasks[1].sha256, (page("\ud800"),))
    with pytest.raises(UnicodeEncodeError):
        world.finish(batch_id, good, bad)
    assert world.rows("SELECT count(*) FROM pages") == [(0,)]
    assert world.status(b"a.png") == "processing"


def test_names_are_told_in_the_order_asked_for(world: World) -> None:
    put_three(world)
    ids = [world.row(path)["id"] for path in (b"c.png", b"a.png")]
    assert world.store.names([*ids, 999]) == ["c.png", "a.png"]


TORN = ("partly_missing", "A part of torn is missing.")


def warning_of(world: World, path: bytes) -> tuple[str | None, str | None]:
    row = world.row(path)
    return row["warning_code"], row["warning"]


def read_one(world: World, *warnings: ImageWarning) -> None:
    """What is pending is read as one page with these warnings, whatever it holds."""
    batch = world.store.claim(1)
    assert batch is not None
    (task,) = batch.tasks
    result = ImageResult(task.image_id, task.sha256, (page("text", warnings=warnings),))
    world.finish(batch.batch_id, result)


def test_an_image_is_done_with_a_warning_and_counted(world: World) -> None:
    world.put(b"a.png", "whole")
    world.put(b"b.png", "torn")
    world.read_all()
    assert world.store.counts()["done"] == 2
    assert (warning_of(world, b"a.png"), warning_of(world, b"b.png")) == ((None, None), TORN)
    assert world.store.count_warned() == 1
    assert world.rows("SELECT warning FROM page_texts ORDER BY name") == [(None,), (TORN[1],)]


def test_the_warnings_of_all_pages_are_one(world: World) -> None:
    world.put(b"a.png", "a")
    batch = world.store.claim(1)
    assert batch is not None
    first, second = ImageWarning("first_one", "One."), ImageWarning("second_one", "Two.")
    pages = (page("x"), page("y", warnings=(first, second)), page(warnings=(second,)))
    world.finish(batch.batch_id, ImageResult(1, sha("a"), pages))
    assert warning_of(world, b"a.png") == ("first_one", "One. Two.")


def test_read_again_without_a_doubt_the_warning_is_gone(world: World) -> None:
    world.put(b"a.png", "torn")
    world.read_all()
    world.effects.reprocess([1], None)
    assert warning_of(world, b"a.png") == TORN, "it belongs to the text that is still shown"
    assert world.store.count_warned() == 0, "but the image is not done now"
    read_one(world)
    assert (world.status(b"a.png"), warning_of(world, b"a.png")) == ("done", (None, None))


def test_an_attempt_that_fails_leaves_text_and_warning(world: World) -> None:
    world.put(b"a.png", "torn")
    world.read_all()
    world.effects.reprocess([1], None)
    batch_id, _ = claim(world)
    world.finish(batch_id, failure(1, "damaged_image", sha("torn")))
    assert (world.status(b"a.png"), warning_of(world, b"a.png")) == ("failed", TORN)
    assert world.text(b"a.png") == text_of("torn")
    assert world.store.count_warned() == 0


def test_other_content_begins_without_a_warning(world: World) -> None:
    world.put(b"a.png", "torn")
    world.read_all()
    world.put(b"a.png", "whole")
    assert (world.status(b"a.png"), warning_of(world, b"a.png")) == ("pending", (None, None))
    world.put(b"b.png", "torn")
    world.read_all()
    world.write(b"b.png", "notes")
    world.refuse(b"b.png", "not_an_image")
    assert (world.status(b"b.png"), warning_of(world, b"b.png")) == ("failed", (None, None))


def test_copies_have_the_warning_of_their_original(world: World) -> None:
    world.put(b"a.png", "torn")
    world.put(b"b.png", "torn")
    world.read_all()
    world.put(b"c.png", "torn")
    for path in (b"a.png", b"b.png", b"c.png"):
        assert (world.status(path), warning_of(world, path)) == ("done", TORN)
    assert world.store.count_warned() == 3
    world.remove(b"b.png")
    world.effects.reprocess([1], None)
    read_one(world, ImageWarning("no_text_found", "Nothing."))
    for path in (b"a.png", b"b.png", b"c.png"):  # a missing one shows the same text, too
        assert warning_of(world, path) == ("no_text_found", "Nothing.")
    world.check()
    assert world.store.count_warned() == 2


def test_the_warning_goes_with_the_text_to_the_heir(world: World) -> None:
    world.put(b"a.png", "torn")
    world.put(b"b.png", "torn")
    world.read_all()
    world.put(b"a.png", "whole")
    assert warning_of(world, b"a.png") == (None, None)
    assert (warning_of(world, b"b.png"), world.text(b"b.png")) == (TORN, text_of("torn"))
    world.remove(b"b.png")
    assert warning_of(world, b"b.png") == TORN, "its text is kept"
    world.put(b"b.png", "torn")
    assert (world.status(b"b.png"), warning_of(world, b"b.png")) == ("done", TORN)
    world.check()


def test_a_new_copy_takes_text_and_warning_over_from_one_that_cannot_be_read_now(
    world: World,
) -> None:
    world.put(b"a.png", "torn")
    world.read_all()
    world.refuse(b"a.png", "unreadable")
    assert (world.status(b"a.png"), warning_of(world, b"a.png")) == ("failed", TORN)
    world.put(b"b.png", "torn")
    assert (world.status(b"b.png"), warning_of(world, b"b.png")) == ("done", TORN)
    assert (world.text(b"a.png"), warning_of(world, b"a.png")) == (None, (None, None))


def test_a_warning_survives_a_backup(world: World, tmp_path: Path) -> None:
    world.put(b"a.png", "torn")
    world.read_all()
    source = apsw.Connection(str(tmp_path / "ocr_data.db"))
    write_copy(source, tmp_path / "backups" / "copy.db")
    source.close()
    copy = apsw.Connection(str(tmp_path / "backups" / "copy.db"))
    rows = copy.execute("SELECT warning_code, warning FROM images").fetchall()
    copy.close()
    assert rows == [TORN]


def test_counting_the_warned_reads_no_other(world: World) -> None:
    ((*_, plan),) = world.rows(
        "EXPLAIN QUERY PLAN SELECT count(*) FROM images "
        "WHERE status = 'done' AND warning_code IS NOT NULL"
    )
    assert "INDEX images_warned" in plan, "and not every image that is done"


def test_an_image_that_was_never_read_is_not_looked_through(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For its corrections a question was asked that took a tenth of all that storing it does."""
    looked_at: list[int] = []
    of_lines = corrections._of_lines
    monkeypatch.setattr(
        corrections, "_of_lines", lambda *of: looked_at.append(of[1]) or of_lines(*of)
    )
    world.put(b"a.png", "a.png")
    world.read_all()
    assert looked_at == []
    image_id = world.ids(b"a.png")[0]
    world.effects.reprocess([image_id], None)
    world.read_all()
    assert looked_at == [image_id]


def test_each_line_has_its_own_polygon(world: World) -> None:
    """A page's numbers are written at once; a polygon may be empty."""
    polygons = [
        ((0.0, 1.25), (10.126, 1.0), (10.5, 9.0), (0.0, 9.0)),
        ((0.0, 20.0), (10.0, 20.0), (10.0, 29.0), (0.0, 29.999)),
    ]
    expected = [
        "[[0,1.25],[10.13,1],[10.5,9],[0,9]]",
        "[[0,20],[10,20],[10,29],[0,30]]",
    ]
    for shapes, wanted in [
        (polygons, expected),
        (polygons[:1], expected[:1]),
        ([polygons[0], ()], [expected[0], "[]"]),
        ([((1.0, 9999999.0),) * 4] * 2, ["[[1,9999999],[1,9999999],[1,9999999],[1,9999999]]"] * 2),
        ([((0.25, -9999999.75),) * 4], [f"[{','.join(['[0.25,-9999999.75]'] * 4)}]"]),
        ([], []),
    ]:
        lines = tuple(Line("text", 0.9, shape) for shape in shapes)
        assert results._polygons(lines) == wanted
