"""The buttons: scan, pause, resume, read one image or a selection again. Each is checked to be ours
and passed on to ocr_service.

web_service changes nothing itself. After an action the browser is sent back to the page with
the code of a notice, so that reloading the page repeats nothing.
"""

import secrets
from collections.abc import Callable

from flask import Blueprint, Response, redirect, request, url_for

import list_place
import page_tokens
import parameters
from ocr_contract.control import ControlClient, ControlError, OutcomeUnknown, ServiceUnreachable
from ocr_contract.replies import Reply, ReprocessReply
from site_context import current_site
from web_errors import BadParameterError

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


@blueprint.post("/read-again")
def read_selection_again() -> Response:
    """Let every selected image wait to be read once more."""
    code, reply = _ask(
        "selection_read_again",
        lambda client, request_id: client.reprocess(_selected_ids(), request_id=request_id),
    )
    if isinstance(reply, ReprocessReply) and not reply.queued:
        code = "selection_not_queued"
    place = list_place.of(request).address
    return redirect(url_for("index", notice=code, **place), 303)  # type: ignore[return-value]


def _selected_ids() -> list[int]:
    ids = parameters.image_ids(request)
    if ids is None:
        raise BadParameterError("No image is selected. Go back and tick some.")
    return list(ids)


def _back_to(image_id: int, code: str) -> Response:
    place = list_place.of(request).address
    address = url_for("images.page", image_id=image_id, notice=code, **place)
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
    except OutcomeUnknown:
        code = "unknown"
    except ServiceUnreachable:
        code = "unreachable"
    except ControlError:
        code = "refused"
    site.reader.forget()
    return code, reply
