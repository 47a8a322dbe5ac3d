"""Where files are taken away.

GET /images/<id>.<format>?page=&machine=1                    one image; a text is shown in the
                                                             browser, all else kept as a file
GET /export/<format>.zip?ids=7,9 | ?q=&state= &machine=1     a selection, what a search finds,
                                                             or everything; a form's ids=7&ids=9
                                                             are a selection too
GET /export.csv?ids= | ?q=&state=                            the same choice as one table: an image
                                                             a row, with its whole text
"""

from collections.abc import Callable, Iterator

from flask import Blueprint, Response, request

import deadlines
import page_tokens
import parameters
from export_files import ExportFiles
from ocr_contract.export.formats import FORMATS
from ocr_contract.export.names import content_disposition, file_name
from ocr_contract.export.selection import Selection
from site_context import current_site
from web_errors import BusyError

blueprint = Blueprint("exports", __name__)
_FORMAT = f"<any({', '.join(FORMATS)}):format_name>"


@blueprint.get(f"/images/<int(max={page_tokens.MAX_ID}):image_id>.{_FORMAT}")
def image(image_id: int, format_name: str) -> Response:
    """One image in that format."""
    wanted = FORMATS[format_name]
    page = parameters.page_number(request)
    parameters.only(request, "page", "machine")
    files = ExportFiles(current_site(), wanted, machine=parameters.machine(request))
    deadlines.allow_long(request.environ.get("gunicorn.socket"))
    try:
        source, content = files.one(image_id, page)
    except BaseException:
        files.close()
        raise
    name = file_name(source.name, wanted.suffix_for(source.page_count, page))
    mimetype = wanted.mimetype_for(source.page_count, page)
    return _reply(content, mimetype, None if format_name == "txt" else name)


@blueprint.get(f"/export/{_FORMAT}.zip")
def archive(format_name: str) -> Response:
    """Many images in that format."""
    parameters.only(request, "q", "state", "machine", many="ids")
    files = ExportFiles(
        current_site(), FORMATS[format_name], machine=parameters.machine(request)
    )  # fmt: skip
    return _streamed(files, files.zip, "application/zip", f"ocr_texts_{format_name}.zip")


@blueprint.get("/export.csv")
def table() -> Response:
    """Many images as one table."""
    parameters.only(request, "q", "state", many="ids")
    files = ExportFiles(current_site(), FORMATS["csv"], machine=False)
    return _streamed(files, files.table, "text/csv", "ocr_texts.csv")


def _streamed(
    files: ExportFiles, make: Callable[[Selection], Iterator[bytes]], mimetype: str, name: str
) -> Response:
    """What `make` makes of the selection, while there is a slot for it."""
    deadlines.allow_long(request.environ.get("gunicorn.socket"))
    try:
        stream = current_site().tables.stream(make(_selection()))
        if stream is None:
            raise BusyError("As many tables and zips are being made as may be. Try again soon.")
    except BaseException:
        files.close()
        raise
    return _reply(stream, mimetype, name)


@blueprint.app_context_processor
def _menu() -> dict[str, object]:
    return {"export_formats": FORMATS.values()}


def _selection() -> Selection:
    ids = parameters.image_ids(request)
    if ids is not None:
        return Selection(ids=ids)
    wanted, _state, _query = parameters.image_filter(request, default_state="all")
    return Selection(tree=wanted.tree, statuses=wanted.statuses, only_warned=wanted.only_warned)


def _reply(content: object, mimetype: str, name: str | None) -> Response:
    response = Response(content, mimetype=mimetype)  # type: ignore[arg-type]
    if name is not None:
        response.headers["Content-Disposition"] = content_disposition(name)
    response.headers["X-Accel-Buffering"] = "no"  # a proxy hands on what there is
    return response
