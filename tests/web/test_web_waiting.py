"""A database that cannot be read now: a friendly 503 that heals itself, never a traceback."""

import dataclasses
import os
import sqlite3
import time
from pathlib import Path

import pytest
from demo_data import DemoDatabase
from flask.testing import FlaskClient

from app import create_app
from ocr_contract import machine_ids
from ocr_contract.schema import SCHEMA_VERSION
from web_errors import TooSlowError, from_database
from web_settings import WebSettings, from_environment

PATHS = ("/", "/?q=abc", "/images/1", "/images/1.txt", "/fragments/live", "/previews/1/1")


def assert_waiting(client: FlaskClient, code: str) -> None:
    for path in PATHS:
        reply = client.get(path)
        assert reply.status_code == 503, path
        assert int(reply.headers["Retry-After"]) > 0
        assert "One moment" in reply.text and "Traceback" not in reply.text
        assert '<noscript><meta http-equiv="refresh"' in reply.text
        assert "/static/waiting.js" in reply.text
    for path in ("/api/v1/status", "/api/v1/images", "/api/v1/search?q=a", "/readyz"):
        reply = client.get(path)
        assert reply.status_code == 503, path
        assert reply.get_json()["error"]["code"] == code
    assert client.get("/livez").status_code == 200


def test_not_there_yet_and_then_there(client: FlaskClient, settings: WebSettings) -> None:
    assert_waiting(client, "database_missing")
    with DemoDatabase(settings.data_folder):
        assert client.get("/readyz").status_code == 200
        assert client.get("/").status_code == 200


def test_not_there_because_the_folder_is_somebody_elses(
    client: FlaskClient, settings: WebSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a clone by root, or without `make vendor`: the reader cannot make it."""
    settings.data_folder.mkdir()
    assert "appears as soon as the reader" in client.get("/").text
    owner = settings.data_folder.stat()
    for name in ("UID_MAP", "GID_MAP"):  # wherever the tests run: as on the machine itself
        monkeypatch.setattr(machine_ids, name, Path("/none"))
    monkeypatch.setattr(os, "geteuid", lambda: owner.st_uid + 1)
    assert "appears as soon as the reader" in client.get("/").text, "of the same group"
    monkeypatch.setattr(os, "getegid", lambda: owner.st_gid + 1)
    monkeypatch.setattr(os, "getgroups", lambda: [owner.st_gid + 2])
    assert_waiting(client, "database_missing")
    text = client.get("/").text
    assert f"belongs to user {owner.st_uid}, group {owner.st_gid}, so the reader may" in text
    assert "chown -R 10001:10001 data" in text


def test_just_created(client: FlaskClient, settings: WebSettings) -> None:
    settings.data_folder.mkdir()
    (settings.data_folder / "ocr_data.db").touch()
    assert_waiting(client, "database_version")


def test_of_a_newer_version(client: FlaskClient, database: DemoDatabase) -> None:
    database.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    assert_waiting(client, "database_version")


def test_not_a_database(client: FlaskClient, settings: WebSettings) -> None:
    settings.data_folder.mkdir()
    (settings.data_folder / "ocr_data.db").write_bytes(b"not a database at all" * 1000)
    assert_waiting(client, "database_damaged")


def test_a_folder_in_its_place(client: FlaskClient, settings: WebSettings) -> None:
    (settings.data_folder / "ocr_data.db").mkdir(parents=True)
    assert_waiting(client, "database_not_ready")


def test_locked_by_somebody(client: FlaskClient, settings: WebSettings) -> None:
    with DemoDatabase(settings.data_folder) as database:
        database.execute("PRAGMA journal_mode = DELETE")
        database.execute("BEGIN EXCLUSIVE")
        reply = client.get("/api/v1/images")
    assert reply.status_code == 503
    assert reply.get_json()["error"]["code"] == "database_busy"


def test_a_query_over_its_limit_is_ended(tmp_path: Path) -> None:
    settings = from_environment({"WEB_DATA_FOLDER": str(tmp_path)})
    settings = dataclasses.replace(settings, query_limit_s=0.001)
    client = create_app(settings).test_client()
    with DemoDatabase(tmp_path) as database:
        # Without the index: what is measured is the limit, not how fast trigrams are made.
        image_id = database.add_image("long", search_form=2)
        database.execute("DROP TRIGGER search_page_is_missed")
        database.execute(
            "WITH RECURSIVE n (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM n LIMIT 9000)"
            " INSERT INTO pages (image_id, number, width, height, text, line_count)"
            " SELECT ?, number, 1, 1, printf('%.*c', 500, 'x'), 1 FROM n",
            (image_id,),
        )
        started = time.monotonic()
        reply = client.get("/api/v1/images")
    assert (reply.status_code, reply.get_json()["error"]["code"]) == (503, "too_slow")
    assert time.monotonic() - started < 2


def test_a_search_over_its_limit_is_cut_and_says_so(tmp_path: Path) -> None:
    """It answered 503 and nothing else."""
    settings = from_environment({"WEB_DATA_FOLDER": str(tmp_path)})
    settings = dataclasses.replace(settings, query_limit_s=0.0)
    client = create_app(settings).test_client()
    with DemoDatabase(tmp_path) as database:
        database.add_text("a", "needle")
        reply = client.get("/api/v1/search?q=needle")
        page = client.get("/?q=needle")
    assert reply.status_code == page.status_code == 200
    value = reply.get_json()
    assert (value["complete"], value["count_is_exact"], value["images"]) == (False, False, [])
    assert "None found so far" in page.text and "was cut" in page.text
    assert "Nothing found" not in page.text


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (sqlite3.SQLITE_IOERR_SHORT_READ, "database_not_ready"),
        (sqlite3.SQLITE_READONLY_RECOVERY, "database_not_ready"),
        (sqlite3.SQLITE_READONLY_CANTLOCK, "database_not_ready"),
        (sqlite3.SQLITE_BUSY_RECOVERY, "database_busy"),
        (sqlite3.SQLITE_CANTOPEN_ISDIR, "database_missing"),
        (sqlite3.SQLITE_CORRUPT_VTAB, "database_damaged"),
    ],
)
def test_what_sqlite_says_is_sorted(code: int, expected: str, tmp_path: Path) -> None:
    error = sqlite3.OperationalError("whatever")
    error.sqlite_errorcode = code
    found = from_database(error, tmp_path / "ocr_data.db")
    assert (found.code, found.http_status) == (expected, 503)


def test_interrupted_is_not_retried(tmp_path: Path) -> None:
    error = sqlite3.OperationalError("interrupted")
    error.sqlite_errorcode = sqlite3.SQLITE_INTERRUPT
    assert isinstance(from_database(error, tmp_path / "ocr_data.db"), TooSlowError)
