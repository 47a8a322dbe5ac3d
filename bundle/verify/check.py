"""What verify.sh runs inside the containers, on standard input of their Python.

    text EXPECTED    the reader's database holds (nearly) every word of EXPECTED, within a minute
    network          there is no way out of this container
    exits            there is none for web_service's processes, in this container that has a network
    neighbour ADDRESS PUBLISHED TRUSTED
                     web_service at ADDRESS turns this container away, or, when it is published for
                     other machines, asks it for the password
    pages            no page names an address outside, in anything that a browser would load

Prints its finding in a few words; exit code 0 when all is well. Standard library only, and in
web_service's container its own modules.
"""

import contextlib
import html.parser
import http.client
import ipaddress
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
ELSEWHERE = "192.0.2.1"  # TEST-NET-1, for documentation
SERVING = ("gunicorn", "reader-door")
PAGE = f"http://localhost:5000{os.environ.get('WEB_BASE_PATH', '').strip().rstrip('/')}/"
NAME = os.environ.get("WEB_ALLOWED_HOSTS", "").split(",")[0].strip() or "localhost"
"""The page answers to the names that it was given only."""
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
    led_out = ways_out(ELSEWHERE)
    return f"it reaches out: {', '.join(led_out)}" if led_out else None


def ways_out(address: str) -> list[str]:
    """Which ways lead out of this process: TCP and UDP to `address`, and looking up a name."""

    def tcp() -> None:
        with contextlib.suppress(ConnectionRefusedError):  # from there: it was reached
            socket.create_connection((address, 80), 2).close()

    def udp() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as packets:
            packets.sendto(b"text", (address, 9))

    def name() -> None:
        socket.getaddrinfo("example.org", 80)

    led_out = []
    for way in (tcp, udp, name):
        with contextlib.suppress(OSError):
            way()
            led_out.append(way.__name__)
    return led_out


def exits() -> str | None:
    """None when every process that serves is behind the filter, and nothing gets through it."""
    ordinary = filters_of(pathlib.Path("/proc/self/status"))[1]
    found = [filters_of(path) for path in pathlib.Path("/proc").glob("[0-9]*/status")]
    serving = [(name, count) for name, count in found if name in SERVING]
    open_ones = sorted({name for name, count in serving if count <= ordinary})
    if open_ones or {name for name, _ in serving} != set(SERVING):
        return f"not behind the filter: {', '.join(open_ones) or 'all'}; see web_service's log"
    import confinement  # type: ignore[import-not-found, unused-ignore]  # web_service's own
    import gateways  # type: ignore[import-not-found, unused-ignore]

    host = next(iter(gateways.default_gateways()), ELSEWHERE)
    confinement.serve()  # from here on this process is as they are
    led_out = [way for address in (str(host), ELSEWHERE) for way in ways_out(address)]
    if led_out:
        return f"it reaches out: {', '.join(led_out)}"
    print(f"{len(serving)} processes; TCP and UDP to {host} and {ELSEWHERE}, names")
    return None


def filters_of(status: pathlib.Path) -> tuple[str, int]:
    """A process's name and how many filters of system calls it is behind."""
    try:
        lines = [line.split(":\t") for line in status.read_text().splitlines() if ":\t" in line]
    except OSError:  # it has just ended
        return "", 0
    words = {name: value.strip() for name, value in lines}
    # A kernel before 5.9 does not count them.
    return words["Name"], int(words.get("Seccomp_filters", 2 if words["Name"] in SERVING else 1))


def neighbour(address: str, published: str, trusted: str = "") -> str | None:
    """None when the page does not answer this container as it answers its own machine."""
    page = http.client.HTTPConnection(address, 5000, timeout=4)
    try:
        page.connect()
        own = ipaddress.ip_address(page.sock.getsockname()[0])
        path = f"{urllib.parse.urlsplit(PAGE).path}api/v1/status"
        page.request("GET", path, headers={"Host": NAME})
        status = page.getresponse().status
    except OSError as error:
        print(f"{type(error).__name__}")
        return None
    if is_among(own, trusted):
        print(f"{own} is admitted: WEB_TRUSTED_PROXIES")
        return None
    if published in ("127.0.0.1", "::1", "[::1]", "localhost"):
        return f"the page answers {own} with {status}, though it is published on {published} only"
    if status == 200:
        return f"the page is published on {published} and asks nobody for a password"
    if status != 401:  # what it says to whoever did not log in
        return f"the page at {path} answers {status}, so nobody knows whether it wants a password"
    print(f"it is published on {published} and wants the password")
    return None


def is_among(address: ipaddress.IPv4Address | ipaddress.IPv6Address, networks: str) -> bool:
    """Whether `address` is in one of these networks; words between them are none."""
    for part in networks.split(","):
        with contextlib.suppress(ValueError):
            if address in ipaddress.ip_network(part.strip()):
                return True
    return False


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
    request = urllib.request.Request(address, headers={"Host": NAME})  # noqa: S310
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
        "exits": exits,
        "neighbour": neighbour,
        "pages": pages,
    }
    problem = checks[command](*arguments)
    if problem:
        print(problem)
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
