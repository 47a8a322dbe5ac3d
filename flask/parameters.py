"""Every value that a visitor can put into an address, bounded before anything uses it."""

from flask import Request

from image_records import ImageFilter
from ocr_contract.control import MAX_CORRECTION_CHARS, Review
from ocr_contract.error_codes import ErrorCode
from ocr_contract.export.selection import MAX_IDS
from ocr_contract.search import language
from ocr_contract.search.states import STATE_FILTERS, WARNINGS
from ocr_contract.trial_readings import MAX_READING_CHARS
from page_tokens import SearchPlace, SortKey, decode, decode_search
from web_errors import BadParameterError

MAX_PAGE_SIZE = 200
MAX_SIZE_DIGITS = 6
MAX_ID_DIGITS = 18
MAX_MARK_CHARS = 64


def only(request: Request, *names: str, many: str | None = None) -> None:
    """What programs ask for is told by these parameters, each once, or `many` times.

    Any other one would be passed over: `?status=failed` for `state` listed everything, and
    `?id=7` for `ids` exported it.
    """
    known = (*names, many) if many else names
    for name, values in request.args.lists():
        if name not in known:
            there_are = f"There are: {', '.join(known)}." if known else "There are none."
            raise BadParameterError(f"“{name[:MAX_MARK_CHARS]}” is no parameter here. {there_are}")
        if len(values) > 1 and name != many:
            raise BadParameterError(f"{name} is given more than once.")


def image_filter(request: Request, *, default_state: str) -> tuple[ImageFilter, str, str]:
    """The filter in `?q=` and `?state=`, the state's name, and the query as typed.

    A search looks at every state unless one is asked for.
    """
    if "page" in request.args and "image_id" not in (request.view_args or {}):
        raise BadParameterError("The list has no page numbers; follow its links, or use next.")
    raw = request.args.get("q", "")
    try:
        query = language.parse(raw)
    except language.QueryTooLongError as error:
        raise BadParameterError(str(error), code=ErrorCode.QUERY_TOO_LONG) from None
    state = request.args.get("state") or ("all" if query else default_state)
    if state not in STATE_FILTERS:
        raise BadParameterError(f"There is no such state. There are: {', '.join(STATE_FILTERS)}.")
    wanted = ImageFilter(STATE_FILTERS[state], query, only_warned=state == WARNINGS)
    return wanted, state, query.raw if query else ""


def edited_line(request: Request) -> int | None:
    """The id in `?edit=`: whose form is open."""
    text = request.args.get("edit", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_ID_DIGITS):
        raise BadParameterError("edit must be the number of a line.")
    return int(text)


def page_number(request: Request) -> int | None:
    """The page of a document in `?page=`."""
    text = request.args.get("page", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_ID_DIGITS):
        raise BadParameterError("page must be the number of a page.")
    return int(text)


def wants_words(request: Request) -> bool:
    """Whether each line is asked for with its words: `?words=1`."""
    return _is_set(request, "words")


def machine(request: Request) -> bool:
    """Whether the machine's text is wanted, without corrections: `?machine=1`."""
    return _is_set(request, "machine")


def _is_set(request: Request, name: str) -> bool:
    text = request.args.get(name, "")
    if text not in ("", "0", "1"):
        raise BadParameterError(f"{name} must be 0 or 1.")
    return text == "1"


def image_ids(request: Request) -> tuple[int, ...] | None:
    """The selection in `?ids=7,9`, or in a form's `ids=7&ids=9`; None: no selection."""
    text = ",".join(value for value in request.values.getlist("ids") if value)
    if not text:
        return None
    parts = text.split(",")
    is_well = all(p.isascii() and p.isdigit() and len(p) <= MAX_ID_DIGITS for p in parts)
    if not is_well or len(parts) > MAX_IDS:
        raise BadParameterError(f"ids must be up to {MAX_IDS} numbers of images, with commas.")
    return tuple(dict.fromkeys(map(int, parts)))


def image_number(request: Request) -> int | None:
    """The number in `?image=`."""
    text = request.args.get("image", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_ID_DIGITS):
        raise BadParameterError("image must be the number of an image.")
    return int(text)


def correction(request: Request) -> str:
    """The text for a line in a form: one line, bounded."""
    text = request.form.get("text", "")
    if len(text) > MAX_CORRECTION_CHARS:
        raise BadParameterError(
            f"The text has {len(text)} characters; a line has at most {MAX_CORRECTION_CHARS}."
        )
    if any(character in text for character in "\n\r\0"):
        raise BadParameterError("The text must be one line.")
    return text


def seen(request: Request) -> str | None:
    """The mark of the line that the form was made for."""
    return request.form.get("seen", "")[:MAX_MARK_CHARS] or None


def request_id(request: Request) -> str | None:
    """The number that a form has for itself, so that sending it again repeats nothing."""
    text = request.form.get("request_id", "")
    if text and not (text.isascii() and text.isalnum() and len(text) <= MAX_MARK_CHARS):
        raise BadParameterError("request_id must be letters and digits.")
    return text or None


def trial_id(request: Request) -> int:
    """The number of a trial reading in a form."""
    text = request.form.get("trial_id", "")
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_ID_DIGITS):
        raise BadParameterError("trial_id must be the number of a trial.")
    return int(text)


def chosen_from(request: Request) -> str | None:
    """The model in a form whose reading of a line a person chose."""
    text = request.form.get("chosen_from", "")[:MAX_READING_CHARS]
    return text if text.isprintable() and text else None


def review(request: Request) -> Review | None:
    """Whether a line is judged in a review."""
    text = request.form.get("review", "")
    if text and text not in set(Review):
        raise BadParameterError(f"There is no such review. There are: {', '.join(Review)}.")
    return Review(text) if text else None


def is_script(request: Request) -> bool:
    """Whether a script of ours asks, which wants an object and stays on its page."""
    return request.headers.get("Accept") == "application/json"


def after(request: Request) -> SortKey | None:
    """Where the page begins, from `?next=`."""
    token = request.args.get("next", "")
    return decode(token) if token else None


def search_place(request: Request) -> SearchPlace | None:
    """Where the page of a search begins, from `?next=`."""
    token = request.args.get("next", "")
    return decode_search(token) if token else None


def page_size(request: Request, default: int) -> int:
    """`?size=`, 1 to 200."""
    text = request.args.get("size", "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_SIZE_DIGITS and int(text) > 0):
        raise BadParameterError(f"size must be a whole number from 1 to {MAX_PAGE_SIZE}.")
    return min(int(text), MAX_PAGE_SIZE)
