"""Hostile requests to both real servers: never an unhandled error, and both live on.

    make soak WHAT=fuzz [ARGS="--count 100000"]

Half go to the control socket (uvicorn), half to the page (gunicorn), over kept connections. Neither
publishes an OpenAPI schema, so the requests come from generators of our own (hostile_requests).
An error is a status of 5xx other than 503, which says "busy" or "not now" in a sentence, a reply
that is no HTTP, a traceback in a log, or an end of a service. While it goes on the reader reads:
new images must be done all the time.
"""

import collections
import concurrent.futures
import contextlib
import http.client
import os
import random
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hostile_requests import socket_request, web_request
from ocr_contract.data_folder import SOCKET_PATH
from servers import Servers
from soak_report import check_integrity, conclude, require, run_parser

_SLICE = 500
_CLIENTS = 2
_TIMEOUT_S = 30.0


class Visitor:
    """One client on a kept connection."""

    def __init__(self, connect: Callable[[], socket.socket]) -> None:
        self._connect = connect
        self._socket: socket.socket | None = None
        self.statuses: collections.Counter[int] = collections.Counter()

    def ask(self, request: bytes) -> None:
        """Send one request and take the whole reply; raises Violation for an unhandled error."""
        for last in (False, True):
            fresh = self._socket is None
            if self._socket is None:
                self._socket = self._connect()
                self._socket.settimeout(_TIMEOUT_S)
            try:
                self._socket.sendall(request)
                reply = http.client.HTTPResponse(
                    self._socket, method=request.split(b" ", 1)[0].decode()
                )
                reply.begin()
                content = reply.read()
                break
            except TimeoutError:
                require(False, f"no reply within {_TIMEOUT_S:g} s to {request!r}")
            except (OSError, http.client.HTTPException) as error:  # it had closed meanwhile
                self.close()
                require(not (last and fresh), f"{error!r} for {request!r}")
        self.statuses[reply.status] += 1
        require(reply.status < 500 or reply.status == 503, f"{reply.status} for {request!r}")
        require(b"Traceback (most" not in content, f"a traceback for {request!r}")
        if reply.will_close:
            self.close()

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.close()
            self._socket = None


def run(count: int, seed: int) -> dict[str, Any]:
    """Half to each; raises Violation."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder, Servers(Path(folder)) as servers:
        ways: dict[str, tuple[Callable[[], socket.socket], Callable[[random.Random], bytes]]] = {
            "socket": (lambda: _unix(servers.data / SOCKET_PATH), socket_request),
            "web": (lambda: socket.create_connection(("127.0.0.1", servers.port)), web_request),
        }
        visitors = {name: [Visitor(way[0]) for _ in range(_CLIENTS)] for name, way in ways.items()}
        sent = number = 0
        with concurrent.futures.ThreadPoolExecutor(2 * _CLIENTS) as hands:
            while sent < count:
                done = servers.add_images(4)
                jobs = []
                for name, (_, make) in ways.items():
                    for visitor in visitors[name]:
                        many = min(_SLICE, count - sent)
                        draw = random.Random(f"{seed} {number}")
                        jobs.append(hands.submit(_visit, visitor, make, draw, many))
                        sent, number = sent + many, number + 1
                for job in jobs:
                    job.result()
                servers.wait_until_done(done)
                servers.check()
        statuses = {
            name: dict(sorted(sum((v.statuses for v in some), collections.Counter()).items()))
            for name, some in visitors.items()
        }
        for name, found in statuses.items():
            require(found.get(200), f"{name} never answered with success: {found}")
        check_integrity(servers.data / "ocr_data.db")
    seconds = time.monotonic() - started
    return {
        "requests": sent,
        "statuses": statuses,
        "images_read_meanwhile": done,
        "unhandled_errors": 0,
        "requests_per_second": round(sent / seconds, 1),
        "generator": "own",
        "seed": seed,
        "seconds": round(seconds, 1),
    }


def _visit(
    visitor: Visitor, make: Callable[[random.Random], bytes], draw: random.Random, many: int
) -> None:
    for _ in range(many):
        visitor.ask(make(draw))


def _unix(path: Path) -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    made.connect(os.fspath(path))
    return made


def main() -> int:
    """Returns 1 on the first unhandled error."""
    parser = run_parser("Hostile requests to both services.")
    parser.add_argument("--count", type=int, default=1_000_000)
    return conclude("fuzz", parser, lambda asked: run(asked.count, asked.seed))


if __name__ == "__main__":
    sys.exit(main())
