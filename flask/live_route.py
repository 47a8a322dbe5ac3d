"""/events: one visitor's live stream (see `live`), for as long as that visitor may see it."""

import socket
from collections.abc import Callable

from flask import Response, request

import deadlines
import login_gate
import web_api
from site_context import current_site
from web_errors import BusyError

BUSY_RETRY_S = 30


def events() -> Response:
    """Live counts."""
    connection = request.environ.get("gunicorn.socket")
    deadlines.allow_long(connection)
    stream = current_site().feed.open_stream(_is_over(connection))
    if stream is None:
        error = BusyError("As many pages are live as may be; ask /api/v1/status.")
        return web_api.error_reply(error, retry_after_s=BUSY_RETRY_S)
    # Flask closes the stream with the response, also when it was never read from.
    response = Response(stream, mimetype="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _is_over(connection: socket.socket | None) -> Callable[[], bool]:
    """Whether a stream has nobody left who may see it: hung up, or logged out."""
    has_hung_up = _has_hung_up(connection)
    gate, session = current_site().gate, request.cookies.get(login_gate.COOKIE, "")

    def look() -> bool:
        return has_hung_up() or (gate is not None and not gate.is_session(session))

    return look


def _has_hung_up(connection: socket.socket | None) -> Callable[[], bool]:
    """Whether the browser at the other end has closed `connection`; False where none is known."""

    def look() -> bool:
        if connection is None:
            return False
        try:
            return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False  # open, and silent as it should be
        except OSError:
            return True

    return look
