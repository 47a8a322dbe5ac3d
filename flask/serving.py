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

import confinement
import peer_gate
import reader_door
import site_context
import web_password
import web_settings
from ocr_contract.data_folder import SOCKET_PATH
from ocr_contract.logs import before_the_log
from ocr_contract.setting_fields import SettingError

FOLDER = Path(__file__).resolve().parent
SEND_PATIENCE_S = 5
"""A visitor who stops in the middle of a request for longer loses the connection."""
TAKE_PATIENCE_S = 20
"""Likewise one who takes nothing of the answer: neither may keep a thread from the others."""
OPEN_PROXY = (
    "WEB_TRUSTED_PROXIES is set and the page has no password: whoever the proxy lets in reads "
    "every text. Set WEB_PASSWORD_FILE, unless the proxy itself asks who comes."
)


def settings_or_exit() -> web_settings.WebSettings:
    """The settings, read before Gunicorn changes the working folder; the password's file as well.

    Imports `form_tokens` and so its key, too (through `site_context`): before the fork.
    """
    settings = web_settings.or_exit(os.environ)
    if settings.password_file is not None:
        try:
            web_password.read(settings.password_file)
        except SettingError as error:
            web_settings.exit_with(error)
    elif settings.trusted_proxies:
        sys.stderr.write(
            before_the_log("web_service", OPEN_PROXY, os.environ, level=logging.WARNING)
        )
    return settings


def bind_address(settings: web_settings.WebSettings) -> str:
    """As Gunicorn writes it."""
    host = f"[{settings.bind}]" if ":" in settings.bind else settings.bind
    return f"{host}:{settings.port}"


def on_starting(_server: Any) -> None:
    """Before there is any socket: start the one process that may connect to ocr_service."""
    folder = web_settings.from_environment(os.environ).data_folder
    reader_door.open_door(folder / SOCKET_PATH)


def when_ready(server: Any) -> None:
    """Accepted connections inherit these limits from the listening socket.

    Now that it listens, nothing here connects to anything any more.
    """
    limits = ((socket.SO_RCVTIMEO, SEND_PATIENCE_S), (socket.SO_SNDTIMEO, TAKE_PATIENCE_S))
    for listener in server.LISTENERS:
        for option, seconds in limits:
            # struct timeval: seconds and microseconds, each a long.
            listener.sock.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", seconds, 0))
    confinement.serve()


def on_exit(_server: Any) -> None:
    """All workers have ended."""
    reader_door.leave_door()


def post_worker_init(worker: Any) -> None:
    """Tie the live streams to the worker's life, so that they never hold up its end."""
    site = worker.wsgi.extensions[site_context.EXTENSION]
    site.feed.stop_when(lambda: not worker.alive)
    worker.gate = peer_gate.for_settings(site.settings)
    logging.getLogger("gunicorn.error").addFilter(_is_no_lost_patience)


def _is_no_lost_patience(record: logging.LogRecord) -> bool:
    """A visitor whose time ran out (EAGAIN on a blocking socket) is nothing to report."""
    return not (record.exc_info and isinstance(record.exc_info[1], BlockingIOError))
