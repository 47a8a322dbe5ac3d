"""Fills `<data>/languages` with what the second recogniser needs of each language.

    $ make languages LANGS="rus ell" [DATA=folder]

The data are those of Debian's packages `tesseract-ocr-CODE`, fetched by apt without being
installed, and verified by the SHA-256 that `ocr/language_pins.json` has of them. A file that is
right already is left alone, and then no network is used. OCR_LANGUAGES, in the environment or in
`.env`, is what LANGS stands for when it is not given.
"""

import argparse
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import debian
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

sys.path.insert(0, str(ROOT / "contract"))  # for `python3 tools/…` without PYTHONPATH
sys.path.insert(0, str(ROOT / "ocr"))
import language_choice
from ocr_contract.data_folder import LANGUAGES_FOLDER

_WITHIN_PACKAGE = "usr/share/tesseract-ocr"


def wanted(text: str, env_file: Path = ROOT / ".env") -> tuple[language_choice.Choice, ...]:
    """The languages that LANGS names, or else OCR_LANGUAGES in the environment or in `.env`.

    Raises:
        ToolError: one is not known.
    """
    said = text or os.environ.get("OCR_LANGUAGES", "") or _written(env_file)
    try:
        return language_choice.parse(said)
    except ValueError as error:
        raise ToolError(f"LANGS is {said!r}; it must be {error}.", EXIT_BAD_ARGUMENTS) from None


def read_by_tesseract(text: str) -> list[str]:
    """The codes of those that need data, and tesseract's library; raises as `wanted`."""
    return language_choice.read_by_tesseract(wanted(text))


def folder_of(data: Path) -> Path:
    """Where languages lie in a data folder."""
    return data / LANGUAGES_FOLDER


def _written(env_file: Path) -> str:
    try:
        text = env_file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    found = re.findall(r"^OCR_LANGUAGES=['\"]?([^'\"\n]*)['\"]?\s*$", text, re.MULTILINE)
    return found[-1] if found else ""


def ensure(folder: Path, codes: Sequence[str]) -> list[str]:
    """Have the data of each language in `folder`; returns those that had to be fetched.

    Raises:
        ToolError: with the remedy; what was right before is untouched.
    """
    wrong = [code for code in codes if language_choice.data_problem(folder, code)]
    if not wrong:
        return []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (
            exclusive(folder / ".lock"),
            tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as temporary,
            step(f"languages {' '.join(wrong)} into {folder}"),
        ):
            _fetch(Path(temporary), wrong)
            for code in wrong:
                _take(Path(temporary), code, folder)
    except OSError as error:
        raise explain(error) from error
    return wrong


def _fetch(temporary: Path, codes: Sequence[str]) -> None:
    """Unpack the packages below `temporary`; they are installed nowhere."""
    packages = [f"tesseract-ocr-{code}" for code in codes]
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise ToolError(
            f"Languages come out of Debian's packages {' '.join(packages)}, for which apt-get and "
            "dpkg-deb are needed. Fetch them on a machine with Debian or Ubuntu, and copy "
            f"data/{LANGUAGES_FOLDER}/ from there.",
            EXIT_MISSING_DEPENDENCY,
        )
    failure = f"apt-get could not fetch {' '.join(packages)}: see above. Is there a network?"
    # As root apt would hand the download to a user that may not write here.
    command = ["apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", *packages]
    try:
        debian.run(command, failure, cwd=temporary)
    except ToolError:
        if not is_root():
            raise
        debian.run(["apt-get", "update", "-q"], "apt-get update failed: see above.")
        debian.run(command, failure, cwd=temporary)
    for package in temporary.glob("*.deb"):
        debian.run(["dpkg-deb", "-x", str(package), str(temporary)], f"{package.name} is broken.")


def _take(temporary: Path, code: str, folder: Path) -> None:
    name = f"{code}{language_choice.DATA_SUFFIX}"
    found = sorted((temporary / _WITHIN_PACKAGE).glob(f"*/tessdata/{name}"))
    if not found or (problem := language_choice.data_problem(found[-1].parent, code)):
        what = problem.message if found and problem else f"tesseract-ocr-{code} holds no {name}."
        raise ToolError(f"apt-get fetched something else: {what}", EXIT_MISSING_DEPENDENCY)
    found[-1].chmod(0o644)
    found[-1].replace(folder / name)


def main() -> int:
    parser = argparse.ArgumentParser(description="Fetch languages for the second recogniser.")
    parser.add_argument("--langs", default="", help='such as "rus ell" (default: OCR_LANGUAGES)')
    parser.add_argument("--data", default="", help="the data folder (default: data/)")
    options = parser.parse_args()
    choices = wanted(options.langs)
    if not choices:
        known = " ".join(f"{code} ({pin.name})" for code, pin in language_choice.pins().items())
        raise ToolError(f'Say which: make languages LANGS="rus ell". {known}', EXIT_BAD_ARGUMENTS)
    data = Path(options.data or ROOT / "data").expanduser().absolute()
    folder = folder_of(data)
    fetched = ensure(folder, language_choice.read_by_tesseract(choices))
    say(f"languages: {' '.join(fetched)} fetched" if fetched else "languages: all there")
    said = "+".join(map(str, choices))
    say(f"They are read with OCR_LANGUAGES={said}, in the environment of make run or in .env.")
    return 0


if __name__ == "__main__":
    sys.exit(main_guard(main))
