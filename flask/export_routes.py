"""Where files are taken away.

GET /images/<id>.<format>?page=&machine=1                    one image; `.txt` is
                                                             `image_view`'s
GET /export/<format>.zip?ids=7,9 | ?q=&state= &machine=1     a selection, what a search finds,
                                                             or everything; a form's ids=7&ids=9
                                                             are a selection too
"""

from flask import Blueprint, Response, request

import deadlines
import page_tokens
import parameters
from export_files import ExportFiles
from live_route import BUSY_RETRY_S
from ocr_contract.export.formats import FORMATS
from ocr_contract.export.names import content_disposition, file_name
from ocr_contract.export.selection import Selection
from site_context import current_site
from web_api import error_reply
from web_errors import BusyError

blueprint = Blueprint("exports", __name__)
_FORMAT = f"<any({', '.join(FORMATS)}):format_name>"


@blueprint.get(f"/images/<int(max={page_tokens.MAX_ID}):image_id>.{_FORMAT}")
def image(image_id: int, format_name: str) -> Response:
    """One image in that format."""
    wanted = FORMATS[format_name]
    page = parameters.page_number(request)
    files = ExportFiles(current_site(), wanted, machine=parameters.machine(request))
    deadlines.allow_long(request.environ.get("gunicorn.socket"))
    try:
        source, content = files.one(image_id, page)
    except BaseException:
        files.close()
        raise
    name = file_name(source.name, wanted.suffix_for(source.page_count, page))
    return _reply(content, wanted.mimetype_for(source.page_count, page), name)


@blueprint.get(f"/export/{_FORMAT}.zip")
def archive(format_name: str) -> Response:
    """Many images in that format."""
    wanted = FORMATS[format_name]
    site = current_site()
    files = ExportFiles(site, wanted, machine=parameters.machine(request))
    selection = _selection()
    deadlines.allow_long(request.environ.get("gunicorn.socket"))
    try:
        stream = site.tables.stream(files.zip(selection))
    except BaseException:
        files.close()
        raise
    if stream is None:
        files.close()
        error = BusyError("As many tables and zips are being made as may be. Try again soon.")
        return error_reply(error, retry_after_s=BUSY_RETRY_S)
    return _reply(stream, "application/zip", f"ocr_texts_{format_name}.zip")


@blueprint.app_context_processor
def _menu() -> dict[str, object]:
    return {"export_formats": FORMATS.values()}


def _selection() -> Selection:
    ids = parameters.image_ids(request)
    if ids is not None:
        return Selection(ids=ids)
    wanted, _state, _query = parameters.image_filter(request, default_state="all")
    return Selection(tree=wanted.tree, statuses=wanted.statuses, only_warned=wanted.only_warned)


def _reply(content: object, mimetype: str, name: str) -> Response:
    response = Response(content, mimetype=mimetype)  # type: ignore[arg-type]
    response.headers["Content-Disposition"] = content_disposition(name)
    response.headers["X-Accel-Buffering"] = "no"  # a proxy hands on what there is
    return response
