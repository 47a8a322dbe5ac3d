"""Who may ask, and what a browser may do with the answer.

- Host: only the names in WEB_ALLOWED_HOSTS. Otherwise a web page on the internet could point
  its own name at this machine and read everything (DNS rebinding).
- Other sites may link to a page, and no more: what they let a visitor's browser fetch without being
  seen (a picture, a frame, a script) is refused before anything is looked up. They could not read
  it, but they could keep the processors busy with exports, and tell by the time that a search takes
  what was read.
- Headers on every reply: nothing inline runs, nothing foreign is loaded, nobody frames us.
"""

import re

from flask import Request, Response

from ocr_contract.error_codes import ErrorCode
from web_errors import BadParameterError, RefusedError

_HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[^:\[\]]+)(?::\d{1,5})?")
_MAX_SHOWN_CHARS = 100

CONTENT_SECURITY_POLICY = "; ".join((
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'",
    "connect-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
))  # fmt: skip

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def protect(response: Response) -> Response:
    """Put the headers on `response`. What has no caching rule of its own is not kept at all."""
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "private, no-store")
    return response


def check_host(host: str, allowed: frozenset[str]) -> None:
    """Raise BadParameterError unless the Host header `host` names one of `allowed`."""
    match = _HOST.fullmatch(host.strip().lower())
    if match is None or match["name"].rstrip(".") not in allowed:
        shown = host[:_MAX_SHOWN_CHARS] or "This address"  # Werkzeug makes "" of what is no name
        raise BadParameterError(
            f"{shown} is not one of the names of this service. If it should be, add it to "
            "WEB_ALLOWED_HOSTS, without its port, and start web_service again.",
            code=ErrorCode.HOST_NOT_ALLOWED,
        )


def check_site(request: Request) -> None:
    """Raise RefusedError where a browser says that another site wants more of us than a visit.

    Programs and old browsers send no such word, nor does any by plain http from another machine
    (https://www.w3.org/TR/fetch-metadata/); forms are asked for more than this (`form_tokens`).
    """
    if request.headers.get("Sec-Fetch-Site") not in ("cross-site", "same-site"):
        return
    how = request.headers.get("Sec-Fetch-Mode"), request.headers.get("Sec-Fetch-Dest")
    if how != ("navigate", "document"):
        raise RefusedError(
            "This request came from another site. Links of other sites lead here; what they fetch "
            "by themselves is refused.",
            code=ErrorCode.CROSS_SITE,
        )
