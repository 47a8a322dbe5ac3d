"""The buttons: scan, pause, resume. Each is checked to be ours and passed on to ocr_service.

web_service changes nothing itself. After an action the browser is sent back to the list with
the code of a notice, so that reloading the page repeats nothing.
"""

import dataclasses
import secrets
from collections.abc import Callable

from flask import Blueprint, Response, redirect, request, url_for

from ocr_contract.control import ControlClient, ControlError, ServiceUnreachable
from site_context import current_site

blueprint = Blueprint("actions", __name__, url_prefix="/actions")


@dataclasses.dataclass(frozen=True, slots=True)
class Notice:
    """A sentence above the list after an action."""

    sentence: str
    is_problem: bool = False


_NOTICES = {
    "scan": Notice("The folder is being looked through now."),
    "pause": Notice("Paused. The batch in work is still finished; then nothing new is read."),
    "resume": Notice("Reading goes on."),
    "unreachable": Notice("The reader does not answer, so nothing was changed. Start it and try "
                          "again.", is_problem=True),
    "refused": Notice("The reader refused that; its log says why.", is_problem=True),
}  # fmt: skip


def notice(code: str) -> Notice | None:
    """The notice with this code; anything else in the address shows nothing."""
    return _NOTICES.get(code)


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


def _forward(code: str, ask: Callable[[ControlClient, str], object]) -> Response:
    site = current_site()
    site.guard.check(request)
    try:
        ask(site.client, f"web-{secrets.token_hex(12)}")
    except ServiceUnreachable:
        code = "unreachable"
    except ControlError:
        code = "refused"
    site.reader.forget()
    # 303: the browser asks for the list with GET, whatever it sent here.
    return redirect(url_for("index", notice=code), 303)  # type: ignore[return-value]
