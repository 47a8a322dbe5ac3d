"""Correcting a line: a form of the page, or a script's request that stays on it.

A form carries what its visitor saw of the line (`seen`) and a number of its own (`request_id`).
ocr_service refuses what was made for another text than the one that stands there now; and a
request whose answer never came is asked after by sending it again. What was typed always comes
back with the answer, or is shown again.
"""

import dataclasses
import hashlib
import secrets
import sqlite3
from typing import Any

from flask import (
    Blueprint,
    Response,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)

import error_rate
import image_view
import line_queries
import list_place
import notices
import page_tokens
import parameters
import queries
import visitor_names
from image_records import ImageDetail
from ocr_contract.control import ControlError, OutcomeUnknown, Review, ServiceUnreachable
from ocr_contract.error_codes import ErrorCode
from ocr_contract.search.marks import Marker
from site_context import current_site

blueprint = Blueprint("lines", __name__)
_LINE = (
    f"/images/<int(max={page_tokens.MAX_ID}):image_id>"
    f"/lines/<int(max={page_tokens.MAX_ID}):line_id>"
)
_OF_A_REVIEW = ("q", "state", "image", "sample")
HTTP_STATUS = {
    "line_gone": 410, "line_changed": 409, "unreachable": 503, "refused": 503, "unknown": 504,
}  # fmt: skip
"""Of the notices that say that nothing was stored, or that this is not known."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Asked:
    """What a form asks for."""

    line_id: int
    typed: str
    is_undo: bool
    seen: str | None
    request_id: str
    review: Review | None
    by: str
    """Who asks."""
    chosen_from: str | None
    """The model whose reading on trial it is."""

    def text(self, machine_text: str) -> str | None:
        """What the machine read as well is no correction."""
        return None if self.is_undo or self.typed == machine_text else self.typed

    def sent_id(self, text: str | None) -> str:
        """Another one for another text: a second attempt may say something else."""
        asked = [self.request_id, self.line_id, text, self.seen, self.review]
        asked += [self.chosen_from] if self.chosen_from else []
        return f"web-{hashlib.sha256(repr(asked).encode()).hexdigest()[:32]}"


@blueprint.post(f"/actions{_LINE}")
def correct(image_id: int, line_id: int) -> Response:
    """Store a person's text for a line, or take it back (`undo`)."""
    current_site().guard.check(request)
    asked = _Asked(
        line_id, parameters.correction(request), "undo" in request.form, parameters.seen(request),
        parameters.request_id(request) or secrets.token_hex(12), parameters.review(request),
        visitor_names.by(request), parameters.chosen_from(request),
    )  # fmt: skip
    with current_site().reading() as connection:
        place = queries.line_place(connection, image_id, line_id)
        queries.image_head(connection, image_id)
    code = "line_gone" if place is None else _send(asked, place[2])
    if parameters.is_script(request):
        return _for_the_script(image_id, asked, code)
    if code in HTTP_STATUS:
        draft = image_view.Draft(line_id, asked.typed, asked.request_id)
        return image_view.render(
            image_id, notice=notices.find(code), draft=draft, http_status=HTTP_STATUS[code]
        )
    if asked.chosen_from is not None:
        trial = url_for(
            "trials.page", image_id=image_id, page=parameters.page_number(request), notice=code,
            **list_place.of(request).address,
        )  # fmt: skip
        return redirect(trial, 303)  # type: ignore[return-value]
    if asked.review is not None:
        shown = {name: request.args[name] for name in _OF_A_REVIEW if name in request.args}
        review: dict[str, Any] = {**shown, "notice": code}
        return redirect(url_for("reviews.page", **review), 303)  # type: ignore[return-value]
    assert place is not None
    page, line, _machine_text = place
    address = url_for(
        "images.page", image_id=image_id, page=page if page > 1 else None, notice=code,
        _anchor=f"p{page}-line-{line}", **list_place.of(request).address,
    )  # fmt: skip
    return redirect(address, 303)  # type: ignore[return-value]


@blueprint.get(f"{_LINE}/history")
def history(image_id: int, line_id: int) -> str:
    """What became of a line, and the way back to any of it."""
    with current_site().reading() as connection:
        place = queries.line_place(connection, image_id, line_id)
        page_number = place[0] if place else None
        image = _image(connection, image_id, place)
        changes = line_queries.changes(connection, line_id)
    line = next((line for page in image.pages for line in page.lines if line.id == line_id), None)
    return render_template(
        "history.html", image=image, page_number=page_number, line=line, changes=changes,
        place=list_place.of(request).address, request_id=secrets.token_hex(12), line_id=line_id,
        known_name=visitor_names.known_name(request), own_name=visitor_names.own_name(request),
        max_name_chars=visitor_names.MAX_NAME_CHARS,
    )  # fmt: skip


@blueprint.post(f"/actions{_LINE}/name")
def keep_name(image_id: int, line_id: int) -> Response:
    """Let this browser's changes carry a name from now on; an empty one is forgotten."""
    current_site().guard.check(request)
    name = visitor_names.cleaned(request.form.get("name", ""))
    place = list_place.of(request).address
    address = url_for("lines.history", image_id=image_id, line_id=line_id, **place)
    response = make_response(redirect(address, 303))
    visitor_names.keep_own_name(request, response, name)
    return response


def _image(
    connection: sqlite3.Connection, image_id: int, place: tuple[int, int, str] | None
) -> ImageDetail:
    """With the page that the line is on; without any where there is no such line."""
    if place is None:
        return queries.image_head(connection, image_id)
    return queries.image_detail(connection, image_id, place[0])


def _send(asked: _Asked, machine_text: str) -> str:
    """Ask ocr_service; returns the code of the notice."""
    site = current_site()
    text = asked.text(machine_text)
    try:
        site.client.correct(
            asked.line_id, text, request_id=asked.sent_id(text), seen=asked.seen,
            review=asked.review, chosen_from=asked.chosen_from, by=asked.by,
        )  # fmt: skip
    except OutcomeUnknown:
        return "unknown"
    except ServiceUnreachable:
        return "unreachable"
    except ControlError as error:
        known = {ErrorCode.UNKNOWN_LINE: "line_gone", ErrorCode.LINE_CHANGED: "line_changed"}
        return known.get(ErrorCode.known(error.code) or ErrorCode.UNKNOWN, "refused")
    finally:
        site.reader.forget()
    if text is None:
        return "kept" if asked.review in (Review.WORST, Review.SAMPLE) else "taken_back"
    return "corrected"


def _for_the_script(image_id: int, asked: _Asked, code: str) -> Response:
    """The line as it is now, with the notice's sentence; what was sent the script has itself."""
    wanted, _state, _query = parameters.image_filter(request, default_state="latest")
    with current_site().reading() as connection:
        place = queries.line_place(connection, image_id, asked.line_id)
        image = _image(connection, image_id, place)
        is_sample = request.form.get("kind", asked.review) == Review.SAMPLE
        rate = error_rate.measured(connection, is_sample).sentence(is_sample)
    notice = notices.find(code)
    assert notice is not None
    value: dict[str, object] = {"code": code, "sentence": notice.sentence}
    if asked.review is not None:
        value["rate"] = rate
    for page in image.pages if place else ():
        for line in page.lines:
            if line.id == asked.line_id:
                value |= {"text": line.shown, "seen": line.seen, "corrected": line.corrected}
                value["html"] = render_template(
                    "line_alone.html", image=image, page=page, line=line,
                    marker=Marker(wanted.query.tree) if wanted.query else None,
                    place=list_place.of(request).address,
                )  # fmt: skip
    return make_response(jsonify(value), HTTP_STATUS.get(code, 200))
