"""One image: its page, its text for people and programs, its pictures.

A line is edited at /images/<id>?edit=<line id>, a page like any other; the script opens the same
form in place instead. What was typed and could not be saved is shown again, never lost.
"""

import dataclasses

from flask import Blueprint, Response, jsonify, make_response, render_template, request

import exports
import notices
import page_tokens
import parameters
import pictures
import queries
import searches
from notices import Notice
from ocr_contract.control import MAX_CORRECTION_CHARS
from ocr_contract.search.marks import Marker
from site_context import current_site

blueprint = Blueprint("images", __name__)
_ID = f"<int(max={page_tokens.MAX_ID}):image_id>"
_PAGE = f"<int(max={page_tokens.MAX_ID}):page_number>"


@dataclasses.dataclass(frozen=True, slots=True)
class Draft:
    """A text for a line that was not stored."""

    line_id: int
    text: str


def render(
    image_id: int, *, notice: Notice | None = None, draft: Draft | None = None,
    http_status: int = 200,
) -> Response:  # fmt: skip
    """The page of one image."""
    wanted, _state, query = parameters.image_filter(request, default_state="latest")
    site = current_site()
    with site.reading() as connection:
        image = queries.image_detail(connection, image_id)
        newer, older = searches.neighbours(
            connection, image.summary, wanted, limit_s=site.settings.query_limit_s
        )
    html = render_template(
        "image.html", image=image, newer=newer, older=older, query=query,
        marker=Marker(wanted.query.tree) if wanted.query else None, notice=notice, draft=draft,
        max_correction_chars=MAX_CORRECTION_CHARS,
        edited_line_id=draft.line_id if draft else parameters.edited_line(request),
    )  # fmt: skip
    return make_response(html, http_status)


@blueprint.get(f"/images/{_ID}")
def page(image_id: int) -> Response:
    """The page, perhaps with the notice of an action."""
    return render(image_id, notice=notices.find(request.args.get("notice", "")))


@blueprint.get(f"/images/{_ID}.txt")
def text(image_id: int) -> Response:
    """The text of one image."""
    with current_site().reading() as connection:
        plain = exports.plain_text(queries.image_detail(connection, image_id))
    return Response(plain, mimetype="text/plain")


@blueprint.get(f"/images/{_ID}.json")
def as_json(image_id: int) -> Response:
    """Text, lines, polygons and confidences of one image."""
    with current_site().reading() as connection:
        return jsonify(queries.image_detail(connection, image_id).to_json())


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
