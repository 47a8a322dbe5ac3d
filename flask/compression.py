"""Pages are sent compressed to who can read that: a page of many lines repeats itself."""

import gzip

from flask import Flask, Response, request

_LEVEL = 4
_LEAST_BYTES = 1500
"""Less fits into one packet anyway."""
_KINDS = ("text/html", "application/json")


def install(app: Flask) -> None:
    """Let this module look at every answer of `app`, after all the others."""
    app.after_request(_compressed)


def _compressed(response: Response) -> Response:
    if response.direct_passthrough or response.is_streamed or response.mimetype not in _KINDS:
        return response
    response.vary.add("Accept-Encoding")
    is_wanted = request.accept_encodings["gzip"] > 0
    if response.headers.get("Content-Encoding") or not is_wanted:
        return response
    content = response.get_data()
    if len(content) >= _LEAST_BYTES:
        response.set_data(gzip.compress(content, _LEVEL, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response
