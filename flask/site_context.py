"""What every route needs, made once by `app.create_app` and kept in the application."""

import contextlib
import dataclasses
import sqlite3
from pathlib import Path
from typing import Any

from flask import current_app

import queries
import reader_door
from change_watch import ChangeWatch
from exports import TableSlots
from form_tokens import FormGuard
from live import LiveFeed
from login_gate import LoginGate
from ocr_contract.control import ControlClient
from ocr_contract.data_folder import (
    DATABASE_NAME,
    LATEST_PICTURE,
    PREVIEWS_FOLDER,
    SOCKET_PATH,
)
from reader_status import ASK_TIMEOUT_S, ReaderWatch
from web_settings import WebSettings

EXTENSION = "ocr_site"


@dataclasses.dataclass(frozen=True, slots=True)
class Site:
    """The parts of the running web service."""

    settings: WebSettings
    client: ControlClient
    reader: ReaderWatch
    feed: LiveFeed
    guard: FormGuard
    tables: TableSlots
    gate: LoginGate | None
    """None: the page has no password."""

    @property
    def database(self) -> Path:
        """The file that ocr_service writes."""
        return self.settings.data_folder / DATABASE_NAME

    @property
    def previews(self) -> Path:
        """Where the page pictures lie."""
        return self.settings.data_folder / PREVIEWS_FOLDER

    def latest_picture_version(self) -> str | None:
        """Differs for every newest page; None while there is none."""
        try:
            return f"{(self.settings.data_folder / LATEST_PICTURE).stat().st_mtime_ns:x}"
        except OSError:
            return None

    def reading(self) -> contextlib.AbstractContextManager[sqlite3.Connection]:
        """A database connection for one piece of work."""
        return queries.reading(self.database, self.settings.query_limit_s)

    def snapshot(self, connection: sqlite3.Connection | None = None) -> dict[str, Any]:
        """Counts and the reader's state: what moves by itself, and /api/v1/status.

        On a connection that is open already it costs less than on its own.
        """
        with self.reading() if connection is None else contextlib.nullcontext(connection) as one:
            counts = queries.counts(one)
        status = self.reader.status()
        service = status.to_json()
        if service is not None:
            service.pop("uptime_s")  # changes always and tells a visitor nothing
        return {"counts": counts, "service": service, "service_problem": status.problem}


def build(settings: WebSettings) -> Site:
    """Wire the parts together; opens nothing yet."""
    socket_path = settings.data_folder / SOCKET_PATH
    connect = reader_door.way_to_the_reader()
    reader = ReaderWatch(ControlClient(socket_path, timeout_s=ASK_TIMEOUT_S, connect=connect))
    changes = ChangeWatch(settings.data_folder / DATABASE_NAME)
    feed = LiveFeed(
        changes.version,
        lambda: site.snapshot(),
        max_streams=settings.max_streams,
        lifetime_s=settings.stream_lifetime_s,
    )
    gate = None
    if settings.password_file is not None:
        gate = LoginGate(settings.password_file, lifetime_s=settings.session_hours * 3600)
    client = ControlClient(socket_path, connect=connect)
    site = Site(settings, client, reader, feed, FormGuard(), TableSlots(), gate)
    return site


def current_site() -> Site:
    """The site of the request in work."""
    site = current_app.extensions[EXTENSION]
    assert isinstance(site, Site)
    return site
