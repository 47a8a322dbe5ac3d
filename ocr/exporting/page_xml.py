"""PAGE XML 2019-07-15, layout and text for ground truth and training (PRImA).

A file of this format holds one page. Those of a document come as a zip.
"""

from collections.abc import Iterable
from typing import Any

from lxml import etree

from exporting.allowed_text import allowed
from exporting.making import Outlet
from exporting.pixel_boxes import Points, paragraphs, points_text
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
    root = etree.Element(_tag("PcGts"), nsmap={None: NAMESPACE, "xsi": _XSI})
    root.set(f"{{{_XSI}}}schemaLocation", f"{NAMESPACE} {_SCHEMA}")
    metadata = _add(root, "Metadata")
    _add(metadata, "Creator", "ocr_docker")
    read_at = source.finished_at or "1970-01-01T00:00:00Z"
    _add(metadata, "Created", read_at)
    _add(metadata, "LastChange", read_at)
    if source.page_count > 1:
        _add(metadata, "Comments", f"page {page.number} of the document")
    shown = _add(
        root, "Page", imageFilename=allowed(source.name), imageWidth=page.width,
        imageHeight=page.height,
    )  # fmt: skip
    _regions(shown, page)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _add(parent: Any, tag: str, text: str | None = None, /, **attributes: object) -> Any:
    element = etree.SubElement(
        parent, _tag(tag), {key: str(value) for key, value in attributes.items()}
    )
    element.text = text
    return element


def _regions(shown: Any, page: Page) -> None:
    """Paragraphs are regions, tables regions of regions; a line of a table stands in its cell."""
    cells = {number for table in page.tables for cell in table.cells for number in cell.lines}
    blocks = [
        (f"r{number}", lines)
        for number, block in enumerate(paragraphs(page), 1)
        if (lines := [line for line in block if line.number not in cells])
    ]
    tables = [(f"t{table.number}", table) for table in page.tables]
    if blocks or tables:
        order = _add(_add(shown, "ReadingOrder"), "OrderedGroup", id="order")
        for index, name in enumerate(
            [*(name for name, _ in blocks), *(name for name, _ in tables)]
        ):
            _add(order, "RegionRefIndexed", index=index, regionRef=name)
    for name, lines in blocks:
        region = _add(shown, "TextRegion", id=name)
        _coords(region, _outline(lines), page)
        _lines(region, lines, page)
    for name, table in tables:
        _table(shown, name, table, page)


def _table(shown: Any, name: str, table: Table, page: Page) -> None:
    by_number = {line.number: line for line in page.lines}
    region = _add(shown, "TableRegion", id=name, rows=table.rows, columns=table.columns)
    _coords(region, table.polygon, page)
    for number, cell in enumerate(table.cells, 1):
        part = _add(region, "TextRegion", id=f"{name}c{number}")
        _coords(part, cell.polygon or table.polygon, page)
        _add(
            _add(part, "Roles"), "TableCellRole", rowIndex=cell.row, columnIndex=cell.column,
            rowSpan=cell.rowspan, colSpan=cell.colspan,
        )  # fmt: skip
        lines = [by_number[each] for each in cell.lines if each in by_number]
        _lines(part, lines, page, prefix=f"{name}c{number}")
        if not lines:
            _text(part, cell.text, None)


def _lines(region: Any, lines: list[Line], page: Page, prefix: str = "") -> None:
    for line in lines:
        name = f"{prefix}l{line.number}"
        element = _add(region, "TextLine", id=name)
        _coords(element, line.polygon, page)
        for number, (word, quad) in enumerate(line.places(), 1):
            part = _add(element, "Word", id=f"{name}w{number}")
            _coords(part, quad, page)
            _text(part, word, None)
        _text(element, line.text, None if line.is_corrected else line.confidence)
    if lines:
        _text(region, "\n".join(line.text for line in lines), None)


def _text(element: Any, text: str, confidence: float | None) -> None:
    shown = {} if confidence is None else {"conf": f"{min(max(confidence, 0.0), 1.0):.4f}"}
    _add(_add(element, "TextEquiv", **shown), "Unicode", allowed(text))


def _coords(element: Any, points: Points, page: Page) -> None:
    _add(element, "Coords", points=points_text(points, page))


def _outline(lines: list[Line]) -> Points:
    """The rectangle around all of them."""
    points = [point for line in lines for point in line.polygon]
    if not points:
        return ()
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    top, bottom = min(y for _, y in points), max(y for _, y in points)
    return (left, top), (right, top), (right, bottom), (left, bottom)
