"""A page as running text: its paragraphs and tables, one after the other, as one reads them."""

from collections.abc import Iterator

from ocr_contract.export.records import Line, Page
from ocr_contract.page_tables import Table, TableCell
from ocr_contract.paragraphs import joined


def blocks(page: Page) -> Iterator[str | Table]:
    """Each paragraph's text and each table; a table stands where its first line would."""
    tables = {table.number: table for table in page.tables}
    table_of = {
        number: table.number
        for table in page.tables
        for cell in table.cells
        for number in cell.lines
    }
    waiting: list[Line] = []
    for line in page.lines:
        place = table_of.get(line.number)
        if place is None:
            waiting.append(line)
            continue
        if place in tables:
            yield from _paragraphs(waiting)
            waiting = []
            yield tables.pop(place)
    yield from _paragraphs(waiting)
    yield from tables.values()


def grid(table: Table) -> list[list[TableCell | None]]:
    """Its rows; a cell stands in the first of the places that it covers, the others are None."""
    rows: list[list[TableCell | None]] = [[None] * table.columns for _ in range(table.rows)]
    for cell in table.cells:
        if 0 <= cell.row < table.rows and 0 <= cell.column < table.columns:
            rows[cell.row][cell.column] = cell
    return rows


def _paragraphs(lines: list[Line]) -> Iterator[str]:
    yield from filter(None, joined((line.text, line.paragraph) for line in lines))
