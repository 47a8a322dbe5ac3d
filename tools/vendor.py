"""Fetches everything that the images are built from; afterwards no build needs a network.

    $ make vendor [GPU=1] [ARCH=arm64]

    vendor/base.tar            a small Debian: Python and the libraries that the wheels link
    vendor/wheels/<name>/      the wheels of each requirements.txt, for the base's Python
    vendor/<architecture>/     the same two for another processor than this machine's
    data/paddle_models/whl/    the models
    data/languages/            the languages of LANGS or OCR_LANGUAGES

Each part has a stamp of what it was made from: while that stays the same, nothing is fetched.
`--refresh` makes the base anew, with the packages that Debian has now (security updates).
`--dry-run` fetches nothing: it asks whether every pinned wheel can be had for that processor.
GPU=1 adds the wheels of the GPU image (2 GB), GPU=cuda12 those for older drivers; with
OCR_VARIANT=paddleocr (in the environment or in .env) the CPU's image has all engines. With
LANGS (or OCR_LANGUAGES, likewise) what reads those languages is in the images, too.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import container_user
import debian
import fetch_languages
import fetch_models
import processors
import setup_env
from debian import run
from project import (
    EXIT_BAD_ARGUMENTS,
    EXIT_MISSING_DEPENDENCY,
    ROOT,
    ToolError,
    exclusive,
    explain,
    is_root,
    main_guard,
    say,
    step,
)

VENDOR = ROOT / "vendor"
SUITE = "trixie"
PYTHON = "3.13"
"""Debian 13's own; every wheel that the services need exists for it."""
GLIBC_MINOR = 41
"""Debian 13's C library, 2.41: wheels may ask for at most this."""
PACKAGES = (
    *("base-files", "libc-bin", "tzdata"),
    *(f"python{PYTHON}-minimal", f"libpython{PYTHON}-stdlib"),
    "libstdc++6",  # OpenVINO and OpenCV link it
    "libseccomp2",  # web_service gives up the network with it
)
WHEELS = {
    "pip": ROOT / "tools" / "requirements.txt",
    "ocr": ROOT / "ocr" / "requirements.txt",
    "web": ROOT / "flask" / "requirements.txt",
    "ocr-paddleocr": ROOT / "ocr" / "requirements-paddleocr.txt",
    "ocr-gpu": ROOT / "ocr" / "requirements-gpu.txt",
    "ocr-gpu-cuda12": ROOT / "ocr" / "requirements-gpu-cuda12.txt",
    "languages": ROOT / "ocr" / "requirements-languages.txt",
}
LANGUAGES = "languages"
ALWAYS = ("pip", "web")
VARIANT_WHEELS = {"": "ocr", "paddleocr": "ocr-paddleocr"}
"""By OCR_VARIANT, as docker-compose.yml gives it to the build."""
GPU_WHEELS = {"1": "ocr-gpu", "cuda12": "ocr-gpu-cuda12"}
HOOK = ROOT / "tools" / "base_hook.sh"
REMEDY = "Run once, with internet: make vendor"
"""A file of this name lies in vendor/ from the first time on. Both Dockerfiles copy it first, so
that a build without it ends with these words."""
_EXCLUDED = ("/usr/share/man/*", "/usr/share/locale/*", "/usr/share/doc/*")
_KEPT = "/usr/share/doc/*/copyright"
_EPOCH = "1735689600"
"""2025-01-01: the newest time in the base, so that the same packages make the same file."""


def main() -> int:
    parser = argparse.ArgumentParser(description="Fetch what the images are built from.")
    parser.add_argument("--refresh", action="store_true", help="make the base anew")
    parser.add_argument("--gpu", default="", help="1 or cuda12: for the GPU image, too")
    parser.add_argument("--arch", default="", help="amd64 or arm64, instead of this machine's")
    parser.add_argument("--langs", default="", help="languages for the second recogniser")
    parser.add_argument("--dry-run", action="store_true", help="only ask whether all can be had")
    options = parser.parse_args()
    if options.gpu not in ("", "0", *GPU_WHEELS):
        raise ToolError(f"GPU is {options.gpu!r}; use GPU=1 or GPU=cuda12.", EXIT_BAD_ARGUMENTS)
    wanted = [*ALWAYS, variant_wheels(ROOT / ".env")]
    wanted += [GPU_WHEELS[options.gpu]] if options.gpu in GPU_WHEELS else []
    languages = fetch_languages.read_by_tesseract(options.langs)
    wanted += [LANGUAGES] if languages else []
    architecture = processors.chosen(options.arch)
    if options.dry_run:
        for name in wanted:
            print("\n".join(available(name, architecture)))
        say(f"vendor: every wheel can be had for {architecture}; nothing was fetched")
        return 0
    folder = folder_for(architecture)
    try:
        with exclusive(VENDOR / ".lock"):
            if options.refresh:
                _stamp_of(folder / "base.tar").unlink(missing_ok=True)
            done = make_base(folder, architecture)
            done += [name for name in wanted if fetch_wheels(name, architecture)]
            if not languages:
                drop_wheels(LANGUAGES, architecture)
            _write(folder / REMEDY, "It was. Builds without this file end with its name.\n")
    except OSError as error:
        raise explain(error) from error
    fetch_models.ensure(fetch_models.models_folder_of(ROOT / "data"))
    fetch_languages.ensure(fetch_languages.folder_of(ROOT / "data"), languages)
    container_user.prepare(ROOT / "data", ROOT / ".env")
    say(f"vendor: {', '.join(done)} made" if done else "vendor: all there")
    return 0


def folder_for(architecture: str) -> Path:
    """Where the images for `architecture` find what they are built from."""
    return VENDOR if architecture == processors.native() else VENDOR / architecture


def variant_wheels(env_file: Path) -> str:
    """Which wheels OCR_VARIANT asks for: as in the environment, else as in `.env`.

    Raises:
        ToolError: there is no such variant.
    """
    try:
        text = env_file.read_text(encoding="utf-8")
    except FileNotFoundError:
        text = ""
    written = re.findall(r"^OCR_VARIANT=(\S*)\s*$", text, re.MULTILINE)
    variant = os.environ.get("OCR_VARIANT", written[-1] if written else "")
    if variant not in VARIANT_WHEELS:
        raise ToolError(
            f"OCR_VARIANT is {variant!r}; use paddleocr, or leave it empty.", EXIT_BAD_ARGUMENTS
        )
    return VARIANT_WHEELS[variant]


def make_base(vendor: Path, architecture: str) -> list[str]:
    """`vendor/base.tar`, unless it is there already; returns what had to be made."""
    target = vendor / "base.tar"
    text = base_stamp_text(architecture)
    if target.is_file() and _reads(_stamp_of(target), text):
        return []
    if not shutil.which("mmdebstrap") or not debian.KEYRING.is_file():
        debian.install(
            ["mmdebstrap", "debian-archive-keyring"], "The base image is made by mmdebstrap."
        )
    processors.need_emulation(architecture)  # the hook runs the base's Python
    mirror = debian.mirror()
    vendor.mkdir(parents=True, exist_ok=True)
    _stamp_of(target).unlink(missing_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=vendor, prefix=".base-") as temporary,
        step(f"base of Debian {SUITE} with Python {PYTHON} for {architecture}"),
    ):
        new = Path(temporary, "base.tar")
        hook = f'sh {_quoted(HOOK)} "$1" python{PYTHON} {container_user.UID}'
        run(
            [
                "mmdebstrap",
                "--variant=extract",
                f"--architectures={architecture}",
                f"--mode={'root' if is_root() else 'unshare'}",
                f"--include={','.join(PACKAGES)}",
                *(f"--dpkgopt=path-exclude={pattern}" for pattern in _EXCLUDED),
                f"--dpkgopt=path-include={_KEPT}",
                f"--extract-hook={hook}",
                SUITE,
                str(new),
                *mirror.sources(SUITE),
            ],
            "mmdebstrap failed: see above.",
            environment={"SOURCE_DATE_EPOCH": _EPOCH},
        )
        new.chmod(0o644)
        new.replace(target)
    _write(_stamp_of(target), text)
    return ["base"]


def base_stamp_text(architecture: str) -> str:
    """What the base depends on, besides the moment."""
    digest = hashlib.sha256(HOOK.read_bytes()).hexdigest()
    packages = " ".join(PACKAGES)
    return (
        f"suite {SUITE} {architecture}\npackages {packages}\n"
        f"hook {digest}\nuid {container_user.UID}\n"
    )


def fetch_wheels(name: str, architecture: str, vendor: Path | None = None) -> bool:
    """The wheels of one requirements.txt, checked by hash; False when they are all there."""
    folder = (vendor or folder_for(architecture)) / "wheels" / name
    requirements = WHEELS[name]
    key = wheels_key(requirements, processors.MACHINES[architecture])
    if _wheels_are_there(folder, key):
        return False
    _stamp_of(folder).unlink(missing_ok=True)
    packages = sum("==" in line for line in requirements.read_text(encoding="utf-8").splitlines())
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{name}-") as temporary,
        step(f"at most {packages} wheels for {name}"),
    ):
        new = Path(temporary)
        new.chmod(0o755)
        # What is there already, of whatever variant, is not fetched again.
        there = sorted(folder.parent.glob("[!.]*/"))
        known = [part for path in there for part in ("-f", str(path))]
        _pip(name, architecture, "download", *known, f"--dest={new}")
        if folder.exists():
            shutil.rmtree(folder)
        shutil.copytree(new, folder, copy_function=shutil.move)
    files = sorted(folder.glob("*.whl"))
    listing = "".join(f"{path.stat().st_size} {path.name}\n" for path in files)
    _write(_stamp_of(folder), f"{key}\n{listing}")
    return True


def drop_wheels(name: str, architecture: str, vendor: Path | None = None) -> None:
    """Nothing of one requirements.txt, so that the next image is without it."""
    folder = (vendor or folder_for(architecture)) / "wheels" / name
    _stamp_of(folder).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def available(name: str, architecture: str) -> list[str]:
    """The wheels that `fetch_wheels` would fetch, by file name; needs the package index.

    Raises:
        ToolError: a pinned one is not there for this processor.
    """
    with tempfile.TemporaryDirectory() as temporary:
        report = Path(temporary, "report.json")
        options = [f"--report={report}", f"--target={temporary}"]
        with step(f"looking for the wheels for {name} ({architecture})"):
            _pip(name, architecture, "install", "--dry-run", "--ignore-installed", *options)
        found = json.loads(report.read_text(encoding="utf-8"))["install"]
    return sorted(entry["download_info"]["url"].rpartition("/")[2] for entry in found)


def _pip(name: str, architecture: str, command: str, *options: str) -> None:
    """Run pip for the base's Python on `architecture` over one requirements.txt."""
    line = [*setup_env.pip_command(), command, "--quiet"]
    line += ["--progress-bar=off", "--no-deps", "--require-hashes", "--only-binary=:all:"]
    line += [f"--python-version={PYTHON}", "--implementation=cp"]
    line += [f"--abi=cp{PYTHON.replace('.', '')}", "--abi=abi3", "--abi=none"]
    line += [f"--platform={tag}" for tag in platform_tags(processors.MACHINES[architecture])]
    line += [f"--requirement={WHEELS[name]}", *options]
    try:
        run(line, "")
    except ToolError as error:
        failure = f"Fetching the wheels for {name} ({architecture}) failed"
        if "No matching distribution" in str(error):
            raise ToolError(
                f"{str(error).strip()}\n{failure}: the package index has no such wheel for "
                f"{architecture} and Python {PYTHON}. Use another GPU=, or leave it out.",
                EXIT_MISSING_DEPENDENCY,
            ) from None
        raise ToolError(
            setup_env.pip_failure(failure, str(error)), EXIT_MISSING_DEPENDENCY
        ) from None


def wheels_key(requirements: Path, machine: str) -> str:
    """What a folder of wheels depends on, in one line."""
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    return f"requirements {digest} python {PYTHON} machine {machine} glibc 2.{GLIBC_MINOR}"


def platform_tags(machine: str) -> list[str]:
    """Every tag of a wheel that runs on the base, newest first."""
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(GLIBC_MINOR, 16, -1)]
    tags.append(f"manylinux2014_{machine}")
    if machine == "x86_64":
        tags += [f"manylinux_2_{minor}_{machine}" for minor in range(16, 4, -1)]
        tags += [f"manylinux2010_{machine}", f"manylinux1_{machine}"]
    return [*tags, f"linux_{machine}"]


def _wheels_are_there(folder: Path, key: str) -> bool:
    try:
        found, *listing = _stamp_of(folder).read_text(encoding="utf-8").splitlines()
        return found == key and all(
            (folder / name).stat().st_size == int(size)
            for size, _, name in (line.partition(" ") for line in listing)
        )
    except (OSError, ValueError):
        return False


def _stamp_of(made: Path) -> Path:
    return made.with_name(f"{made.name}.made-from.txt")


def _reads(path: Path, text: str) -> bool:
    try:
        return path.read_text(encoding="utf-8") == text
    except OSError:
        return False


def _write(path: Path, text: str) -> None:
    new = path.with_name(f"{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "'\\''") + "'"


if __name__ == "__main__":
    sys.exit(main_guard(main))
