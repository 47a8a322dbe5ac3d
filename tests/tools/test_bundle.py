"""The files that `make bundle` writes itself; the whole bundle is tried by `make test-docker`."""

import itertools
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
import stand_in_bundle
import yaml

import bundle
import bundle_files
import bundle_images
import processors
import vendor
from project import EXIT_BAD_ARGUMENTS, EXIT_MISSING_DEPENDENCY, ROOT, ToolError

COMPOSE = ROOT / "docker-compose.yml"
OVERLAY = ROOT / "docker-compose.gpu.yml"
INSTALL = (ROOT / "bundle" / "INSTALL.md").read_text(encoding="utf-8")
EDITIONS = [
    bundle_images.Edition("1.2.3", variant, architecture)
    for variant, architecture in itertools.product(("cpu", "gpu", "gpu-cuda12"), ("amd64", "arm64"))
]


def test_the_compose_file_names_images_and_builds_nothing() -> None:
    text = bundle_files.compose_file(COMPOSE, "1.2.3-cpu-amd64")
    assert re.findall(r"image: (.*)", text) == [
        f"ocr_docker/{service}:1.2.3-cpu-amd64" for service in bundle_images.SERVICES
    ]
    assert not re.search(r"build:|OCR_DOCKER_TAG|make ", text)
    assert 'x-version: "1.2.3-cpu-amd64"' in text.splitlines()  # where install.sh looks for it


def merged(under: Any, over: Any) -> Any:
    """`over` laid upon `under`, as Compose does with two files."""
    if not (isinstance(under, dict) and isinstance(over, dict)):
        return over
    return under | {name: merged(under.get(name), value) for name, value in over.items()}


def test_the_gpu_compose_file_is_both_files_in_one() -> None:
    under = yaml.safe_load(bundle_files.compose_file(COMPOSE, "1-gpu-amd64"))
    over = yaml.safe_load(OVERLAY.read_text(encoding="utf-8"))
    for unused in ("image", "build"):
        del over["services"]["ocr_service"][unused]
    text = bundle_files.compose_file(COMPOSE, "1-gpu-amd64", OVERLAY)
    assert yaml.safe_load(text) == merged(under, over)
    assert "GPU_VARIANT" not in text


def test_a_compose_file_that_it_does_not_know_is_refused(tmp_path: Path) -> None:
    text = COMPOSE.read_text(encoding="utf-8")
    changed = tmp_path / "docker-compose.yml"
    changed.write_text(re.sub(r"build: (\{.*\})", r"build:\n      args: \1", text), "utf-8")
    with pytest.raises(ToolError, match="no longer fits"):
        bundle_files.compose_file(changed, "1.2.3")


@pytest.mark.parametrize(
    ("old", "new"),
    [("mem_limit:", "memory:"), ("    deploy:", "    shm_size: 1g\n    deploy:"), (":-8g", ":-9g")],
)
def test_an_overlay_that_it_does_not_know_is_refused(tmp_path: Path, old: str, new: str) -> None:
    changed = tmp_path / "docker-compose.gpu.yml"
    changed.write_text(OVERLAY.read_text(encoding="utf-8").replace(old, new), "utf-8")
    with pytest.raises(ToolError, match="no longer fits"):
        bundle_files.compose_file(COMPOSE, "1.2.3", changed)


@pytest.mark.parametrize("gpu", [False, True])
def test_the_example_explains_what_the_compose_file_reads(gpu: bool) -> None:
    compose = bundle_files.compose_file(COMPOSE, "1.2.3", OVERLAY if gpu else None)
    example = bundle_files.env_example(ROOT / ".env.example", gpu=gpu)
    defaults = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", compose))
    explained = dict(re.findall(r"^(\w+)=(.*)", example, re.MULTILINE))
    assert set(explained) == set(defaults)
    assert explained["OCR_MEMORY_LIMIT"] == defaults["OCR_MEMORY_LIMIT"]
    assert "make " not in example


def test_make_hands_on_what_it_was_given() -> None:
    """ARGS are for the bundle alone: `make vendor`, which it needs, knows no --gzip."""
    printed = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", "bundle", "ARGS=--gzip", "GPU=1"],
        cwd=ROOT, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    vendor_line, bundle_line = re.findall(r"tools/(?:vendor|bundle)\.py.*", printed)
    assert "--gzip" not in vendor_line
    assert bundle_line.endswith("--gzip")
    for line in (vendor_line, bundle_line):
        assert '--gpu "$GPU" --arch "$ARCH"' in line


def test_a_bundle_is_made_of_the_light_image_whatever_env_says(tmp_path: Path) -> None:
    """OCR_VARIANT is for the checkout's own image; `make vendor` would fetch for that one only."""
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\necho "$OCR_VARIANT|$*" >>"{tmp_path}/said"\n')
    python.chmod(0o755)
    subprocess.run(
        ["make", "--no-print-directory", "bundle", f"PYTHON={python}"],
        cwd=ROOT, env={"PATH": os.environ["PATH"], "OCR_VARIANT": "paddleocr"}, check=True,
    )  # fmt: skip
    said = (tmp_path / "said").read_text().splitlines()
    assert [line.partition("|")[2].partition(" ")[0] for line in said[-2:]] == [
        "tools/vendor.py",
        "tools/bundle.py",
    ]
    assert {line.partition("|")[0] for line in said} == {""}


def test_names_say_what_it_is_for() -> None:
    assert [edition.name for edition in EDITIONS] == [
        "ocr_docker-1.2.3-cpu-amd64", "ocr_docker-1.2.3-cpu-arm64",
        "ocr_docker-1.2.3-gpu-amd64", "ocr_docker-1.2.3-gpu-arm64",
        "ocr_docker-1.2.3-gpu-cuda12-amd64", "ocr_docker-1.2.3-gpu-cuda12-arm64",
    ]  # fmt: skip


@pytest.mark.parametrize("edition", EDITIONS, ids=lambda edition: edition.release)
def test_what_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edition: bundle_images.Edition
) -> None:
    made = stand_in_bundle.make(tmp_path, edition, monkeypatch)
    files = {str(path.relative_to(made)) for path in made.rglob("*") if path.is_file()}
    models = {path for path in files if path.startswith("models/")}
    sources = {
        str(path.relative_to(bundle.SOURCES))
        for path in bundle.SOURCES.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {"install.sh", "integrity.sh", "verify.sh", "INSTALL.md"} <= sources
    assert files - models - sources == {
        "images.tar", "docker-compose.yml", ".env.example", "VERSION", "ARCHITECTURE",
        "sbom.cdx.json", "SHA256SUMS", "verify/expected.txt", "verify/images/invoice.png",
    }  # fmt: skip
    assert sources <= files
    assert {path.split("/")[1] for path in models} == set(bundle.models.pins().models)
    sums = (made / "SHA256SUMS").read_text().splitlines()
    assert {line.partition("  ")[2] for line in sums} == files - {"SHA256SUMS"}
    subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=made, check=True)
    assert (made / "VERSION").read_text() == f"{edition.release}\n"
    assert (made / "ARCHITECTURE").read_text() == f"{edition.architecture}\n"
    assert (made / "images.tar").read_text().splitlines() == [
        f"ocr_docker/{service}:{edition.release} first" for service in bundle_images.SERVICES
    ]
    compose = yaml.safe_load((made / "docker-compose.yml").read_text())["services"]
    assert ("deploy" in compose["ocr_service"]) == edition.variant.startswith("gpu")
    assert edition.name in (made / "INSTALL.md").read_text()
    assert "VERSION" not in (made / "INSTALL.md").read_text()


@pytest.fixture
def vendored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """vendor/ of an amd64 machine that has fetched for arm64, too."""
    made = tmp_path / "vendor"
    for folder in (made, made / "arm64"):
        for name in ("ocr", "ocr-gpu", "ocr-gpu-cuda12", "web"):
            (folder / "wheels" / name).mkdir(parents=True)
            (folder / "wheels" / name / "a.whl").write_text(f"{folder.name} {name}")
        (folder / "base.tar").write_text(folder.name)
    monkeypatch.setattr(vendor, "VENDOR", made)
    monkeypatch.setattr(processors, "native", lambda: "amd64")
    monkeypatch.setattr(processors, "need_emulation", lambda architecture: None)
    return made


class Builds:
    """What `docker compose build` was told, and saw."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, architecture: str) -> None:
        self.environment: dict[str, str] = {}
        self.options: list[str] = []
        self.context = Path()
        self.base = ""
        self.names: set[str] = set()
        self._architecture = architecture
        monkeypatch.setattr(bundle_images, "run", self._run)

    def _run(self, command: list[str], failure: str, **options: Any) -> str:
        if "inspect" in command:
            return f"{self._architecture} sha256:{command[-1]}\n"
        self.environment, self.options = options["environment"], command
        (folder,) = (part.partition("=")[2] for part in command if "--project-dir" in part)
        self.context = Path(folder)
        self.names = {path.name for path in self.context.iterdir()}
        wheel = self.context / "vendor" / "wheels" / "ocr" / "a.whl"
        self.base = wheel.read_text() if wheel.exists() else ""
        return ""


@pytest.mark.parametrize("edition", EDITIONS[::2], ids=lambda edition: edition.release)
def test_images_for_this_processor_are_built_where_the_project_is(
    monkeypatch: pytest.MonkeyPatch, vendored: Path, edition: bundle_images.Edition
) -> None:
    builds = Builds(monkeypatch, "amd64")
    service, web = bundle_images.build(edition)
    assert builds.context == ROOT
    assert builds.environment == {"OCR_DOCKER_TAG": edition.release}
    variant = "" if edition.variant == "cpu" else f"-{edition.variant}"
    assert f"--build-arg=VARIANT={variant}" in builds.options
    assert service.name == f"ocr_docker/ocr_service:{edition.release}"
    assert service.wheels == vendored / "wheels" / f"ocr{variant}"
    assert web.wheels == vendored / "wheels" / "web"


def test_images_for_another_are_built_from_what_was_fetched_for_it(
    monkeypatch: pytest.MonkeyPatch, vendored: Path
) -> None:
    builds = Builds(monkeypatch, "arm64")
    service, _ = bundle_images.build(EDITIONS[1])
    assert builds.environment["DOCKER_DEFAULT_PLATFORM"] == "linux/arm64"
    assert builds.base == "arm64 ocr"
    assert builds.names == {".dockerignore", "contract", "ocr", "flask", "tools", "vendor"}
    assert not builds.context.exists()  # and nothing of it stays
    assert service.wheels == vendored / "arm64" / "wheels" / "ocr"


def test_the_other_processors_build_sees_every_folder_that_is_copied() -> None:
    for service in ("ocr", "flask"):
        text = (ROOT / service / "Dockerfile").read_text(encoding="utf-8")
        copied = re.findall(r"^(?:COPY|ADD) (?!--from)(.*) \S+$", text, re.MULTILINE)
        roots = {part.strip('["').split("/")[0] for line in copied for part in line.split()}
        assert {name for name in roots if (ROOT / name).is_dir()} <= {
            *bundle_images._CONTEXT, "vendor"
        }  # fmt: skip


def test_what_was_not_fetched_for_that_processor_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, vendored: Path
) -> None:
    Builds(monkeypatch, "arm64")
    (vendored / "arm64" / "base.tar").unlink()
    with pytest.raises(ToolError, match="make vendor ARCH=arm64"):
        bundle_images.build(EDITIONS[1])


def test_images_for_another_processor_than_asked_for_are_refused(
    monkeypatch: pytest.MonkeyPatch, vendored: Path
) -> None:
    """An engine that cannot build for another says nothing and builds for its own."""
    Builds(monkeypatch, "amd64")
    with pytest.raises(ToolError, match="was built for amd64"):
        bundle_images.build(EDITIONS[1])


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the whole tool over a folder of one file; returns the names of what it made."""

    def fill(folder: Path, edition: bundle_images.Edition, key: Path | None, _: object) -> None:
        folder.mkdir()
        (folder / "VERSION").write_text(edition.release)

    def run(*arguments: str) -> list[str]:
        output = tmp_path / "dist"
        monkeypatch.setattr(sys, "argv", ["bundle.py", f"--output={output}", *arguments])
        assert bundle.main() == 0
        return sorted(path.name for path in output.iterdir())

    monkeypatch.setattr(bundle, "fill", fill)
    monkeypatch.setattr(processors, "native", lambda: "amd64")
    return run


def test_gzip_for_machines_without_zstd(tool: Any, tmp_path: Path) -> None:
    name = "ocr_docker-1.2.3-cpu-amd64"
    assert tool("--gzip", "--version=1.2.3") == [f"{name}.tar.gz", f"{name}.tar.gz.sha256"]
    with tarfile.open(tmp_path / "dist" / f"{name}.tar.gz", "r:gz") as archive:
        assert archive.getnames() == [name, f"{name}/VERSION"]
    subprocess.run(
        ["sha256sum", "--quiet", "-c", f"{name}.tar.gz.sha256"], cwd=tmp_path / "dist", check=True
    )


def test_each_variant_and_processor_has_a_file_of_its_own(tool: Any) -> None:
    tool("--gzip", "--version=1")
    tool("--gzip", "--version=1", "--gpu=1")
    tool("--gzip", "--version=1", "--gpu=cuda12")
    made = tool("--gzip", "--version=1", "--arch=arm64")
    assert [name for name in made if name.endswith("gz")] == [
        f"ocr_docker-1-{edition}.tar.gz"
        for edition in ("cpu-amd64", "cpu-arm64", "gpu-amd64", "gpu-cuda12-amd64")
    ]


def test_the_file_and_its_signature_pass_the_commands_of_the_instructions(
    tool: Any, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    name = "ocr_docker-1-cpu-amd64.tar.gz"
    assert tool("--gzip", "--version=1", f"--sign={key}") == [name, f"{name}.sha256", f"{name}.sig"]
    dist = tmp_path / "dist"
    shutil.copyfile(key.with_suffix(".pub"), dist / "ocr_docker.pub")
    (block,) = re.findall(
        r"(?:^    .*\n)+", INSTALL.split("Before unpacking")[1].split("`./")[0], re.M
    )
    commands = block.replace("ocr_docker-VERSION", "ocr_docker-1-cpu-amd64").replace(".zst", ".gz")
    assert "sha256sum -c" in commands
    assert "-Y verify" in commands

    def walk() -> int:
        return subprocess.run(["sh", "-ec", commands], cwd=dist, check=False).returncode

    assert walk() == 0
    other = (dist / name).read_bytes() + b"\n"
    (dist / name).write_bytes(other)
    assert walk() != 0
    assert f"{name}.sig" not in tool("--gzip", "--version=1")  # it would not be of the new file


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--gpu=2"], "use GPU=1 or GPU=cuda12"),
        (["--arch=s390x"], "use amd64 or arm64"),
        (["--sign=/nowhere/key"], "There is no key /nowhere/key"),
    ],
)
def test_wrong_arguments_end_it_before_anything_is_built(
    tool: Any, arguments: list[str], words: str
) -> None:
    with pytest.raises(ToolError, match=words) as caught:
        tool("--gzip", *arguments)
    assert caught.value.exit_code == EXIT_BAD_ARGUMENTS


def test_checksums_are_what_sha256sum_reads(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a b.txt").write_text("text")
    (tmp_path / "SUMS").write_text("")
    sums = bundle_files.checksums(tmp_path / "folder")
    checked = subprocess.run(
        ["sha256sum", "-c"], input=sums, cwd=tmp_path / "folder", text=True, check=True,
        capture_output=True,
    )  # fmt: skip
    assert checked.stdout == "a b.txt: OK\n"


def test_the_archive_belongs_to_nobody_in_particular(tmp_path: Path) -> None:
    folder = tmp_path / "ocr_docker-1"
    folder.mkdir()
    (folder / "file").write_text("text")
    bundle.pack(folder, tmp_path / "made.tar.gz", bundle.compress_command(True, 1))
    with tarfile.open(tmp_path / "made.tar.gz") as archive:
        assert {member.name for member in archive} == {"ocr_docker-1", "ocr_docker-1/file"}
        assert {(member.uid, member.gid, member.uname) for member in archive} == {(0, 0, "root")}


def test_a_compressor_that_fails_leaves_no_bundle_behind(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(ToolError, match="failed"):
        bundle.pack(tmp_path / "folder", tmp_path / "made", ["sh", "-c", "cat >/dev/null; exit 3"])


def test_no_zstd_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(ToolError) as caught:
        bundle.compress_command(False, 1)
    assert caught.value.exit_code == EXIT_MISSING_DEPENDENCY
    assert "apt install zstd" in str(caught.value)
