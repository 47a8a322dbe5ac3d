"""One image: its page and its pictures.

A document is shown a page at a time: /images/<id>?page=7, by itself the first with a hit.
A line is edited at /images/<id>?edit=<line id>, a page like any other; the script opens the same
form in place instead. What was typed and could not be saved is shown again, never lost.
"""

import dataclasses
import secrets
import sqlite3

from flask import Blueprint, Response, make_response, render_template, request

import line_queries
import list_place
import notices
import page_steps
import page_tokens
import parameters
import pictures
import queries
import searches
import trial_view
from notices import Notice
from ocr_contract.search.marks import Marker
from page_steps import PageSteps
from site_context import current_site

blueprint = Blueprint("images", __name__)
_ID = f"<int(max={page_tokens.MAX_ID}):image_id>"
_PAGE = f"<int(max={page_tokens.MAX_ID}):page_number>"


@dataclasses.dataclass(frozen=True, slots=True)
class Draft:
    """A text for a line that was not stored."""

    line_id: int
    text: str
    request_id: str
    """Sent again, it takes effect once."""


def render(
    image_id: int, *, notice: Notice | None = None, draft: Draft | None = None,
    http_status: int = 200,
) -> Response:  # fmt: skip
    """The page of one image."""
    wanted, _state, query = parameters.image_filter(request, default_state="latest")
    site = current_site()
    marker = Marker(wanted.query.tree) if wanted.query else None
    edited_line_id = draft.line_id if draft else parameters.edited_line(request)
    with site.reading() as connection:
        steps = _steps(connection, image_id, marker, edited_line_id)
        image = queries.image_detail(connection, image_id, steps.number if steps else None)
        newer, older = searches.neighbours(
            connection, image.summary, wanted, limit_s=site.settings.query_limit_s
        )
        number = steps.number if steps else 1
        trial_state = trial_view.state(connection, image_id, number)
        strays = line_queries.strays(connection, image_id)
    known = {line.id for page in image.pages for line in page.lines}
    html = render_template(
        "image.html", image=image, newer=newer, older=older, query=query,
        marker=marker, notice=notice, draft=draft, steps=steps,
        edited_line_id=edited_line_id,
        trial_state=trial_state,
        place=list_place.of(request).address, strays=strays,
        lost_draft=draft if draft and draft.line_id not in known else None,
        request_id=draft.request_id if draft else secrets.token_hex(12),
    )  # fmt: skip
    return make_response(html, http_status)


def _steps(
    connection: sqlite3.Connection, image_id: int, marker: Marker | None, line_id: int | None
) -> PageSteps | None:
    """Of a document the page that is asked for, that with the line or the first hit, or the first;
    None for an image of one page, or where none is read."""
    asked = parameters.page_number(request)
    numbers = page_steps.numbers(connection, image_id)
    if asked is None and len(numbers) < 2:
        return None
    place = queries.line_place(connection, image_id, line_id) if line_id is not None else None
    found = asked if asked is not None else (place[0] if place else None)
    if found is None and marker is not None:
        found = page_steps.first_hit(connection, image_id, marker)
    return PageSteps(numbers[0] if found is None else found, numbers)


@blueprint.get(f"/images/{_ID}")
def page(image_id: int) -> Response:
    """The page, perhaps with the notice of an action."""
    return render(image_id, notice=notices.find(request.args.get("notice", "")))


@blueprint.get(f"/previews/{_ID}/{_PAGE}")
def preview(image_id: int, page_number: int) -> Response:
    """The upright page."""
    return _picture(image_id, page_number, "preview")


@blueprint.get(f"/thumbnails/{_ID}/{_PAGE}")
def thumbnail(image_id: int, page_number: int) -> Response:
    """A small one for the list."""
    return _picture(image_id, page_number, "thumbnail")


def _picture(image_id: int, page_number: int, kind: str) -> Response:
    site = current_site()
    with site.reading() as connection:
        name = queries.picture_name(connection, image_id, page_number, kind)
    current = name is not None and request.args.get("v") == pictures.version(site.previews, name)
    return pictures.send(site.previews, name, immutable=current)
