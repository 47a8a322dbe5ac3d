"""What install.sh and `ocrctl doctor` see of a machine before anything starts.

`docker` is a stand-in that answers as an engine of each kind; folders, users, ports and the disk
are real.
"""

import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from project import (
    EXIT_BAD_CONFIGURATION,
    EXIT_MISSING_DEPENDENCY,
    EXIT_NO_ACCESS,
    EXIT_OTHER,
    ROOT,
)

PREFLIGHT = ROOT / "bundle" / "preflight.sh"
READER = 10001
STRANGER = 12345
"""A user of this machine who is neither root nor the reader."""

DOCKER = """\
#!/bin/sh
case "$*" in
    --version) echo "${CLIENT:-Docker version 28.2.2, build e6534b4}" ;;
    "version --format"*) [ -z "$REFUSED" ] || { echo "$REFUSED" >&2; exit 1; }; echo "${ENGINE:-20.10.24+dfsg1}" ;;
    "compose version --short") echo "${COMPOSE-2.26.1}" ;;
    info*) echo "${ENGINE_ROOT:-/var/lib/docker}|${SYSTEM:-Debian GNU/Linux 12}|[\\"name=seccomp,profile=default\\"$OPTIONS]|${CGROUPS:-systemd}" ;;
    ps*) echo "$PUBLISHED" ;;
    *) exit 1 ;;
esac
"""  # noqa: E501


class Line(NamedTuple):
    result: str
    check: str
    message: str


class Machine:
    """A folder for the installation, one of images, and a `docker` that says what it is told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = folder / "place here"
        self.place.mkdir()
        self.images = folder / "my images"
        self.images.mkdir()
        self.say(IMAGE_FOLDER=f"'{self.images}'")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        (folder / "bin").mkdir()
        self.command("docker", DOCKER)

    def say(self, **settings: str) -> None:
        """What .env holds."""
        lines = [f"{name}={value}\n" for name, value in settings.items()]
        (self.place / ".env").write_text("".join(lines))

    def command(self, name: str, script: str) -> None:
        command = self.folder / "bin" / name
        command.write_text(script)
        command.chmod(0o755)

    def look(
        self, *arguments: object, user: int = 0, **answers: str
    ) -> tuple[int, dict[str, Line]]:
        """(exit code, what each check found: of several lines the one that fails)."""
        done = subprocess.run(
            ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups",
             "sh", PREFLIGHT, "--folder", self.place, *map(str, arguments)],
            env={"PATH": f"{self.folder / 'bin'}:/usr/bin:/bin", "WEB_PORT": str(self.port),
                 **answers},
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.stderr == ""
        lines = [Line(*line.split("\t")) for line in done.stdout.splitlines()]
        assert {line.result for line in lines} <= {"ok", "warn", "fail"}
        lines.sort(key=lambda line: line.result == "fail")
        return done.returncode, {line.check: line for line in lines}


@pytest.fixture
def machine() -> Iterator[Machine]:
    """In a folder that any user may pass: pytest closes its own, also while other tests run."""
    with tempfile.TemporaryDirectory(prefix="ocr look ") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield Machine(folder)


def test_a_machine_where_all_is_well(machine: Machine) -> None:
    code, found = machine.look()
    assert code == 0
    assert {line.result for line in found.values()} == {"ok"}
    assert {"docker", "engine", "image folder", "port"} <= found.keys()


@pytest.mark.parametrize(
    ("answers", "code", "words"),
    [
        ({"CLIENT": "podman version 5.4.2"}, EXIT_MISSING_DEPENDENCY, "is Podman"),
        ({"ENGINE": "19.03.15"}, EXIT_MISSING_DEPENDENCY, "19.03.15 is too old: 20.10"),
        ({"ENGINE": "20.9.1"}, EXIT_MISSING_DEPENDENCY, "too old"),
        ({"COMPOSE": ""}, EXIT_MISSING_DEPENDENCY, "docker-compose-plugin"),
        ({"COMPOSE": "1.29.2"}, EXIT_MISSING_DEPENDENCY, "docker-compose-plugin"),
        ({"REFUSED": "permission denied"}, EXIT_NO_ACCESS, "usermod -aG docker"),
        ({"REFUSED": "Cannot connect"}, EXIT_MISSING_DEPENDENCY, "systemctl start docker"),
    ],
)
def test_a_docker_that_cannot_do_it(
    machine: Machine, answers: dict[str, str], code: int, words: str
) -> None:
    returned, found = machine.look(**answers)
    assert (returned, found["docker"].result) == (code, "fail")
    assert words in found["docker"].message


@pytest.mark.parametrize("engine", ["20.10.24+dfsg1", "28.2.2", "v24.0.7-rd", "of-somebody"])
def test_engines_that_can(machine: Machine, engine: str) -> None:
    code, found = machine.look(ENGINE=engine, COMPOSE="v2.39.1")
    assert (code, found["docker"].result) == (0, "ok")
    assert "Compose 2.39.1" in found["docker"].message


class TestWhoTheEngineIs:
    def test_rootless(self, machine: Machine) -> None:
        code, found = machine.look(OPTIONS=',"name=rootless"')
        assert code == EXIT_NO_ACCESS
        assert "without sudo" in found["engine"].message
        code, found = machine.look(OPTIONS=',"name=rootless"', user=STRANGER)
        assert code == EXIT_BAD_CONFIGURATION
        assert "OCR_UID=0 and OCR_GID=0" in found["engine"].message
        assert str(machine.place / ".env") in found["engine"].message
        machine.say(IMAGE_FOLDER=f"'{machine.images}'", OCR_UID="0", OCR_GID="0")
        machine.images.chmod(0o700)
        os.chown(machine.images, STRANGER, STRANGER)
        code, found = machine.look(OPTIONS=',"name=rootless"', user=STRANGER)
        assert (code, found["engine"].result) == (0, "ok")
        assert found["image folder"].message.endswith(f"by user {STRANGER}.")

    def test_limits_that_nobody_holds(self, machine: Machine) -> None:
        """A rootless engine on a machine with cgroup v1 drops them without a word."""
        _, found = machine.look(CGROUPS="none")
        assert found["limits"].result == "warn"
        assert "have no effect" in found["limits"].message
        assert "limits" not in machine.look()[1]

    def test_remapped(self, machine: Machine) -> None:
        """The numbers on this machine are others than those in the containers."""
        answers = {"OPTIONS": ',"name=userns"', "ENGINE_ROOT": "/var/lib/docker/165536.165536"}
        (machine.place / "data").mkdir()
        machine.images.chmod(0o700)
        os.chown(machine.images, READER, READER)
        code, found = machine.look(**answers)
        assert code == EXIT_NO_ACCESS
        assert "user 10001 of the containers is 175537 on" in found["engine"].message
        assert "u:175537:rX" in found["image folder"].message
        assert "chown -hR 175537:175537" in found["data folder"].message
        for folder in (machine.images, machine.place / "data"):
            os.chown(folder, 175537, 175537)
        assert machine.look(**answers)[0] == 0

    def test_remapped_and_installed_by_somebody_who_cannot_give_data_away(
        self, machine: Machine
    ) -> None:
        code, found = machine.look(
            "--archive", machine.folder / "images.tar", user=STRANGER,
            OPTIONS=',"name=userns"', ENGINE_ROOT="/var/lib/docker/165536.165536",
        )  # fmt: skip
        assert (code, found["engine"].result) == (EXIT_NO_ACCESS, "fail")
        assert "Run this with sudo" in found["engine"].message

    def test_desktop_needs_the_overlay(self, machine: Machine) -> None:
        code, found = machine.look(SYSTEM="Docker Desktop")
        assert code == EXIT_BAD_CONFIGURATION
        (line,) = [word for word in found["engine"].message.split() if "COMPOSE_FILE" in word]
        assert line == "COMPOSE_FILE=docker-compose.yml:docker-compose.desktop.yml"
        machine.say(IMAGE_FOLDER=f"'{machine.images}'", COMPOSE_FILE=line.partition("=")[2])
        assert machine.look(SYSTEM="Docker Desktop")[0] == 0

    @pytest.mark.parametrize(
        ("mode", "options", "result"),
        [
            ("Enforcing", ',"name=selinux"', "warn"),
            ("Permissive", ',"name=selinux"', "ok"),
            ("Enforcing", "", "ok"),
        ],
    )
    def test_selinux(self, machine: Machine, mode: str, options: str, result: str) -> None:
        machine.command("getenforce", f"#!/bin/sh\necho {mode}\n")
        code, found = machine.look(OPTIONS=options)
        assert (code, found["selinux"].result) == (0, result)
        overlay = "docker-compose.yml:docker-compose.selinux.yml"
        assert (overlay in found["selinux"].message) == (result == "warn")
        machine.say(IMAGE_FOLDER=f"'{machine.images}'", COMPOSE_FILE=overlay)
        assert machine.look(OPTIONS=options)[1]["selinux"].result == "ok"


class TestTheImageFolder:
    @pytest.mark.parametrize("user", [0, STRANGER])
    def test_a_home_that_is_closed(self, machine: Machine, user: int) -> None:
        """Root asks the kernel as the reader's user; anybody else reckons with the mode."""
        machine.images.chmod(0o700)
        code, found = machine.look(user=user)
        assert (code, found["image folder"].result) == (EXIT_NO_ACCESS, "fail")
        message = found["image folder"].message
        assert str(machine.images) in message
        assert "user 10001" in message
        assert f"setfacl -R -m u:10001:rX,d:u:10001:rX '{machine.images}'" in message

    @pytest.mark.parametrize("user", [0, STRANGER])
    @pytest.mark.parametrize(
        ("mode", "owner", "group", "code"),
        [
            (0o755, 0, 0, 0),
            (0o750, 0, READER, 0),
            (0o700, READER, 0, 0),
            (0o2770, 0, READER, 0),
            (0o750, 0, 0, EXIT_NO_ACCESS),
            (0o705, 0, READER, EXIT_NO_ACCESS),  # its group has less than everybody
            (0o077, READER, READER, EXIT_NO_ACCESS),
            (0o744, 0, 0, EXIT_NO_ACCESS),  # its names, not what lies in it
        ],
    )
    def test_by_whom_it_can_be_read(
        self, machine: Machine, mode: int, owner: int, group: int, code: int, user: int
    ) -> None:
        os.chown(machine.images, owner, group)
        machine.images.chmod(mode)
        assert machine.look(user=user)[0] == code

    def test_what_lies_above_it_is_of_no_matter(self, machine: Machine) -> None:
        """The engine mounts the folder itself: its parents are not passed again."""
        inner = machine.images / "home" / "scans"
        inner.mkdir(parents=True)
        inner.parent.chmod(0o700)
        assert machine.look("--images", inner)[0] == 0

    def test_one_file_that_is_closed(self, machine: Machine) -> None:
        (machine.images / "a folder").mkdir()
        (machine.images / "a folder" / "a.png").touch(mode=0o600)
        code, found = machine.look()
        assert (code, found["image folder"].result) == (0, "warn")
        assert "a folder/a.png cannot be read by user 10001" in found["image folder"].message

    def test_of_another_reader(self, machine: Machine) -> None:
        machine.say(IMAGE_FOLDER=f"'{machine.images}'", OCR_UID=str(STRANGER))
        machine.images.chmod(0o700)
        assert f"u:{STRANGER}:rX" in machine.look()[1]["image folder"].message

    def test_it_is_not_there(self, machine: Machine) -> None:
        code, found = machine.look("--images", machine.folder / "nowhere")
        assert code == EXIT_BAD_CONFIGURATION
        assert "nowhere does not exist. Create it" in found["image folder"].message

    def test_it_holds_the_installation(self, machine: Machine) -> None:
        archive = machine.folder / "images.tar"
        code, found = machine.look("--images", machine.folder, "--archive", archive)
        assert code == EXIT_BAD_CONFIGURATION
        assert "--images" in found["image folder"].message
        assert "--to" in found["image folder"].message
        code, found = machine.look("--images", machine.folder)
        assert (code, found["image folder"].result) == (0, "warn")

    def test_it_holds_the_installation_by_another_name(self, machine: Machine) -> None:
        link = machine.images / "link"
        link.symlink_to(machine.folder)
        code, _ = machine.look("--images", link, "--archive", machine.folder / "images.tar")
        assert code == EXIT_BAD_CONFIGURATION
        mounted = machine.images / "mounted"
        mounted.mkdir()
        subprocess.run(["mount", "--bind", machine.folder, mounted], check=True)
        try:
            code, _ = machine.look("--images", mounted, "--archive", machine.folder / "images.tar")
        finally:
            subprocess.run(["umount", mounted], check=True)
        assert code == EXIT_BAD_CONFIGURATION

    @pytest.mark.parametrize("below", ["", "backups"])
    def test_it_lies_in_the_results(self, machine: Machine, below: str) -> None:
        inner = machine.place / "data" / below
        inner.mkdir(parents=True)
        os.chown(machine.place / "data", READER, READER)
        code, found = machine.look("--images", inner)
        assert code == EXIT_BAD_CONFIGURATION
        assert "folder of results" in found["image folder"].message

    def test_a_number_sign_outside_quotes(self, machine: Machine) -> None:
        """Compose takes the rest for a comment."""
        named = machine.folder / "scans #1"
        named.mkdir()
        (machine.folder / "scans").mkdir()
        machine.say(IMAGE_FOLDER=str(named))
        code, found = machine.look()
        assert code == EXIT_BAD_CONFIGURATION
        assert f"Write it as: IMAGE_FOLDER='{named}'" in found["image folder"].message
        machine.say(IMAGE_FOLDER=f"'{named}'")
        assert machine.look()[0] == 0
        machine.say(IMAGE_FOLDER=f"{machine.images}  # a comment it is")
        assert machine.look()[0] == 0


def test_results_of_another_user(machine: Machine) -> None:
    data = machine.place / "data"
    data.mkdir()
    code, found = machine.look()
    assert code == EXIT_NO_ACCESS
    assert f"chown -hR 10001:10001 '{data}'" in found["data folder"].message
    os.chown(data, READER, READER)
    assert machine.look()[0] == 0


def test_a_disk_without_room(machine: Machine) -> None:
    archive = machine.folder / "images.tar"
    with archive.open("wb") as stream:
        stream.truncate(1 << 43)  # no block of it is ever written
    code, found = machine.look("--archive", archive, ENGINE_ROOT=str(machine.folder))
    assert code == EXIT_OTHER
    assert "Make room" in found["disk"].message
    archive.unlink()
    archive.touch()
    assert machine.look("--archive", archive, ENGINE_ROOT=str(machine.folder))[0] == 0


class TestThePort:
    @pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::"])
    def test_it_is_taken(self, machine: Machine, address: str) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.create_server((address, 0), family=family, dualstack_ipv6=":" in address) as it:
            port = it.getsockname()[1]
            code, found = machine.look("--port", port)
            assert code == EXIT_BAD_CONFIGURATION
            assert f"Port {port} is in use" in found["port"].message
            assert f"WEB_PORT=5080 in {machine.place / '.env'}" in found["port"].message
            code, found = machine.look("--port", port, "--archive", machine.folder / "images.tar")
            assert f"--to '{machine.place}' --port 5080" in found["port"].message
            ours = f"127.0.0.1:{port}->5000/tcp"
            assert machine.look("--port", port, PUBLISHED=ours)[0] == 0
        assert machine.look("--port", port)[0] == 0

    def test_another_address_has_it(self, machine: Machine) -> None:
        with socket.create_server(("127.0.0.2", 0)) as it:
            port = it.getsockname()[1]
            assert machine.look("--port", port)[0] == 0
            assert machine.look("--port", port, WEB_BIND="0.0.0.0")[0] == EXIT_BAD_CONFIGURATION
            assert machine.look("--port", port, WEB_BIND="127.0.0.2")[0] == EXIT_BAD_CONFIGURATION


@pytest.mark.parametrize(
    ("zone", "known"),
    [("Europe/Berlin", True), ("Berlin", False), ("CET-1CEST", True), ("'Europe/Berlin'", True)],
)
def test_a_time_zone_that_is_none(machine: Machine, zone: str, known: bool) -> None:
    machine.say(IMAGE_FOLDER=f"'{machine.images}'", TZ=zone)
    code, found = machine.look()
    assert code == 0
    assert ("time zone" not in found) == known


def test_arguments_that_are_none() -> None:
    for arguments in ([], ["--folder"], ["--nonsense", "x"]):
        done = subprocess.run(
            ["sh", PREFLIGHT, *arguments], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout) == (1, "")
        assert "preflight.sh --folder" in done.stderr
