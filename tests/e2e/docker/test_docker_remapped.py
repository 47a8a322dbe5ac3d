"""An engine that remaps users: the look at it, an installation, and that what it says is right."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import short_folder
from containers import OCR_USER, SAMPLES, Stack, docker, free_port, wait_until
from second_engine import SecondEngine

import bundle
from bundle_images import SERVICES, Edition
from project import ROOT

EDITION = Edition("0.0.4test")


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a bundle, as its archive holds it."""
    folder = short_folder(tmp_path_factory) / EDITION.name
    bundle.fill(folder, EDITION)
    yield folder
    shutil.rmtree(folder)
    docker("rmi", *(f"ocr_docker/{service}:{EDITION.release}" for service in SERVICES))


@pytest.fixture(scope="module")
def remapped(unpacked: Path) -> Iterator[SecondEngine]:
    """With both images; its containers' users have other numbers on this machine."""
    engine = SecondEngine("--userns-remap=default")
    try:
        engine.docker("load", "--quiet", "--input", str(unpacked / "images.tar"), timeout_s=300)
        yield engine
    finally:
        engine.stop()


@pytest.fixture
def stack_there(remapped: SecondEngine, folder: Path) -> Iterator[Stack]:
    made = Stack(folder, "remapped", OCR_DOCKER_TAG=EDITION.release)
    made.environment |= remapped.environment
    try:
        yield made
    finally:
        made.remove()


def test_what_it_says_to_do_is_what_it_takes(stack_there: Stack) -> None:
    stack = stack_there
    shutil.copyfile(SAMPLES / "label-japanese.webp", stack.images / "a.webp")
    stack.images.chmod(0o700)
    look = ["sh", ROOT / "bundle" / "preflight.sh", "--folder", stack.images.parent]

    def messages() -> dict[str, str]:
        done = subprocess.run(
            look, env=stack.environment, capture_output=True, text=True, check=False, timeout=60
        )
        rows = [line.split("\t") for line in done.stdout.splitlines()]
        return {check: message for result, check, message in rows if result != "ok"}

    wrong = messages()
    assert set(wrong) == {"image folder", "data folder"}
    owner = re.search(r"chown -hR (\d+):(\d+) ", wrong["data folder"])
    assert owner is not None
    user, group = (int(number) for number in owner.groups())
    assert user > 100_000
    assert f"u:{user}:rX" in wrong["image folder"]
    subprocess.run(["chown", "-hR", f"{user}:{group}", stack.data, stack.images], check=True)
    assert messages() == {}
    stack.run("docker compose up -d")
    wait_until(lambda: stack.counts().get("done") == 1, "one image is read")
    assert (stack.data / "ocr_data.db").stat().st_uid == user


def test_a_bundle_is_installed_and_verified(
    unpacked: Path, remapped: SecondEngine, folder: Path
) -> None:
    """Word by word as INSTALL.md says, by root."""
    to, images, copy = folder / "installed", folder / "images", folder / "ocr_database.db"
    images.mkdir()
    shutil.copyfile(SAMPLES / "label-japanese.webp", images / "a.webp")
    port = free_port()

    def typed(*command: object) -> str:
        done = subprocess.run(
            [*map(str, command)], cwd=folder, env=remapped.environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    install = ("sh", unpacked / "install.sh", "--to", to)
    assert typed(*install, "--images", images, "--port", port) == f"http://localhost:{port}\n"
    shift = int(
        remapped.docker("info", "--format={{.DockerRootDir}}").rpartition("/")[2].split(".")[0]
    )
    assert (to / "data").stat().st_uid == shift + OCR_USER
    said = typed("sh", unpacked / "verify.sh", "--to", to)
    assert said.splitlines()[-1] == "PASSED"
    told = typed(to / "ocrctl", "doctor")
    assert f"user {OCR_USER} of the containers is {shift + OCR_USER} on this machine." in told
    typed(to / "ocrctl", "backup", "--to", copy)
    assert copy.stat().st_uid == folder.stat().st_uid
    typed("docker", "compose", f"--project-directory={to}", "stop", "ocr_service")
    typed(to / "ocrctl", "restore", copy)
    typed(*install)
    typed("docker", "compose", f"--project-directory={to}", "down")
