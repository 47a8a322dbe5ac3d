"""ocrctl against the real service with a fake worker."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from polling import wait_until
from reader_process import ServiceProcess

import ocrctl
from ocr_contract.control import ControlClient, ServiceUnreachable, StatusReply
from ocr_errors import EXIT_BAD_ARGUMENTS, EXIT_BAD_CONFIGURATION, EXIT_NO_ACCESS, EXIT_OTHER
from project import ROOT


def is_ready(client: ControlClient, *states: str) -> bool:
    try:
        return client.status().state in (states or ("idle", "waiting"))
    except ServiceUnreachable:
        return False


def ask(
    service: ServiceProcess, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, str, str]:
    """Run one command; returns (exit code, stdout, stderr)."""
    try:
        code = ocrctl.main(["--data", str(service.data), *arguments])
    except SystemExit as error:
        code = int(error.code or 0)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_status_for_people_and_programs(
    service: ServiceProcess, client: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    service.add("a.jpg", "failing-1.jpg")
    service.start()
    wait_until(lambda: is_ready(client, "idle") and client.status().counts["total"] == 2)
    code, out, err = ask(service, capsys, "status", "--json")
    assert (code, err) == (0, "")
    assert StatusReply.from_json(json.loads(out)).counts["total"] == 2
    code, out, err = ask(service, capsys, "status")
    assert (code, err) == (0, "")
    rows = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert rows["state"] in {"idle", "working"}
    assert rows["engine"] == "fake 1 on cpu (f32)"
    assert rows["models"] == "fake_det"
    assert rows["folder"] == str(service.images)


def test_images_that_are_done_with_a_warning(
    service: ServiceProcess, client: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    service.add("a.jpg", "doubtful-1.jpg", "doubtful-2.jpg")
    service.start()
    wait_until(lambda: is_ready(client, "idle") and client.status().counts["done"] == 3)
    warned = client.status().done_with_warning
    assert warned in (2, 3), "whoever shares a batch with a doubtful one is doubtful"
    assert f"3 done ({warned} of them with a warning), 3 total" in ask(service, capsys, "status")[1]
    code, out, err = ask(service, capsys, "coverage")
    assert (code, err) == (0, "")
    assert f"{warned} of the 3 done have a warning\ndone, partly_missing: {warned}\n    " in out


def test_pause_and_resume(
    service: ServiceProcess, client: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    service.start()
    wait_until(lambda: is_ready(client))
    code, out, err = ask(service, capsys, "pause")
    assert (code, out) == (0, "")
    assert "paused" in err
    assert "paused (ocrctl resume)" in ask(service, capsys, "status")[1]
    service.add("a.jpg")
    wait_until(lambda: client.status().counts["pending"] == 1)
    code, _, err = ask(service, capsys, "process", "--wait")
    assert code == EXIT_OTHER
    assert "ocrctl resume" in err
    assert ask(service, capsys, "resume")[0] == 0
    wait_until(lambda: client.status().counts["done"] == 1)


def test_process_waits_until_all_is_read(
    service: ServiceProcess, client: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    service.start(OCR_TRIGGER="signal")
    wait_until(lambda: is_ready(client, "waiting"))
    service.add("a.jpg", "slow-1.jpg", "slow-2.jpg", "segv-1.jpg", "b.jpg")
    code, out, err = ask(service, capsys, "process", "--wait")
    assert (code, out) == (0, "")
    assert "new or changed" in err
    counts = client.status().counts
    assert (counts["done"], counts["quarantined"], counts["pending"]) == (4, 1, 0)


def test_process_with_a_limit_leaves_the_rest(
    service: ServiceProcess, client: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    service.add("a.jpg", "b.jpg", "c.jpg")
    service.start(OCR_TRIGGER="signal")
    wait_until(lambda: is_ready(client, "waiting") and client.status().counts["pending"] == 3)
    assert ask(service, capsys, "process", "--wait", "--limit", "2")[0] == 0
    counts = client.status().counts
    assert (counts["done"], counts["pending"]) == (2, 1)
    assert ask(service, capsys, "process", "--wait", "c.jpg")[0] == 0
    assert client.status().counts["done"] == 3


@pytest.mark.parametrize("trigger", ["signal", "watch"])
def test_process_waits_across_a_restart(
    service: ServiceProcess, client: ControlClient, trigger: str
) -> None:
    """The service forgets a signal when it ends; who waits for it sends it again."""
    service.start(OCR_TRIGGER=trigger)
    wait_until(lambda: is_ready(client))
    service.add("hang.jpg", "b.jpg", "c.jpg")
    with subprocess.Popen(
        [sys.executable, str(ROOT / "ocr" / "ocrctl.py"), "--data", str(service.data),
         "process", "--wait"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "contract")},
        stderr=subprocess.PIPE,
        text=True,
    ) as waiting:  # fmt: skip
        assert waiting.stderr is not None
        assert "new or changed" in waiting.stderr.readline()
        wait_until(lambda: is_ready(client, "working"))
        assert service.stop()[0] == 0
        (service.images / "hang.jpg").unlink()
        assert waiting.poll() is None, waiting.communicate()
        service.start(OCR_TRIGGER=trigger, OCR_TIMEOUT_S="0.5", OCR_MAX_ATTEMPTS="1")
        _, said = waiting.communicate(timeout=30)
    assert waiting.returncode == 0, said
    counts = client.status().counts
    assert (counts["pending"], counts["processing"]) == (0, 0)
    assert counts["done"] >= 1


def test_reprocess(
    service: ServiceProcess, client: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    service.add("a.jpg")
    service.start()
    wait_until(lambda: is_ready(client) and client.status().counts["done"] == 1)
    code, _, err = ask(service, capsys, "reprocess", "1", "99")
    assert code == 0
    assert "1 queued" in err
    wait_until(lambda: client.status().counts["done"] == 1)


def test_retry_quarantined(
    service: ServiceProcess, client: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    service.add("failing-1.jpg")
    service.start(OCR_MAX_ATTEMPTS="1")
    wait_until(lambda: is_ready(client) and client.status().counts["failed"] == 1)
    service.add("segv-1.jpg", "leave-1.jpg")  # not in one batch with it: it has one fate
    wait_until(lambda: is_ready(client) and client.status().counts["quarantined"] == 2)
    client.pause()
    code, out, err = ask(service, capsys, "retry", "--quarantined")
    assert (code, out, err) == (0, "", "2 queued\n")
    counts = client.status().counts
    assert (counts["pending"], counts["quarantined"], counts["failed"]) == (2, 0, 1)
    assert ask(service, capsys, "retry", "--quarantined")[2] == "0 queued\n"


@pytest.mark.parametrize(
    "command", [["status"], ["process"], ["process", "--wait"], ["pause"], ["reprocess", "1"],
                ["retry", "--quarantined"]]
)  # fmt: skip
def test_a_service_that_is_down(
    service: ServiceProcess, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    code, out, err = ask(service, capsys, *command)
    assert (code, out) == (EXIT_NO_ACCESS, "")
    (line,) = err.splitlines()
    assert line.startswith("ocrctl: ocr_service does not answer")
    assert "Is it running?" in line


@pytest.mark.parametrize(
    "command",
    [[], ["dance"], ["process", "--limit", "0"], ["process", "--limit", "x"], ["reprocess"],
     ["reprocess", "-1"], ["status", "--yaml"], ["retry"]],
)  # fmt: skip
def test_wrong_arguments(
    service: ServiceProcess, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    code, out, err = ask(service, capsys, *command)
    assert (code, out) == (EXIT_BAD_ARGUMENTS, "")
    assert "usage:" in err


def test_the_data_folder_comes_from_the_settings(
    service: ServiceProcess,
    client: ControlClient,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    service.start()
    wait_until(lambda: is_ready(client))
    monkeypatch.setenv("OCR_DATA_FOLDER", str(service.data))
    assert ocrctl.main(["status"]) == 0
    monkeypatch.setenv("OCR_TYPO", "1")
    capsys.readouterr()
    assert ocrctl.main(["status"]) == EXIT_BAD_CONFIGURATION
    assert "OCR_TYPO" in capsys.readouterr().err


def test_without_a_setting_it_takes_what_the_service_was_started_with(
    service: ServiceProcess,
    client: ControlClient,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Or an export would look for the originals, and the doctor for rights, in another folder."""
    monkeypatch.chdir(service.data)  # where there is no samples/ either
    service.start(OCR_MODEL="tiny")
    wait_until(lambda: is_ready(client))
    for _ in ("while it runs", "when it is stopped"):
        _, out, _ = ask(service, capsys, "doctor")
        assert f"{service.images} can be read." in out
        assert "PP-OCRv6_tiny_rec" in out
        service.kill()
    monkeypatch.setenv("OCR_IMAGE_FOLDER", "/nowhere")
    assert "/nowhere is no folder" in ask(service, capsys, "doctor")[1]


@pytest.mark.parametrize("command", ["status", "search"])
def test_nothing_where_it_looks(
    command: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OCR_DATA_FOLDER", str(tmp_path))
    arguments = [command, *["cat"][: command == "search"]]
    assert ocrctl.main(arguments) == EXIT_NO_ACCESS
    assert "name that folder: ocrctl --data FOLDER" in capsys.readouterr().err
    assert ocrctl.main(["--data", str(tmp_path), *arguments]) == EXIT_NO_ACCESS
    monkeypatch.setenv("OCR_HOST_IMAGE_FOLDER", "/srv/scans")
    assert ocrctl.main(arguments) == EXIT_NO_ACCESS
    assert "--data" not in capsys.readouterr().err
