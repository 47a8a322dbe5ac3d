"""ALTO 4.3, the libraries' format of texts with layout (http://www.loc.gov/standards/alto/).

Each paragraph is a TextBlock, words are String elements with their own box and polygon. A line that
a person corrected has CS; WC is the line's confidence: there is none for words. Elements are
written as they come, not as a tree: that takes half the time.
"""

import re
from collections.abc import Iterable
from typing import Any

from lxml import etree

from exporting.allowed_text import allowed
from exporting.making import Outlet
from exporting.pixel_boxes import (
    PixelBox,
    around,
    box_of,
    is_upright,
    paragraphs,
    points_text,
    word_boxes,
)
from exporting.task import ExportTask
from ocr_contract.export.records import Line, Page, Source

NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
_VERSION = "4.3"
_SCHEMA = "http://www.loc.gov/standards/alto/v4/alto-4-3.xsd"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_UNSTAMPED = re.compile(r"\.\d+Z\Z")


def write(task: ExportTask, source: Source, pages: Iterable[Page], target: Outlet) -> None:
    """The file, page by page."""
    location = {f"{{{_XSI}}}schemaLocation": f"{NAMESPACE} {_SCHEMA}", "SCHEMAVERSION": _VERSION}
    with etree.xmlfile(target, encoding="UTF-8") as file:
        file.write_declaration()
        with file.element(_tag("alto"), location, nsmap={None: NAMESPACE, "xsi": _XSI}):
            file.write(_description(source))
            with file.element(_tag("Layout")):
                for page in pages:
                    _page(file, page)


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _add(parent: Any, tag: str, text: str | None = None) -> Any:
    element = etree.SubElement(parent, _tag(tag))
    element.text = text
    return element


_PAGE, _SPACE, _BLOCK, _LINE = map(_tag, ("Page", "PrintSpace", "TextBlock", "TextLine"))
_STRING, _SHAPE, _POLYGON = map(_tag, ("String", "Shape", "Polygon"))
_BLANK = etree.Element("SP")
"""Written as it is, hundreds of times a page, it stands in the namespace that is around it."""


def _description(source: Source) -> Any:
    description = etree.Element(_tag("Description"), nsmap={None: NAMESPACE})
    _add(description, "MeasurementUnit", "pixel")
    image = _add(description, "sourceImageInformation")
    _add(image, "fileName", allowed(source.name))
    step = _add(description, "Processing")
    step.set("ID", "reading")
    if source.finished_at:
        _add(step, "processingDateTime", _UNSTAMPED.sub("Z", source.finished_at))
    software = _add(step, "processingSoftware")
    _add(software, "softwareName", "ocr_docker")
    if source.engine:
        _add(software, "applicationDescription", allowed(source.engine))
    return description


def _page(file: Any, page: Page) -> None:
    size = {"WIDTH": str(page.width), "HEIGHT": str(page.height)}
    shown = {"ID": f"page{page.number}", "PHYSICAL_IMG_NR": str(page.number), **size}
    if page.confidence is not None:
        shown["PC"] = _share(page.confidence)
    place = {"HPOS": "0", "VPOS": "0", **size}
    with file.element(_PAGE, shown), file.element(_SPACE, place):
        for number, lines in enumerate(paragraphs(page), 1):
            _block(file, page, number, lines)


def _block(file: Any, page: Page, number: int, lines: list[Line]) -> None:
    boxes = [box_of(line.polygon, page) for line in lines]
    with file.element(_BLOCK, _place(around(boxes), f"page{page.number}block{number}")):
        for line, box in zip(lines, boxes, strict=True):
            name = f"page{page.number}line{line.number}"
            place = _place(box, name)
            if line.is_corrected:
                place["CS"] = "true"
            with file.element(_LINE, place):
                if not is_upright(line.polygon):
                    _shape(file, points_text(line.polygon, page))
                _words(file, name, line, box, page)


def _words(file: Any, name: str, line: Line, box: PixelBox, page: Page) -> None:
    element, write, certainty = file.element, file.write, _share(line.confidence)
    number = 0
    for number, (word, (left, top, right, bottom), points) in enumerate(word_boxes(line, page), 1):
        if number > 1:
            write(_BLANK)
        with element(_STRING, {
            "ID": f"{name}word{number}", "CONTENT": allowed(word), "HPOS": str(left),
            "VPOS": str(top), "WIDTH": str(right - left), "HEIGHT": str(bottom - top),
            "WC": certainty,
        }):  # fmt: skip
            if points is not None:
                _shape(file, points)
    if not number:  # a line holds a word at least
        with element(_STRING, {**_place(box), "CONTENT": allowed(line.text)}):
            pass


def _shape(file: Any, points: str) -> None:
    """Only of what is no upright rectangle: the box says the same."""
    with file.element(_SHAPE), file.element(_POLYGON, {"POINTS": points}):
        pass


def _place(box: PixelBox, name: str | None = None) -> dict[str, str]:
    left, top, right, bottom = box
    place = {"HPOS": str(left), "VPOS": str(top)}
    place["WIDTH"], place["HEIGHT"] = str(right - left), str(bottom - top)
    if name is not None:
        place["ID"] = name
    return place


def _share(confidence: float) -> str:
    return f"{min(max(confidence, 0.0), 1.0):.4f}"
