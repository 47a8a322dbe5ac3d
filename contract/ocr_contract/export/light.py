"""The formats that need no library: txt, md, csv, json, jsonl. Each is made page by page.

txt      all lines of each page; a form feed between pages, a line feed at the end
md       paragraphs, with words parted at line ends made whole, and tables
csv      a row for each line: `cells`
json     the image with its pages, their lines and tables: one form wherever it is asked for
jsonl    the same, one line for each page
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ocr_contract.alternatives import to_plain
from ocr_contract.export.blocks import blocks, grid
from ocr_contract.export.cells import COLUMNS, Row, harmless, row
from ocr_contract.export.records import Line, Page, Source
from ocr_contract.page_tables import Table

BYTE_ORDER_MARK = "\ufeff"
"""Spreadsheets take a file without it for the local 8-bit encoding."""
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|~&$])")
_MARKDOWN_START = re.compile(r"^(\s*)([#+=:-]|\d+(?=[.)]))")
JSON_VERSION = 1
"""Of the form of json and jsonl. Names may be added; it rises when one changes or goes."""
Maker = Callable[[Source, Iterable[Page]], Iterator[str]]


def made(name: str, source: Source, pages: Iterable[Page]) -> Iterator[bytes]:
    """The file of that format, in pieces."""
    for piece in MAKERS[name](source, pages):
        yield piece.encode("utf-8", "replace")


def needs_lines(name: str) -> bool:
    """Whether the pages' lines are looked at; without them the pages are read far quicker."""
    return name != "txt"


def _txt(_: Source, pages: Iterable[Page]) -> Iterator[str]:
    is_first, has_text = True, False
    for page in pages:
        has_text = has_text or bool(page.text)
        yield page.text if is_first else "\f" + page.text
        is_first = False
    if has_text:
        yield "\n"


def _md(_: Source, pages: Iterable[Page]) -> Iterator[str]:
    is_first = True
    for page in pages:
        parts = [_md_table(b) if isinstance(b, Table) else _md_text(b) for b in blocks(page)]
        text = "".join(f"{part}\n\n" for part in parts)
        yield text if is_first else f"---\n\n{text}"
        is_first = False


def _md_text(text: str) -> str:
    """Nothing in it means anything but itself."""
    escaped = _MARKDOWN.sub(r"\\\1", " ".join(text.split()))
    found = _MARKDOWN_START.match(escaped)
    if not found:
        return escaped
    if found[2].isdigit():
        return f"{found[0]}\\{escaped[found.end() :]}"
    return f"{found[1]}\\{escaped[len(found[1]) :]}"


def _md_table(table: Table) -> str:
    """Markdown has no spans: a cell stands in its first place."""
    lines = []
    for number, cells in enumerate(grid(table)):
        texts = [_MARKDOWN.sub(r"\\\1", " ".join(c.text.split())) if c else "" for c in cells]
        lines.append(f"| {' | '.join(texts)} |")
        if number == 0:
            lines.append("|" + " --- |" * len(texts))
    return "\n".join(lines)


def _csv(source: Source, pages: Iterable[Page]) -> Iterator[str]:
    yield BYTE_ORDER_MARK + csv_rows([COLUMNS])
    for page in pages:
        yield csv_rows([csv_row(row(source, page, line)) for line in page.lines])


def csv_row(values: Row) -> list[Any]:
    """The cells of one row: no text is a formula, no number longer than it is good."""
    shown: list[Any] = []
    for value in values:
        if isinstance(value, str):
            shown.append(harmless(value.replace("\0", "\ufffd")))
        elif isinstance(value, bool):
            shown.append(int(value))
        else:
            shown.append(f"{value:.6g}" if isinstance(value, float) else value)
    return shown


def csv_rows(rows: Iterable[Iterable[Any]]) -> str:
    """Rows as RFC 4180 has them."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()


def _json(source: Source, pages: Iterable[Page]) -> Iterator[str]:
    head = json.dumps(image_object(source), ensure_ascii=False)
    yield f'{head[:-1]}, "pages": ['
    is_first = True
    for page in pages:
        yield ("\n" if is_first else ",\n") + json.dumps(page_object(page), ensure_ascii=False)
        is_first = False
    yield "\n]}\n"


def _jsonl(source: Source, pages: Iterable[Page]) -> Iterator[str]:
    for page in pages:
        head = {"format_version": JSON_VERSION, "file": source.name, "image": source.id}
        value = head | {"page": page.number} | page_object(page)
        yield json.dumps(value, ensure_ascii=False) + "\n"


def image_object(source: Source) -> dict[str, Any]:
    """What is said of an image as a whole."""
    return {
        "format_version": JSON_VERSION, "id": source.id, "name": source.name,
        "status": source.status, "sha256": source.sha256, "duplicate_of": source.duplicate_of,
        "finished_at": source.finished_at, "page_count": source.page_count, "engine": source.engine,
    }  # fmt: skip


def page_object(page: Page) -> dict[str, Any]:
    """One page with all that is known of it."""
    return {
        "number": page.number, "width": page.width, "height": page.height,
        "rotation": page.rotation, "text": page.text, "confidence": page.confidence,
        "warning_code": page.warning_code, "warning": page.warning,
        "embedded_text": page.embedded_text,
        "lines": [_line_object(line) for line in page.lines],
        "tables": [_table_object(table) for table in page.tables],
    }  # fmt: skip


def _line_object(line: Line) -> dict[str, Any]:
    return {
        "number": line.number, "text": line.text,
        "machine_text": line.machine_text if line.is_corrected else None,
        "confidence": line.confidence, "doubt": line.doubt, "doubt_reason": line.doubt_reason,
        "polygon": line.polygon, "paragraph": line.paragraph,
        "words": [{"text": text, "polygon": quad} for text, quad in line.places()],
        "alternatives": to_plain(line.alternatives), "model": line.model,
    }  # fmt: skip


def _table_object(table: Table) -> dict[str, Any]:
    return {
        "number": table.number, "polygon": table.polygon, "rows": table.rows,
        "columns": table.columns, "header_rows": table.header_rows,
        "cells": [
            {
                "row": cell.row, "column": cell.column, "rowspan": cell.rowspan,
                "colspan": cell.colspan, "text": cell.text, "polygon": cell.polygon,
                "lines": list(cell.lines),
            }
            for cell in table.cells
        ],
    }  # fmt: skip


MAKERS: dict[str, Maker] = {
    "txt": _txt, "md": _md, "csv": _csv, "json": _json, "jsonl": _jsonl,
}  # fmt: skip
