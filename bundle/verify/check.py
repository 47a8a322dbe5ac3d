"""What verify.sh runs inside the containers, on standard input of their Python.

    text EXPECTED    the reader's database holds (nearly) every word of EXPECTED, within a minute
    network          there is no way out of this container
    pages            no page names an address outside, in anything that a browser would load

Prints its finding in a few words; exit code 0 when all is well. Standard library only.
"""

import contextlib
import html.parser
import os
import pathlib
import re
import socket
import sqlite3
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable

TIMEOUT_S = 120.0
LEAST_SHARE = 0.95
MOST_PAGES = 60
PAGE = "http://localhost:5000/"
DATABASE = "file:/data/ocr_data.db?mode=ro"
LOADING = {"href", "src", "action", "formaction", "poster", "data", "srcset", "content"}
OUTSIDE = re.compile(r"(?:https?:)?//(?!localhost[:/])[\w.-]+\.\w+", re.IGNORECASE)
NAMESPACE = "http://www.w3.org/"
"""Names of XML dialects look like addresses; nobody loads them."""


def text(expected: str) -> str | None:
    """None when the words were found."""
    deadline = time.monotonic() + TIMEOUT_S
    while (found := read_text()) is None:
        if time.monotonic() > deadline:
            return f"it was not read within {TIMEOUT_S:.0f} s"
        time.sleep(0.5)
    wanted, have = expected.split(), found.split()
    missing = [word for word in wanted if word not in have]
    print(f"{len(wanted) - len(missing)} of {len(wanted)} words")
    if len(missing) > (1 - LEAST_SHARE) * len(wanted):
        return "missing: " + " ".join(missing[:10])
    return None


def read_text() -> str | None:
    """The text of the one image; None while there is none."""
    try:
        with contextlib.closing(sqlite3.connect(DATABASE, uri=True)) as database:
            rows = database.execute("SELECT text FROM page_texts").fetchall()
    except sqlite3.Error:
        return None
    return str(rows[0][0]) if rows else None


def network() -> str | None:
    """None when the only interface is the loopback and nothing can be reached."""
    interfaces = sorted(path.name for path in pathlib.Path("/sys/class/net").iterdir())
    if interfaces != ["lo"]:
        return f"it has {', '.join(interfaces)}"
    with contextlib.suppress(OSError), socket.create_connection(("192.0.2.1", 80), 2):
        return "it reaches out"
    return None


class Links(html.parser.HTMLParser):
    """Everything in a page that a browser loads or leads to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in LOADING and value]


def pages() -> str | None:
    """None when no page, style sheet or script within reach of the first page names an outside."""
    waiting, seen = [PAGE], {PAGE}
    looked = 0
    while waiting and looked < MOST_PAGES:
        address = waiting.pop(0)
        kind, body = fetch(address)
        looked += 1
        if looked == 1 and kind != "text/html":
            return "the first page does not come"
        if kind == "text/html":
            links = Links()
            links.feed(body)
            named = links.found
        elif kind in ("text/css", "text/javascript", "application/javascript"):
            named = OUTSIDE.findall(body)
        else:
            continue
        outside = [name for name in named if OUTSIDE.search(name) and NAMESPACE not in name]
        if outside:
            return f"{address} names {outside[0]}"
        for name in named:
            target = urllib.parse.urldefrag(urllib.parse.urljoin(address, name)).url
            if " " not in target and target.startswith(PAGE) and target not in seen:
                seen.add(target)
                waiting.append(target)
    print(f"{looked} pages and files")
    return None


def fetch(address: str) -> tuple[str, str]:
    """(content type, body); nothing for what is no page."""
    # The page answers to the names that it was given only.
    names = [name.strip() for name in os.environ.get("WEB_ALLOWED_HOSTS", "").split(",")]
    request = urllib.request.Request(address, headers={"Host": names[0] or "localhost"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:  # noqa: S310
            kind = reply.headers.get_content_type()
            if kind == "text/event-stream":
                return kind, ""
            return kind, reply.read(2_000_000).decode("utf-8", "replace")
    except urllib.error.HTTPError:
        return "", ""


def main() -> int:
    command, *arguments = sys.argv[1:]
    checks: dict[str, Callable[..., str | None]] = {
        "text": text,
        "network": network,
        "pages": pages,
    }
    problem = checks[command](*arguments)
    if problem:
        print(problem)
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
