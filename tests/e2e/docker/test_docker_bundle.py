"""The client's bundle on a machine that has only Docker: an engine with an empty image store."""

import contextlib
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from containers import ROOT, SAMPLES, free_port, wait_until
from second_engine import SecondEngine

import bundle
import bundle_files
from bundle_images import SERVICES, Edition

FIRST, SECOND, THIRD = (Edition(f"0.0.{number}test") for number in (1, 2, 3))
COPIES = ("damaged", "forged", "gpu")
"""Of the first bundle, each with something wrong."""


class Machine:
    """The client's machine: an engine, a folder for bundles, a folder of images."""

    def __init__(self, folder: Path, engine: SecondEngine) -> None:
        self.engine = engine
        self.folder = folder
        self.installed = folder / "installed here"
        self.images = folder / "my images"
        self.images.mkdir()
        self.port = free_port()
        self.key = folder / "publisher"
        subprocess.run(["ssh-keygen", "-qt", "ed25519", "-N", "", "-f", self.key], check=True)

    def bundle(self, edition: Edition) -> Path:
        return self.folder / edition.name

    def run(
        self, script: Path, *arguments: object, **environment: str
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["sh", str(script), *map(str, arguments)],
            env=self.engine.environment | environment, cwd="/", stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    def install(self, edition: Edition, *arguments: object) -> "subprocess.CompletedProcess[str]":
        """Run the bundle's install.sh; it must succeed."""
        done = self.run(self.bundle(edition) / "install.sh", "--to", self.installed, *arguments)
        assert done.returncode == 0, done.stderr
        return done

    def running(self) -> list[str]:
        """The images of the running containers."""
        return sorted(self.engine.docker("ps", "--format", "{{.Image}}").split())

    def counts(self) -> dict[str, int]:
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.port}/api/v1/status", timeout=10
            ) as reply:
                return dict(json.load(reply)["counts"])
        except OSError:
            return {}

    def wait_until_read(self, total: int) -> None:
        wait_until(
            lambda: self.counts().get("done") == self.counts().get("total") == total,
            f"{total} images are read",
        )


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """With the first bundle unpacked, as `make bundle` packed it."""
    folder = tmp_path_factory.mktemp("client")
    for path in (folder, *folder.parents):
        if path == Path("/tmp"):
            break
        path.chmod(0o755)
    engine = SecondEngine()
    try:
        client = Machine(folder, engine)
        made = subprocess.run(
            [sys.executable, ROOT / "tools" / "bundle.py", f"--version={FIRST.version}",
             "--level=1", f"--output={folder}", f"--sign={client.key}"],
            capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        archive = folder / f"{FIRST.name}.tar.zst"
        print(f"bundle: {archive.stat().st_size / 1e6:.0f} MB at level 1", file=sys.stderr)
        for ending in ("", ".sha256", ".sig"):
            assert archive.with_name(archive.name + ending).is_file()
        subprocess.run(["tar", "--zstd", "-xf", archive], cwd=folder, check=True)
        archive.unlink()
        yield client
    finally:
        engine.stop()
        for copy in COPIES:
            shutil.rmtree(folder / copy, ignore_errors=True)
        for edition in (FIRST, SECOND, THIRD):
            shutil.rmtree(folder / edition.name, ignore_errors=True)
            subprocess.run(["docker", "rmi", *names(edition)], capture_output=True, check=False)


def names(*editions: Edition) -> list[str]:
    """Of their images."""
    return sorted(
        f"ocr_docker/{service}:{edition.release}" for edition in editions for service in SERVICES
    )


@pytest.fixture(scope="module")
def installed(machine: Machine) -> Machine:
    """The first bundle, checked with the publisher's key, installed and asked nothing."""
    assert machine.engine.images() == []
    done = machine.install(
        FIRST, "--images", machine.images, "--port", machine.port, "--key", f"{machine.key}.pub"
    )
    assert done.stdout.strip() == f"http://localhost:{machine.port}"
    assert "Signed by the key in" in done.stderr
    shutil.copyfile(SAMPLES / "label-japanese.webp", machine.images / "label.webp")
    machine.wait_until_read(1)
    return machine


def linked_copy(machine: Machine, name: str) -> Path:
    """The first bundle once more; links, for it is large."""
    copy = machine.folder / name
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(machine.bundle(FIRST), copy, copy_function=os.link)
    return copy


def damaged_copy(machine: Machine) -> Path:
    """The bundle with one byte of a model changed."""
    copy = linked_copy(machine, "damaged")
    model = next((copy / "models").rglob("*.onnx"))
    content = bytearray(model.read_bytes())
    content[1000] ^= 1
    model.unlink()
    model.write_bytes(content)
    return copy


def test_a_damaged_bundle_is_refused(machine: Machine) -> None:
    before = machine.engine.images()
    copy = damaged_copy(machine)
    done = machine.run(copy / "install.sh", "--to", machine.folder / "nowhere")
    assert done.returncode == 2
    assert "The bundle is damaged (models/" in done.stderr
    assert not (machine.folder / "nowhere").exists()
    assert machine.engine.images() == before


def test_a_bundle_that_was_not_copied_completely(machine: Machine) -> None:
    copy = damaged_copy(machine)
    (copy / "images.tar").unlink()
    done = machine.run(copy / "install.sh", "--to", machine.folder / "nowhere")
    assert done.returncode == 2
    assert "images.tar is missing" in done.stderr


def fake_docker(folder: Path, script: str) -> str:
    """A PATH whose `docker` is this script."""
    folder.mkdir()
    command = folder / "docker"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


@pytest.mark.parametrize(
    ("script", "code", "words"),
    [
        ("echo 'permission denied while trying to connect' >&2; exit 1", 5, "You may not use"),
        ("echo 'Cannot connect to the Docker daemon' >&2; exit 1", 3, "does not answer"),
        ('[ "$1" = version ] && echo amd64', 3, "Docker lacks Compose 2"),
        ('[ "$1" = version ] && echo amd64 || echo 1.29.2', 3, "Docker lacks Compose 2"),
        ('[ "$1" = version ] && echo s390x || echo 2.26.1', 2, "this machine has s390x"),
    ],
)
def test_what_docker_lacks(
    machine: Machine, tmp_path: Path, script: str, code: int, words: str
) -> None:
    done = machine.run(
        machine.bundle(FIRST) / "install.sh", "--to", tmp_path / "to",
        PATH=fake_docker(tmp_path / "bin", script),
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    (sentence,) = [line for line in done.stderr.splitlines() if line.startswith("install.sh: ")]
    assert words in sentence
    assert not (tmp_path / "to").exists()


def test_no_docker_at_all(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    for name in ("dirname", "sed"):
        (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))
    done = subprocess.run(
        ["/bin/sh", machine.bundle(FIRST) / "install.sh"],
        env={"PATH": str(tmp_path / "bin")}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert "There is no docker command" in done.stderr


def test_an_image_folder_that_is_not_there(machine: Machine, tmp_path: Path) -> None:
    missing = tmp_path / "no folder"
    done = machine.run(
        machine.bundle(FIRST) / "install.sh", "--to", tmp_path / "to", "--images", missing
    )
    assert done.returncode == 9
    assert f"The image folder {missing} does not exist." in done.stderr
    assert not missing.exists()


@pytest.mark.parametrize("wrong", [["--nonsense"], ["--to"], ["--port", "many"]])
def test_wrong_arguments(machine: Machine, wrong: list[str]) -> None:
    assert machine.run(machine.bundle(FIRST) / "install.sh", *wrong).returncode == 1


def test_nothing_there_can_build_or_pull(installed: Machine) -> None:
    config = json.loads(
        subprocess.run(
            ["docker", "compose", "config", "--format", "json"],
            cwd=installed.installed, env=installed.engine.environment, capture_output=True,
            check=True,
        ).stdout
    )  # fmt: skip
    for service in config["services"].values():
        assert "build" not in service
        assert service["pull_policy"] == "never"
        assert service["image"] in installed.engine.images()


def test_verify_passes_and_leaves_the_data_alone(installed: Machine) -> None:
    before = installed.counts()
    done = installed.run(installed.installed / "verify.sh")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == "PASSED"
    assert sum(line.startswith("pass ") for line in lines) == 8
    assert installed.counts() == before
    assert len(installed.running()) == 2  # its own reader is gone


def test_verify_waits_for_services_that_start(installed: Machine) -> None:
    installed.engine.docker("restart", *installed.engine.docker("ps", "--quiet").split())
    done = installed.run(installed.installed / "verify.sh")
    assert done.returncode == 0, done.stdout + done.stderr


def test_verify_says_what_is_wrong(installed: Machine) -> None:
    web = installed.engine.docker("ps", "--quiet", "--filter=name=web_service")
    installed.engine.docker("stop", web)
    try:
        done = installed.run(installed.installed / "verify.sh")
    finally:
        installed.engine.docker("start", web)
    assert done.returncode == 15
    assert "FAIL  web_service is ready" in done.stdout
    assert done.stdout.splitlines()[-1] == "FAILED"


def instructions(machine: Machine, heading: str) -> list[str]:
    """The commands below a heading of the INSTALL.md that was installed."""
    text = (machine.installed / "INSTALL.md").read_text(encoding="utf-8")
    (section,) = re.findall(rf"^\*\*{heading}(.*?)^(?:\*\*|\|)", text, re.MULTILINE | re.DOTALL)
    return [line.strip() for line in re.findall(r"^    .*", section, re.MULTILINE)]


def typed(machine: Machine, command: str) -> str:
    """What a command prints that is typed in the installation folder; it must succeed."""
    done = subprocess.run(
        ["sh", "-c", command.replace(" exec ", " exec -T ").replace(" run ", " run -T ")],
        cwd=machine.installed, env=machine.engine.environment, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_instructions_for_looking_saving_and_restoring(installed: Machine) -> None:
    """Word by word; -T only says that nobody sits at a terminal."""
    (doctor,) = instructions(installed, "How is it")
    assert "Sound, schema version" in typed(installed, doctor)
    backup, copy, stop, restore, start = instructions(installed, "Backup and restore")
    typed(installed, copy.replace("/another/disk", str(installed.folder)))
    assert (installed.folder / "ocr_database.db").stat().st_size > 0
    typed(installed, backup)
    name = max(
        (path for path in (installed.installed / "data" / "backups").glob("*.backup")),
        key=lambda path: path.stat().st_mtime,
    ).name
    shutil.copyfile(SAMPLES / "settings-dark.png", installed.images / "later.png")
    installed.wait_until_read(2)
    (installed.images / "later.png").unlink()
    typed(installed, stop)
    typed(installed, restore.replace("NAME", name))
    typed(installed, start)
    installed.wait_until_read(1)


def test_a_second_installation_beside_it_is_refused(installed: Machine, tmp_path: Path) -> None:
    done = installed.run(installed.bundle(FIRST) / "install.sh", "--to", tmp_path / "other")
    assert done.returncode == 9
    assert f"It is installed in {installed.installed} already" in done.stderr


def test_a_port_in_use(installed: Machine, tmp_path: Path) -> None:
    """And the first version goes on once it is free."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        script = installed.bundle(FIRST) / "install.sh"
        done = installed.run(script, "--to", installed.installed, "--port", port)
    assert done.returncode == 9
    assert f"Port {port} is in use by another program." in done.stderr
    installed.install(FIRST, "--port", installed.port)
    assert installed.counts()["done"] == 1


def test_a_bundle_of_somebody_else_is_refused(installed: Machine) -> None:
    """The installation remembers whose bundles it takes."""
    copy = linked_copy(installed, "forged")
    (copy / "SHA256SUMS.sig").unlink()
    done = installed.run(copy / "install.sh", "--to", installed.installed)
    assert done.returncode == 2
    assert "is not signed, but" in done.stderr
    other = installed.folder / "other"
    subprocess.run(["ssh-keygen", "-qt", "ed25519", "-N", "", "-f", other], check=True)
    bundle.signing.sign(copy / "SHA256SUMS", other)
    done = installed.run(copy / "install.sh", "--to", installed.installed)
    assert done.returncode == 2
    assert "is not signed by the key in" in done.stderr


def test_a_gpu_bundle_on_an_engine_without_gpu(installed: Machine) -> None:
    """With the CPU's image standing in for the GPU's, which is several GB."""
    copy = linked_copy(installed, "gpu")
    overlay = ROOT / "docker-compose.gpu.yml"
    text = bundle_files.compose_file(ROOT / "docker-compose.yml", FIRST.release, overlay)
    for name in ("docker-compose.yml", "SHA256SUMS", "SHA256SUMS.sig"):
        (copy / name).unlink()
    (copy / "docker-compose.yml").write_text(text)
    (copy / "SHA256SUMS").write_text(bundle_files.checksums(copy))
    bundle.signing.sign(copy / "SHA256SUMS", installed.key)
    before = installed.engine.docker("ps", "--quiet")
    done = installed.run(copy / "install.sh", "--to", installed.installed)
    assert done.returncode == 3
    assert "Docker gives no GPU to a container" in done.stderr
    assert "could not select device driver" in done.stderr
    assert installed.engine.docker("ps", "--quiet") == before
    assert installed.engine.images() == names(FIRST)


def test_nothing_to_go_back_to(installed: Machine) -> None:
    done = installed.run(installed.installed / "install.sh", "--rollback")
    assert done.returncode == 9
    assert f"There is no version before {FIRST.release}." in done.stderr


def test_an_upgrade_keeps_everything_and_can_be_undone(installed: Machine) -> None:
    with (installed.installed / ".env").open("a") as stream:
        stream.write("TZ=Europe/Berlin\n")
    settings = (installed.installed / ".env").read_text()
    bundle.fill(installed.bundle(SECOND), SECOND, installed.key)

    upgrade = installed.install(SECOND)
    assert f"Version {FIRST.release} and its images stay for:" in upgrade.stderr
    assert installed.running() == names(SECOND)
    assert (installed.installed / ".env").read_text() == settings
    assert installed.counts()["done"] == 1
    backups = installed.installed / "data" / "backups"
    (backup,) = backups.glob(f"ocr_data-{FIRST.release}-*.db")
    with contextlib.closing(sqlite3.connect(f"file:{backup}?mode=ro", uri=True)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("SELECT count(*) FROM page_texts").fetchone() == (1,)
    shutil.copyfile(SAMPLES / "settings-dark.png", installed.images / "new.png")
    installed.wait_until_read(2)

    undone = installed.run(installed.installed / "install.sh", "--rollback")
    assert undone.returncode == 0, undone.stderr
    assert installed.running() == names(FIRST)
    assert (installed.installed / "VERSION").read_text().strip() == FIRST.release
    assert (installed.installed / ".env").read_text() == settings
    assert installed.counts()["done"] == 2  # the form is the same, so nothing is given up

    again = installed.install(SECOND)
    assert "Removed" not in again.stderr
    shutil.rmtree(installed.bundle(FIRST))
    bundle.fill(installed.bundle(THIRD), THIRD, installed.key)
    second_upgrade = installed.install(THIRD)
    assert f"Removed version {FIRST.release} and its images." in second_upgrade.stderr
    assert f"Version {SECOND.release} and its images stay for:" in second_upgrade.stderr
    assert installed.engine.images() == names(SECOND, THIRD)
    assert installed.running() == names(THIRD)
    assert installed.counts()["done"] == 2


def test_another_image_folder(installed: Machine) -> None:
    """By the bundle that is installed; what was read before stays."""

    def texts() -> set[str]:
        path = installed.installed / "data" / "ocr_data.db"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return {name for (name,) in database.execute("SELECT name FROM page_texts")}

    release = (installed.installed / "VERSION").read_text().strip()
    before = texts()
    other = installed.folder / "other images"
    other.mkdir()
    shutil.copyfile(SAMPLES / "invoice.png", other / "invoice.png")
    script = installed.folder / f"ocr_docker-{release}" / "install.sh"
    done = installed.run(script, "--to", installed.installed, "--images", other)
    assert done.returncode == 0, done.stderr
    wait_until(lambda: texts() == before | {"invoice.png"}, "the other folder is read as well")


def test_the_instructions_for_removing_it(installed: Machine) -> None:
    """The last test here: containers, network and images of every version are gone after it."""
    for command in instructions(installed, "Removing"):
        typed(installed, command)
    assert installed.running() == []
    assert installed.engine.images() == []
    assert installed.engine.docker("network", "ls", "--quiet", "--filter=type=custom") == ""
