"""The page of one image: also while a line of it is being corrected.

A line is edited at /images/<id>?edit=<line id>, a page like any other; the script opens the same
form in place instead. What was typed and could not be saved is shown again, never lost.
"""

import dataclasses

from flask import Response, make_response, render_template, request

import parameters
import queries
from notices import Notice
from ocr_contract.control import MAX_CORRECTION_CHARS
from site_context import current_site


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
    with current_site().reading() as connection:
        image = queries.image_detail(connection, image_id)
        newer, older = queries.neighbours(connection, image.summary, wanted)
    html = render_template(
        "image.html", image=image, newer=newer, older=older, query=query, terms=wanted.terms,
        notice=notice, draft=draft, max_correction_chars=MAX_CORRECTION_CHARS,
        edited_line_id=draft.line_id if draft else parameters.edited_line(request),
    )  # fmt: skip
    return make_response(html, http_status)
