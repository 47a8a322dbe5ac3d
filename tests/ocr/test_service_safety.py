"""The running service and its data: request ids, rights, damage, backup and restore, coverage."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from database_fixtures import damage
from deep_damage import damage_deeply, large_database
from polling import wait_until
from reader_process import ServiceProcess
from test_ocr_service import counts, state_of

import ocrctl
from ocr_contract.control import ControlClient, ServiceUnreachable
from ocr_contract.data_folder import SOCKET_PATH
from ocr_contract.replies import ReprocessReply
from ocr_errors import EXIT_NO_ACCESS, EXIT_OTHER
from project import ROOT
from records.database import Database
from records.database_copy import verify


def ask(
    service: ServiceProcess, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, str, str]:
    code = ocrctl.main(["--data", str(service.data), *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def rows(database: Path, sql: str) -> list[tuple[object, ...]]:
    """Asked by another process: the service's own locks are not disturbed."""
    code = (
        "import json, sqlite3, sys; c = sqlite3.connect(sys.argv[1], uri=True);"
        "print(json.dumps(c.execute(sys.argv[2]).fetchall()))"
    )
    uri = f"{database.as_uri()}?mode=ro"
    answer = subprocess.run(
        [sys.executable, "-c", code, uri, sql], capture_output=True, text=True, check=True
    )
    return [tuple(row) for row in json.loads(answer.stdout)]


def test_killed_between_commit_and_reply_a_repeated_request_is_one_effect(
    service: ServiceProcess, client: ControlClient
) -> None:
    service.add("a.jpg")
    process = service.start(fault="reply")
    wait_until(lambda: counts(client)["done"] == 1)
    (service.data.parent / "fault").touch()
    with pytest.raises(ServiceUnreachable):
        client.reprocess([1], request_id="once")
    assert process.wait(10) == -9
    (service.data.parent / "fault").unlink()
    stored = "SELECT action, reply FROM requests WHERE request_id = 'once'"
    assert rows(service.data / "ocr_data.db", stored) == [("reprocess", '{"queued": 1}')]
    service.start()
    wait_until(lambda: counts(client)["done"] == 1)
    batches = rows(service.data / "ocr_data.db", "SELECT count(*) FROM batches")
    assert client.reprocess([1], request_id="once") == ReprocessReply(1)
    client.status()
    assert rows(service.data / "ocr_data.db", "SELECT count(*) FROM batches") == batches
    assert client.reprocess([1], request_id="another") == ReprocessReply(1)
    wait_until(
        lambda: rows(service.data / "ocr_data.db", "SELECT count(*) FROM batches") != batches
    )


def test_under_umask_077_the_group_may_read_all_the_same(
    service: ServiceProcess, client: ControlClient
) -> None:
    before = os.umask(0o077)
    try:
        service.start()
    finally:
        os.umask(before)
    wait_until(lambda: state_of(client) == "idle")
    client.backup("a.db")
    for name in ("ocr_data.db", "ocr_data.db-wal", "ocr_data.db-shm", "backups/a.db"):
        assert (service.data / name).stat().st_mode & 0o777 == 0o640, name
    assert (service.data / "backups").stat().st_mode & 0o777 == 0o750
    assert (service.data / SOCKET_PATH).stat().st_mode & 0o777 == 0o660


def test_a_damaged_database_is_left_alone_and_restored_by_the_command_that_is_named(
    service: ServiceProcess, client: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    service.add(*(f"{number}.jpg" for number in range(40)))
    service.start()
    wait_until(lambda: counts(client)["done"] == 40)
    code, out, _ = ask(service, capsys, "backup", "good.db")
    assert (code, json.loads(out)["images"]) == (0, 40)
    service.add("newcomer.jpg")
    wait_until(lambda: counts(client)["done"] == 41)
    code, _, err = ask(service, capsys, "restore", "good.db")
    assert (code, "docker compose stop ocr_service" in err) == (EXIT_NO_ACCESS, True)
    assert service.stop()[0] == 0
    damage(service.data / "ocr_data.db")
    before = (service.data / "ocr_data.db").read_bytes()
    ended = service.run()
    assert ended.returncode == EXIT_NO_ACCESS
    (line,) = ended.stderr.splitlines()
    assert line.startswith("ocr_service: ")
    assert line.endswith("ocrctl restore good.db")
    assert (service.data / "ocr_data.db").read_bytes() == before
    code, out, err = ask(service, capsys, *line.rpartition("ocrctl ")[2].split())
    assert code == 0, err
    kept = Path(json.loads(out)["kept"])
    assert kept.read_bytes() == before
    service.start()
    wait_until(lambda: counts(client)["done"] == 41)  # what came later is read again
    integrity = rows(service.data / "ocr_data.db", "PRAGMA integrity_check")
    assert integrity == [("ok",)]


def test_damage_that_is_found_behind_the_work_ends_the_service(
    service: ServiceProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    """From then on it is refused at the start, until a backup is restored."""
    service.data.mkdir(exist_ok=True)
    path = large_database(service.data / "ocr_data.db")
    sound = Database(path)
    sound.copy_to(service.data / "backups" / "good.db", between=lambda: None)
    sound.close(clean=False)
    damage_deeply(path)
    ended = service.run(fault="large")
    assert ended.returncode == EXIT_NO_ACCESS
    said = ended.stderr.splitlines()
    assert any("Nothing more is written: it was found in lines." in line for line in said)
    assert said[-1].startswith("ocr_service: ")
    assert said[-1].endswith("It is left as it is. The newest good backup is "
                             f"{service.data}/backups/good.db; put it back with: "
                             "ocrctl restore good.db")  # fmt: skip
    before = path.read_bytes()
    ended = service.run(fault="large")
    assert ended.returncode == EXIT_NO_ACCESS
    assert ended.stderr.splitlines() == said[-1:], "before anything was begun"
    assert path.read_bytes() == before
    assert ask(service, capsys, "restore", "good.db")[0] == 0
    service.start(fault="large")
    wait_until(lambda: ask(service, capsys, "status")[0] == 0)
    wait_until(lambda: "the database is sound" in ask(service, capsys, "status")[1])


def test_the_check_is_told(
    service: ServiceProcess, client: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    service.start()
    wait_until(lambda: state_of(client) == "idle")
    wait_until(lambda: (client.status().check or {}).get("state") == "sound")
    told = client.status().check
    assert told is not None
    assert told["tables_left"] == 0
    assert f"read through after {told['checked_at']}" in ask(service, capsys, "status")[1]
    assert "tables were read through in" in service.stop()[2]
    service.start()
    wait_until(lambda: state_of(client) == "idle")
    again = client.status().check
    assert again == told, "after a clean stop nothing is due"


def test_a_backup_copied_out_with_and_without_the_service(
    service: ServiceProcess,
    client: ControlClient,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    target = tmp_path / "ocr_database.db"
    code, _, err = ask(service, capsys, "backup", "--to", str(target))
    assert (code, "no database" in err) == (EXIT_OTHER, True)
    service.add("a.jpg")
    service.start()
    wait_until(lambda: counts(client)["done"] == 1)
    for running in (True, False):
        code, out, err = ask(service, capsys, "backup", "--to", str(target))
        assert code == 0, err
        reply = json.loads(out)
        assert (reply["state"], reply["pages"]) == ("done", 1)
        assert target.stat().st_mode & 0o777 == 0o640
        subprocess.run(
            ["sha256sum", "--check", "--strict", f"{target.name}.sha256"], cwd=tmp_path, check=True
        )
        with sqlite3.connect(f"{target.as_uri()}?mode=ro", uri=True) as reader:
            assert reader.execute("SELECT count(*) FROM pages").fetchone() == (1,)
        target.unlink()
        if running:
            service.stop()
    code, _, err = ask(service, capsys, "backup")
    assert (code, "does not answer" in err) == (EXIT_NO_ACCESS, True)


def test_make_backup(service: ServiceProcess, client: ControlClient) -> None:
    """The thin line of the Makefile, without making environments first."""
    lines = (ROOT / "Makefile").read_text()
    assert './ocrctl $${DATA:+--data "$$DATA"} backup --to ocr_database.db' in lines
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"/ocr_database.db", "/ocr_database.db.sha256"} <= set(ignored)


def test_backups_by_the_clock(service: ServiceProcess, client: ControlClient) -> None:
    service.add("a.jpg")
    service.start(OCR_BACKUP_EVERY="0.0003", OCR_BACKUP_KEEP="2")  # every second
    wait_until(lambda: counts(client)["done"] == 1)
    folder = service.data / "backups"
    seen: set[str] = set()

    def three_were_made() -> bool:
        seen.update(path.name for path in folder.glob("*.backup"))
        return len(seen) >= 3

    wait_until(three_were_made, "three backups", 60.0)  # each is a process of its own
    assert len(list(folder.glob("*.backup"))) <= 3
    assert (client.status().backup or {})["path"].startswith("backups/ocr_data-")
    assert service.stop()[0] == 0
    left = list(folder.glob("*.backup"))
    assert 1 <= len(left) <= 3
    for path in left:
        verify(path)
    assert list(folder.glob(".*")) == []


def test_coverage_of_a_real_folder(
    service: ServiceProcess, client: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    service.add("a.jpg", "b.jpg")
    (service.images / "notes.txt").write_text("notes")
    (service.images / ".hidden").touch()
    service.start(OCR_SCAN_INTERVAL_S="30")
    wait_until(lambda: counts(client)["done"] == 2)
    service.add("c.jpg")
    wait_until(lambda: counts(client)["done"] == 3)
    counted = client.coverage()
    assert counted.files == 5 == sum(counted.counts.values())
    assert counted.found_by == {"event": 1, "rescan": 3}
    code, out, err = ask(service, capsys, "coverage")
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "5 files on disk = 3 done + 2 ignored"
    assert "ignored, unsupported_format: 1\n    notes.txt\n" in out
    assert "1 by event, 3 by rescan" in out
    code, out, _ = ask(service, capsys, "coverage", "--json")
    assert json.loads(out)["counts"]["done"] == 3
