"""ALTO 4.4, the libraries' format of texts with layout (http://www.loc.gov/standards/alto/).

Each paragraph is a TextBlock, words are String elements with their own box and polygon. A line that
a person corrected has CS; WC is the line's confidence: there is none for words.
"""

import re
from collections.abc import Iterable
from typing import Any

from lxml import etree

from exporting.allowed_text import allowed
from exporting.making import Outlet
from exporting.pixel_boxes import PixelBox, around, box_of, paragraphs, points_text
from exporting.task import ExportTask
from ocr_contract.export.records import Line, Page, Source

NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
_SCHEMA = "http://www.loc.gov/standards/alto/v4/alto-4-4.xsd"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_UNSTAMPED = re.compile(r"\.\d+Z\Z")


def write(task: ExportTask, source: Source, pages: Iterable[Page], target: Outlet) -> None:
    """The file, page by page."""
    location = {f"{{{_XSI}}}schemaLocation": f"{NAMESPACE} {_SCHEMA}", "SCHEMAVERSION": "4.4"}
    with etree.xmlfile(target, encoding="UTF-8") as file:
        file.write_declaration()
        with file.element(_tag("alto"), location, nsmap={None: NAMESPACE, "xsi": _XSI}):
            file.write(_description(source))
            with file.element(_tag("Layout")):
                for page in pages:
                    file.write(_page(page))


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _add(parent: Any, tag: str, text: str | None = None, /, **attributes: object) -> Any:
    element = etree.SubElement(
        parent, _tag(tag), {key: str(value) for key, value in attributes.items()}
    )
    element.text = text
    return element


def _description(source: Source) -> Any:
    description = etree.Element(_tag("Description"), nsmap={None: NAMESPACE})
    _add(description, "MeasurementUnit", "pixel")
    image = _add(description, "sourceImageInformation")
    _add(image, "fileName", allowed(source.name))
    step = _add(description, "Processing", ID="reading")
    if source.finished_at:
        _add(step, "processingDateTime", _UNSTAMPED.sub("Z", source.finished_at))
    software = _add(step, "processingSoftware")
    _add(software, "softwareName", "ocr_docker")
    if source.engine:
        _add(software, "applicationDescription", allowed(source.engine))
    return description


def _page(page: Page) -> Any:
    size = {"WIDTH": page.width, "HEIGHT": page.height}
    shown = {} if page.confidence is None else {"PC": f"{page.confidence:.4f}"}
    element = etree.Element(_tag("Page"), nsmap={None: NAMESPACE})
    attributes = {"ID": f"page{page.number}", "PHYSICAL_IMG_NR": page.number, **size, **shown}
    for key, value in attributes.items():
        element.set(key, str(value))
    space = _add(element, "PrintSpace", HPOS=0, VPOS=0, **size)
    for number, lines in enumerate(paragraphs(page), 1):
        _block(space, page, number, lines)
    return element


def _block(space: Any, page: Page, number: int, lines: list[Line]) -> None:
    boxes = [box_of(line.polygon, page) for line in lines]
    block = _add(space, "TextBlock", ID=f"page{page.number}block{number}", **_place(around(boxes)))
    for line, box in zip(lines, boxes, strict=True):
        name = f"page{page.number}line{line.number}"
        shown = _add(block, "TextLine", ID=name, **_place(box))
        if line.is_corrected:
            shown.set("CS", "true")
        _shape(shown, line.polygon, page)
        _words(shown, name, line, page)
        if len(shown) == 1:  # a line holds a word at least
            _add(shown, "String", CONTENT=allowed(line.text), **_place(box))


def _words(shown: Any, name: str, line: Line, page: Page) -> None:
    before: PixelBox | None = None
    for number, (word, quad) in enumerate(line.places(), 1):
        box = box_of(quad, page)
        if before is not None:
            gap = max(box.left - before.right, 0)
            _add(shown, "SP", HPOS=before.right, VPOS=box.top, WIDTH=gap)
        string = _add(
            shown, "String", ID=f"{name}word{number}", CONTENT=allowed(word), **_place(box),
            WC=f"{min(max(line.confidence, 0.0), 1.0):.4f}",
        )  # fmt: skip
        _shape(string, quad, page)
        before = box


def _shape(element: Any, points: Any, page: Page) -> None:
    shape = _add(element, "Shape")
    _add(shape, "Polygon", POINTS=points_text(points, page))


def _place(box: PixelBox) -> dict[str, int]:
    return {"HPOS": box.left, "VPOS": box.top, "WIDTH": box.width, "HEIGHT": box.height}
