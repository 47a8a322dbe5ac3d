"""Who may ask, and what a browser may do with the answer.

- Host: only the names in WEB_ALLOWED_HOSTS. Otherwise a web page on the internet could point
  its own name at this machine and read everything (DNS rebinding).
- Headers on every reply: nothing inline runs, nothing foreign is loaded, nobody frames us.
"""

import re

from flask import Response

from ocr_contract.error_codes import ErrorCode
from web_errors import BadParameterError

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
