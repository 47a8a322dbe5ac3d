"""How an error becomes an answer: a page that heals itself, a page with a sentence, or JSON."""

from flask import Flask, Response, make_response, render_template, request
from werkzeug.exceptions import BadHost, HTTPException

import parameters
import web_api
from web_errors import DatabaseWaitingError, LoginNeededError, NotFoundError, WebError

BUSY_RETRY_S = 5


def register(app: Flask) -> None:
    """Let this module answer every error of `app`."""
    app.register_error_handler(WebError, web_error)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Exception, unexpected_error)


def web_error(error: WebError) -> Response:
    """An error of ours: a page, or JSON where a program has asked."""
    if isinstance(error, DatabaseWaitingError):
        template, retry_after_s = "waiting.html", BUSY_RETRY_S
    else:
        template, retry_after_s = "error.html", None
    is_for_programs = request.path.startswith(("/api/", "/export", "/events"))
    # Under a name that can be none, Flask knows no addresses, which a page is full of.
    if (
        is_for_programs
        or isinstance(request.routing_exception, BadHost)
        or request.path.endswith(".json")
        or parameters.is_script(request)
        or isinstance(error, LoginNeededError)
    ):
        return web_api.error_reply(error, retry_after_s=retry_after_s)
    response = make_response(
        render_template(template, error=error, retry_after_s=retry_after_s), error.http_status
    )
    if retry_after_s is not None:
        response.headers["Retry-After"] = str(retry_after_s)
    return response


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
