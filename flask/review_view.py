"""/review: one line after the other, each with its part of the picture, to be kept or corrected.

/review                  the doubtful lines of everything, the worst first
/review?q=…&state=…      those of a search
/review?image=12         those of an image
/review?sample=1         drawn at random instead: how many lines of the archive are wrong?
"""

import json
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
from web_errors import BadParameterError

blueprint = Blueprint("reviews", __name__)
LINES_AT_ONCE = 8


@blueprint.get("/review")
def page() -> Response:
    """The next lines; the script asks for more of them as it goes (`?after=`)."""
    wanted, state, query = parameters.image_filter(request, default_state="all")
    is_sample = request.args.get("sample") == "1"
    image_id = parameters.image_number(request)
    with current_site().reading() as connection:
        images = _images(connection, wanted, image_id)
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
        most_hits=review_queries.MOST_HITS, is_cut=len(images or ()) >= review_queries.MOST_HITS,
        address={name: value for name, value in address.items() if value},
        request_id=secrets.token_hex(12), notice=notices.find(request.args.get("notice", "")),
    )  # fmt: skip
    return make_response(html)


def _images(
    connection: sqlite3.Connection, wanted: ImageFilter, image_id: int | None
) -> list[int] | None:
    """Those whose lines are wanted, each with the number under which its text stands; None: all."""
    if image_id is not None:
        ids = [image_id]
    elif wanted.tree is None:
        return None
    else:
        limit_s = current_site().settings.query_limit_s * SEARCH_SHARE
        ids = evaluator.find(
            connection, wanted.tree, limit=review_queries.MOST_HITS, counts=False, limit_s=limit_s
        ).ids
    rows = connection.execute(
        "SELECT DISTINCT coalesce(duplicate_of, id) FROM images "
        "WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(ids),),
    )
    return [row[0] for row in rows]


def _after() -> tuple[float, int] | None:
    text = request.args.get("after", "")
    if not text:
        return None
    doubt, _, line_id = text.rpartition("-")
    try:
        return float(doubt), int(line_id)
    except ValueError:
        raise BadParameterError("after must be one of this page's own links.") from None
