"""How an error becomes an answer: a page that heals itself, a page with a sentence, or JSON."""

from flask import Flask, Response, make_response, render_template, request
from werkzeug.exceptions import BadHost, HTTPException

import parameters
import web_api
from web_errors import (
    BusyError,
    DatabaseWaitingError,
    LoginNeededError,
    NotFoundError,
    WebError,
)

BUSY_RETRY_S = 5
BUSY_EXPORT_RETRY_S = 30


def register(app: Flask) -> None:
    """Let this module answer every error of `app`."""
    app.register_error_handler(WebError, web_error)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Exception, unexpected_error)


def web_error(error: WebError) -> Response:
    """An error of ours: a page, or JSON where a program has asked."""
    retry_after_s = None
    if isinstance(error, DatabaseWaitingError):
        retry_after_s = BUSY_RETRY_S
    elif isinstance(error, BusyError):
        retry_after_s = BUSY_EXPORT_RETRY_S
    # Under a name that can be none, Flask knows no addresses, which a page is full of.
    if (
        _is_for_programs()
        or isinstance(request.routing_exception, BadHost)
        or isinstance(error, LoginNeededError)
    ):
        return web_api.error_reply(error, retry_after_s=retry_after_s)
    template = "waiting.html" if isinstance(error, DatabaseWaitingError) else "error.html"
    response = make_response(
        render_template(template, error=error, retry_after_s=retry_after_s), error.http_status
    )
    if retry_after_s is not None:
        response.headers["Retry-After"] = str(retry_after_s)
    return response


def _is_for_programs() -> bool:
    """Whether JSON says more than a page; a person who clicks on a file's link gets a page."""
    path = request.path
    if path.startswith("/api/") or path == "/events" or parameters.is_script(request):
        return True
    is_file = path.startswith("/export") or path.endswith(".json")
    return is_file and "text/html" not in request.headers.get("Accept", "")


def http_error(error: HTTPException) -> Response:
    """An error that Flask has found, e.g. an unknown address or method."""
    if error.code is None or error.code < 400:
        return error.get_response()  # type: ignore[return-value]  # a redirect
    if error.code == 404:
        return web_error(NotFoundError("There is nothing at this address."))
    plain = WebError(error.description or error.name, code=error.name.lower().replace(" ", "_"))
    response = web_error(plain)
    response.status_code = error.code
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            response.headers[name] = value
    return response


def unexpected_error(error: Exception) -> Response:
    """A defect of ours: the log gets the traceback, the visitor a sentence."""
    web_api.logger.error("%s %s failed", request.method, request.path, exc_info=error)
    return web_error(WebError("Something went wrong here. The log of web_service says what."))
