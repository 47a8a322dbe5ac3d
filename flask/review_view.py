"""/review: one line after the other, each with its part of the picture, to be kept or corrected.

/review                  the doubtful lines of everything, the worst first
/review?q=…&state=…      those of a search
/review?image=12         those of an image
/review?sample=1         drawn at random instead: how many lines of the archive are wrong?
"""

import json
import re
import secrets
import sqlite3

from flask import Blueprint, Response, make_response, render_template, request

import error_rate
import notices
import parameters
import review_queries
from image_records import ImageFilter
from ocr_contract.search import evaluator
from searches import SEARCH_SHARE
from site_context import current_site
from web_errors import BadParameterError, NotFoundError

blueprint = Blueprint("reviews", __name__)
LINES_AT_ONCE = 8
_AFTER = re.compile(r"(?P<doubt>[0-9](\.[0-9]{1,24})?(e-[0-9]{1,3})?)-(?P<line_id>[0-9]{1,18})")
"""As `ReviewLine.key` writes it."""


@blueprint.get("/review")
def page() -> Response:
    """The next lines; the script asks for more of them as it goes (`?after=`)."""
    wanted, state, query = parameters.image_filter(request, default_state="all")
    is_sample = request.args.get("sample") == "1"
    image_id = parameters.image_number(request)
    with current_site().reading() as connection:
        images, hits_seen = _images(connection, wanted, image_id)
        if is_sample:
            lines = review_queries.sample(connection, images, LINES_AT_ONCE)
        else:
            lines = review_queries.worst(connection, images, LINES_AT_ONCE, _after())
        left = None if is_sample else review_queries.count_left(connection, images)
        rate = error_rate.measured(connection, is_sample)
    address = {"q": query, "state": state if query or state != "all" else "", "image": image_id,
               "sample": 1 if is_sample else None}  # fmt: skip
    html = render_template(
        "review.html", lines=lines, left=left, most_counted=review_queries.MOST_COUNTED,
        rate=rate.sentence(is_sample), is_sample=is_sample, query=query, image_id=image_id,
        hits_seen=hits_seen,
        address={name: value for name, value in address.items() if value},
        request_id=secrets.token_hex(12), notice=notices.find(request.args.get("notice", "")),
    )  # fmt: skip
    return make_response(html)


def _images(
    connection: sqlite3.Connection, wanted: ImageFilter, image_id: int | None
) -> tuple[list[int] | None, int | None]:
    """Those whose lines are wanted, each with the number under which its text stands; None: all.
    And where those are not all hits of a search, of how many hits they are."""
    hits_seen = None
    if image_id is not None:
        ids = [image_id]
    elif wanted.tree is None:
        return None, None
    else:
        limit_s = current_site().settings.query_limit_s * SEARCH_SHARE
        hits = evaluator.find(
            connection, wanted.tree, limit=review_queries.MOST_HITS, counts=False, limit_s=limit_s
        )
        ids = hits.ids
        if hits.next_below is not None or not hits.is_complete:
            hits_seen = len(ids)
    rows = connection.execute(
        "SELECT DISTINCT coalesce(duplicate_of, id) FROM images "
        "WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(ids),),
    )
    found = [row[0] for row in rows]
    if image_id is not None and not found:
        raise NotFoundError(f"There is no image number {image_id}.")
    return found, hits_seen


def _after() -> tuple[float, int] | None:
    text = request.args.get("after", "")
    if not text:
        return None
    found = _AFTER.fullmatch(text)
    if found is None:
        raise BadParameterError("after must be one of this page's own links.")
    return float(found["doubt"]), int(found["line_id"])
