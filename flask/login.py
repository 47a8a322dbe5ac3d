"""The login page, and the rule that everything but a few open addresses needs a session.

Only with WEB_PASSWORD_FILE; without it nothing here is ever in the way.

    GET  /login?next=/images/7     the form
    POST /login                    password, next -> a session, and back to `next`
    POST /logout                   the session ends

A visitor without a session is sent to the form when they asked for a page, and gets 401 and
JSON for everything else.
"""

import math
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

import behind_proxy
from login_gate import COOKIE, LoginGate
from site_context import current_site
from web_errors import LoginNeededError, RefusedError

OPEN = frozenset({"static", "livez", "readyz", "login.page", "login.enter"})
"""What answers without a session: nothing of it tells what was read."""
PAGES = frozenset({"index", "images.page"})
MAX_NEXT_CHARS = 1000

blueprint = Blueprint("login", __name__)


def require_session() -> AnyResponse | None:
    """Before every request: go on (None), or what a visitor without a session gets."""
    gate = current_site().gate
    if gate is None:
        return None
    g.logged_in = gate.is_session(request.cookies.get(COOKIE, ""))
    if g.logged_in or request.endpoint in OPEN:
        return None
    is_visit = request.endpoint in PAGES or request.headers.get("Sec-Fetch-Mode") == "navigate"
    if not is_visit:
        raise LoginNeededError("Log in first: this page has a password.")
    wanted = request.full_path.rstrip("?") if request.method in ("GET", "HEAD") else "/"
    return redirect(url_for("login.page", next=safe_next(wanted)), 303)


def safe_next(address: str) -> str:
    """`address` when it is a page of this very service, else the list."""
    # Browsers take \ for /, drop tabs and line feeds, and read // as the start of a host.
    parts_ok = address.startswith("/") and not address.startswith(("//", "/\\", "/login"))
    is_plain = address.isprintable() and "\\" not in address and len(address) <= MAX_NEXT_CHARS
    if not parts_ok or not is_plain:
        return "/"
    try:
        parts = urlsplit(address)
    except ValueError:
        return "/"
    return "/" if parts.scheme or parts.netloc else address


@blueprint.get("/login")
def page() -> AnyResponse:
    """The form."""
    wanted = safe_next(request.args.get("next", "/"))
    if _gate_or_none() is None or g.get("logged_in"):
        return _go_on(wanted)
    return _form(wanted)


@blueprint.post("/login")
def enter() -> AnyResponse:
    """Try a password."""
    gate = _gate_or_none()
    wanted = safe_next(request.form.get("next", "/"))
    if gate is None:
        return _go_on(wanted)
    try:
        current_site().guard.check(request)
    except RefusedError as error:
        return _form(wanted, error.message, error.http_status)
    wait_s = gate.try_password(request.form.get("password", ""), request.remote_addr or "")
    if wait_s == 0:
        return _form(wanted, "That is not the password.", 403)
    if wait_s is not None:
        shown = math.ceil(wait_s)
        refusal = _form(wanted, f"Too many attempts. Try again in {shown} s.", 429)
        refusal.headers["Retry-After"] = str(shown)
        return refusal
    response = _go_on(wanted)
    response.set_cookie(
        COOKIE, gate.new_session(), max_age=int(gate.lifetime_s),
        path=behind_proxy.cookie_path(), httponly=True, samesite="Strict", secure=request.is_secure,
    )  # fmt: skip
    return response


@blueprint.post("/logout")
def leave() -> AnyResponse:
    """End the session."""
    current_site().guard.check(request)
    gate = _gate_or_none()
    if gate is not None:
        gate.end_session(request.cookies.get(COOKIE, ""))
    response = redirect(url_for("login.page"), 303)
    response.delete_cookie(
        COOKIE, path=behind_proxy.cookie_path(),
        httponly=True, samesite="Strict", secure=request.is_secure,
    )  # fmt: skip
    return response


def _gate_or_none() -> LoginGate | None:
    return current_site().gate


def _go_on(wanted: str) -> AnyResponse:
    """To `wanted`, which counts from the page's own path."""
    return redirect(f"{request.script_root}{wanted}", 303)


def _form(wanted: str, problem: str = "", http_status: int = 200) -> Response:
    return make_response(render_template("login.html", wanted=wanted, problem=problem), http_status)
