"""Word: paragraphs and tables as running text, a page of the original on a page of its own."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, BinaryIO, cast

import docx
from docx.enum.text import WD_BREAK
from docx.oxml import OxmlElement

from exporting.allowed_text import allowed
from exporting.making import Outlet
from exporting.task import ExportTask
from ocr_contract.export.blocks import blocks
from ocr_contract.export.records import Page, Source
from ocr_contract.page_tables import Table
from ocr_contract.usual_widths import is_right_to_left

_MOST_TITLE = 255


def write(task: ExportTask, source: Source, pages: Iterable[Page], target: Outlet) -> None:
    """The document."""
    document = docx.Document()
    document.core_properties.title = allowed(source.name)[:_MOST_TITLE]
    document.core_properties.author = ""
    document.core_properties.comments = ""
    if source.finished_at:  # the template's own would be that of python-docx
        read_at = datetime.fromisoformat(source.finished_at)
        document.core_properties.created = document.core_properties.modified = read_at
    is_first = True
    for page in pages:
        if not is_first:
            document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
        is_first = False
        for block in blocks(page):
            if isinstance(block, Table):
                _add_table(document, block)
            else:
                _fill(document.add_paragraph(), block)
    document.save(cast(BinaryIO, target))


def _fill(paragraph: Any, text: str) -> None:
    run = paragraph.add_run(allowed(text))
    if is_right_to_left(text):
        paragraph._p.get_or_add_pPr().append(OxmlElement("w:bidi"))
        run.font.rtl = True  # without it Word puts signs at a run's ends on the wrong side


def _add_table(document: Any, table: Table) -> None:
    if table.rows < 1 or table.columns < 1:
        return
    shown = document.add_table(table.rows, table.columns, style="Table Grid")
    cells = [row.cells for row in shown.rows]
    for cell in table.cells:
        last_row = min(cell.row + cell.rowspan, table.rows) - 1
        last_column = min(cell.column + cell.colspan, table.columns) - 1
        if not (0 <= cell.row <= last_row and 0 <= cell.column <= last_column):
            continue
        place = cells[cell.row][cell.column]
        if (last_row, last_column) != (cell.row, cell.column):
            place = place.merge(cells[last_row][last_column])
        _fill(place.paragraphs[0], cell.text)
