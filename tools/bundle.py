"""Makes the one file that a client's machine needs, which has nothing but Docker.

    $ make bundle [GPU=1|cuda12] [ARCH=arm64] [SIGN=key] [LANGS="rus ell"]

    dist/ocr_docker-<version>-cpu-amd64.tar.zst           or -gpu, -gpu-cuda12; -arm64
    dist/ocr_docker-<version>-cpu-amd64.tar.zst.sha256    and with SIGN=… .tar.zst.sig

In it, in a folder of the same name:

    images.tar           both images, by `docker save`
    models/              the provided models
    languages/           of LANGS, for the second recogniser; else not there
    docker-compose.yml   with the images by name: nothing there can build or pull
    .env.example
    install.sh  integrity.sh  verify.sh  keep_database.py  verify/  INSTALL.md    from bundle/
    VERSION              <version>-cpu-amd64: what is installed, and the images' tag
    ARCHITECTURE         the engine's name for the processor
    sbom.cdx.json        every part with version, licence and SHA-256
    SHA256SUMS           of every file; with SIGN=… also SHA256SUMS.sig
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bundle_files
import fetch_languages
import fetch_models
import processors
import sbom
import signing
import vendor
from bundle_images import VARIANTS, Edition, build
from debian import run
from project import (
    EXIT_BAD_ARGUMENTS,
    EXIT_MISSING_DEPENDENCY,
    ROOT,
    ToolError,
    main_guard,
    say,
    step,
)

sys.path.insert(0, str(ROOT / "contract"))  # for `python3 tools/bundle.py` without PYTHONPATH
import language_choice
import models
from ocr_contract import VERSION

DIST = ROOT / "dist"
SOURCES = ROOT / "bundle"
KNOWN_IMAGE = "invoice.png"
LEVEL = 10
"""Of zstd. Measured: 148 MB, at level 3 163 MB."""
_BUFFER_BYTES = 1024 * 1024


def main() -> int:
    parser = argparse.ArgumentParser(description="Make the client's bundle.")
    parser.add_argument("--gpu", default="", help="1 (CUDA 13) or cuda12: for NVIDIA GPUs")
    parser.add_argument("--arch", default="", help="amd64 or arm64, instead of this machine's")
    parser.add_argument("--sign", default="", metavar="KEY", help="an OpenSSH private key")
    parser.add_argument("--langs", default="", help="languages for the second recogniser")
    parser.add_argument("--version", default=VERSION, help="another version, to try upgrades")
    parser.add_argument("--output", default=str(DIST), help="the folder for it (dist/)")
    parser.add_argument("--level", type=int, default=LEVEL, help="of the compression")
    parser.add_argument("--gzip", action="store_true", help=".tar.gz, for machines without zstd")
    options = parser.parse_args()
    if not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z.]*", options.version):  # a tag and a file name
        raise ToolError(f"{options.version!r} is no version; use digits, letters and dots.")
    if options.gpu not in VARIANTS:
        raise ToolError(f"GPU is {options.gpu!r}; use GPU=1 or GPU=cuda12.", EXIT_BAD_ARGUMENTS)
    architecture = processors.chosen(options.arch)
    edition = Edition(options.version, VARIANTS[options.gpu], architecture)
    compressor = compress_command(options.gzip, options.level)
    languages = fetch_languages.wanted(options.langs)
    key = Path(options.sign).expanduser().absolute() if options.sign else None
    if key:
        signing.need(key)
    output = Path(options.output).absolute()
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output, prefix=".bundle-") as temporary:
        folder = Path(temporary, edition.name)
        fill(folder, edition, key, languages)
        target = output / f"{edition.name}.tar.{'gz' if options.gzip else 'zst'}"
        new = Path(temporary, target.name)
        with step(f"packing {target.name}"):
            pack(folder, new, compressor)
        beside = [write(Path(f"{new}.sha256"), f"{bundle_files.sha256(new)}  {new.name}\n")]
        beside += [signing.sign(new, key)] if key else []
        for path in (new, *beside):
            path.replace(output / path.name)
    if not key:  # one of an older file must not lie beside this one
        Path(f"{target}.sig").unlink(missing_ok=True)
    say(f"bundle: {target} ({target.stat().st_size / 1e6:.0f} MB{', signed' if key else ''})")
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


def fill(
    folder: Path,
    edition: Edition,
    key: Path | None = None,
    languages: Sequence[language_choice.Choice] = (),
) -> None:
    """Build the images and put everything into `folder`; sign it with `key`."""
    shutil.copytree(SOURCES, folder, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    images = build(edition)
    with step("saving the images"):
        run(
            ["docker", "save", f"--output={folder / 'images.tar'}",
             *(image.name for image in images)],
            "The images cannot be saved: see above.",
        )  # fmt: skip
    fetch_models.ensure(fetch_models.models_folder_of(ROOT / "data"))
    for name in models.pins().models:
        shutil.copytree(
            fetch_models.models_folder_of(ROOT / "data") / name, folder / "models" / name
        )
    add_languages(folder, languages)
    gpu = edition.variant != "cpu"
    overlay = ROOT / "docker-compose.gpu.yml" if gpu else None
    said = "+".join(map(str, languages))
    compose = bundle_files.compose_file(
        ROOT / "docker-compose.yml", edition.release, overlay, languages=said
    )
    write(folder / "docker-compose.yml", compose)
    write(folder / ".env.example", bundle_files.env_example(ROOT / ".env.example", gpu=gpu))
    (folder / "verify" / "images").mkdir()
    shutil.copyfile(ROOT / "samples" / KNOWN_IMAGE, folder / "verify" / "images" / KNOWN_IMAGE)
    truth = json.loads((ROOT / "tests" / "samples_truth.json").read_text(encoding="utf-8"))
    write(folder / "verify" / "expected.txt", "\n".join(truth[KNOWN_IMAGE]) + "\n")
    install = (folder / "INSTALL.md").read_text(encoding="utf-8")
    write(folder / "INSTALL.md", install.replace("ocr_docker-VERSION", edition.name))
    write(folder / "VERSION", f"{edition.release}\n")
    write(folder / "ARCHITECTURE", f"{edition.architecture}\n")
    base = sbom.Base(vendor.folder_for(edition.architecture) / "base.tar", vendor.SUITE)
    pins = json.loads((ROOT / "ocr" / "model_pins.json").read_text(encoding="utf-8"))
    pins["models"] |= language_parts(languages)
    write(folder / "sbom.cdx.json", sbom.bill(edition.version, edition.name, images, base, pins))
    sums = write(folder / "SHA256SUMS", bundle_files.checksums(folder))
    if key:
        signing.sign(sums, key)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() or path.suffix == ".sh" else 0o644)


def add_languages(folder: Path, languages: Sequence[language_choice.Choice]) -> None:
    """What the second recogniser needs: languages/ with tesseract's data, and models."""
    data = ROOT / "data"
    codes = language_choice.read_by_tesseract(languages)
    fetch_languages.ensure(fetch_languages.folder_of(data), codes)
    for code in codes:
        (folder / "languages").mkdir(exist_ok=True)
        name = f"{code}{language_choice.DATA_SUFFIX}"
        shutil.copyfile(fetch_languages.folder_of(data) / name, folder / "languages" / name)
    for model in {choice.model for choice in languages if choice.model}:
        source = fetch_models.models_folder_of(data) / model
        if not source.is_dir():
            raise ToolError(f"{source} is missing, which OCR_LANGUAGES names.", EXIT_BAD_ARGUMENTS)
        shutil.copytree(source, folder / "models" / model, dirs_exist_ok=True)


def language_parts(languages: Sequence[language_choice.Choice]) -> dict[str, Any]:
    """As model_pins.json has models, for the list of parts."""
    found = {}
    for code in language_choice.read_by_tesseract(tuple(languages)):
        pin = language_choice.pins()[code]
        file = {"size": pin.size_bytes, "sha256": pin.sha256}
        files = {f"{code}{language_choice.DATA_SUFFIX}": file}
        found[f"tesseract-ocr-{code}"] = {"licence": language_choice.LICENCE, "files": files}
    return found


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


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
