"""The live feed: tells what changed, ends in time, gives its places back."""

import itertools
import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from demo_data import DemoDatabase
from flask import Flask
from flask.testing import FlaskClient
from polling import wait_until

from change_watch import ChangeWatch
from live import STILL_HERE, LiveFeed, encode_event
from web_errors import DatabaseWaitingError


class Source:
    """A database that the test moves by hand."""

    def __init__(self) -> None:
        self.value = 0
        self.error: DatabaseWaitingError | None = None

    def version(self) -> int:
        return self.value

    def snapshot(self) -> dict[str, Any]:
        if self.error:
            raise self.error
        return {"value": self.value}


def feed_of(source: Source, *, max_streams: int = 2, lifetime_s: float = 30.0) -> LiveFeed:
    return LiveFeed(source.version, source.snapshot, max_streams=max_streams, lifetime_s=lifetime_s)


def test_tells_the_state_and_every_change() -> None:
    source = Source()
    stream = feed_of(source).open_stream()
    assert stream is not None
    messages = (message for message in stream if message != STILL_HERE)
    assert next(messages).startswith(b"retry: ")
    assert next(messages) == encode_event("counts", {"value": 0, "changes": 1})
    source.value = 1
    assert next(messages) == encode_event("counts", {"value": 1, "changes": 2})
    source.error, source.value = DatabaseWaitingError("Busy."), 2
    assert next(messages) == encode_event("waiting", {"message": "Busy."})
    stream.close()


def test_tells_of_a_change_that_moves_no_number() -> None:
    """A corrected line: every count stays, and the list shows another text."""
    source = Source()
    versions = iter(range(3))
    feed = LiveFeed(lambda: next(versions, 3), source.snapshot, max_streams=1, lifetime_s=30.0)
    stream = feed.open_stream()
    assert stream is not None
    told = [json.loads(message[len(b"event: counts\ndata: ") :])
            for message in itertools.islice((m for m in stream if b"data:" in m), 2)]  # fmt: skip
    assert told[0]["value"] == told[1]["value"] and told[0]["changes"] < told[1]["changes"]
    stream.close()


def test_places_are_capped_and_given_back_once() -> None:
    feed = feed_of(Source())
    first, second = feed.open_stream(), feed.open_stream()
    assert first is not None and second is not None
    assert feed.open_stream() is None
    first.close()  # never read from
    first.close()
    assert feed.streams == 1
    third = feed.open_stream()
    assert third is not None
    for stream in (second, third):
        stream.close()
    wait_until(lambda: not any(thread.name == "live" for thread in threading.enumerate()))


def test_ends_after_its_lifetime() -> None:
    stream = feed_of(Source(), lifetime_s=0.3).open_stream()
    assert stream is not None
    started = time.monotonic()
    list(stream)
    assert time.monotonic() - started < 2
    stream.close()


@pytest.mark.parametrize("who", ["server", "visitor"])
def test_ends_soon_when_somebody_leaves(who: str) -> None:
    feed = feed_of(Source())
    leaving = threading.Event()
    if who == "server":
        feed.stop_when(leaving.is_set)
        stream = feed.open_stream()
    else:
        stream = feed.open_stream(leaving.is_set)
    assert stream is not None
    messages = iter(stream)
    next(messages)
    leaving.set()
    started = time.monotonic()
    list(messages)
    assert time.monotonic() - started < 2
    stream.close()


def test_events_over_http_follow_the_database(
    app: Flask, client: FlaskClient, database: DemoDatabase
) -> None:
    reply = client.get("/events", buffered=False)
    assert reply.mimetype == "text/event-stream"
    messages = (part.decode() for part in reply.response if part != STILL_HERE)  # type: ignore[union-attr]
    data = (json.loads(part.partition("data: ")[2]) for part in messages if "data: " in part)
    assert next(data)["counts"]["done"] == 0
    database.add_text("a", "b")
    counts = (value["counts"]["done"] for value in itertools.islice(data, 10))
    assert 1 in counts
    assert app.extensions["ocr_site"].feed.streams == 1
    reply.close()
    assert app.extensions["ocr_site"].feed.streams == 0


def test_no_place_left_is_503(app: Flask, client: FlaskClient, database: DemoDatabase) -> None:
    feed = app.extensions["ocr_site"].feed
    streams = []
    while (stream := feed.open_stream()) is not None:
        streams.append(stream)
    reply = client.get("/events")
    assert reply.status_code == 503 and int(reply.headers["Retry-After"]) > 0
    for stream in streams:
        stream.close()


def test_change_watch_sees_commits_and_new_files(tmp_path: Path) -> None:
    clock = [0.0]
    watch = ChangeWatch(tmp_path / "ocr_data.db", clock=lambda: clock[0])
    with pytest.raises(DatabaseWaitingError):
        watch.version()
    with DemoDatabase(tmp_path) as database:
        before = watch.version()
        assert watch.version() == before
        database.add_image("a")
        after = watch.version()
        assert after != before
        clock[0] += 31
        assert watch.version() == after  # opened anew, and nothing was committed
        database.add_image("b")
        clock[0] += 31
        later = watch.version()
        assert later != after
        assert watch.version() == later
    with DemoDatabase(tmp_path / "restored"):
        pass
    (tmp_path / "restored" / "ocr_data.db").replace(tmp_path / "ocr_data.db")
    clock[0] += 31
    assert watch.version() != later
    watch.close()
