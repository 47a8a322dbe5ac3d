"""Text, JSON and CSV say what the database says, and a spreadsheet runs none of it."""

import csv
import io

import pytest
from demo_data import DemoDatabase
from flask.testing import FlaskClient

import exports
from ocr_contract.export import selection
from ocr_contract.export.light import BYTE_ORDER_MARK


def rows_of(client: FlaskClient, query: str = "") -> list[dict[str, str]]:
    reply = client.get(f"/export.csv{query}")
    assert reply.status_code == 200
    assert reply.text.startswith(BYTE_ORDER_MARK)
    return list(csv.DictReader(io.StringIO(reply.text.removeprefix("\ufeff"), newline="")))


def test_text_has_all_pages(client: FlaskClient, database: DemoDatabase) -> None:
    image_id = database.add_image("a")
    database.add_page(image_id, [("one", 1, []), ("two", 1, [])], number=1)
    database.add_page(image_id, [("three", 1, [])], number=2, corrected="THREE")
    reply = client.get(f"/images/{image_id}.txt")
    assert reply.text == "one\ntwo\fTHREE\n"
    assert reply.content_type == "text/plain; charset=utf-8"


def test_json_has_lines_and_polygons(client: FlaskClient, database: DemoDatabase) -> None:
    image_id = database.add_text("a", "one\n北京")
    value = client.get(f"/images/{image_id}.json").get_json()
    assert [line["text"] for line in value["pages"][0]["lines"]] == ["one", "北京"]
    assert value["pages"][0]["lines"][0]["polygon"][1] == [200.0, 0.0]


def test_table_spans_blocks(
    client: FlaskClient, database: DemoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "_PIECE_CHARS", 20)
    monkeypatch.setattr(selection, "BLOCK_IMAGES", 2)
    for number in range(5):
        database.add_text(f"n{number}", f'text "{number}"\nline, two')
    rows = rows_of(client)
    assert [row["name"] for row in rows] == [f"n{number}" for number in range(5)]
    assert rows[4]["text"] == 'text "4"\nline, two'
    assert rows[0]["confidence"] == "0.9500"


def test_the_table_has_the_warnings(client: FlaskClient, database: DemoDatabase) -> None:
    database.add_warned("a", "=A doubt.", "words")
    database.add_text("b", "words")
    warned, sure = rows_of(client)
    assert (warned["status"], warned["warning_code"]) == ("done", "some_doubt")
    assert warned["warning"] == "'=A doubt.", "no formula"
    assert (sure["warning_code"], sure["warning"]) == ("", "")


def test_pages_stay_in_order(client: FlaskClient, database: DemoDatabase) -> None:
    image_id = database.add_image("a")
    for number in (3, 1, 2):
        database.add_page(image_id, [(f"page {number}", 1, [])], number=number)
    assert rows_of(client)[0]["text"] == "page 1\fpage 2\fpage 3"


def test_the_table_holds_what_was_asked_for(client: FlaskClient, database: DemoDatabase) -> None:
    """It held every image, whatever was asked for."""
    for number in range(3):
        database.add_text(f"n{number}", "cat" if number else "dog")
    database.add_image("bad", status="failed", error="It is torn.", error_code="truncated")
    assert [row["name"] for row in rows_of(client, "?q=cat")] == ["n2", "n1"]
    (failed,) = rows_of(client, "?state=failed")
    assert (failed["error"], failed["text"]) == ("It is torn.", "")
    assert [row["id"] for row in rows_of(client, "?ids=3,1&ids=9")] == ["3", "1"]
    assert rows_of(client, "?q=nowhere") == []
    assert 'href="/export.csv?q=cat&amp;state=all"' in client.get("/?q=cat").text
    assert client.get("/export.csv?query=cat").status_code == 400


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "＝"])
def test_no_cell_is_a_formula(client: FlaskClient, database: DemoDatabase, start: str) -> None:
    database.add_text(f"{start}cmd|calc", f"{start}1+1")
    row = rows_of(client)[0]
    assert row["name"].startswith("'") and row["text"].startswith("'")


def test_an_unreadable_database_is_said_before_the_file_begins(client: FlaskClient) -> None:
    reply = client.get("/export.csv")
    assert reply.status_code == 503
    assert reply.get_json()["error"]["code"] == "database_missing"
