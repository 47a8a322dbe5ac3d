"""A real reader reads a page on trial with other models: killed in the middle, then to the end;
the page shows it in a real Chromium, where it is taken."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import expect, sync_playwright
from polling import wait_until

from latency import small_jpeg
from process_memory import tree
from project import ROOT
from running_service import RunningService
from service_folders import GUNICORN, end, free_port, web_environ

PICTURE = small_jpeg(ROOT / "samples" / "receipt-photo.jpg")


def ocrctl(service: RunningService, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(ROOT / "ocr" / "ocrctl.py"), "--data", str(service.data), *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT / "contract")},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def on_trial(service: RunningService) -> list[int]:
    """The processes that read on trial."""
    found = []
    for pid in tree(service.process.pid)[1:]:
        try:
            said = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:  # it has just ended
            continue
        if b"--on-trial" in said:
            found.append(pid)
    return found


def text(service: RunningService) -> str:
    ((found,),) = service.query("SELECT text FROM pages")
    return str(found)


def test_killed_in_the_middle_then_read_compared_and_taken() -> None:
    with RunningService({"OCR_PROFILE": "fast", "OCR_SETTLE_S": "0.1"}) as service:
        service.drop("receipt.jpg", PICTURE)
        service.wait_until_read(1)
        before = text(service)
        newest = (service.data / "temp.png").stat().st_mtime_ns
        asked = subprocess.Popen(
            [sys.executable, str(ROOT / "ocr" / "ocrctl.py"), "--data", str(service.data),
             "try", "1", "--with", "balanced"],
            env=os.environ | {"PYTHONPATH": str(ROOT / "contract")},
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        wait_until(lambda: on_trial(service), deadline_s=60)
        (pid,) = on_trial(service)
        assert os.getpriority(os.PRIO_PROCESS, pid) >= 10
        os.kill(pid, signal.SIGKILL)
        _, said = asked.communicate(timeout=60)
        assert asked.returncode != 0
        assert "present text was not touched" in said
        assert text(service) == before
        tried = ocrctl(service, "try", "1", "--with", "balanced")
        assert tried.returncode == 0, tried.stderr
        assert text(service) == before
        assert not on_trial(service)
        assert (service.data / "temp.png").stat().st_mtime_ns == newest
        lines = tried.stdout.splitlines()
        assert lines and {line[:2] for line in lines} <= {"- ", "+ "}
        look_at_it(service, lines)
        assert text(service) != before
        assert [text(service).count(line[2:]) for line in lines if line[0] == "+"]
        ((models,),) = service.query(
            "SELECT models FROM batches b JOIN images i ON i.batch_id = b.id"
        )
        assert "PP-OCRv6_small_rec" in models
        assert service.query("SELECT count(*) FROM trial_readings") == [(0,)]
        assert ocrctl(service, "try", "1", "--take").returncode != 0


def look_at_it(service: RunningService, lines: list[str]) -> None:
    """The page shows the same differences, and takes them."""
    port = free_port()
    web = subprocess.Popen(
        [sys.executable, *GUNICORN], cwd=ROOT, env=web_environ(service.data, port)
    )
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"),
                args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
            )
            page = browser.new_page()
            address = f"http://127.0.0.1:{port}/images/1"
            wait_until(lambda: _opens(page.goto, address), deadline_s=30)
            page.get_by_role("link", name="Compare readings").click()
            shown = page.locator(".reading-text")
            expect(shown).to_have_count(len(lines))
            assert shown.all_inner_texts() == [line[2:] for line in lines]
            assert page.locator(".difference .crop image").count() > 0
            page.get_by_role("button", name="Take all of it").click()
            expect(page.get_by_role("status").first).to_contain_text("page's text now")
            browser.close()
    finally:
        end(web)


def _opens(go: object, address: str) -> bool:
    try:
        go(address)  # type: ignore[operator]
    except Exception:  # nobody listens yet
        return False
    return True
