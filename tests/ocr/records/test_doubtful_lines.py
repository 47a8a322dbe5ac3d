"""How many lines are doubtful: kept with each page, counted later for those of before."""

import contextlib
import dataclasses
import json
import threading
from pathlib import Path

import apsw
from database_fixtures import World, page
from test_migration import old_database

from ocr_contract.alternatives import Alternative
from page_records import ImageResult, Line, Page
from records import corrections, doubtful_lines
from records.search_backlog import SearchBacklog

ALTERNATIVES = (Alternative(0, 1, ("T",)),)


def doubts(*lines: tuple[float, str | None]) -> Page:
    plain = page(*(f"line {number}" for number in range(len(lines))))
    return dataclasses.replace(
        plain,
        lines=tuple(
            dataclasses.replace(line, doubt=doubt, doubt_reason=reason)
            for line, (doubt, reason) in zip(plain.lines, lines, strict=True)
        ),
    )


def read_one(world: World, found: Page) -> None:
    world.put(b"a.png", "a")
    claimed = world.store.claim(2)
    assert claimed is not None
    (task,) = claimed[1]
    world.finish(claimed[0], ImageResult(task.image_id, task.sha256, (found,)))


def counts(world: World) -> list[tuple[int | None, int]]:
    return world.rows("SELECT doubtful_count, unspelled_count FROM pages ORDER BY id")  # type: ignore[return-value]


def test_a_page_knows_its_doubtful_lines(tmp_path: Path) -> None:
    world = World(tmp_path)
    read_one(world, doubts((0.001, None), (0.2, None), (0.9, None), (1.0, "other_script")))
    assert counts(world) == [(2, 1)]
    world.close()


def test_what_is_known_of_a_line_is_stored(tmp_path: Path) -> None:
    world = World(tmp_path)
    line = Line(
        "Iotal", 0.9, ((0.0, 0.0),) * 4, doubt=0.4, doubt_reason="other_script",
        alternatives=ALTERNATIVES, model="tesseract rus", words=(20, 980), paragraph=3,
    )  # fmt: skip
    plain = Line(line.text, line.confidence, line.polygon)
    read_one(world, dataclasses.replace(page(), lines=(line, plain)))
    names = "doubt, measured_doubt, doubt_reason, alternatives, model, words, paragraph"
    rows = world.rows(f"SELECT {names} FROM lines ORDER BY number")
    assert rows[0][:3] == (0.4, 0.4, "other_script")
    assert json.loads(rows[0][3]) == [[0, 1, "T"]]
    assert rows[0][4:] == ("tesseract rus", "0kuk", 3)
    assert rows[1] == (0.47, None, None, None, None, None, None)
    world.close()


def test_a_corrected_line_is_doubtful_no_more(tmp_path: Path) -> None:
    world = World(tmp_path)
    read_one(world, doubts((0.9, None), (1.0, "other_script")))
    for number, line_id in enumerate(world.rows("SELECT id FROM lines ORDER BY number")):
        with world.database.transaction() as connection:
            corrections.set_correction(connection, line_id[0], "mended")
        assert counts(world) == [(1 - number, 1 - number)]
    with world.database.transaction() as connection:
        corrections.set_correction(connection, line_id[0], None)
    assert counts(world) == [(1, 1)]
    world.close()


def with_more_pages(path: Path) -> None:
    """Beside page 7, whose one line was corrected: pages with one line each."""
    with contextlib.closing(apsw.Connection(str(path))) as connection:
        for page_id, confidence in ((5, 0.5), (8, 0.9999), (9, 0.8)):
            connection.execute(
                "INSERT INTO pages (id, image_id, number, width, height, text, line_count) "
                "VALUES (?1, 3, ?1, 1, 1, '', 1)",
                (page_id,),
            )
            connection.execute(
                "INSERT INTO lines (page_id, number, text, confidence, polygon) "
                "VALUES (?, 1, '', ?, '[]')",
                (page_id, confidence),
            )


def step(world: World, most: int = 3) -> int:
    with world.database.transaction() as connection:
        return doubtful_lines.count_some(connection, most)


def counted(world: World) -> dict[int, int | None]:
    return dict(world.rows("SELECT id, doubtful_count FROM pages"))  # type: ignore[arg-type]


def test_pages_of_before_are_counted_in_steps_the_newest_first(tmp_path: Path) -> None:
    with_more_pages(old_database(tmp_path, 3))
    world = World(tmp_path)
    assert counted(world) == {5: None, 7: None, 8: None, 9: None}
    assert step(world) == 3
    assert counted(world) == {5: None, 7: 0, 8: 0, 9: 1}
    world.close()
    world = World(tmp_path)  # and after the next start it goes on
    assert (step(world), step(world), step(world)) == (1, 0, 0)
    assert counted(world) == {5: 1, 7: 0, 8: 0, 9: 1}
    assert world.rows("SELECT * FROM service_state WHERE key = 'pages_to_count'") == []
    world.close()


def test_what_was_read_since_keeps_its_own_number(tmp_path: Path) -> None:
    with_more_pages(old_database(tmp_path, 3))
    world = World(tmp_path)
    with world.database.transaction() as connection:
        connection.execute("UPDATE pages SET doubtful_count = 77 WHERE id = 9")
    while step(world, 2):
        pass
    assert counted(world) == {5: 1, 7: 0, 8: 0, 9: 77}
    world.close()


def test_the_backlog_counts_them(tmp_path: Path) -> None:
    with_more_pages(old_database(tmp_path, 3))
    world = World(tmp_path)
    SearchBacklog(world.database, stop=threading.Event(), is_busy=lambda: False).work_off()
    assert counted(world) == {5: 1, 7: 0, 8: 0, 9: 1}
    world.close()


def test_a_new_database_has_nothing_to_count(tmp_path: Path) -> None:
    world = World(tmp_path)
    assert step(world) == 0
    world.close()
