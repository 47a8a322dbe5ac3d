"""The bodies of control requests, checked field by field. Standard library only.

Every function raises RequestError, with a sentence, for anything that does not fit.
"""

import json
import os
import re
from typing import Any

from ocr_contract import control, line_causes
from ocr_contract.error_codes import ErrorCode
from ocr_contract.trial_readings import MAX_READING_CHARS
from ocr_errors import RequestError

_REQUEST_ID = re.compile(rf"[\x21-\x7e]{{1,{control.MAX_REQUEST_ID_CHARS}}}\Z")
_MAX_ID = 2**63 - 1


def parse_object(raw: bytes) -> dict[str, Any]:
    """The JSON object in a body; an empty body is an empty object."""
    if not raw.strip():
        return {}
    try:
        value = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise RequestError(ErrorCode.BAD_ENCODING, "The body is not UTF-8.") from error
    except (ValueError, RecursionError) as error:
        raise RequestError(ErrorCode.BAD_JSON, "The body is not JSON.") from error
    if not isinstance(value, dict):
        raise RequestError(ErrorCode.BAD_JSON, "The body must be a JSON object.")
    return value


def request_id_field(body: dict[str, Any]) -> str | None:
    """`request_id`, 1 to 100 printable ASCII characters, or None."""
    value = body.get("request_id")
    if value is None:
        return None
    if not isinstance(value, str) or not _REQUEST_ID.match(value):
        raise RequestError(
            ErrorCode.BAD_REQUEST_ID,
            f"request_id must be 1 to {control.MAX_REQUEST_ID_CHARS} printable ASCII characters.",
        )
    return value


def process_fields(body: dict[str, Any]) -> tuple[int | None, list[str] | None]:
    """`limit` and `paths` of a processing signal."""
    limit, paths = body.get("limit"), body.get("paths")
    if limit is not None and (type(limit) is not int or not 1 <= limit <= _MAX_ID):
        raise RequestError(ErrorCode.BAD_LIMIT, "limit must be a whole number of at least 1.")
    if paths is not None:
        fits = isinstance(paths, list) and 1 <= len(paths) <= control.MAX_PATHS
        if not fits or not all(isinstance(path, str) and _is_path(path) for path in paths):
            raise RequestError(
                ErrorCode.BAD_PATHS,
                f"paths must be a list of 1 to {control.MAX_PATHS} names below the image folder.",
            )
    return limit, paths


def _is_path(text: str) -> bool:
    """Whether it can name a file; undecodable bytes are surrogates, as in `os.fsdecode`."""
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return text != ""


def image_ids_field(body: dict[str, Any]) -> list[int]:
    """`image_ids` of a reprocess request."""
    ids = body.get("image_ids")
    fits = isinstance(ids, list) and 1 <= len(ids) <= control.MAX_IMAGE_IDS
    if not fits or not all(type(value) is int and 0 <= value <= _MAX_ID for value in ids or []):
        raise RequestError(
            ErrorCode.BAD_IMAGE_IDS,
            f"image_ids must be a list of 1 to {control.MAX_IMAGE_IDS} numbers.",
        )
    return list(ids or [])


def backup_file_field(body: dict[str, Any]) -> str | None:
    """`file` of a backup request: a path, or None for a name made of the time."""
    value = body.get("file")
    if value is None:
        return None
    if not isinstance(value, str) or not 1 <= len(value) <= 255 or "\0" in value:
        raise RequestError(ErrorCode.BAD_BACKUP_FILE, "file must be a path of 1 to 255 characters.")
    if not _is_path(value):
        raise RequestError(ErrorCode.BAD_BACKUP_FILE, "file is not a name that a file can have.")
    return value


def correction_fields(body: dict[str, Any]) -> tuple[int, str | None]:
    """`line_id` and `text` of a correction."""
    line_id, text = body.get("line_id"), body.get("text")
    if type(line_id) is not int or not 0 <= line_id <= _MAX_ID:
        raise RequestError(ErrorCode.BAD_LINE_ID, "line_id must be a number.")
    if "text" not in body:
        raise RequestError(ErrorCode.BAD_TEXT, "text is missing; null takes a correction back.")
    if text is None:
        return line_id, None
    if not isinstance(text, str) or len(text) > control.MAX_CORRECTION_CHARS or "\n" in text:
        raise RequestError(
            ErrorCode.BAD_TEXT,
            f"text must be one line of at most {control.MAX_CORRECTION_CHARS} characters.",
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise RequestError(ErrorCode.BAD_TEXT, "text holds half a surrogate pair.") from error
    return line_id, text.replace("\x00", "")


def chosen_from_field(body: dict[str, Any]) -> str | None:
    """`chosen_from` of a correction: a model's name, or None."""
    value = body.get("chosen_from")
    if value is None:
        return None
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_READING_CHARS or "\0" in value:
        raise RequestError(ErrorCode.BAD_READING, "chosen_from must be the name of a model.")
    return value


def by_field(body: dict[str, Any]) -> str | None:
    """`by` of a correction: who it was, or None."""
    value = body.get("by")
    if value is None:
        return None
    if not isinstance(value, str) or not line_causes.is_by(value):
        raise RequestError(
            ErrorCode.BAD_PARAMETER,
            f"by must be one printable line of 1 to {line_causes.MAX_BY_CHARS} characters.",
        )
    return value


def trial_fields(body: dict[str, Any]) -> tuple[int, int | None, str]:
    """`image_id`, `page` and `reading` of a trial."""
    image_id, page, reading = body.get("image_id"), body.get("page"), body.get("reading")
    if type(image_id) is not int or not 0 <= image_id <= _MAX_ID:
        raise RequestError(ErrorCode.BAD_IMAGE_IDS, "image_id must be the number of an image.")
    if page is not None and (type(page) is not int or not 1 <= page <= _MAX_ID):
        raise RequestError(ErrorCode.BAD_PARAMETER, "page must be the number of a page.")
    if not isinstance(reading, str) or not 1 <= len(reading) <= MAX_READING_CHARS:
        raise RequestError(
            ErrorCode.BAD_READING, "reading must be one of those that the status names."
        )
    return image_id, page, reading


def trial_id_field(body: dict[str, Any]) -> int:
    """`trial_id` of a trial to take or to drop."""
    value = body.get("trial_id")
    if type(value) is not int or not 0 <= value <= _MAX_ID:
        raise RequestError(ErrorCode.UNKNOWN_TRIAL, "trial_id must be the number of a trial.")
    return value


def review_fields(body: dict[str, Any]) -> tuple[str | None, control.Review | None]:
    """`seen` and `review` of a correction; both may be left out."""
    seen, review = body.get("seen"), body.get("review")
    if seen is not None and not isinstance(seen, str):
        raise RequestError(ErrorCode.BAD_TEXT, "seen must be the mark of the line that was shown.")
    if review is None:
        return seen, None
    try:
        return seen, control.Review(review)
    except ValueError as error:
        kinds = ", ".join(control.Review)
        raise RequestError(ErrorCode.BAD_REVIEW, f"review must be one of: {kinds}.") from error
