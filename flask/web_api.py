"""/api/v1: what the pages show, for programs. Read-only.

    GET /api/v1/status                     {"counts", "service", "service_problem"}; counts by
                                           status, and "total" and "warnings"
    GET /api/v1/images?state=&size=&next=  {"images": […], "next": token or null}
    GET /api/v1/images/<id>?page=&words=1  the image with pages and lines, or with that page alone;
                                           each line with its "paragraph", and with words=1 with
                                           "words": [{"text", "polygon"}, …]
    GET /api/v1/search?q=…                 as images, each with "snippet" (HTML with <mark>) and
                                           the "page_number" of it (null: the name is a hit), and
                                           {"count", "count_is_exact", "complete", "read_as",
                                           "notes", "index_percent"}: see below; so does images?q=
    GET /api/v1/facets?q=&state=           how many lie in each state, folder, month and band of
                                           confidence: {"count", "count_is_exact", "facets":
                                           {"state": [{"value", "images", "is_exact", "q"}], …}}

A search says how it was read (`read_as`, and `notes` on what was not understood) and how many hits
there are: more than `count` unless `count_is_exact`. One that takes too long is cut: `complete` is
false, and `next`, if there is one, goes on from there. With `index_percent` below 100 the index is
being made, and hits may be missing.

Where little is found, `similar` (else null) has what may have been misread: {"readings":
[{"typed", "read"}], "images": as above, each with what is "read" there, "complete": false when
there was not the time to look everything up}.
Facets are of what a search finds, or of the whole archive. Where there is not the time to count
all, they are of the newest `count` hits: of what is not exact there may be more. `q` is the query
that is narrower by this value; null where it cannot be typed.

Every error is {"error": {"code", "message"}}.
"""

import logging
from collections.abc import Iterator

from flask import Blueprint, Response, current_app, jsonify, request

import deadlines
import facet_groups
import page_tokens
import parameters
import queries
import searches
from image_records import ImageDetail, ImageFilter
from ocr_contract.export.reading import ExportReading
from site_context import current_site
from web_errors import BadParameterError, BusyError, WebError

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
MANY_PAGES = 100
"""A document of more is answered in portions."""
_PORTION = 20
_OF_A_LIST = ("q", "state", "size", "next")

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
    parameters.only(request)
    return jsonify(current_site().snapshot())


@blueprint.get("/images")
def images() -> Response:
    """One page of the list, newest first."""
    parameters.only(request, *_OF_A_LIST)
    wanted, _state, _query = parameters.image_filter(request, default_state="all")
    return _list_reply(wanted)


@blueprint.get("/search")
def search() -> Response:
    """One page of the hits."""
    parameters.only(request, *_OF_A_LIST)
    wanted, _state, _query = parameters.image_filter(request, default_state="all")
    if wanted.query is None:
        raise BadParameterError("q is missing: what should be searched?")
    return _list_reply(wanted)


@blueprint.get("/facets")
def facets() -> Response:
    """By what the list or the hits can be narrowed."""
    parameters.only(request, "q", "state")
    wanted, _state, query = parameters.image_filter(request, default_state="all")
    with current_site().reading() as connection:
        found = facet_groups.count(connection, wanted)
    return jsonify(facet_groups.to_json(found, query))


@blueprint.get(f"/images/<int(max={page_tokens.MAX_ID}):image_id>")
def image(image_id: int) -> Response:
    """One image with everything."""
    parameters.only(request, "page", "words")
    asked, with_words = parameters.page_number(request), parameters.wants_words(request)
    with current_site().reading() as connection:
        head = queries.image_head(connection, image_id)
        if asked is None and head.summary.pages > MANY_PAGES:
            return _long_reply(head, with_words)
        found = queries.image_detail(connection, image_id, asked)
    return jsonify(found.to_json(with_words=with_words))


def _long_reply(head: ImageDetail, with_words: bool) -> Response:
    """A document of many pages, a portion of them at a time: all at once took too long, and the
    memory that all of them take."""
    site = current_site()
    connect = ExportReading(site.database, query_limit_s=site.settings.query_limit_s)
    dumps = current_app.json.dumps

    def pieces() -> Iterator[str]:
        with connect:
            yield dumps(head.head_to_json())[:-1] + ',"pages":['
            number, parting = 0, ""
            while pages := queries.pages_after(connect(), head.summary, number, _PORTION):
                for page in pages:
                    yield parting + dumps(head.page_to_json(page, with_words=with_words))
                    parting = ","
                number = pages[-1].number
            yield "]}\n"

    deadlines.allow_long(request.environ.get("gunicorn.socket"))
    stream = site.tables.stream(pieces())
    if stream is None:
        raise BusyError("As many long answers are being made as may be. Try again soon.")
    return Response(stream, mimetype="application/json")


def _list_reply(wanted: ImageFilter) -> Response:
    site = current_site()
    size = parameters.page_size(request, site.settings.page_size)
    if wanted.query is not None:
        place = parameters.search_place(request)
        with site.reading() as connection:
            page = searches.search(
                connection, wanted, place=place, limit=size, limit_s=site.settings.query_limit_s
            )
        hits = [image.hit_to_json() for image in page.images]
        return jsonify({"images": hits, **page.to_json()})
    after = parameters.after(request)
    with site.reading() as connection:
        images, following = queries.list_images(connection, wanted, after=after, limit=size)
    token = page_tokens.encode(following) if following else None
    return jsonify({"images": [image.to_json() for image in images], "next": token})
