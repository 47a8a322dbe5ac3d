"""Excel: each table a sheet, and a sheet of all lines. No cell is a formula, whatever it says."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.utils import get_column_letter

from exporting.making import Outlet
from exporting.task import ExportTask
from ocr_contract.export.blocks import grid
from ocr_contract.export.cells import COLUMNS, row
from ocr_contract.export.records import Page, Source
from ocr_contract.page_tables import Table

_MOST_ROWS = 1_048_576
_MOST_CHARS = 32_767
"""Of a sheet and of a cell."""
_MOST_TABLES = 2_000
_HALVES = re.compile("[\ud800-\udfff\ufffe\uffff]")


def write(task: ExportTask, source: Source, pages: Iterable[Page], target: Outlet) -> None:
    """The workbook."""
    book = Workbook(write_only=True)
    book.properties.creator = None  # not the library
    if source.finished_at:
        book.properties.created = datetime.fromisoformat(source.finished_at).replace(tzinfo=None)
    lines = _Lines(book)
    tables = 0
    for page in pages:
        for table in page.tables:
            tables += 1
            if tables <= _MOST_TABLES:
                _add_table(book, page, table)
        for line in page.lines:
            lines.add(row(source, page, line))
    book.save(target)


class _Lines:
    """As many sheets as the lines need."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._sheets = 0
        self._begin()

    def add(self, values: Iterable[object]) -> None:
        if self._rows >= _MOST_ROWS:
            self._begin()
        self._sheet.append([_cell(self._sheet, value) for value in values])
        self._rows += 1

    def _begin(self) -> None:
        self._sheets += 1
        self._sheet = self._book.create_sheet(
            "Lines" if self._sheets == 1 else f"Lines {self._sheets}"
        )
        self._sheet.append([_cell(self._sheet, name) for name in COLUMNS])
        self._rows = 1


def _add_table(book: Any, page: Page, table: Table) -> None:
    sheet = book.create_sheet(f"Page {page.number} table {table.number}")
    for cells in grid(table):
        sheet.append([_cell(sheet, cell.text) if cell else None for cell in cells])
    for cell in table.cells:
        if cell.rowspan > 1 or cell.colspan > 1:
            first = f"{get_column_letter(cell.column + 1)}{cell.row + 1}"
            last = f"{get_column_letter(cell.column + cell.colspan)}{cell.row + cell.rowspan}"
            sheet.merged_cells.add(f"{first}:{last}")


def _cell(sheet: Any, value: object) -> Any:
    """A text stays a text: without its type, "=1+1" would be a formula and "#N/A" an error."""
    if not isinstance(value, str):
        return value
    text = _HALVES.sub("\ufffd", ILLEGAL_CHARACTERS_RE.sub("\ufffd", value))[:_MOST_CHARS]
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    return cell
