"""Excel, Word and Parquet: opened again they say what was read, and nothing in them is run."""

import io

import arro3.io
import docx
import openpyxl
import pytest
from export_making import made, whole
from export_scene import ExportScene
from test_export_xml import add_table

HOSTILE = ["=1+1", "+1", "@x", "#N/A", "a\x00\x1fb", "\ufffe", "x" * 40_000, "-1"]


def hostile(scene: ExportScene) -> int:
    lines = [(text, (0, 30 * n, 100, 30 * n + 20)) for n, text in enumerate(HOSTILE)]
    return scene.add("=a.jpg", lines)


def test_a_workbook_has_lines_and_tables_and_no_formula(scene: ExportScene) -> None:
    image_id = hostile(scene)
    add_table(scene, [
        [0, 0, 1, 2, "=SUM(A1)", None, [1]], [1, 0, 1, 1, "b", None, []],
        [1, 1, 1, 1, "c", None, []],
    ])  # fmt: skip
    book = openpyxl.load_workbook(io.BytesIO(whole(made(scene, "xlsx", [image_id]))))
    assert book.sheetnames == ["Lines", "Page 1 table 1"]
    assert str(book.properties.created) == "2026-01-31 12:00:00"
    rows = list(book["Lines"].iter_rows())
    assert [cell.value for cell in rows[0]][:5] == ["file", "page", "line", "paragraph", "text"]
    texts = [row[4] for row in rows[1:]]
    assert {cell.data_type for cell in texts} == {"s"}
    assert [cell.value for cell in texts[:4]] == ["=1+1", "+1", "@x", "#N/A"]
    assert [cell.value for cell in rows[1]][6:] == [0.9, 0.47, 0, 0, 100, 20]
    table = book["Page 1 table 1"]
    assert table["A1"].data_type == "s" and table["A1"].value == "=SUM(A1)"
    assert [str(area) for area in table.merged_cells.ranges] == ["A1:B1"]
    assert [table["A2"].value, table["B2"].value] == ["b", "c"]


def test_word_has_paragraphs_and_tables_in_their_order(scene: ExportScene) -> None:
    image_id = scene.add(
        "a.jpg", [(text, (0, 30 * n, 100, 30 * n + 20)) for n, text in enumerate("ABCD")]
    )
    scene.connection.execute("UPDATE lines SET paragraph = 4 WHERE number = 4")
    add_table(scene, [
        [0, 0, 1, 1, "B", None, [2]], [0, 1, 2, 1, "both", None, []],
        [1, 0, 1, 1, "C", None, [3]],
    ])  # fmt: skip
    scene.add_page(image_id, [("שלום", (0, 0, 9, 9)), ("a\x00b", (0, 0, 9, 9))], number=2)
    document = docx.Document(io.BytesIO(whole(made(scene, "docx", [image_id]))))
    body = [child.tag.rpartition("}")[2] for child in document.element.body]
    assert body[:3] == ["p", "tbl", "p"]
    texts = [paragraph.text for paragraph in document.paragraphs if paragraph.text.strip()]
    assert texts == ["A", "D", "שלום", "a\ufffdb"]
    rows = [[cell.text for cell in row.cells] for row in document.tables[0].rows]
    assert rows == [["B", "both"], ["C", "both"]]
    from_the_right = next(p for p in document.paragraphs if p.text == "שלום")._p.xml
    assert "<w:bidi/>" in from_the_right and "<w:rtl/>" in from_the_right


def test_a_long_and_hostile_text_is_a_document(scene: ExportScene) -> None:
    document = docx.Document(io.BytesIO(whole(made(scene, "docx", [hostile(scene)]))))
    assert "x" * 40_000 in [paragraph.text for paragraph in document.paragraphs]


def test_parquet_is_typed(scene: ExportScene) -> None:
    content = whole(made(scene, "parquet", [hostile(scene)]))
    table = arro3.io.read_parquet(io.BytesIO(content)).read_all()
    assert [field.name for field in table.schema][:6] == [
        "file", "page", "line", "paragraph", "text", "corrected",
    ]  # fmt: skip
    assert table["text"].to_pylist()[0] == "=1+1", "nothing is run from it"
    assert table["confidence"].to_pylist()[0] == pytest.approx(0.9)
    assert table["corrected"].to_pylist()[0] is False
    assert table["bottom"].to_pylist()[:2] == [20.0, 50.0]
    empty = whole(made(scene, "parquet", [scene.add("empty.jpg")]))
    assert arro3.io.read_parquet(io.BytesIO(empty)).read_all().num_rows == 0
