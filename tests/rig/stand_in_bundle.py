"""A bundle without an engine: `bundle.fill` with stand-ins for images, wheels, base and models.

`FakeDocker` is the client's engine, as far as install.sh asks it: it keeps a list of images and
says that all is healthy.
"""

import io
import os
import subprocess
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

import bundle
import processors
import sbom
import vendor
from bundle_images import SERVICES, Edition

STATE = """\
Package: libone1
Architecture: {architecture}
Version: 1:2.0+dfsg-1
"""
COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
License: Expat
 Permission is granted.
"""
_DOCKER = r"""#!/bin/sh
printf '%s\n' "$*" >>"$FAKE/calls"
case $* in
    "--version") echo Docker version 20.10.24 ;;
    "version --format {{.Server.Arch}}") cat "$FAKE/architecture" ;;
    "version --format {{.Server.Version}}") echo 20.10.24 ;;
    "info --format "*) echo "/var/lib/docker|Debian GNU/Linux 12|[]" ;;
    "compose version --short") echo 2.26.1 ;;
    "compose ps -aq "*) echo id ;;
    "compose port "*) echo 127.0.0.1:5000 ;;
    "inspect --format {{.State.Health.Status}} "*) echo healthy ;;
    "inspect --format {{.RestartCount}} "*) echo 0 ;;
    "load --quiet --input "*)
        while read -r name id; do echo "$id" >"$FAKE/images/$(echo "$name" | tr /: __)"; done <"$4"
        ;;
    "image inspect "*)
        code=0
        for name; do
            case $name in
                ocr_docker/*) cat "$FAKE/images/$(echo "$name" | tr /: __)" 2>/dev/null || code=1 ;;
            esac
        done
        exit $code
        ;;
    "rmi "*) rm -f "$FAKE/images/$(echo "$2" | tr /: __)" ;;
    "run "*"--gpus all"*)
        [ -e "$FAKE/gpu" ] || {
            echo 'docker: Error response from daemon: could not select device driver "" with' \
                "capabilities: [[gpu]]." >&2
            echo "Run 'docker run --help' for more information" >&2
            exit 125
        }
        ;;
esac
"""


class FakeDocker:
    """A machine with an engine that has no image yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "images").mkdir(parents=True)
        (folder / "architecture").write_text("amd64\n")
        (folder / "calls").touch()
        command = folder / "bin" / "docker"
        command.parent.mkdir()
        command.write_text(_DOCKER)
        command.chmod(0o755)

    def run(self, script: Path, *arguments: object) -> "subprocess.CompletedProcess[str]":
        """Run a script of the bundle as its user does."""
        return subprocess.run(
            ["sh", str(script), *map(str, arguments)],
            env={"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "FAKE": str(self.folder)},
            cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
            check=False,
        )  # fmt: skip

    def images(self) -> list[str]:
        """The names of all images, with _ for / and :."""
        return sorted(path.name for path in (self.folder / "images").iterdir())

    def calls(self) -> list[str]:
        """Every command that it was given."""
        return (self.folder / "calls").read_text().splitlines()


def make(
    folder: Path,
    edition: Edition,
    monkeypatch: pytest.MonkeyPatch,
    *,
    key: Path | None = None,
    built: str = "first",
) -> Path:
    """The unpacked bundle in `folder`; another `built` gives the images other digests."""
    made = folder / edition.name
    parts = folder / "parts" / edition.architecture
    wheels = {service: parts / service for service in SERVICES}
    for service in SERVICES:
        write_wheel(wheels[service], f"lib-{service.removesuffix('_service')}")
    write_base(parts / "base.tar", edition.architecture)
    models = folder / "models"
    for name, files in bundle.models.pins().models.items():
        (models / name).mkdir(parents=True, exist_ok=True)
        for file in files:
            (models / name / file).write_text(f"{name} {file}")

    def run(command: list[str], failure: str, **_: Any) -> str:
        (target,) = (part.partition("=")[2] for part in command if part.startswith("--output="))
        Path(target).write_text("".join(f"{name} {built}\n" for name in command[3:]))
        return ""

    def build(edition: Edition) -> list[sbom.Image]:
        return [
            sbom.Image(f"ocr_docker/{service}:{edition.release}", f"sha256:{'0' * 64}", path)
            for service, path in wheels.items()
        ]

    with monkeypatch.context() as patch:
        patch.setattr(bundle, "run", run)
        patch.setattr(bundle, "build", build)
        patch.setattr(vendor, "folder_for", lambda architecture: parts)
        patch.setattr(processors, "need_emulation", lambda architecture: None)
        patch.setattr(bundle.fetch_models, "ensure", lambda folder: [])
        patch.setattr(bundle.fetch_models, "models_folder_of", lambda data: models)
        bundle.fill(made, edition, key)
    return made


def write_wheel(folder: Path, name: str, licence: str = "License-Expression: MIT") -> Path:
    """A wheel with metadata and nothing else."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name.replace('-', '_')}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        metadata = f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n{licence}\n\nText.\n"
        archive.writestr(f"{name.replace('-', '_')}-1.0.dist-info/METADATA", metadata)
    return path


def write_base(path: Path, architecture: str) -> Path:
    """A base.tar with one package."""
    with tarfile.open(path, "w") as archive:
        for name, text in {
            "./var/lib/dpkg/status.d/libone1": STATE.format(architecture=architecture),
            "./usr/share/doc/libone1/copyright": COPYRIGHT,
        }.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return path
