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
from exporting.pixel_boxes import (
    PixelBox,
    Points,
    around,
    box_of,
    is_upright,
    paragraphs,
    points_text,
)
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


def _add(parent: Any, tag: str, text: str | None = None) -> Any:
    element = etree.SubElement(parent, _tag(tag))
    element.text = text
    return element


_PAGE, _SPACE, _BLOCK, _LINE = map(_tag, ("Page", "PrintSpace", "TextBlock", "TextLine"))
_STRING, _BLANK, _SHAPE, _POLYGON = map(_tag, ("String", "SP", "Shape", "Polygon"))


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


def _page(page: Page) -> Any:
    width, height = str(page.width), str(page.height)
    element = etree.Element(
        _PAGE, {"ID": f"page{page.number}", "PHYSICAL_IMG_NR": str(page.number)},
        nsmap={None: NAMESPACE},
    )  # fmt: skip
    element.set("WIDTH", width)
    element.set("HEIGHT", height)
    if page.confidence is not None:
        element.set("PC", _share(page.confidence))
    place = {"HPOS": "0", "VPOS": "0", "WIDTH": width, "HEIGHT": height}
    space = etree.SubElement(element, _SPACE, place)
    for number, lines in enumerate(paragraphs(page), 1):
        _block(space, page, number, lines)
    return element


def _block(space: Any, page: Page, number: int, lines: list[Line]) -> None:
    boxes = [box_of(line.polygon, page) for line in lines]
    name = f"page{page.number}block{number}"
    block = etree.SubElement(space, _BLOCK, _place(around(boxes), name))
    for line, box in zip(lines, boxes, strict=True):
        name = f"page{page.number}line{line.number}"
        shown = etree.SubElement(block, _LINE, _place(box, name))
        if line.is_corrected:
            shown.set("CS", "true")
        _shape(shown, line.polygon, page)
        if not _words(shown, name, line, page):  # a line holds a word at least
            word = etree.SubElement(shown, _STRING, _place(box))
            word.set("CONTENT", allowed(line.text))


def _words(shown: Any, name: str, line: Line, page: Page) -> int:
    """Add them; returns how many there are."""
    certainty = _share(line.confidence)
    add, is_level = etree.SubElement, is_upright(line.polygon)
    number = 0
    for number, (word, quad) in enumerate(line.places(), 1):
        if number > 1:
            add(shown, _BLANK)
        left, top, right, bottom = box_of(quad, page)
        string = add(shown, _STRING, {
            "ID": f"{name}word{number}", "CONTENT": allowed(word), "HPOS": str(left),
            "VPOS": str(top), "WIDTH": str(right - left), "HEIGHT": str(bottom - top),
            "WC": certainty,
        })  # fmt: skip
        if not is_level:
            _shape(string, quad, page)
    return number


def _shape(element: Any, points: Points, page: Page) -> None:
    """Only of what is no upright rectangle: the box says the same."""
    if not is_upright(points):
        etree.SubElement(
            etree.SubElement(element, _SHAPE), _POLYGON, {"POINTS": points_text(points, page)}
        )


def _place(box: PixelBox, name: str | None = None) -> dict[str, str]:
    left, top, right, bottom = box
    place = {"HPOS": str(left), "VPOS": str(top)}
    place["WIDTH"], place["HEIGHT"] = str(right - left), str(bottom - top)
    if name is not None:
        place["ID"] = name
    return place


def _share(confidence: float) -> str:
    return f"{min(max(confidence, 0.0), 1.0):.4f}"
