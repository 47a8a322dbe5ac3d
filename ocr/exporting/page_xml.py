"""PAGE XML 2019-07-15, layout and text for ground truth and training (PRImA).

A file of this format holds one page. Those of a document come as a zip.
"""

import io
from collections.abc import Iterable
from typing import Any

from lxml import etree

from exporting.allowed_text import allowed
from exporting.making import Outlet
from exporting.pixel_boxes import Points, corners_text, paragraphs, points_text, word_boxes
from exporting.task import ExportTask
from ocr_contract.export.formats import FORMATS
from ocr_contract.export.names import file_name
from ocr_contract.export.records import Line, Page, Source
from ocr_contract.export.zip_stream import ZipStream
from ocr_contract.page_tables import Table

NAMESPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"
_SCHEMA = f"{NAMESPACE}/pagecontent.xsd"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_LEVEL = 1


def write(task: ExportTask, source: Source, pages: Iterable[Page], target: Outlet) -> None:
    """The file, or the zip of all pages."""
    wanted = FORMATS["page"]
    if not wanted.is_split(source.page_count, task.page):
        for page in pages:
            target.write(_file(source, page))
        return
    archive = ZipStream(level=_LEVEL)
    name = file_name(source.name, "")
    for page in pages:
        target.write(archive.begin(f"{name}.{page.number:05}{wanted.suffix}", may_be_large=False))
        target.write(archive.data(_file(source, page)))
        target.write(archive.end())
    for piece in archive.directory():
        target.write(piece)


def _file(source: Source, page: Page) -> bytes:
    written = io.BytesIO()
    with etree.xmlfile(written, encoding="UTF-8") as file:
        file.write_declaration()
        location = {f"{{{_XSI}}}schemaLocation": f"{NAMESPACE} {_SCHEMA}"}
        with file.element(_tag("PcGts"), location, nsmap={None: NAMESPACE, "xsi": _XSI}):
            with file.element(_tag("Metadata")):
                _leaf(file, _tag("Creator"), "ocr_docker")
                read_at = source.finished_at or "1970-01-01T00:00:00Z"
                _leaf(file, _tag("Created"), read_at)
                _leaf(file, _tag("LastChange"), read_at)
                if source.page_count > 1:
                    _leaf(file, _tag("Comments"), f"page {page.number} of the document")
            with file.element(_tag("Page"), {
                "imageFilename": allowed(source.name), "imageWidth": str(page.width),
                "imageHeight": str(page.height),
            }):  # fmt: skip
                _regions(file, page)
    return written.getvalue()


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


_COORDS, _EQUIV, _UNICODE = map(_tag, ("Coords", "TextEquiv", "Unicode"))
_REGION, _LINE, _WORD = map(_tag, ("TextRegion", "TextLine", "Word"))


def _leaf(file: Any, tag: str, text: str | None = None, /, **attributes: object) -> None:
    with file.element(tag, {key: str(value) for key, value in attributes.items()}):
        if text:
            file.write(text)


def _regions(file: Any, page: Page) -> None:
    """Paragraphs are regions, tables regions of regions; a line of a table stands in its cell."""
    cells = {number for table in page.tables for cell in table.cells for number in cell.lines}
    blocks = [
        (f"r{number}", lines)
        for number, block in enumerate(paragraphs(page), 1)
        if (lines := [line for line in block if line.number not in cells])
    ]
    tables = [(f"t{table.number}", table) for table in page.tables]
    if blocks or tables:
        with (
            file.element(_tag("ReadingOrder")),
            file.element(_tag("OrderedGroup"), {"id": "order"}),
        ):
            names = [*(name for name, _ in blocks), *(name for name, _ in tables)]
            for index, name in enumerate(names):
                _leaf(file, _tag("RegionRefIndexed"), index=index, regionRef=name)
    for name, lines in blocks:
        with file.element(_REGION, {"id": name}):
            _coords(file, points_text(_outline(lines), page))
            _lines(file, lines, page)
    for name, table in tables:
        _table(file, name, table, page)


def _table(file: Any, name: str, table: Table, page: Page) -> None:
    by_number = {line.number: line for line in page.lines}
    shown = {"id": name, "rows": str(table.rows), "columns": str(table.columns)}
    with file.element(_tag("TableRegion"), shown):
        _coords(file, points_text(table.polygon, page))
        for number, cell in enumerate(table.cells, 1):
            with file.element(_REGION, {"id": f"{name}c{number}"}):
                _coords(file, points_text(cell.polygon or table.polygon, page))
                with file.element(_tag("Roles")):
                    _leaf(
                        file, _tag("TableCellRole"), rowIndex=cell.row, columnIndex=cell.column,
                        rowSpan=cell.rowspan, colSpan=cell.colspan,
                    )  # fmt: skip
                lines = [by_number[each] for each in cell.lines if each in by_number]
                _lines(file, lines, page, prefix=f"{name}c{number}")
                if not lines:
                    _text(file, cell.text, {})


def _lines(file: Any, lines: list[Line], page: Page, prefix: str = "") -> None:
    for line in lines:
        name = f"{prefix}l{line.number}"
        with file.element(_LINE, {"id": name}):
            _coords(file, points_text(line.polygon, page))
            for number, (word, box, points) in enumerate(word_boxes(line, page), 1):
                with file.element(_WORD, {"id": f"{name}w{number}"}):
                    _coords(file, points or corners_text(box))
                    _text(file, word, {})
            certainty = f"{min(max(line.confidence, 0.0), 1.0):.4f}"
            _text(file, line.text, {} if line.is_corrected else {"conf": certainty})
    if lines:
        _text(file, "\n".join(line.text for line in lines), {})


def _text(file: Any, text: str, certainty: dict[str, str]) -> None:
    with file.element(_EQUIV, certainty), file.element(_UNICODE):
        file.write(allowed(text))


def _coords(file: Any, points: str) -> None:
    with file.element(_COORDS, {"points": points}):
        pass


def _outline(lines: list[Line]) -> Points:
    """The rectangle around all of them."""
    points = [point for line in lines for point in line.polygon]
    if not points:
        return ()
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    top, bottom = min(y for _, y in points), max(y for _, y in points)
    return (left, top), (right, top), (right, bottom), (left, bottom)
