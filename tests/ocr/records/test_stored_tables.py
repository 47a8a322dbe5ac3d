"""Tables of a page in the database: stored with it, replaced with it."""

import dataclasses
import json

from database_fixtures import BOX, World, page, sha

from ocr_contract.page_tables import TableCell
from page_records import ImageResult, PageTable

TABLE = PageTable(
    BOX, 1, 2, 1, (TableCell(0, 0, 1, 1, "Größe", BOX, (1,)), TableCell(0, 1, 1, 1, "2", BOX, (2,)))
)


def read(world: World, *tables: PageTable) -> None:
    batch = world.store.claim(1)
    assert batch is not None
    batch_id, (task,), _ = batch
    found = dataclasses.replace(page("Größe", "2"), tables=tables)
    assert world.finish(batch_id, ImageResult(task.image_id, sha("a"), (found,))) == 1


def test_tables_come_and_go_with_their_page(world: World) -> None:
    world.put(b"a.png", "a")
    read(world, TABLE, dataclasses.replace(TABLE, rows=5))
    names = "number, rows, columns, header_rows, polygon, cells"
    first, second = world.rows(f"SELECT {names} FROM page_tables ORDER BY number")
    assert first[:4] == (1, 1, 2, 1)
    assert second[:2] == (2, 5)
    assert json.loads(first[4]) == [list(point) for point in BOX]
    box = [list(point) for point in BOX]
    assert json.loads(first[5]) == [[0, 0, 1, 1, "Größe", box, [1]], [0, 1, 1, 1, "2", box, [2]]]
    with world.database.transaction() as connection:
        connection.execute("UPDATE images SET status = 'pending'")
    read(world)
    assert world.rows("SELECT * FROM page_tables") == []
