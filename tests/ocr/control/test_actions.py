"""What requests do, with the parts of the service played by the real store and plain stand-ins."""

import dataclasses
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.parser import text_string_to_metric_families

from control import actions as actions_module
from control import control_api, ocr_metrics
from control.actions import ServiceActions
from control.service_report import ServiceReport
from disk_guard import DiskGuard
from folder.watcher import LookRequest, Watcher
from ocr_contract.replies import (
    PauseReply,
    ProcessReply,
    ReprocessReply,
    ServiceWarning,
    StatusReply,
)
from ocr_errors import ImageError, RequestError
from ocr_settings import Settings
from page_records import Provenance
from pipelines import Pipelines
from records.catalogue import Catalogue
from records.database import Database
from records.ocr_totals import Totals
from records.request_effects import RequestEffects
from records.store import Store
from records.thorough_check import ThoroughCheck
from safekeeping.backups import Backups
from source_files import FileStat
from worker_link.reading_pools import Pools

READY = Provenance("fake 1", "cpu", "f32", {"m": "0" * 64}, {}, 2)


class Parts:
    """In place of pools, pipelines and watcher: what the actions ask them, and nothing more."""

    def __init__(self) -> None:
        self.provenance: Provenance | None = READY
        self.restarts = 2
        self.state = "idle"
        self.batch = None
        self.warning: ServiceWarning | None = None
        self.held: ServiceWarning | None = None
        self.settling = 4
        self.found_by = {"event": 3, "rescan": 1}
        self.rate = 0.0
        self.signals: list[tuple[int | None, frozenset[bytes] | None]] = []
        self.woken = 0
        self.looks = True
        self.pids = [os.getpid()]

    def pages_per_second(self) -> float:
        return self.rate

    def hold(self) -> ServiceWarning | None:
        return self.held

    def wake(self) -> None:
        self.woken += 1

    def signal(self, *, limit: int | None, paths: frozenset[bytes] | None) -> Callable[[], None]:
        self.signals.append((limit, paths))
        return lambda: None

    def request_look(self, on_settled: Callable[[], None]) -> LookRequest:
        request = LookRequest(on_settled)
        if self.looks:
            request.found = 5
            request.looked.set()
        return request


class NoBackups:
    """None was made, none is due."""

    warning = None
    newest = None


@pytest.fixture
def parts() -> Parts:
    return Parts()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    database = Database(tmp_path / "ocr_data.db")
    catalogue = Catalogue(database, exists=lambda _: True)
    for number in range(3):
        catalogue.register(b"%d.png" % number, FileStat(1, number, 1, number), f"{number:064x}")
    yield Store(database)
    database.close()


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


@pytest.fixture
def actions(parts: Parts, store: Store, stop: threading.Event) -> ServiceActions:
    effects = RequestEffects(store._database)
    return ServiceActions(store, effects, cast(Pipelines, parts), cast(Watcher, parts), stop=stop)


@pytest.fixture
def report(parts: Parts, store: Store) -> ServiceReport:
    return ServiceReport(
        Settings(image_folder=Path(os.fsdecode(b"/images/caf\xe9")), data_folder=Path("/")),
        database=store._database,
        store=store,
        pools=cast(Pools, parts),
        pipeline=cast(Pipelines, parts),
        watcher=cast(Watcher, parts),
        guard=cast(DiskGuard, parts),
        backups=cast(Backups, NoBackups()),
        check=ThoroughCheck(store._database, stop=threading.Event()),
        readings=lambda: ["fast", "best"],
    )


def test_the_status(report: ServiceReport, parts: Parts) -> None:
    status = report.status()
    assert status.counts["pending"] == status.counts["total"] == 3
    assert (status.engine, status.models) == ("fake 1", {"m": "0" * 64})
    assert (status.worker_restarts, status.settling) == (2, 4)
    assert status.readings == ["fast", "best"]
    assert status.seconds_left is None
    parts.rate = 0.5
    assert report.status().seconds_left == 6.0
    parts.provenance = None
    status = report.status()
    assert (status.engine, status.models) == (None, {})


def test_all_warnings_in_one_sentence_and_each_by_its_code(
    report: ServiceReport, parts: Parts
) -> None:
    assert (report.status().warning, report.status().warnings) == (None, [])
    parts.held = ServiceWarning("disk_low", "The disk is full.", holds=True)
    parts.warning = ServiceWarning("folder_empty", "The folder is empty.")
    status = report.status()
    assert status.warning == "The disk is full. The folder is empty."
    assert status.warnings == [
        {"code": "disk_low", "message": "The disk is full.", "holds": True},
        {"code": "folder_empty", "message": "The folder is empty.", "holds": False},
    ]


def test_the_status_is_text_whatever_the_folder_is_named(
    report: ServiceReport, parts: Parts
) -> None:
    sentence = os.fsdecode(b"The folder /images/caf\xe9 is empty.")
    parts.warning = ServiceWarning("folder_empty", sentence)
    status = report.status()
    assert status.warning is not None
    (status.image_folder + status.warning).encode()


def test_the_processing_signal(actions: ServiceActions, parts: Parts) -> None:
    names = ["a.png", os.fsdecode(b"caf\xe9.png")]
    assert actions.process(7, names, None) == ProcessReply(found=5, queued=3)
    assert parts.signals == [(7, frozenset({b"a.png", b"caf\xe9.png"}))]


def test_a_repeated_signal_is_one(actions: ServiceActions, parts: Parts) -> None:
    first = actions.process(1, None, "r")
    assert actions.process(1, None, "r") == first
    assert len(parts.signals) == 1
    with pytest.raises(RequestError) as caught:
        actions.set_paused(True, "r")
    assert caught.value.http_status == 409


def test_a_long_look_goes_on_without_the_client(
    actions: ServiceActions, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions_module, "_LOOK_WAIT_S", 0.2)
    parts.looks = False
    assert actions.process(None, None, None).found == 0


def test_who_asks_while_the_service_stops_is_told_so(
    actions: ServiceActions, parts: Parts, stop: threading.Event
) -> None:
    parts.looks = False
    stop.set()
    started = time.monotonic()
    with pytest.raises(RequestError) as caught:
        actions.process(None, None, "r")
    assert (caught.value.code, caught.value.http_status) == ("stopping", 503)
    assert time.monotonic() - started < 1


def test_pause_resume_and_reprocess_wake_the_pipeline(
    actions: ServiceActions, parts: Parts, store: Store
) -> None:
    assert actions.set_paused(True, None) == PauseReply(True)
    assert store.paused
    assert actions.set_paused(False, None) == PauseReply(False)
    assert actions.reprocess([1], None) == ReprocessReply(0)  # it is pending already
    assert parts.woken == 3


def test_readiness(report: ServiceReport, parts: Parts) -> None:
    assert report.not_ready() is None
    parts.provenance = None
    assert "try again" in (report.not_ready() or "")


def test_a_worker_that_has_ended_is_not_ready(report: ServiceReport, parts: Parts) -> None:
    """Also between its end and the moment when the service notices, and before it is reaped."""
    child = subprocess.Popen(["true"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    parts.pids = [child.pid]
    for _ in range(2):
        assert "ended" in (report.not_ready() or "")
        child.wait()
    assert parts.woken == 2
    parts.pids = []
    assert report.not_ready() is not None


def samples(text: bytes) -> dict[str, float]:
    """Sample (with labels) to value, as Prometheus itself would read it."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text.decode()):
        assert family.documentation
        for sample in family.samples:
            labels = ",".join(f"{key}={value}" for key, value in sample.labels.items())
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def test_metrics(report: ServiceReport, parts: Parts) -> None:
    parts.rate = 0.25
    found = samples(report.metrics())
    assert found["ocr_images{status=pending}"] == 3
    assert found["ocr_images{status=done}"] == 0
    assert "ocr_images{status=total}" not in found
    assert found["ocr_pages_per_second"] == 0.25
    assert found["ocr_worker_restarts_total"] == 2
    assert found["ocr_warning"] == 0
    assert found["ocr_uptime_seconds"] >= 0
    assert found["ocr_pages_total"] == found["ocr_reading_seconds_total"] == 0
    assert found["ocr_free_bytes"] > 0
    assert found["ocr_resident_bytes{process=main}"] > 1e6
    parts.warning = ServiceWarning("folder_empty", "The folder is empty.")
    assert samples(report.metrics())["ocr_warning"] == 1


def test_metrics_of_what_was_read(
    report: ServiceReport, store: Store, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    claimed = store.claim(2, None)
    assert claimed is not None
    store.give_up(claimed[0], ImageError("worker_died", "It died."), 1, alone=True)
    with store._database.transaction() as connection:
        connection.execute("UPDATE batches SET finished_at = 'x', pages = 5, seconds = 2.5")
        connection.execute("INSERT INTO batches (started_at, images) VALUES ('y', 9)")
    parts.pids = [os.getppid(), os.getpid()]
    found = samples(report.metrics())
    assert (found["ocr_pages_total"], found["ocr_reading_seconds_total"]) == (5, 2.5)
    assert found["ocr_batches_total"] == 1
    assert found["ocr_failed_images{code=worker_died}"] == 2
    assert found["ocr_resident_bytes{process=worker}"] > 0
    assert (
        found["ocr_files_found_total{by=event}"],
        found["ocr_files_found_total{by=rescan}"],
    ) == (3, 1)


def test_the_thorough_check_is_told(report: ServiceReport) -> None:
    before = report.status().check
    assert before is not None
    assert (before["state"], before["checked_at"]) == ("running", None)
    assert samples(report.metrics())["ocr_database_tables_to_check"] == before["tables_left"] > 5
    report._check.check_what_is_due()
    after = report.status().check
    assert after is not None
    assert (after["state"], after["tables_left"]) == ("sound", 0)
    assert after["checked_at"] is not None
    assert samples(report.metrics())["ocr_database_tables_to_check"] == 0


def test_how_many_are_done_with_a_warning(report: ServiceReport, store: Store) -> None:
    assert report.status().done_with_warning == 0
    with store._database.transaction() as connection:
        connection.execute(
            "UPDATE images SET status = 'done', warning_code = 'partly_missing', warning = 'x' "
            "WHERE id < 3"
        )
        connection.execute("UPDATE images SET warning_code = 'old', warning = 'x' WHERE id = 3")
    assert report.status().done_with_warning == 2
    found = samples(report.metrics())
    assert found["ocr_images{status=done}"] == found["ocr_warned_images{code=partly_missing}"] == 2
    assert "ocr_warned_images{code=old}" not in found, "it waits"


def test_metrics_are_those_of_one_moment() -> None:
    """No registry that is shared: what is rendered twice is not counted twice."""
    fields: dict[str, Any] = {field.name: None for field in dataclasses.fields(StatusReply)}
    numbers = {"counts": {"done": 2, "total": 2}, "pages_per_second": 1.0, "uptime_s": 2.0}
    status = StatusReply(**fields | numbers | {"worker_restarts": 0})
    measured = ocr_metrics.Measured(Totals(1, 2, 3.0, {'co"de\\\n': 4}), {}, None, {})
    text = ocr_metrics.render(status, measured)
    assert text == ocr_metrics.render(status, measured)
    found = samples(text)
    assert found["ocr_images{status=done}"] == 2
    assert found['ocr_failed_images{code=co"de\\\n}'] == 4
    assert "ocr_free_bytes" not in found


def test_the_format_is_the_one_that_the_server_declares() -> None:
    assert CONTENT_TYPE_PLAIN_0_0_4 == control_api.METRICS_TYPE
