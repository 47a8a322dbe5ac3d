"""The buttons: scan, pause, resume, correct a line, read again. Each is checked to be ours and
passed on to ocr_service.

web_service changes nothing itself. After an action the browser is sent back to the page with
the code of a notice, so that reloading the page repeats nothing.
"""

import secrets
from collections.abc import Callable

from flask import Blueprint, Response, redirect, request, url_for

import image_view
import notices
import page_tokens
import parameters
import queries
from ocr_contract.control import ControlClient, ControlError, ServiceUnreachable
from ocr_contract.error_codes import ErrorCode
from ocr_contract.replies import Reply, ReprocessReply
from ocr_contract.search.language import MAX_QUERY_CHARS
from site_context import current_site

blueprint = Blueprint("actions", __name__, url_prefix="/actions")
_IMAGE = f"/images/<int(max={page_tokens.MAX_ID}):image_id>"


@blueprint.post("/scan")
def scan() -> Response:
    """Look through the folder now."""
    return _forward("scan", lambda client, request_id: client.process(request_id=request_id))


@blueprint.post("/pause")
def pause() -> Response:
    """Start no further batch."""
    return _forward("pause", lambda client, request_id: client.pause(request_id=request_id))


@blueprint.post("/resume")
def resume() -> Response:
    """Go on."""
    return _forward("resume", lambda client, request_id: client.resume(request_id=request_id))


@blueprint.post(f"{_IMAGE}/read-again")
def read_again(image_id: int) -> Response:
    """Let an image wait to be read once more; its text stays until then."""
    code, reply = _ask(
        "read_again", lambda client, request_id: client.reprocess([image_id], request_id=request_id)
    )
    if isinstance(reply, ReprocessReply) and not reply.queued:
        code = "not_queued"
    return _back_to(image_id, code)


@blueprint.post(f"{_IMAGE}/lines/<int(max={page_tokens.MAX_ID}):line_id>")
def correct(image_id: int, line_id: int) -> Response:
    """Store a person's text for a line, or take it back (`undo`)."""
    current_site().guard.check(request)
    typed = parameters.correction(request)
    with current_site().reading() as connection:
        place = queries.line_place(connection, image_id, line_id)
        queries.image_detail(connection, image_id, place[0] if place else None)
    if place is None:
        return _back_to(image_id, "line_gone")
    page, line, machine_text = place
    # What the machine read as well is no correction.
    text = None if "undo" in request.form or typed == machine_text else typed
    code, _reply = _ask(
        "taken_back" if text is None else "corrected",
        lambda client, request_id: client.correct(line_id, text, request_id=request_id),
    )
    if code in ("unreachable", "refused"):
        draft = image_view.Draft(line_id, typed)
        return image_view.render(image_id, notice=notices.find(code), draft=draft, http_status=503)
    return _back_to(image_id, code, anchor=f"p{page}-line-{line}", page=page if page > 1 else None)


def _back_to(
    image_id: int, code: str, anchor: str | None = None, page: int | None = None
) -> Response:
    query = request.form.get("q", "")[:MAX_QUERY_CHARS] or None
    address = url_for(
        "images.page", image_id=image_id, page=page, q=query, notice=code, _anchor=anchor
    )
    return redirect(address, 303)  # type: ignore[return-value]


def _forward(code: str, ask: Callable[[ControlClient, str], Reply]) -> Response:
    code, _reply = _ask(code, ask)
    # 303: the browser asks for the list with GET, whatever it sent here.
    return redirect(url_for("index", notice=code), 303)  # type: ignore[return-value]


def _ask(code: str, ask: Callable[[ControlClient, str], Reply]) -> tuple[str, Reply | None]:
    """(the code of the notice, the reader's reply if there is one)."""
    site = current_site()
    site.guard.check(request)
    reply = None
    try:
        reply = ask(site.client, f"web-{secrets.token_hex(12)}")
    except ServiceUnreachable:
        code = "unreachable"
    except ControlError as error:
        code = "line_gone" if error.code == ErrorCode.UNKNOWN_LINE else "refused"
    site.reader.forget()
    return code, reply
