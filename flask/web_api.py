"""/api/v1: what the pages show, for programs. Read-only.

    GET /api/v1/status                     {"counts", "service", "service_problem"}; counts by
                                           status, and "total" and "warnings"
    GET /api/v1/images?state=&size=&next=  {"images": […], "next": token or null}
    GET /api/v1/images/<id>                the image with pages and lines
    GET /api/v1/search?q=…                 as images, each with "snippet" (HTML with <mark>)

Every error is {"error": {"code", "message"}}.
"""

import logging

from flask import Blueprint, Response, jsonify, request

import page_tokens
import parameters
import queries
from image_records import ImageFilter
from site_context import current_site
from web_errors import BadParameterError, WebError

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
logger = logging.getLogger("web_service")


def error_reply(error: WebError, *, retry_after_s: int | None = None) -> Response:
    """`error` as JSON."""
    response = jsonify({"error": {"code": error.code, "message": error.message}})
    response.status_code = error.http_status
    if retry_after_s is not None:
        response.headers["Retry-After"] = str(retry_after_s)
    return response


@blueprint.get("/status")
def status() -> Response:
    """Counts from the database, and what ocr_service says of itself."""
    return jsonify(current_site().snapshot())


@blueprint.get("/images")
def images() -> Response:
    """One page of the list, newest first."""
    wanted, _state, _query = parameters.image_filter(request, default_state="all")
    return _list_reply(wanted)


@blueprint.get("/search")
def search() -> Response:
    """One page of the hits."""
    wanted, _state, _query = parameters.image_filter(request, default_state="all")
    if wanted.terms is None:
        raise BadParameterError("q is missing: what should be searched?")
    return _list_reply(wanted)


@blueprint.get(f"/images/<int(max={page_tokens.MAX_ID}):image_id>")
def image(image_id: int) -> Response:
    """One image with everything."""
    with current_site().reading() as connection:
        return jsonify(queries.image_detail(connection, image_id).to_json())


def _list_reply(wanted: ImageFilter) -> Response:
    site = current_site()
    after = parameters.after(request)
    size = parameters.page_size(request, site.settings.page_size)
    with site.reading() as connection:
        found, following = queries.list_images(connection, wanted, after=after, limit=size)
    rows = []
    for summary in found:
        row = summary.to_json()
        if wanted.terms is not None:
            row["snippet"] = summary.snippet
        rows.append(row)
    return jsonify({"images": rows, "next": page_tokens.encode(following) if following else None})
