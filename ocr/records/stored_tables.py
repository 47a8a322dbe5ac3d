"""The tables of a page in the database."""

import json
from collections.abc import Sequence

from page_records import PageTable
from records.database import Connection


def store(connection: Connection, page_id: int, tables: Sequence[PageTable]) -> None:
    """Those of a page that is stored in the same transaction."""
    connection.executemany(
        "INSERT INTO page_tables (page_id, number, polygon, rows, columns, header_rows, cells) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (
                page_id, number, json.dumps(table.polygon), table.rows, table.columns,
                table.header_rows, _cells(table),
            )
            for number, table in enumerate(tables, 1)
        ],
    )  # fmt: skip


def _cells(table: PageTable) -> str:
    return json.dumps(
        [
            [
                cell.row, cell.column, cell.rowspan, cell.colspan, cell.text, cell.polygon,
                cell.lines,
            ]
            for cell in table.cells
        ],
        ensure_ascii=False, separators=(",", ":"),
    )  # fmt: skip
