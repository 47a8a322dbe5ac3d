"""What a person reads when this program may not read or write: who, whose, and the command."""

import errno
import os
import types
from pathlib import Path

import pytest
from watcher_scene import PNG, Walked

import folder_rights
from folder.intake import Intake
from folder_checks import check_folders
from folder_rights import ImageRights
from ocr_contract import machine_ids
from ocr_errors import FolderError
from ocr_settings import Settings
from source_files import FileStat

UID, GID = 10001, 10002
"""Whoever runs the tests, root too: what the kernel would say is said by `denying`."""


@pytest.fixture
def service_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: UID)
    monkeypatch.setattr(os, "getegid", lambda: GID)
    for name in ("UID_MAP", "GID_MAP"):  # wherever the tests run: as on the machine itself
        monkeypatch.setattr(machine_ids, name, Path("/none"))


def denying(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """This folder cannot be entered."""
    real = os.access

    def access(path: Path, mode: int) -> bool:
        return Path(path) != folder and real(path, mode)

    monkeypatch.setattr(os, "access", access)
    folder.chmod(0o700)


def refused(settings: Settings) -> str:
    with pytest.raises(FolderError) as caught:
        check_folders(settings)
    return caught.value.message


@pytest.mark.usefixtures("service_user")
def test_in_a_container_the_hosts_name_and_the_command_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = tmp_path / "image_folder"
    images.mkdir()
    denying(monkeypatch, images)
    owner = images.stat()
    message = refused(Settings(images, tmp_path / "data", host_image_folder="/srv/my scans"))
    assert message == (
        f"The image folder /srv/my scans ({images} in the container) cannot be read by user "
        f"10001, as whom the service runs: it belongs to user {owner.st_uid}, group "
        f"{owner.st_gid}, and has mode 0700. Let it in, as the owner or as root: "
        "setfacl -R -m u:10001:rX,d:u:10001:rX '/srv/my scans' "
        "(or, for everybody on the machine, chmod -R o+rX '/srv/my scans')."
    )


@pytest.mark.usefixtures("service_user")
@pytest.mark.parametrize("raises", [True, False])
def test_a_home_folder_on_the_way_that_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raises: bool
) -> None:
    """It is said which one, and both commands; Path.is_dir raises then."""
    home = tmp_path / "somebody"
    images = home / "scans"
    images.mkdir(parents=True)
    denying(monkeypatch, home)
    if raises:
        denied = PermissionError(errno.EACCES, "Permission denied")
        monkeypatch.setattr(Path, "is_dir", lambda _: (_ for _ in ()).throw(denied))
    else:
        real = os.access
        monkeypatch.setattr(
            os, "access", lambda path, mode: Path(path) != images and real(path, mode)
        )
    message = refused(Settings(images, tmp_path / "data"))
    assert f"{images} cannot be reached by user 10001" in message
    assert f": {home} belongs to user {home.stat().st_uid}" in message
    assert (
        f"setfacl -m u:10001:x {home} && setfacl -R -m u:10001:rX,d:u:10001:rX {images} ("
        in message
    )
    assert f"chmod o+x {home} && chmod -R o+rX {images})." in message


@pytest.mark.usefixtures("service_user")
@pytest.mark.parametrize(("host", "target"), [("/srv/scans", "data"), ("", None)])
def test_a_data_folder_of_somebody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, target: str | None
) -> None:
    images, data = tmp_path / "images", tmp_path / "data"
    images.mkdir()
    data.mkdir()
    denying(monkeypatch, data)
    owner = data.stat()
    message = refused(Settings(images, data, host_image_folder=host))
    assert f"The data folder {data} cannot be written by user 10001" in message
    assert f"it belongs to user {owner.st_uid}, group {owner.st_gid}, and has mode 0700" in message
    assert message.endswith(f"as root: chown -R 10001:10002 {target or data}")
    assert ("docker-compose.yml" in message) == bool(host)


@pytest.mark.usefixtures("service_user")
def test_on_a_remapped_engine_the_commands_have_the_machines_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("UID_MAP", "GID_MAP"):
        (tmp_path / name).write_text("         0     100000      65536\n")
        monkeypatch.setattr(machine_ids, name, tmp_path / name)
    images, data = tmp_path / "images", tmp_path / "data"
    images.mkdir()
    data.mkdir()
    denying(monkeypatch, data)
    message = refused(Settings(images, data, host_image_folder="/srv/scans"))
    assert "by user 10001 (110001 on the machine), as whom" in message
    assert "it belongs to somebody else and has mode 0700" in message
    assert message.endswith("chown -R 110001:110002 data")
    assert (
        "setfacl -R -m u:110001:rX,d:u:110001:rX /srv/scans "
        in ImageRights(images, "/srv/scans").of_folder()
    )


@pytest.mark.usefixtures("service_user")
def test_a_data_folder_that_may_not_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never a command for the folder above it, which is somebody else's for a reason."""

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    images, data = tmp_path / "images", tmp_path / "new"
    images.mkdir()
    monkeypatch.setattr(Path, "mkdir", denied)
    assert refused(Settings(images, data)) == (
        f"The data folder {data} cannot be made: Permission denied. Make it as root: "
        f"mkdir -p {data} && chown 10001:10002 {data}"
    )


@pytest.mark.usefixtures("service_user")
def test_a_file_and_a_folder_in_there_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, world: object
) -> None:
    rights = ImageRights(tmp_path, "/srv/scans")
    command = "setfacl -R -m u:10001:rX,d:u:10001:rX /srv/scans"

    def denied(*_: object, **__: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    (tmp_path / "a.png").write_bytes(PNG)
    stat = FileStat.of((tmp_path / "a.png").stat())
    intake = Intake(tmp_path, world.database, world.catalogue, max_bytes=99, rights=rights)
    monkeypatch.setattr(os, "open", denied)
    assert intake.take([(b"a.png", stat)])[0] == 1
    row = world.row(b"a.png")
    assert row["error_code"] == "unreadable"
    assert row["error"].startswith("The file cannot be read by user 10001")
    assert command in row["error"]
    monkeypatch.setattr(os, "scandir", denied)
    assert command in (Walked(tmp_path, rights=rights).problem or "")


def test_what_is_no_matter_of_rights_gets_no_command(tmp_path: Path) -> None:
    rights = ImageRights(tmp_path)
    assert rights.remedy(OSError(errno.EIO, "Input/output error")) == ""
    assert folder_rights.to_make(tmp_path, OSError(errno.ENOSPC, "No space")) == ""


def test_names_are_printable_and_quoted(tmp_path: Path) -> None:
    odd = os.fsdecode(b"/srv/caf\xe9; rm -r *\x1b[31m")
    message = ImageRights(tmp_path, odd).of_folder()
    assert message.isprintable()
    assert "'/srv/caf\\xe9; rm -r *\\x1b[31m'" in message


def test_data_in_the_image_folder_are_no_reason_to_refuse(tmp_path: Path) -> None:
    check_folders(Settings(tmp_path, tmp_path / "deep" / "data"))
    assert (tmp_path / "deep" / "data").is_dir()


def test_the_image_folder_may_not_be_what_is_mounted_from_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Known by device and inode, as the paths say nothing of it."""
    monkeypatch.setattr(Path, "resolve", lambda path: path)
    data = tmp_path / "data"
    previews = data / "previews"
    previews.mkdir(parents=True)
    seen_as = Path("/proc/self/root") / previews.relative_to("/")
    assert "lies within it" in refused(Settings(seen_as, data))


def test_on_a_disk_that_is_read_only_no_rights_are_to_blame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel mounts one so that met errors: `chown` would fail, too."""
    images, data = tmp_path / "images", tmp_path / "data"
    images.mkdir()
    data.mkdir()
    denying(monkeypatch, data)
    mounted = types.SimpleNamespace(f_flag=os.ST_RDONLY)
    monkeypatch.setattr("folder_rights.os.statvfs", lambda _: mounted)
    message = refused(Settings(images, data))
    assert "mounted read-only" in message
    assert "chown" not in message


def test_an_image_folder_that_is_a_file(tmp_path: Path) -> None:
    images = tmp_path / "scan.pdf"
    images.touch()
    assert "scan.pdf is no folder" in refused(Settings(images, tmp_path / "data"))
