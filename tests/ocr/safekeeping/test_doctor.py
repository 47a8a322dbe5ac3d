"""The doctor finds what is wrong, says what to do, and touches nothing."""

import json
import os
from pathlib import Path

import apsw
import pytest
from backup_fixtures import back_up, grow, piece, pieces, timed
from database_fixtures import World
from polling import wait_until
from reader_process import ServiceProcess

import machine_limits
import ocrctl
from language_choice import Choice
from ocr_contract import schema
from ocr_contract.control import ControlClient, ServiceUnreachable, StatusReply
from ocr_contract.data_folder import SOCKET_PATH, WEIGHTS_FOLDER
from ocr_settings import Settings
from records.database import Database
from safekeeping import doctor


def settings_of(service: ServiceProcess, **changes: object) -> Settings:
    fields: dict[str, object] = {
        "image_folder": service.images, "data_folder": service.data, **changes,
    }  # fmt: skip
    return Settings(**fields)  # type: ignore[arg-type]


def results(settings: Settings) -> dict[str, tuple[str, str]]:
    return {check: (result, text) for check, result, text in doctor.examine(settings)}


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path): path.read_bytes()
        for path in folder.iterdir()
        if path.is_file() and not path.name.endswith("-shm")
    }


def test_a_sound_installation_that_is_stopped(service: ServiceProcess) -> None:
    world = World(service.data)
    world.put(b"a.png", "a")
    world.read_all()
    world.database.copy_to(service.data / "backups" / "a.db", between=lambda: None)
    world.close()
    for suffix in ("", "-wal", "-shm"):
        (service.data / f"ocr_data.db{suffix}").chmod(0o640)
    before = content(service.data)
    found = results(settings_of(service))
    assert {check: result for check, (result, _) in found.items() if result != "ok"} == {
        "socket": "warn"
    }, found
    assert "make run" in found["socket"][1]
    assert found["database"][1] == f"Sound, schema version {schema.SCHEMA_VERSION}, 1 pages."
    assert content(service.data) == before


def test_with_the_service_running(
    service: ServiceProcess, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCR_IMAGE_FOLDER", str(service.images))
    service.add("a.jpg")
    service.start()
    client = ControlClient(service.data / SOCKET_PATH)

    def is_read() -> bool:
        try:
            return client.status().counts["done"] == 1
        except ServiceUnreachable:
            return False

    wait_until(is_read)
    assert ocrctl.main(["--data", str(service.data), "doctor", "--json"]) == 0
    found = {line["check"]: line for line in json.loads(capsys.readouterr().out)}
    assert found["socket"]["result"] == "ok"
    assert found["device"] == {
        "check": "device", "result": "ok", "message": "fake 1 reads on: cpu.",
    }  # fmt: skip
    assert ocrctl.main(["--data", str(service.data), "doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines].count("warn") == 1, "no backup yet"
    assert all(line[:4].strip() in {"ok", "warn", "fail"} for line in lines)


def test_what_is_wrong_fails_with_a_remedy(
    service: ServiceProcess, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (service.data / WEIGHTS_FOLDER).unlink()
    (service.data / "ocr_data.db").write_text("no database " * 999)
    gone = service.images / "nowhere"
    found = results(settings_of(service, image_folder=gone, min_free_mb=9_000_000.0))
    failed = {check: text for check, (result, text) in found.items() if result == "fail"}
    assert set(failed) == {"image folder", "disk", "models", "database"}
    assert "OCR_IMAGE_FOLDER" in failed["image folder"]
    assert "Make room" in failed["disk"]
    assert "make models" in failed["models"]
    assert "ocrctl restore" in failed["database"]
    monkeypatch.setenv("OCR_IMAGE_FOLDER", str(gone))
    assert ocrctl.main(["--data", str(service.data), "doctor"]) == 1
    assert "fail  database" in capsys.readouterr().out


def test_a_damaged_and_a_newer_database(service: ServiceProcess) -> None:
    world = World(service.data)
    for number in range(50):
        world.put(b"%d.png" % number, str(number))
    world.read_all()
    world.close()
    database = service.data / "ocr_data.db"
    sound = database.read_bytes()
    database.write_bytes(sound[: 4096 * 2] + b"\xff" * 4096 + sound[4096 * 3 :])
    assert results(settings_of(service))["database"][0] == "fail"
    database.write_bytes(sound)
    newer = apsw.Connection(str(database))
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    result, text = results(settings_of(service))["database"]
    assert (result, "Update the program" in text) == ("fail", True)


def test_rights(service: ServiceProcess) -> None:
    Database(service.data / "ocr_data.db").close()
    database = service.data / "ocr_data.db"
    for mode, words in [(0o600, "not readable for its group"), (0o644, "open to everybody")]:
        database.chmod(mode)
        result, text = results(settings_of(service))["rights"]
        assert (result, words in text, "chmod 640" in text) == ("warn", True, True)


def test_a_clock_that_was_set_back(service: ServiceProcess) -> None:
    world = World(service.data)
    world.put(b"a.png", "a")
    with world.database.transaction() as connection:
        connection.execute("UPDATE images SET updated_at = '2999-01-01T00:00:00.000Z'")
    world.close()
    result, text = results(settings_of(service))["clock"]
    assert (result, "2999-01-01" in text) == ("warn", True)


def test_an_old_backup(service: ServiceProcess) -> None:
    grow(service.data, "a.png", rows=1)
    back_up(service.data, 1)
    os.utime(service.data / "backups" / timed(1), (0, 0))
    assert found_backups(service)[0] == "warn"
    assert "days old" in found_backups(service)[1]


def found_backups(service: ServiceProcess) -> tuple[str, str]:
    """Of one check alone."""
    ((_, result, text), *_) = doctor._backups(settings_of(service))
    return result, text


def test_a_backup_that_cannot_be_restored(
    service: ServiceProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read: that there is one says little."""
    grow(service.data, "a.png", rows=1)
    back_up(service.data, 1)
    assert found_backups(service) == (
        "ok", f"1 in {service.data}/backups; the newest was read and is whole."
    )  # fmt: skip
    name = sorted(pieces(service.data))[0]
    whole = piece(service.data, name).read_bytes()
    piece(service.data, name).write_bytes(whole[: len(whole) // 2])
    result, text = found_backups(service)
    assert result == "fail"
    assert name in text
    assert "ocrctl backup" in text
    with monkeypatch.context() as patch:
        patch.setattr(doctor, "_BACKUP_LIMIT_S", -1.0)  # it is not come to that piece
        assert found_backups(service)[0] == "ok"
        assert "to read" in found_backups(service)[1]
    piece(service.data, name).write_bytes(whole)
    (service.data / "backups" / timed(1)).write_text("{}")
    assert found_backups(service)[0] == "fail"


def test_the_device_that_the_service_tells(
    service: ServiceProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = dict.fromkeys(StatusReply.__slots__)
    status = StatusReply(**{**fields, "engine": "e", "device": "cpu"})  # type: ignore[arg-type]
    monkeypatch.setattr(machine_limits, "NVIDIA_CONTROL_DEVICE", tmp_path / "none")
    (line,) = doctor._device(settings_of(service), status)
    assert line.result == "ok"
    monkeypatch.setattr(machine_limits, "NVIDIA_CONTROL_DEVICE", tmp_path)
    (line,) = doctor._device(settings_of(service), status)
    assert line.result == "warn"
    (line,) = doctor._device(settings_of(service, device="cpu"), status)
    assert line.result == "ok"


@pytest.mark.parametrize("closed", ["images", "."])
def test_a_folder_that_is_closed_to_this_user(service: ServiceProcess, closed: str) -> None:
    """With the command that opens it, for the first folder on the way that is closed."""
    folder = (service.images.parent / closed).resolve()
    service.images.parent.chmod(0o755)
    folder.chmod(0o700)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.setgroups([])
            os.setgid(12345)
            os.setuid(12345)
            for parent in folder.parents:
                assert os.access(parent, os.X_OK), parent
            message = next(iter(doctor.examine(settings_of(service)))).message
            command = "-m u:12345:x" if closed == "." else "-R -m u:12345:rX,d:u:12345:rX"
            assert f"setfacl {command} {folder}" in message, message
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_an_image_folder_that_holds_the_data(service: ServiceProcess) -> None:
    result, text = results(settings_of(service, image_folder=service.data.parent))["image folder"]
    assert (result, "OCR_IMAGE_FOLDER" in text) == ("warn", True)


def test_what_the_backups_need(service: ServiceProcess) -> None:
    grow(service.data, "a.png")
    first = back_up(service.data, 1)
    result, text = results(settings_of(service))["backup size"]
    assert result == "ok"
    assert text.startswith("1 of at most 7 by the clock take 1 MB; OCR_BACKUP_SHARE allows ")
    grow(service.data, "b.png")
    second = back_up(service.data, 2)
    result, text = results(settings_of(service))["backup size"]
    expected = first.added_bytes + 6 * second.added_bytes
    assert result == "ok"
    assert text.startswith("2 of at most 7 by the clock take 1 MB, 7 will take about ")
    about = float(text.partition("about ")[2].split()[0]) * 1e6
    assert abs(about - expected) < 1_000_000
    few = settings_of(service, backup_share=1e-9)
    result, text = results(few)["backup size"]
    assert (result, "Make room, or allow more." in text) == ("warn", True)


def test_languages_that_are_set_up_are_looked_at(tmp_path: Path) -> None:
    def found(*chosen: Choice) -> tuple[str, str]:
        settings = Settings(image_folder=tmp_path, data_folder=tmp_path, languages=chosen)
        return results(settings)["languages"]

    assert found()[0] == "ok"
    result, said = found(Choice("rus"))
    assert result == "fail"
    assert 'make languages LANGS="rus"' in said
    folder = tmp_path / WEIGHTS_FOLDER / "eslav_PP-OCRv5_mobile_rec"
    folder.mkdir(parents=True)
    (folder / "inference.yml").touch()
    (folder / "inference.onnx").write_bytes(b"converted by its user")
    result, said = found(Choice("rus", folder.name))
    assert result == "warn"
    assert "other weights than the version whose SHA-256 is known" in said
