"""Makes the one file that a client's machine needs, which has nothing but Docker.

$ make bundle        ->  dist/ocr_docker-<version>-cpu.tar.zst

images.tar           both images, by `docker save`
models/              the provided models
docker-compose.yml   with the images by name: nothing there can build or pull
.env.example
install.sh  verify.sh  keep_database.py  verify/  INSTALL.md       from bundle/
VERSION  ARCHITECTURE  SHA256SUMS
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import fetch_models
from debian import run
from project import EXIT_MISSING_DEPENDENCY, ROOT, ToolError, main_guard, say, step

sys.path.insert(0, str(ROOT / "contract"))  # for `python3 tools/bundle.py` without PYTHONPATH
import models
from ocr_contract import VERSION

DIST = ROOT / "dist"
SOURCES = ROOT / "bundle"
SERVICES = ("ocr_service", "web_service")
KNOWN_IMAGE = "invoice.png"
LEVEL = 10
"""Of zstd. Measured on two cores: 239 MB in 44 s, at level 3 266 MB in 12 s."""
NOT_FOR_CLIENTS = ("OCR_DOCKER_TAG", "OCR_VARIANT", "GPU_VARIANT")
_BUFFER_BYTES = 1024 * 1024


def main() -> int:
    parser = argparse.ArgumentParser(description="Make the client's bundle.")
    parser.add_argument("--version", default=VERSION, help="another version, to try upgrades")
    parser.add_argument("--output", default=str(DIST), help="the folder for it (dist/)")
    parser.add_argument("--level", type=int, default=LEVEL, help="of the compression")
    parser.add_argument("--gzip", action="store_true", help=".tar.gz, for machines without zstd")
    options = parser.parse_args()
    if not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z.]*", options.version):  # a tag and a file name
        raise ToolError(f"{options.version!r} is no version; use digits, letters and dots.")
    compressor = compress_command(options.gzip, options.level)
    output = Path(options.output).absolute()
    output.mkdir(parents=True, exist_ok=True)
    name = f"ocr_docker-{options.version}-cpu"
    with tempfile.TemporaryDirectory(dir=output, prefix=".bundle-") as temporary:
        folder = Path(temporary, name)
        fill(folder, options.version)
        target = output / f"{name}.tar.{'gz' if options.gzip else 'zst'}"
        new = Path(temporary, target.name)
        with step(f"packing {target.name}"):
            pack(folder, new, compressor)
        new.replace(target)
    say(f"bundle: {target} ({target.stat().st_size / 1e6:.0f} MB)")
    return 0


def compress_command(gzip: bool, level: int) -> list[str]:
    """The program that compresses from stdin to stdout.

    Raises:
        ToolError: it is not installed.
    """
    if gzip:
        return ["gzip", f"-{min(level, 9)}"]
    if shutil.which("zstd") is None:
        raise ToolError("zstd is missing. Run: sudo apt install zstd", EXIT_MISSING_DEPENDENCY)
    return ["zstd", "-T0", f"-{level}", "--quiet"]


def fill(folder: Path, version: str) -> None:
    """Build the images and put everything into `folder`."""
    shutil.copytree(SOURCES, folder, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    with step("building the images"):
        run(
            ["docker", "compose", "--file", "docker-compose.yml", "build"],
            "The images cannot be built: see above. Did `make vendor` run?",
            environment={"OCR_DOCKER_TAG": version},
            cwd=ROOT,
        )
    tags = [f"ocr_docker/{service}:{version}" for service in SERVICES]
    with step("saving the images"):
        run(
            ["docker", "save", f"--output={folder / 'images.tar'}", *tags],
            "The images cannot be saved: see above.",
        )
    fetch_models.ensure(fetch_models.models_folder_of(ROOT / "data"))
    for name in models.pins().models:
        shutil.copytree(
            fetch_models.models_folder_of(ROOT / "data") / name, folder / "models" / name
        )
    write(folder / "docker-compose.yml", compose_file((ROOT / "docker-compose.yml"), version))
    write(folder / ".env.example", env_example(ROOT / ".env.example"))
    (folder / "verify" / "images").mkdir()
    shutil.copyfile(ROOT / "samples" / KNOWN_IMAGE, folder / "verify" / "images" / KNOWN_IMAGE)
    truth = json.loads((ROOT / "tests" / "samples_truth.json").read_text(encoding="utf-8"))
    write(folder / "verify" / "expected.txt", "\n".join(truth[KNOWN_IMAGE]) + "\n")
    install = (folder / "INSTALL.md").read_text(encoding="utf-8")
    write(folder / "INSTALL.md", install.replace("VERSION", version))
    write(folder / "VERSION", f"{version}\n")
    architecture = run(["docker", "image", "inspect", "--format={{.Architecture}}", tags[0]], "")
    write(folder / "ARCHITECTURE", architecture)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() or path.suffix == ".sh" else 0o644)
    write(folder / "SHA256SUMS", checksums(folder))


def compose_file(source: Path, version: str) -> str:
    """docker-compose.yml for a machine that can neither build nor pull."""
    text = source.read_text(encoding="utf-8")
    header, _, body = text.partition("name: ocr_docker\n")
    if not header.startswith("#"):
        raise ToolError(f"{source} does not begin as it should.")
    body = re.sub(r"^ +build: .*\n", "", body, flags=re.MULTILINE)
    body = body.replace(":${OCR_DOCKER_TAG:-dev}", f":{version}")
    body = body.replace("${IMAGE_FOLDER:-./samples}", "${IMAGE_FOLDER:-./images}")
    if "build" in body or "OCR_DOCKER_TAG" in body or "pull_policy: never" not in body:
        raise ToolError(f"{source} has changed: tools/bundle.py no longer fits it.")
    return (
        "# Both services, by name from this machine's own images. Settings belong into .env:\n"
        "# .env.example explains each. This file is replaced at every upgrade.\n\n"
        f'name: ocr_docker\n\nx-version: "{version}"\n{body}'
    )


def env_example(source: Path) -> str:
    """.env.example without what only a checkout has."""
    paragraphs = source.read_text(encoding="utf-8").split("\n\n")
    kept = [
        paragraph
        for paragraph in paragraphs
        if not re.search(rf"^(?:{'|'.join(NOT_FOR_CLIENTS)})=", paragraph, re.MULTILINE)
    ]
    text = "\n\n".join(kept)
    return text.replace("`make vendor`", "`install.sh`").replace("./samples", "./images")


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def checksums(folder: Path) -> str:
    """What `sha256sum -c` reads, for every file in `folder`."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return "".join(f"{sha256(path)}  {path.relative_to(folder)}\n" for path in files)


def sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def pack(folder: Path, target: Path, compressor: list[str]) -> None:
    """`folder` as a compressed archive that belongs to nobody in particular."""

    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.uname = member.gname = "root"
        return member

    with target.open("wb") as stream:
        process = subprocess.Popen(compressor, stdin=subprocess.PIPE, stdout=stream)
        assert process.stdin is not None
        try:
            with tarfile.open(fileobj=process.stdin, mode="w|", bufsize=_BUFFER_BYTES) as archive:
                archive.add(folder, folder.name, filter=plain)
        finally:
            process.stdin.close()
            code = process.wait()
        if code:
            raise ToolError(f"{compressor[0]} failed (exit code {code}).")
        stream.flush()
        os.fsync(stream.fileno())


if __name__ == "__main__":
    sys.exit(main_guard(main))
