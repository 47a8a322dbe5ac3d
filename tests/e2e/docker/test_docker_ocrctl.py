"""`ocrctl` where there is Docker alone: with the service, without it, on other engines."""

import contextlib
import json
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from containers import GROUP, OCR_USER, ROOT, Stack, wait_until


def ocrctl(stack: Stack, *arguments: object) -> "subprocess.CompletedProcess[str]":
    """As a person without an environment calls it, in a folder of their own."""
    return subprocess.run(
        ["sh", ROOT / "bundle" / "ocrctl.sh", *map(str, arguments)],
        cwd=stack.images.parent, env=stack.environment | {"OCR_DOCKER_FOLDER": str(ROOT)},
        capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def names(database: Path) -> list[str]:
    """The images whose text a copy holds."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return [row[0] for row in opened.execute("SELECT name FROM page_texts ORDER BY name")]


@pytest.fixture
def own(folder: Path) -> Iterator[Stack]:
    """A stack of its own with one image read."""
    made = Stack(folder, "ctl")
    made.add("a.webp")
    try:
        made.run("docker compose up -d")
        made.wait_until_read(1)
        yield made
    finally:
        made.remove()


def test_a_copy_of_the_database_with_docker_alone(own: Stack) -> None:
    os.chown(own.images.parent, 4321, 4321)
    copy = own.images.parent / "ocr_database.db"
    done = ocrctl(own, "backup", "--to", copy.name)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["images"] == 1
    assert names(copy) == ["a.webp"]
    assert copy.stat().st_uid == 4321  # as the folder, though root asked
    assert json.loads(ocrctl(own, "status", "--json").stdout)["counts"]["done"] == 1

    own.run("docker compose stop ocr_service")
    stopped = own.images.parent / "stopped.db"
    assert ocrctl(own, "backup", "--to", stopped).returncode == 0
    assert names(stopped) == ["a.webp"]
    assert "does not answer" in ocrctl(own, "status").stderr

    (own.data / "ocr_data.db").unlink()  # what a person fears
    for suffix in ("-wal", "-shm"):
        (own.data / f"ocr_data.db{suffix}").unlink(missing_ok=True)
    restored = ocrctl(own, "restore", copy.name)
    assert restored.returncode == 0, restored.stderr
    back = (own.data / "ocr_data.db").stat()
    assert (back.st_uid, back.st_gid) == (OCR_USER, GROUP)
    own.run("docker compose start ocr_service")
    own.wait_until_read(1)
    running = ocrctl(own, "restore", copy.name)
    assert running.returncode != 0
    assert "docker compose stop ocr_service" in running.stderr


def test_the_doctor_sees_this_machine_and_the_container(stack: Stack) -> None:
    told = ocrctl(stack, "doctor", "--json")
    findings = json.loads(told.stdout)
    checks = [finding["check"] for finding in findings]
    assert checks[:2] == ["docker", "engine"]
    assert {"models", "database", "socket", "device", "port"} <= {*checks}
    by_name = {finding["check"]: finding for finding in findings[: checks.index("port") + 1]}
    assert by_name["image folder"]["message"] == f"{stack.images} can be read by user 10001."
    assert by_name["port"]["message"] == f"The page is on port {stack.port}."


def test_a_volume_in_place_of_the_folder(folder: Path) -> None:
    """docker-compose.desktop.yml, on this engine: a new volume belongs to the reader."""
    made = Stack(folder, "desktop")
    made.environment["COMPOSE_FILE"] = os.pathsep.join(
        str(ROOT / name) for name in ("docker-compose.yml", "bundle/docker-compose.desktop.yml")
    )
    made.add("a.webp")
    try:
        made.run("docker compose up -d")
        made.wait_until_read(1)
        copy = folder / "ocr_database.db"
        done = ocrctl(made, "backup", "--to", copy)
        assert done.returncode == 0, done.stderr
        assert names(copy) == ["a.webp"]
        assert not any(made.data.glob("ocr_data.db*"))
    finally:
        made.command("docker compose down --timeout 5 --volumes")


def test_labels_for_selinux(folder: Path) -> None:
    """data/ gets the label, the images never, and only what reads them is let out."""
    made = Stack(folder, "selinux")
    made.environment["COMPOSE_FILE"] = os.pathsep.join(
        str(ROOT / name) for name in ("docker-compose.yml", "bundle/docker-compose.selinux.yml")
    )
    try:
        made.run("docker compose create")
        reader, page = (
            made.state(service)["HostConfig"] for service in ("ocr_service", "web_service")
        )
        assert reader["Binds"] == [f"{ROOT / 'data'}:/data:rw,z"]
        assert page["Binds"] == [f"{ROOT / 'data'}:/data:ro,z"]
        (images,) = reader["Mounts"]
        assert (images["Target"], images["ReadOnly"]) == ("/image_folder", True)
        assert {"label=disable", "no-new-privileges:true"} <= {*reader["SecurityOpt"]}
        assert page["SecurityOpt"] == ["no-new-privileges:true"]
    finally:
        made.remove()


def test_a_home_that_is_closed(folder: Path) -> None:
    """What the look before says is what the engine does; and its command is the remedy."""
    made = Stack(folder, "closed")
    made.add("a.webp")
    home = made.images
    home.chmod(0o700)
    try:
        told = ocrctl(made, "doctor")
        (line,) = [line for line in told.stdout.splitlines() if "setfacl" in line][:1]
        assert f"{home} cannot be read by user 10001" in line
        made.run("docker compose up -d")
        wait_until(lambda: "cannot be read" in made.logs("ocr_service"), "the service says so, too")
        made.run(f"chmod -R o+rX {home}")
        made.wait_until_read(1)
        assert "setfacl" not in ocrctl(made, "doctor").stdout
    finally:
        made.remove()


def test_what_lies_above_may_be_closed(folder: Path) -> None:
    """The engine mounts the folder itself, so a closed home above it keeps nobody out."""
    made = Stack(folder, "above")
    made.add("a.webp")
    made.images.chmod(0o755)
    closed = folder / "home"
    closed.mkdir(mode=0o700)
    made.images.rename(closed / "images")
    made.images = closed / "images"
    made.environment["IMAGE_FOLDER"] = str(made.images)
    try:
        made.run("docker compose up -d")
        made.wait_until_read(1)
    finally:
        made.remove()
