"""By what name a line's history knows who changes it.

    WEB_USER_HEADER   the name by which a trusted proxy knows its visitor; nobody else's word counts
    a cookie          what a visitor without such a name calls themselves, on the history's page

`by` is what a correction carries of it (`ocr_contract/line_causes.py`).
"""

import contextlib
from urllib.parse import quote, unquote

from flask import Request, Response

import behind_proxy
from ocr_contract.line_causes import MAX_BY_CHARS, NAME, PAGE, USER
from site_context import current_site

COOKIE = "ocr_name"
MAX_NAME_CHARS = 60
_YEAR_S = 365 * 24 * 3600


def cleaned(text: str, most: int = MAX_NAME_CHARS) -> str:
    """A name in one line: what cannot be seen is left out."""
    words = " ".join(text.split())
    return "".join(each for each in words if each.isprintable()).strip()[:most].strip()


def known_name(request: Request) -> str:
    """The name that a trusted proxy tells, or an empty text."""
    header = current_site().settings.user_header
    if not header or not behind_proxy.is_from_proxy():
        return ""
    sent = request.headers.get(header, "")
    with contextlib.suppress(UnicodeError):
        sent = sent.encode("latin-1").decode()  # WSGI has each byte as a character
    return cleaned(sent, MAX_BY_CHARS - len(USER))


def own_name(request: Request) -> str:
    """What the visitor calls themselves, or an empty text."""
    return cleaned(unquote(request.cookies.get(COOKIE, "")))


def by(request: Request) -> str:
    """Who asks, for the history."""
    if known := known_name(request):
        return f"{USER}{known}"
    if own := own_name(request):
        return f"{NAME}{own}"
    return PAGE


def keep_own_name(request: Request, response: Response, name: str) -> None:
    """Let the browser keep a name, or (empty) forget it."""
    path = behind_proxy.cookie_path()
    if not name:
        response.delete_cookie(COOKIE, path=path)
        return
    response.set_cookie(
        COOKIE, quote(name), max_age=_YEAR_S, path=path, httponly=True, samesite="Lax",
        secure=request.is_secure,
    )  # fmt: skip
