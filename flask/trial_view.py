"""Reading a page again with another profile, model or language, on trial.

/images/<id>/trial?page=2            what it can be read with, how far it is, then the differences
/api/v1/images/<id>/trial?page=2     the same for programs
/actions/images/<id>/trial           ask for one; …/take and …/drop: decide

The present text stays until somebody takes the other one, as a whole or single lines of it; such a
line is a correction (`line_actions`) that says which model read it.
"""

import hashlib
import secrets
import sqlite3
from collections.abc import Callable

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request
from flask import url_for as address_of

import list_place
import notices
import page_steps
import page_tokens
import parameters
import queries
from image_records import ImageDetail, PageView
from ocr_contract import trial_readings
from ocr_contract.control import ControlClient, ControlError, OutcomeUnknown, ServiceUnreachable
from ocr_contract.error_codes import ErrorCode
from ocr_contract.replies import TrialReply
from ocr_contract.trial_readings import LANGUAGE, MODEL, State, TrialReading
from site_context import current_site
from trial_differences import Differences, differences
from web_errors import NotFoundError

blueprint = Blueprint("trials", __name__)
_IMAGE = f"/images/<int(max={page_tokens.MAX_ID}):image_id>"
_NAMES = {
    "fast": "fast: the smallest models, quickest",
    "balanced": "balanced: as good as it is usual",
    "best": "best: looks for the smallest print, slowest",
}
_REFUSALS = {
    ErrorCode.TRIAL_BUSY: "trial_busy", ErrorCode.UNKNOWN_TRIAL: "trial_gone",
    ErrorCode.TRIAL_NOT_DONE: "trial_gone", ErrorCode.NOT_READ: "trial_not_read",
}  # fmt: skip


@blueprint.get(f"{_IMAGE}/trial")
def page(image_id: int) -> Response:
    """What was read on trial beside what stands there, or how far it is."""
    image, shown, trial = _found(image_id)
    html = render_template(
        "trial.html", image=image, page=shown, trial=trial, found=_differences(shown, trial),
        readings=_readings(), name_of=name_of, place=list_place.of(request).address,
        notice=notices.find(request.args.get("notice", "")), request_id=secrets.token_hex(12),
    )  # fmt: skip
    return make_response(html)


@blueprint.get(f"/api/v1{_IMAGE}/trial")
def as_json(image_id: int) -> Response:
    """The same for programs, and for the script that waits."""
    parameters.only(request, "page")
    _image, shown, trial = _found(image_id)
    if trial is None:
        raise NotFoundError(f"Nothing was read on trial of image number {image_id}.")
    found = _differences(shown, trial)
    return jsonify(
        {
            "id": trial.id, "page_number": trial.page_number, "reading": trial.reading,
            "state": trial.state, "created_at": trial.created_at,
            "finished_at": trial.finished_at, "models": list(trial.readers),
            "seconds": trial.seconds,
            "error": trial.error and {"code": trial.error_code, "message": trial.error},
            "same": found and found.same,
            "differences": found and [each.to_json() for each in found.found],
        }
    )  # fmt: skip


@blueprint.post(f"/actions{_IMAGE}/trial")
def ask(image_id: int) -> Response:
    """Have the page read on trial."""
    number = parameters.page_number(request) or 1
    reading = request.form.get("reading", "")[: trial_readings.MAX_READING_CHARS]
    code = _send(
        "",
        reading,
        lambda client, request_id: client.try_reading(
            image_id, reading, number, request_id=request_id
        ),
    )
    return _back(image_id, code)


@blueprint.post(f"/actions{_IMAGE}/trial/take")
def take(image_id: int) -> Response:
    """The other reading is the page's text from now on."""
    trial_id = parameters.trial_id(request)
    code = _send(
        "trial_taken",
        trial_id,
        lambda client, request_id: client.take_trial(trial_id, request_id=request_id),
    )
    return _back(image_id, code, to_image=code == "trial_taken")


@blueprint.post(f"/actions{_IMAGE}/trial/drop")
def drop(image_id: int) -> Response:
    """The present text is kept."""
    trial_id = parameters.trial_id(request)
    code = _send(
        "trial_dropped",
        trial_id,
        lambda client, request_id: client.drop_trial(trial_id, request_id=request_id),
    )
    return _back(image_id, code, to_image=code == "trial_dropped")


def state(connection: sqlite3.Connection, image_id: int, number: int) -> str | None:
    """What became of the trial of a page, for the button that leads here."""
    row = connection.execute(
        "SELECT state FROM trial_readings WHERE image_id = "
        "(SELECT coalesce(duplicate_of, id) FROM images WHERE id = ?) AND page_number = ?",
        (image_id, number),
    ).fetchone()
    return row["state"] if row else None


def name_of(reading: str) -> str:
    """What a reading is called on the page."""
    if reading.startswith(MODEL):
        return f"model {reading.removeprefix(MODEL)}"
    if reading.startswith(LANGUAGE):
        return f"as now, and language {reading.removeprefix(LANGUAGE)}"
    return _NAMES.get(reading, reading)


def _found(image_id: int) -> tuple[ImageDetail, PageView, TrialReading | None]:
    number = parameters.page_number(request)
    with current_site().reading() as connection:
        trial = trial_readings.find(connection, image_id, number)
        asked = number or (trial.page_number if trial else None)
        asked = asked or next(iter(page_steps.numbers(connection, image_id)), None)
        image = queries.image_detail(connection, image_id, asked)
    if not image.pages:
        raise NotFoundError(f"Image number {image_id} has no text yet.")
    return image, image.pages[0], trial


def _differences(page: PageView, trial: TrialReading | None) -> Differences | None:
    return differences(page, trial) if trial is not None and trial.state == State.DONE else None


def _readings() -> list[str] | None:
    """What can be chosen; None where the reader does not say."""
    reply = current_site().reader.status().reply
    return None if reply is None else reply.readings


def _send(code: str, what: str | int, ask: Callable[[ControlClient, str], TrialReply]) -> str:
    """The code of the notice; with the form's own number the same request takes effect once."""
    site = current_site()
    site.guard.check(request)
    own = parameters.request_id(request) or secrets.token_hex(12)
    try:
        number = hashlib.sha256(repr([own, code, what]).encode()).hexdigest()[:32]
        ask(site.client, f"web-{number}")
    except OutcomeUnknown:
        return "unknown"
    except ServiceUnreachable:
        return "unreachable"
    except ControlError as error:
        return _REFUSALS.get(ErrorCode.known(error.code) or ErrorCode.UNKNOWN, "refused")
    finally:
        site.reader.forget()
    return code


def _back(image_id: int, code: str, *, to_image: bool = False) -> Response:
    endpoint = "images.page" if to_image else "trials.page"
    address = address_of(
        endpoint, image_id=image_id, page=parameters.page_number(request), notice=code or None,
        **list_place.of(request).address,
    )  # fmt: skip
    return redirect(address, 303)  # type: ignore[return-value]
