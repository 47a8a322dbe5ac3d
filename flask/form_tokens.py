"""Gives templates the token of their forms, and the visitor the cookie that it belongs to."""

from flask import Flask, Response, g, request

from site_context import current_site


def register(app: Flask) -> None:
    """Templates of `app` may call csrf_token(); the cookie follows by itself."""
    app.jinja_env.globals["csrf_token"] = csrf_token
    app.after_request(_remember_visitor)


def csrf_token() -> str:
    """What belongs into the hidden field of every form."""
    guard = current_site().guard
    if "visitor" not in g:
        g.visitor = guard.visitor(request)
    return guard.token(g.visitor)


def _remember_visitor(response: Response) -> Response:
    if "visitor" in g:
        current_site().guard.remember(response, g.visitor)
    return response
