"""How Gunicorn runs the application: what `gunicorn.conf.py` sets, as typed code.

One process with a pool of threads: pages are short reads of SQLite, and one process keeps the
memory, the live feed and the form tokens in one place.
"""

import logging
import os
import socket
import struct
import sys
from pathlib import Path
from typing import Any

import site_context
import web_settings

FOLDER = Path(__file__).resolve().parent
CLIENT_PATIENCE_S = 10
"""A visitor who sends or takes nothing for so long loses the connection, not others a thread."""


def settings_or_exit() -> web_settings.WebSettings:
    """The settings, read before Gunicorn changes the working folder."""
    return web_settings.or_exit(os.environ)


def leave_working_folder_off_the_path() -> None:
    """Gunicorn puts the working folder on sys.path; a folder named flask in it must not count."""
    here = Path.cwd()
    wanted = {Path(part).absolute() for part in os.environ.get("PYTHONPATH", "").split(":") if part}
    sys.path[:] = [
        part
        for part in sys.path
        if Path(part).absolute() != here or Path(part).absolute() in wanted
    ]


def bind_address(settings: web_settings.WebSettings) -> str:
    """As Gunicorn writes it."""
    host = f"[{settings.bind}]" if ":" in settings.bind else settings.bind
    return f"{host}:{settings.port}"


def when_ready(server: Any) -> None:
    """Accepted connections inherit these limits from the listening socket."""
    patience = struct.pack("ll", CLIENT_PATIENCE_S, 0)
    for listener in server.LISTENERS:
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, patience)
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, patience)


def post_worker_init(worker: Any) -> None:
    """Tie the live streams to the worker's life, so that they never hold up its end."""
    worker.wsgi.extensions[site_context.EXTENSION].feed.stop_when(lambda: not worker.alive)
    logging.getLogger("gunicorn.error").addFilter(_is_no_lost_patience)


def _is_no_lost_patience(record: logging.LogRecord) -> bool:
    """A visitor whose time ran out (EAGAIN on a blocking socket) is nothing to report."""
    return not (record.exc_info and isinstance(record.exc_info[1], BlockingIOError))
