"""Whether a form is ours, and the key that this and the sessions are signed with.

A form needs the browser's own word that the request is same-origin, and a token that only our pages
can know: an HMAC of a random cookie, so nothing is stored.
"""

import hashlib
import hmac
import re
import secrets
from urllib.parse import urlsplit

from flask import Flask, Request, Response, g, request

import behind_proxy
from ocr_contract.error_codes import ErrorCode
from web_errors import RefusedError

KEY = secrets.token_bytes(32)
"""Random, made at the start, only ever in memory. Gunicorn's main process imports this before it
forks: a worker that is started anew has the same key, and nobody has to log in again."""
COOKIE = "ocr_visitor"
FIELD = "csrf_token"
_COOKIE_FORM = re.compile(r"[A-Za-z0-9_-]{20,64}")
_SALT_BYTES = 8
_OTHER_SITE = "This request came from another site."
_STALE = "This page is too old to use its buttons. Load it again and repeat what you did."


class FormGuard:
    """Makes and checks the tokens of forms."""

    def visitor(self, request: Request) -> str:
        """The visitor's random mark: the one in the cookie, or a new one to be set."""
        known = request.cookies.get(COOKIE, "")
        return known if _COOKIE_FORM.fullmatch(known) else secrets.token_urlsafe(24)

    def token(self, visitor: str) -> str:
        """What belongs into the hidden field of a form for `visitor`: another one each time, or
        the length of a compressed page would tell it to who can make the visitor ask often."""
        salt = secrets.token_hex(_SALT_BYTES)
        return salt + _token(salt, visitor)

    def remember(self, response: Response, visitor: str) -> None:
        """Set the cookie."""
        response.set_cookie(
            COOKIE, visitor, path=behind_proxy.cookie_path(),
            httponly=True, samesite="Strict", secure=request.is_secure,
        )  # fmt: skip

    def check(self, request: Request) -> None:
        """Raise RefusedError unless this POST came from a page of ours."""
        site = request.headers.get("Sec-Fetch-Site")
        origin = request.headers.get("Origin")
        if site is not None and site != "same-origin":
            raise RefusedError(_OTHER_SITE, code=ErrorCode.CROSS_SITE)
        # Under our no-referrer policy a browser may send "null", which says nothing either way.
        if origin not in (None, "null") and urlsplit(origin).netloc != request.host:
            raise RefusedError(_other_name(), code=ErrorCode.CROSS_SITE)
        visitor = request.cookies.get(COOKIE, "")
        given = request.form.get(FIELD, "")
        salt, given = given[: 2 * _SALT_BYTES], given[2 * _SALT_BYTES :]
        if not _COOKIE_FORM.fullmatch(visitor) or not hmac.compare_digest(
            _token(salt, visitor).encode(), given.encode("utf-8", "replace")
        ):
            raise RefusedError(_STALE, code=ErrorCode.STALE_FORM)


def _token(salt: str, visitor: str) -> str:
    message = f"{salt}/{visitor}".encode("utf-8", "replace")
    return hmac.new(KEY, message, hashlib.sha256).hexdigest()[: -2 * _SALT_BYTES]


def _other_name() -> str:
    """The sentence for an Origin that is not the name by which we were asked."""
    if behind_proxy.was_ignored():
        return (
            "This request came from another site, or through a proxy that WEB_TRUSTED_PROXIES "
            "does not name; web_service's log has its address."
        )
    return (
        f"{_OTHER_SITE[:-1]}, or through a proxy that does not pass on the name of the page: "
        "README shows what such a proxy must send (Behind a proxy)."
    )


def register(app: Flask, guard: FormGuard) -> None:
    """Templates of `app` may call csrf_token(); the cookie that belongs to it follows by itself."""

    def csrf_token() -> str:
        if "visitor" not in g:
            g.visitor = guard.visitor(request)
        return guard.token(g.visitor)

    def remember_visitor(response: Response) -> Response:
        if "visitor" in g:
            guard.remember(response, g.visitor)
        return response

    app.jinja_env.globals["csrf_token"] = csrf_token
    app.after_request(remember_visitor)
