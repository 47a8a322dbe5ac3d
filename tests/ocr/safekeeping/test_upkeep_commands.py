"""A copy over standard output and back over standard input, as ocrctl asks it of a container."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from database_fixtures import World
from polling import wait_until
from reader_process import ServiceProcess

import ocrctl
from ocr_contract.data_folder import SOCKET_PATH
from ocr_errors import EXIT_NO_ACCESS, EXIT_OTHER
from project import ROOT
from records.database_copy import examine, read_checksum, sha256_of


def call(
    service: ServiceProcess, *arguments: str, given: bytes = b""
) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, ROOT / "ocr" / "ocrctl.py", "--data", service.data, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT / "contract")},
        input=given, capture_output=True, check=False, timeout=60,
    )  # fmt: skip


def fill(service: ServiceProcess, *names: str) -> None:
    world = World(service.data)
    for name in names:
        world.put(name.encode(), name)
    world.read_all()
    world.close()


def is_whole(copied: "subprocess.CompletedProcess[bytes]", folder: Path, images: int) -> bool:
    """What came over standard output is what stderr says of it."""
    assert copied.returncode == 0, copied.stderr
    reply = json.loads(copied.stderr)
    (folder / "copy.db").write_bytes(copied.stdout)
    assert reply["sha256"] == hashlib.sha256(copied.stdout).hexdigest()
    assert reply["bytes"] == len(copied.stdout)
    return reply["images"] == examine(folder / "copy.db").images == images


def test_a_copy_while_nothing_runs(service: ServiceProcess, tmp_path: Path) -> None:
    fill(service, "a.png", "b.png")
    before = sorted(service.data.iterdir())
    assert is_whole(call(service, "backup", "--to", "-"), tmp_path, 2)
    assert sorted(service.data.iterdir()) == before


def test_a_copy_while_it_runs(service: ServiceProcess, tmp_path: Path) -> None:
    fill(service, "a.png")
    service.start()
    wait_until(lambda: (service.data / SOCKET_PATH).exists())
    wait_until(lambda: call(service, "status").returncode == 0)
    assert is_whole(call(service, "backup", "mine.db", "--to", "-"), tmp_path, 1)
    assert (service.data / "backups" / "mine.db").is_file()


def test_one_whole_file_of_a_backup_by_pieces(service: ServiceProcess, tmp_path: Path) -> None:
    fill(service, "a.png")
    service.start()
    wait_until(lambda: (service.data / SOCKET_PATH).exists())
    wait_until(lambda: call(service, "status").returncode == 0)
    assert is_whole(call(service, "backup", "--to", "-"), tmp_path, 1)
    target = tmp_path / "whole.db"
    copied = call(service, "backup", "--to", str(target))
    assert copied.returncode == 0, copied.stderr
    reply = json.loads(copied.stdout)
    assert reply["path"].endswith(".backup")
    assert reply["added_bytes"] >= 0
    assert reply["sha256"] == sha256_of(target) == read_checksum(target)
    assert reply["images"] == examine(target).images == 1
    service.stop()
    fill(service, "b.png")
    name = Path(reply["path"]).name
    restored = call(service, "restore", name)
    assert restored.returncode == 0, restored.stderr
    assert examine(service.data / "ocr_data.db").images == 1
    fill(service, "b.png")
    listed = (service.data / "backups" / name).read_bytes()
    restored = call(service, "restore", "-", given=listed)
    assert restored.returncode == 0, restored.stderr
    assert examine(service.data / "ocr_data.db").images == 1


def test_no_database_is_a_sentence_and_nothing_else(service: ServiceProcess) -> None:
    copied = call(service, "backup", "--to", "-")
    assert copied.returncode != 0
    assert copied.stdout == b""
    assert b"There is no database" in copied.stderr


def test_a_terminal_gets_no_database(
    service: ServiceProcess, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(service, "a.png")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert ocrctl.main(["--data", str(service.data), "backup", "--to", "-"]) != 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "backup --to - >FILE" in captured.err


def test_it_comes_back_over_standard_input(service: ServiceProcess, tmp_path: Path) -> None:
    fill(service, "a.png")
    copy = call(service, "backup", "--to", "-").stdout
    fill(service, "b.png")
    restored = call(service, "restore", "-", given=copy)
    assert restored.returncode == 0, restored.stderr
    assert b"it had no checksum" in restored.stderr
    restored = call(service, "restore", "-", "--compared", given=copy)
    assert restored.returncode == 0, restored.stderr
    assert b"checksum" not in restored.stderr, "the wrapper has compared it"
    assert examine(service.data / "ocr_data.db").images == 1
    assert not [path for path in service.data.iterdir() if path.name.startswith(".copy-")]


def test_half_of_one_changes_nothing(service: ServiceProcess) -> None:
    fill(service, "a.png")
    copy = call(service, "backup", "--to", "-").stdout
    restored = call(service, "restore", "-", given=copy[: len(copy) // 2])
    assert restored.returncode != 0
    assert examine(service.data / "ocr_data.db").images == 1


def test_the_doctor_begins_with_what_was_found_on_the_host(
    service: ServiceProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCR_IMAGE_FOLDER", str(service.images))
    found = b"ok\tengine\tIt runs as root.\nfail\timage folder\tDo: a thing.\n"
    told = call(service, "doctor", "--json", "--before", "-", given=found)
    assert told.returncode == 1
    assert json.loads(told.stdout)[:2] == [
        {"check": "engine", "result": "ok", "message": "It runs as root."},
        {"check": "image folder", "result": "fail", "message": "Do: a thing."},
    ]
    lines = call(service, "doctor", "--before", "-", given=found).stdout.decode().splitlines()
    assert lines[1].split(maxsplit=3) == ["fail", "image", "folder", "Do: a thing."]


@pytest.mark.parametrize("kind", ["a device", "a pipe", "a folder", "nothing"])
def test_a_copy_takes_the_place_of_no_device(
    kind: str, service: ServiceProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Run by root it would: `--to /dev/null` left a file there, which everybody then wrote into."""
    fill(service, "a.png")
    target = tmp_path / "target"
    if kind == "a device":
        target.symlink_to("/dev/null")
    elif kind == "a pipe":
        os.mkfifo(target)
    elif kind == "a folder":
        target.mkdir()
    named = "" if kind == "nothing" else str(target)
    before = [path.lstat() for path in tmp_path.iterdir()]
    assert ocrctl.main(["--data", str(service.data), "backup", "--to", named]) == EXIT_OTHER
    assert "--to FILE" in capsys.readouterr().err
    assert [path.lstat() for path in tmp_path.iterdir()] == before


def test_output_that_nobody_takes(service: ServiceProcess) -> None:
    """`| head` is no error; a full disk is one, and is told."""
    fill(service, "a.png")
    command = [sys.executable, ROOT / "ocr" / "ocrctl.py", "--data", service.data, "search", "text"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "contract")}
    reading, writing = os.pipe()
    os.close(reading)
    for output, code, said in (
        (writing, ocrctl.EXIT_READER_GONE, ""),
        (os.open("/dev/full", os.O_WRONLY), EXIT_NO_ACCESS, "cannot be written: No space left"),
    ):
        done = subprocess.run(
            command, env=environ, stdout=output, stderr=subprocess.PIPE, text=True, check=False
        )
        os.close(output)
        assert done.returncode == code
        assert said in done.stderr
        assert "Exception ignored" not in done.stderr
        assert "Errno" not in done.stderr
