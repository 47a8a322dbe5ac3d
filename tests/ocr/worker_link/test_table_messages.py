"""Tables on the wire: what is well formed arrives, all else is refused."""

import copy
import json
from typing import Any

import pytest

from ocr_contract.page_tables import TableCell
from page_records import Line, Page, PageTable
from worker_link import worker_protocol as protocol
from worker_link.table_messages import parse_tables, tables_to_json

BOX = ((0.0, 0.0), (9.0, 0.0), (9.0, 5.0), (0.0, 5.0))
TABLE = PageTable(
    BOX, 2, 3, 1,
    (
        TableCell(0, 0, 2, 1, "Ä|\t", BOX, (1, 2)),
        TableCell(0, 1, 1, 2, "", BOX, ()),
        TableCell(1, 1, 1, 1, "7", BOX, (3,)),
    ),
)  # fmt: skip


def test_a_page_travels_with_its_tables() -> None:
    lines = tuple(Line(str(number), 0.5, BOX) for number in range(3))
    page = Page(10, 10, 0, lines, None, None, 0.5, tables=(TABLE, TABLE))
    sha = "ab" * 32
    images = [{"id": 1, "sha256": sha, "pages": [protocol.page_to_json(page)]}]
    message = json.loads(json.dumps({"batch": 3, "seconds": 1.5, "images": images}))
    found = protocol.parse_batch(message, [protocol.Task(1, b"a.png", sha)])
    assert found.images[0].pages == (page,)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ((1,), 0),
        ((2,), "3"),
        ((3,), 3),
        ((0, 0, 0), float("nan")),
        ((0,), [[1, 2]] * 3),
        ((4, 0, 0), 2),
        ((4, 0, 2), 3),
        ((4, 1, 3), 3),
        ((4, 2, 1), 0),
        ((4, 0, 4), 5),
        ((4, 0, 4), "x" * 100_001),
        ((4, 0, 6), [4]),
        ((4, 0, 6), [True]),
        ((4, 0, 5), "box"),
        ((4, 0), []),
    ],
)
def test_anything_else_is_refused(place: tuple[int, ...], value: Any) -> None:
    told = json.loads(json.dumps(tables_to_json([TABLE])))
    assert parse_tables(copy.deepcopy(told), 3) == (TABLE,)
    inner = told[0]
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    with pytest.raises((ValueError, TypeError)):
        parse_tables(told, 3)


def test_more_tables_or_cells_than_any_page_has_are_refused() -> None:
    (told,) = tables_to_json([TABLE])
    with pytest.raises(ValueError, match="tables"):
        parse_tables([told] * 201, 3)
    with pytest.raises(ValueError, match="cells"):
        parse_tables([[*told[:4], [told[4][1]] * 20_001]], 3)
