"""A proxy in front: which of its words count, and the path below which it shows the page.

Two wrappers around the application, the outer one first:

    TrustedProxies   X-Forwarded-For, -Proto, -Host and -Port are taken from the proxies named in
                     WEB_TRUSTED_PROXIES, by Werkzeug's ProxyFix. Anybody else's are taken away.
    below            WEB_BASE_PATH is what WSGI calls SCRIPT_NAME: url_for puts it in front of every
                     address. A proxy may pass it on (/ocr/images/7) or cut it off (/images/7).

Whoever is no trusted proxy and leaves the path out gets 404 with the page's address; /livez and
/readyz answer everybody, as health checks know no path.
"""

import logging
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask, request
from werkzeug.http import parse_list_header
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from gateways import Address
from proxy_settings import Network, parse_address
from web_errors import NotFoundError
from web_settings import WebSettings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FORWARDED = tuple(f"HTTP_X_FORWARDED_{name}" for name in ("FOR", "PROTO", "HOST", "PORT"))
MAX_REPORTED = 16
"""After so many addresses the log says nothing more of proxies that nobody named."""
_FROM_PROXY = "ocr.from_proxy"
_IGNORED = "ocr.ignored_proxy"
_OUTSIDE = "ocr.outside"
_WITHOUT_PATH = frozenset({"livez", "readyz"})

logger = logging.getLogger("web_service")


def install(app: Flask, settings: WebSettings) -> None:
    """Wrap `app`, and let it refuse what is outside of its path."""
    inner: WSGIApplication = app.wsgi_app
    if settings.base_path:
        inner = below(inner, settings.base_path)
    app.wsgi_app = TrustedProxies(  # type: ignore[method-assign]  # as Flask recommends
        inner, settings.trusted_proxies
    )


def refuse_outside() -> None:
    """Before every request: raise NotFoundError when it is not below the page's path."""
    if _OUTSIDE in request.environ and request.endpoint not in _WITHOUT_PATH:
        raise NotFoundError(
            f"The page is at {request.script_root}/ here. If a proxy has cut that off, name the "
            "proxy in WEB_TRUSTED_PROXIES."
        )


def cookie_path() -> str:
    """Other pages of the same site do not get our cookies."""
    return request.script_root or "/"


def was_ignored() -> bool:
    """Whether this request came with the words of a proxy that nobody named."""
    return _IGNORED in request.environ


def is_from_proxy() -> bool:
    """Whether this request came through a proxy that is trusted."""
    return _FROM_PROXY in request.environ


class TrustedProxies:
    """The application, with the visitor's own address, scheme and host where a proxy may tell."""

    def __init__(self, application: "WSGIApplication", trusted: tuple[Network, ...]) -> None:
        self._application = application
        self._trusted = trusted
        self._lock = threading.Lock()
        self._reported: set[str] = set()

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        peer = parse_address(environ.get("REMOTE_ADDR", ""))
        if peer is not None and self._is_trusted(peer):
            environ[_FROM_PROXY] = True
            fixed = ProxyFix(
                self._application, x_for=self._hops(environ), x_proto=_has_scheme(environ),
                x_host=1, x_port=1,
            )  # fmt: skip
            return fixed(environ, start_response)
        ignored = [environ.pop(name) for name in FORWARDED if name in environ]
        if ignored:
            environ[_IGNORED] = True
            self._report(str(peer or "an unknown address"))
        return self._application(environ, start_response)

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)

    def _hops(self, environ: "WSGIEnvironment") -> int:
        """How many of the addresses in X-Forwarded-For, from its end, a proxy of ours has written.

        Each proxy adds the address that it was asked from, so the visitor's is the first from the
        end that is no proxy's; what stands before it is the visitor's own invention.
        """
        hops = 0
        for text in reversed(parse_list_header(environ.get("HTTP_X_FORWARDED_FOR", ""))):
            address = parse_address(text)
            if address is None:
                break
            hops += 1
            if not self._is_trusted(address):
                break
        return hops

    def _report(self, peer: str) -> None:
        with self._lock:
            if peer in self._reported or len(self._reported) >= MAX_REPORTED:
                return
            self._reported.add(peer)
        logger.warning(
            "X-Forwarded headers from %s are ignored. If that is your proxy, name it in "
            "WEB_TRUSTED_PROXIES and start web_service again.",
            peer,
        )


def _has_scheme(environ: "WSGIEnvironment") -> int:
    """1 when the last proxy names a scheme that a browser can have used."""
    named = parse_list_header(environ.get("HTTP_X_FORWARDED_PROTO", ""))
    return int(bool(named) and named[-1] in ("http", "https"))


def below(application: "WSGIApplication", base_path: str) -> "WSGIApplication":
    """`application`, found below `base_path` and, by trusted proxies, without it."""

    def outside(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        environ["SCRIPT_NAME"] = base_path
        if _FROM_PROXY not in environ:
            environ[_OUTSIDE] = True
        return application(environ, start_response)

    return DispatcherMiddleware(outside, {base_path: application})
