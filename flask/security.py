"""Who may ask, what a browser may do with the answer, and whether a form is ours.

Three guards:

- Host: only the names in WEB_ALLOWED_HOSTS. Otherwise a web page on the internet could point
  its own name at this machine and read everything (DNS rebinding).
- Headers on every reply: nothing inline runs, nothing foreign is loaded, nobody frames us.
- Forms: the browser's own word that the request is same-origin, and a token that only our
  pages can know (an HMAC of a random cookie, so nothing is stored).
"""

import hashlib
import hmac
import re
import secrets
from urllib.parse import urlsplit

from flask import Request, Response

from ocr_contract.error_codes import ErrorCode
from secret_key import KEY
from web_errors import BadParameterError, RefusedError

COOKIE = "ocr_visitor"
FIELD = "csrf_token"
_COOKIE_FORM = re.compile(r"[A-Za-z0-9_-]{20,64}")
_HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[^:\[\]]+)(?::\d{1,5})?")
_STALE = "This page is too old to use its buttons. Load it again and repeat what you did."

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
        raise BadParameterError(
            "This address is not one of the names of this service. If it should be, add it to "
            "WEB_ALLOWED_HOSTS and start web_service again.",
            code=ErrorCode.HOST_NOT_ALLOWED,
        )


class FormGuard:
    """Makes and checks the tokens of forms."""

    def visitor(self, request: Request) -> str:
        """The visitor's random mark: the one in the cookie, or a new one to be set."""
        known = request.cookies.get(COOKIE, "")
        return known if _COOKIE_FORM.fullmatch(known) else secrets.token_urlsafe(24)

    def token(self, visitor: str) -> str:
        """What belongs into the hidden field of a form for `visitor`."""
        return hmac.new(KEY, visitor.encode(), hashlib.sha256).hexdigest()

    def remember(self, response: Response, visitor: str) -> None:
        """Set the cookie."""
        response.set_cookie(COOKIE, visitor, httponly=True, samesite="Strict", path="/")

    def check(self, request: Request) -> None:
        """Raise RefusedError unless this POST came from a page of ours."""
        site = request.headers.get("Sec-Fetch-Site")
        origin = request.headers.get("Origin")
        if site is not None and site != "same-origin":
            raise RefusedError("This request came from another site.", code=ErrorCode.CROSS_SITE)
        # Under our no-referrer policy a browser may send "null", which says nothing either way.
        if origin not in (None, "null") and urlsplit(origin).netloc != request.host:
            raise RefusedError("This request came from another site.", code=ErrorCode.CROSS_SITE)
        visitor = request.cookies.get(COOKIE, "")
        given = request.form.get(FIELD, "")
        if not _COOKIE_FORM.fullmatch(visitor) or not hmac.compare_digest(
            self.token(visitor).encode(), given.encode("utf-8", "replace")
        ):
            raise RefusedError(_STALE, code=ErrorCode.STALE_FORM)
