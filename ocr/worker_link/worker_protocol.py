"""What the service and its worker process say to each other.

The worker opens hostile files with native code, so nothing that it sends is trusted: messages
are JSON (never pickle), of bounded size, and every field is checked before use. `worker_channel`
frames and carries them.

    service → worker   {"batch": 7, "images": [{"id": 1, "path": "a.jpg", "sha256": "…",
                                               "done": [1, 2], "careful": false}]}
    worker → service   {"type": "ready", "engine": …, "device": …, "precision": …,
                        "models": {…}, "parameters": {…}, "batch_size": 2, "batches": 2}
                       {"type": "failed", "code": …, "message": …}      it could not start
                       {"type": "progress", "batch": 7}                 it is alive
                       {"type": "progress", "batch": 7, "page": 3}      with this page, "careful"
                       {"type": "page", "batch": 7, "id": 1, "sha256": "…", "pages": 12,
                        "number": 3, "page": page}                      or "error" for "page"
                       {"type": "batch", "batch": 7, "seconds": 1.2, "inference_s": 1.1,
                        "images": [result, …]}
    result             {"id": 1, "sha256": "…", "pages": [page, …]}
                       {"id": 1, "sha256": "…"|null, "error": {"code", "message", "ignored"}}
                       {"id": 1, "sha256": "…", "document": {"pages": 12, "short": false,
                        "warnings": […]}}                               its pages came before
    page               {"width", "height", "rotation", "preview", "thumbnail", "seconds",
                        "lines": [[text, confidence, [[x, y], [x, y], [x, y], [x, y]], more], …],
                        "warnings": [{"code", "message"}, …]}            absent: none
                        "embedded": "…"}                                 a PDF's own; absent: none
                         "tables": [[polygon, rows, columns, header rows,
                                     [[row, column, rowspan, colspan, text, polygon,
                                       [line number, …]], …]], …]}        absent: none
    more               {"doubt", "reason", "alternatives", "model", "words", "paragraph"}
                                                                         absent: what is not known

Paths are text with undecodable bytes as lone surrogates (`os.fsdecode`). Standard library only.
"""

import dataclasses
import re
from typing import Any

from image_warnings import ImageWarning
from ocr_contract import word_boxes
from ocr_contract.alternatives import Alternative, from_plain, to_plain
from ocr_errors import ImageError, WorkerError
from page_records import (
    MAX_LINES,
    MAX_PAGES,
    BatchResult,
    DocumentPage,
    DocumentState,
    ImageResult,
    Line,
    Page,
    Provenance,
    Task,
)
from worker_link.table_messages import parse_tables, tables_to_json
from worker_link.worker_channel import nonsense

MAX_BATCHES = 16
MAX_LINE_CHARS = 10_000
MAX_MODEL_CHARS = 200
MAX_WARNINGS = 10
"""Of one page."""
MAX_WARNING_CHARS = 500
MAX_EMBEDDED_CHARS = 1_000_000
MAX_PIXELS_SIDE = 1_000_000
_CODE = re.compile(r"[a-z_]{1,50}\Z")
_FILE_NAME = re.compile(r"[0-9a-f]{2}/[0-9a-f]{64}(-[a-z0-9]+)*\.(jpg|png|webp)\Z")


def parse_failed(message: dict[str, Any]) -> WorkerError:
    """What a failed message says; of a malformed one, that it is nonsense."""
    try:
        code, text = _code(message["code"]), _text(message["message"], 1000)
    except (KeyError, TypeError, ValueError) as error:
        return nonsense(repr(error))
    return WorkerError(code, text)


def parse_ready(message: dict[str, Any]) -> Provenance:
    """The provenance in a ready message; raises WorkerError."""
    try:
        return Provenance(
            engine=_text(message["engine"], 200),
            device=_text(message["device"], 200),
            precision=_text(message["precision"], 50),
            models={_text(k, 200): _text(v, 64) for k, v in message["models"].items()},
            parameters={_text(k, 200): _plain(v) for k, v in message["parameters"].items()},
            batch_size=_whole(message["batch_size"], 1, 256),
            batches=_whole(message["batches"], 1, MAX_BATCHES),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise nonsense(repr(error)) from error


def batch_of(message: dict[str, Any]) -> int:
    """The id of the batch that a batch message answers; raises WorkerError."""
    try:
        return _whole(message["batch"], 0, 2**62)
    except (KeyError, ValueError) as error:
        raise nonsense(repr(error)) from error


def parse_page(message: dict[str, Any], tasks: list[Task]) -> DocumentPage:
    """The page in a page message; of one of the tasks.

    Raises:
        WorkerError: anything else.
    """
    try:
        page_count = _whole(message["pages"], 1, MAX_PAGES)
        found = DocumentPage(
            _whole(message["batch"], 0, 2**62),
            _whole(message["id"], 0, 2**62),
            _sha256(message["sha256"]),
            page_count,
            _whole(message["number"], 1, page_count),
            page=_page(message["page"]) if "page" in message else None,
            error=None if "page" in message else _error(message["error"]),
        )
        if found.image_id not in {task.image_id for task in tasks}:
            raise ValueError("the page is of no image of the batch")
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise nonsense(repr(error)) from error
    return found


def parse_page_in_hand(message: dict[str, Any]) -> int | None:
    """The page that a progress message names, if it does; raises WorkerError."""
    if "page" not in message:
        return None
    try:
        return _whole(message["page"], 1, MAX_PAGES)
    except ValueError as error:
        raise nonsense(repr(error)) from error


def error_to_json(error: ImageError) -> dict[str, Any]:
    """The wire's form of why something could not be read."""
    return {"code": error.code, "message": error.message[:500], "ignored": error.ignored}


def document_to_json(state: DocumentState) -> dict[str, Any]:
    """The wire's form of a document at the end of a portion."""
    return {
        "pages": state.page_count,
        "short": state.is_short_of_memory,
        "warnings": _warnings_to_json(state.warnings),
    }


def parse_batch(message: dict[str, Any], tasks: list[Task]) -> BatchResult:
    """The results in a batch message: exactly one for each task, in their order.

    Raises:
        WorkerError: anything else.
    """
    try:
        results = [_image(value) for value in message["images"]]
        if [result.image_id for result in results] != [task.image_id for task in tasks]:
            raise ValueError("the images are not those of the batch")
        return BatchResult(
            _whole(message["batch"], 0, 2**62),
            _number(message["seconds"], 0, 1e9),
            tuple(results),
            _number(message.get("inference_s", 0.0), 0, 1e9),
        )
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise nonsense(repr(error)) from error


def parse_stored_page(value: dict[str, Any]) -> Page:
    """A page in the wire's form that came from elsewhere; raises WorkerError."""
    try:
        return _page(value)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise nonsense(repr(error)) from error


def page_to_json(page: Page) -> dict[str, Any]:
    """The wire's form of a page."""
    return {
        "width": page.width,
        "height": page.height,
        "rotation": page.rotation,
        "preview": page.preview,
        "thumbnail": page.thumbnail,
        "seconds": round(page.seconds, 4),
        "lines": [
            [
                line.text,
                round(line.confidence, 4),
                [list(point) for point in line.polygon],
                _more_of(line),
            ]
            for line in page.lines
        ],
        "warnings": _warnings_to_json(page.warnings),
    } | {
        name: value
        for name, value in (
            ("embedded", page.embedded_text),
            ("tables", tables_to_json(page.tables) or None),
        )
        if value is not None
    }


def _warnings_to_json(warnings: tuple[ImageWarning, ...]) -> list[dict[str, str]]:
    return [
        {"code": warning.code, "message": warning.message[:MAX_WARNING_CHARS]}
        for warning in warnings[:MAX_WARNINGS]
    ]


def _more_of(line: Line) -> dict[str, Any]:
    known = {
        "doubt": line.doubt if line.doubt is None else round(line.doubt, 4),
        "reason": line.doubt_reason,
        "alternatives": to_plain(line.alternatives) or None,
        "model": line.model,
        "words": None if line.words is None else list(line.words),
        "paragraph": line.paragraph,
    }
    return {name: value for name, value in known.items() if value is not None}


def _image(value: dict[str, Any]) -> ImageResult:
    image_id = _whole(value["id"], 0, 2**62)
    sha256 = value.get("sha256")
    if sha256 is not None:
        _sha256(sha256)
    if "error" in value:
        return ImageResult(image_id, sha256, error=_error(value["error"]))
    if sha256 is None:
        raise ValueError("pages without the content's sha256")
    if "document" in value:
        return ImageResult(image_id, sha256, document=_document(value["document"]))
    return ImageResult(image_id, sha256, pages=tuple(_page(page) for page in value["pages"]))


def _sha256(value: Any) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", value):
        raise ValueError("sha256")
    return str(value)


def _error(value: dict[str, Any]) -> ImageError:
    code, message = _code(value["code"]), _text(value["message"], 500)
    return ImageError(code, message, ignored=value["ignored"] is True)


def _document(value: dict[str, Any]) -> DocumentState:
    if len(value["warnings"]) > MAX_WARNINGS:
        raise ValueError("too many warnings")
    return DocumentState(
        _whole(value["pages"], 1, MAX_PAGES),
        value["short"] is True,
        tuple(_warning(warning) for warning in value["warnings"]),
    )


def _page(value: dict[str, Any]) -> Page:
    embedded = value.get("embedded")
    if value["rotation"] not in (0, 90, 180, 270):
        raise ValueError("rotation")
    warnings = value.get("warnings", [])
    if len(value["lines"]) > MAX_LINES or len(warnings) > MAX_WARNINGS:
        raise ValueError("too many lines or warnings")
    return Page(
        width=_whole(value["width"], 1, MAX_PIXELS_SIDE),
        height=_whole(value["height"], 1, MAX_PIXELS_SIDE),
        rotation=value["rotation"],
        lines=tuple(_line(*line) for line in value["lines"]),
        preview=_file_name(value["preview"]),
        thumbnail=_file_name(value["thumbnail"]),
        seconds=_number(value["seconds"], 0, 1e9),
        warnings=tuple(_warning(warning) for warning in warnings),
        embedded_text=None if embedded is None else _text(embedded, MAX_EMBEDDED_CHARS),
        tables=parse_tables(value.get("tables", []), len(value["lines"])),
    )


def _warning(value: dict[str, Any]) -> ImageWarning:
    message = _text(value["message"], MAX_WARNING_CHARS)
    if not message.strip():
        raise ValueError("a warning that says nothing")
    return ImageWarning(_code(value["code"]), message)


def _line(
    text: str, confidence: float, polygon: list[list[float]], more: dict[str, Any] | None = None
) -> Line:
    points = tuple((_number(x, -1e7, 1e7), _number(y, -1e7, 1e7)) for x, y in polygon)
    if len(points) != 4:
        raise ValueError("polygon")
    more = more or {}
    doubt, reason, model, words, paragraph = (
        more.get(name) for name in ("doubt", "reason", "model", "words", "paragraph")
    )
    text = _text(text, MAX_LINE_CHARS)
    return Line(
        text,
        _number(confidence, 0, 1.001),
        points,
        doubt=None if doubt is None else _number(doubt, 0, 1),
        doubt_reason=None if reason is None else _code(reason),
        alternatives=_alternatives(more.get("alternatives", []), text),
        model=None if model is None else _text(model, MAX_MODEL_CHARS),
        words=None if words is None else word_boxes.from_plain(words, text),
        paragraph=None if paragraph is None else _whole(paragraph, 1, MAX_LINES),
    )


def _alternatives(value: Any, text: str) -> tuple[Alternative, ...]:
    return tuple(
        dataclasses.replace(each, readings=tuple(_text(r, len(r)) for r in each.readings))
        for each in from_plain(value, text)
    )


def _code(value: Any) -> str:
    code = _text(value, 50)
    if not _CODE.match(code):
        raise ValueError("code")
    return code


def _text(value: Any, max_chars: int) -> str:
    if not isinstance(value, str) or len(value) > max_chars:
        raise ValueError("text")
    value.encode()  # a lone surrogate would not fit into the database
    return value.replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _whole(value: Any, minimum: int, maximum: int) -> int:
    if type(value) is not int or not minimum <= value <= maximum:
        raise ValueError("whole number")
    return value


def _number(value: Any, minimum: float, maximum: float) -> float:
    inside = type(value) in (int, float) and minimum <= value <= maximum  # False for nan, too
    if not inside:
        raise ValueError("number")
    return float(value)


def _plain(value: Any) -> str | int | float | bool | None:
    """What a parameter may be: it is stored as JSON, which knows no infinity."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value, 200)
    return value if type(value) is int and abs(value) < 2**53 else _number(value, -1e18, 1e18)


def _file_name(value: Any) -> str | None:
    if value is None or (isinstance(value, str) and _FILE_NAME.match(value)):
        return value
    raise ValueError("file name of a preview")
