"""Tables on the page of an image and in its JSON."""

import json
from html.parser import HTMLParser

import pytest
from demo_data import DemoDatabase
from flask.testing import FlaskClient

BOX = [[0, 0], [9, 0], [9, 5], [0, 5]]
CELLS = [
    [0, 0, 1, 1, "", BOX, []],
    [0, 1, 1, 2, "A<b> & c", BOX, [1]],
    [1, 0, 2, 1, "x", BOX, [2]],
    [1, 1, 1, 1, "1", BOX, [3]],
    [1, 2, 1, 1, "2", BOX, [4]],
    [2, 1, 1, 1, "3", BOX, [5]],
    [2, 2, 1, 1, "", BOX, []],
]


class Tags(HTMLParser):
    """The tags within the first table, and its texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = self._inside or tag == "table"
        if self._inside:
            spans = [f"{name}={value}" for name, value in attrs if name.endswith("span")]
            self.tags.append(" ".join([tag, *spans]))
            self.texts += [""] * (tag in {"td", "th"})

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "table"

    def handle_data(self, data: str) -> None:
        if self._inside and self.texts:
            self.texts[-1] += data.strip()


@pytest.fixture(name="image_id")
def image_with_table(database: DemoDatabase) -> int:
    image_id = database.add_text("table.png", "A<b> & c\nx\n1\n2\n3")
    database.execute(
        "INSERT INTO page_tables (page_id, number, polygon, rows, columns, header_rows, cells) "
        "SELECT id, 1, ?, 3, 3, 1, ? FROM pages",
        (json.dumps(BOX), json.dumps(CELLS)),
    )
    return image_id


def test_a_table_is_one_of_html(client: FlaskClient, image_id: int) -> None:
    found = Tags(client.get(f"/images/{image_id}").text)
    head = ["thead", "tr", "th", "th colspan=2"]
    body = ["tbody", "tr", "td rowspan=2", "td", "td", "tr", "td", "td"]
    assert found.tags == ["table", *head, *body]
    assert found.texts == ["", "A<b> & c", "x", "1", "2", "3", ""]


def test_the_api_has_its_cells_with_what_was_corrected(
    client: FlaskClient, database: DemoDatabase, image_id: int
) -> None:
    database.execute(
        "INSERT INTO corrections (line_id, text, created_at) "
        "SELECT id, '1.5', '' FROM lines WHERE number = 3"
    )
    for address in (f"/images/{image_id}.json", f"/api/v1/images/{image_id}"):
        (page,) = client.get(address).get_json()["pages"]
        (table,) = page["tables"]
        assert {name: table[name] for name in ("number", "rows", "columns", "header_rows")} == {
            "number": 1, "rows": 3, "columns": 3, "header_rows": 1,
        }  # fmt: skip
        assert table["polygon"] == BOX
        assert table["cells"][3] == {
            "row": 1, "column": 1, "rowspan": 1, "colspan": 1, "text": "1.5", "polygon": BOX,
            "lines": [3],
        }  # fmt: skip


def test_a_page_without_tables_shows_none(client: FlaskClient, database: DemoDatabase) -> None:
    image_id = database.add_text("plain.png", "hello")
    assert "<table" not in client.get(f"/images/{image_id}").text
    assert client.get(f"/api/v1/images/{image_id}").get_json()["pages"][0]["tables"] == []
