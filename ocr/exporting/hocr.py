"""hOCR 1.2: the text as a web page that says where everything stands (kba.github.io/hocr-spec)."""

from collections.abc import Iterable
from typing import Any

from lxml import etree

from exporting.allowed_text import allowed
from exporting.making import Outlet
from exporting.pixel_boxes import PixelBox, around, box_of, paragraphs, word_boxes
from exporting.task import ExportTask
from ocr_contract.export.records import Line, Page, Source

NAMESPACE = "http://www.w3.org/1999/xhtml"
_CAPABILITIES = "ocr_page ocr_par ocr_line ocrx_word ocrp_wconf"
_DOCTYPE = (
    '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" '
    '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">'
)


def write(task: ExportTask, source: Source, pages: Iterable[Page], target: Outlet) -> None:
    """The file, page by page."""
    with etree.xmlfile(target, encoding="UTF-8") as file:
        file.write_declaration()
        file.write_doctype(_DOCTYPE)
        with file.element(_tag("html"), nsmap={None: NAMESPACE}):
            file.write(_head(source))
            with file.element(_tag("body")):
                for page in pages:
                    _page(file, source, page)


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


_DIV, _P, _SPAN = map(_tag, ("div", "p", "span"))


def _add(parent: Any, tag: str, text: str | None = None, /, **attributes: str) -> Any:
    element = etree.SubElement(
        parent, _tag(tag), {key.rstrip("_"): value for key, value in attributes.items()}
    )
    element.text = text
    return element


def _head(source: Source) -> Any:
    head = etree.Element(_tag("head"), nsmap={None: NAMESPACE})
    _add(head, "title", allowed(source.name))
    _add(head, "meta", name="ocr-system", content="ocr_docker")
    _add(head, "meta", name="ocr-capabilities", content=_CAPABILITIES)
    _add(head, "meta", name="ocr-number-of-pages", content=str(source.page_count))
    return head


def _page(file: Any, source: Source, page: Page) -> None:
    quoted = allowed(source.name).replace('"', "'").replace("\n", " ")
    title = f'image "{quoted}"; bbox 0 0 {page.width} {page.height}; ppageno {page.number - 1}'
    with file.element(_DIV, {"class": "ocr_page", "id": f"page_{page.number}", "title": title}):
        for number, lines in enumerate(paragraphs(page), 1):
            boxes = [box_of(line.polygon, page) for line in lines]
            with file.element(_P, {
                "class": "ocr_par", "id": f"par_{page.number}_{number}", "dir": "auto",
                "title": _bbox(around(boxes)),
            }):  # fmt: skip
                for line, box in zip(lines, boxes, strict=True):
                    _line(file, page, line, box)
                    file.write("\n")


def _line(file: Any, page: Page, line: Line, box: PixelBox) -> None:
    name = f"{page.number}_{line.number}"
    certainty = f"x_wconf {round(100 * min(max(line.confidence, 0.0), 1.0))}"
    element, write, number = file.element, file.write, 0
    with element(_SPAN, {"class": "ocr_line", "id": f"line_{name}", "title": _bbox(box)}):
        for number, (word, (left, top, right, bottom), _) in enumerate(word_boxes(line, page), 1):
            if number > 1:
                write(" ")
            with element(_SPAN, {
                "class": "ocrx_word", "id": f"word_{name}_{number}",
                "title": f"bbox {left} {top} {right} {bottom}; {certainty}",
            }):  # fmt: skip
                write(allowed(word))
        if not number:
            write(allowed(line.text))


def _bbox(box: PixelBox) -> str:
    return f"bbox {box.left} {box.top} {box.right} {box.bottom}"
