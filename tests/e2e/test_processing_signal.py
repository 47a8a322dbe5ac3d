"""OCR_TRIGGER=signal: nothing is read before the signal; ocrctl and curl give it."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from polling import wait_until
from running import Appliance

from project import ROOT


@pytest.fixture
def appliance(tmp_path: Path) -> Iterator[Appliance]:
    running = Appliance(
        tmp_path,
        OCR_TRIGGER="signal",
        OCR_MODEL="tiny",
        OCR_SETTLE_S="0.2",
        OCR_SCAN_INTERVAL_S="0.5",
    )
    for name in ("quote-transparent.png", "receipt-photo.jpg", "timetable.png"):
        shutil.copy(ROOT / "samples" / name, running.images)
    running.start()
    yield running
    running.stop()


def test_the_signal_starts_the_reading(appliance: Appliance) -> None:
    def waiting() -> bool:
        service = appliance.status().get("service") or {}
        return bool(service.get("state") == "waiting" and service["counts"]["pending"] == 3)

    wait_until(waiting, deadline_s=30, what="three wait for the signal")

    limited = appliance.ocrctl("process", "--wait", "--limit", "1")
    assert limited.returncode == 0, limited.stderr
    assert appliance.status()["counts"]["done"] == 1
    assert appliance.status()["counts"]["pending"] == 2

    assert appliance.ocrctl("pause").returncode == 0
    assert "paused" in appliance.ocrctl("status").stdout
    assert appliance.ocrctl("resume").returncode == 0

    rest = appliance.ocrctl("process", "--wait")
    assert rest.returncode == 0, rest.stderr
    assert "2/2" in rest.stderr
    status = json.loads(appliance.ocrctl("status", "--json").stdout)
    assert status["counts"]["done"] == 3
    assert status["state"] == "waiting"
    assert set(status["models"]) >= {"PP-OCRv6_tiny_det", "PP-OCRv6_tiny_rec"}

    shutil.copy(ROOT / "samples" / "invoice.png", appliance.images)
    wait_until(
        lambda: appliance.status()["counts"]["pending"] == 1, deadline_s=10, what="it is seen"
    )
    assert appliance.status()["counts"]["done"] == 3

    curl = subprocess.run(
        ["curl", "-s", "-X", "POST", "--unix-socket", str(appliance.data / "run" / "ocr.sock"),
         "http://ocr/v1/process"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert set(json.loads(curl.stdout)) == {"found", "queued"}
    wait_until(lambda: appliance.status()["counts"]["done"] == 4, deadline_s=30, what="it is read")
