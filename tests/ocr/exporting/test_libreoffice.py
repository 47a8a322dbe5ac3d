"""LibreOffice opens what is exported, and what it makes is read."""

import io
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import docx
import lxml.html
import pytest
from export_making import made, whole
from export_scene import ExportScene
from real_pages import likeness, load_models, truth
from test_export_xml import add_table

from decoding.documents import Limits, open_document
from exporting import workbook
from ocr_contract.export import light
from ocr_contract.export.records import pages, sources
from project import ROOT
from reading.engine import PageEngine
from reading.tables.table_finder import TableFinder

TEXTS = [
    "=1+1", "+1", "@x", "#N/A", "0012", "1/2", "1e5", "-1", 'a; b, "c"', "שלום עולם", "سلام",
    "日本語", "Total", *(f"row {number}" for number in range(30)),
]  # fmt: skip
_UTF_8 = "--infilter=CSV:44,34,76"
"""Its dialogue tells the encoding from the byte order mark; without one it must be told."""


class Opened(NamedTuple):
    """What LibreOffice shows of each file, as HTML."""

    xlsx: Any
    csv: Any
    docx: Any


def converted(folder: Path, form: str, names: Sequence[str], *options: str) -> None:
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless",
         "--norestore", *options, "--convert-to", form, "--outdir", folder / "out",
         *(folder / name for name in names)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip


@pytest.fixture(scope="module")
def opened() -> Iterator[Opened]:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patched:
        folder = Path(name)
        patched.setattr(workbook, "_MOST_ROWS", 40)
        scene = ExportScene(folder)
        image_id = scene.add(
            "=a.jpg", [(text, (0, 30 * n, 100, 30 * n + 20)) for n, text in enumerate(TEXTS)]
        )
        add_table(scene, [
            [0, 0, 1, 2, "=SUM(A1)", None, []], [1, 0, 1, 1, "0013", None, []],
            [1, 1, 1, 1, "12,50", None, [13]],
        ])  # fmt: skip
        for form in ("xlsx", "docx"):
            (folder / f"in-{form}.{form}").write_bytes(whole(made(scene, form, [image_id])))
        with scene.connect() as connect:
            (source,) = sources(connect(), [image_id])
            found = pages(connect, source, machine=False, number=None)
            (folder / "in-csv.csv").write_bytes(b"".join(light.made("csv", source, found)))
        scene.close()
        converted(folder, "html", [f"in-{form}.{form}" for form in Opened._fields], _UTF_8)
        yield Opened(*(lxml.html.parse(folder / f"out/in-{form}.html") for form in Opened._fields))


def cells(table: Any) -> list[list[str]]:
    return [[cell.text_content().strip() for cell in row.iter("td")] for row in table.iter("tr")]


def test_a_workbook_has_all_lines_and_tables(opened: Opened) -> None:
    assert [name.text for name in opened.xlsx.iter("em")] == ["Lines", "Page 1 table 1", "Lines 2"]
    lines, table, more = opened.xlsx.iter("table")
    rows = cells(lines) + cells(more)[1:]
    assert cells(more)[0] == cells(lines)[0]
    assert [row[4] for row in rows[1:]] == TEXTS, "no text is a formula, a number or an error"
    assert rows[1][:4] == ["=a.jpg", "1", "1", "1"]
    assert rows[1][6:] == ["0.9", "0.47", "0", "0", "100", "20"]
    assert cells(table) == [["=SUM(A1)"], ["0013", "12,50"]]
    assert next(table.iter("td")).get("colspan") == "2"


def test_its_texts_are_texts_and_its_numbers_numbers(opened: Opened) -> None:
    (first, *_) = opened.xlsx.iter("table")
    for row in list(first.iter("tr"))[1:]:
        is_number = [cell.get("sdval") is not None for cell in row.iter("td")]
        assert is_number == [False, True, True, True, False, *[True] * 7]


def test_a_csv_has_all_lines_and_no_formula(opened: Opened) -> None:
    (table,) = opened.csv.iter("table")
    rows = cells(table)
    texts = [row[4] for row in rows[1:]]
    assert rows[0][0] == "file", "the byte order mark is no part of it"
    assert texts[:4] == ["'=1+1", "'+1", "'@x", "#N/A"], "nothing is calculated"
    assert texts[7:] == ["'-1", *TEXTS[8:]]


def test_a_word_document_has_paragraphs_and_tables(opened: Opened) -> None:
    (table,) = opened.docx.iter("table")
    assert cells(table) == [["=SUM(A1)"], ["0013", "12,50"]]
    texts = {
        " ".join(paragraph.text_content().split()): paragraph.get("dir")
        for paragraph in opened.docx.iter("p")
        if paragraph.getparent().tag == "body"
    }
    assert list(texts) == [text for text in TEXTS if text != "Total"], "that one is in the table"
    assert {text for text, side in texts.items() if side == "rtl"} == {"שלום עולם", "سلام"}
    assert opened.docx.findtext(".//title") == "=a.jpg"
    (when,) = opened.docx.xpath("//meta[@name='created']/@content")
    assert when.startswith("2026-01-31"), "when it was read, not when somebody made the template"


def written_in_word() -> bytes:
    """Text, a table and a picture of text, on paper of the size A4."""
    document = docx.Document()
    document.add_heading("Quarterly report of the harbour office")
    document.add_paragraph("Ships that came in are counted at the northern pier only.")
    table = document.add_table(3, 3, style="Table Grid")
    for row, texts in zip(table.rows, _FIGURES, strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    document.add_paragraph()
    document.add_picture(str(ROOT / "samples" / "invoice.png"), width=docx.shared.Cm(14))
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


_FIGURES = (("Month", "Ships", "Tonnes"), ("April", "118", "45,210"), ("May", "127", "51,008"))


def test_a_pdf_that_it_makes_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(written_in_word())
    converted(tmp_path, "pdf", ["a.docx"])
    document = open_document((tmp_path / "out" / "a.pdf").read_bytes(), Limits())
    assert document.page_count == 1
    page = document.decode(1)
    assert page.embedded_text is not None and "northern pier" in page.embedded_text
    engine = PageEngine(load_models(), detection_side=1120, orientation=True)
    found = engine.read(page.pixels)
    texts = [line.text for line in found.lines]
    wanted = ["Quarterly report of the harbour office",
              "Ships that came in are counted at the northern pier only.",
              *(text for row in _FIGURES for text in row), *truth()["invoice.png"]]  # fmt: skip
    assert likeness(texts, wanted) > 0.97
    tables = TableFinder(None).find(found.pixels, found.lines)
    assert [cell.text for cell in tables[0].cells] == [text for row in _FIGURES for text in row]
