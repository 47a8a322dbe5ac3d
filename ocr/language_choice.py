"""Which languages a second recogniser reads, as OCR_LANGUAGES names them, and whether it can.

    rus+ell                        tesseract reads both, with data/languages/rus.traineddata, …
    rus=eslav_PP-OCRv5_mobile_rec  PaddleOCR's recogniser of that folder in data/paddle_models/whl

`language_pins.json` pins the data of each language that tesseract reads: size and SHA-256 of what
Debian's packages hold. `tools/fetch_languages.py` fetches them. Of PaddleOCR's models for other
scripts it has the SHA-256 of the weights that RapidOCR publishes in ONNX: whoever converts a model
gets others, so a difference is said and no error. Standard library only: set-up uses this module
before any environment exists.
"""

import dataclasses
import functools
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import models
from ocr_contract.error_codes import ErrorCode
from ocr_errors import ModelError

LICENCE = "Apache-2.0"
DATA_SUFFIX = ".traineddata"
_PINS = Path(__file__).with_name("language_pins.json")
_CODE = re.compile(r"[a-z]{3}")


@dataclasses.dataclass(frozen=True, slots=True)
class Pin:
    """The data of one language."""

    name: str
    """In English, for people."""
    size_bytes: int
    sha256: str


@dataclasses.dataclass(frozen=True, slots=True)
class Choice:
    """One language, and who reads it."""

    code: str
    """Of three letters, as tesseract calls it."""
    model: str = ""
    """The folder of PaddleOCR's model; empty: tesseract."""

    def __str__(self) -> str:
        return f"{self.code}={self.model}" if self.model else self.code


@dataclasses.dataclass(frozen=True, slots=True)
class Language:
    """One language that can be read: its files are there and the right ones."""

    code: str
    folder: Path
    """Where tesseract's data lie; not used with a model."""
    model: models.Model | None = None

    @property
    def name(self) -> str:
        """As people call it, as far as that is known."""
        pin = pins().get(self.code)
        return pin.name if pin is not None else self.code


@functools.cache
def pins() -> dict[str, Pin]:
    """What tesseract can read here, by code."""
    raw: dict[str, Any] = json.loads(_PINS.read_text(encoding="utf-8"))
    return {
        code: Pin(entry["name"], entry["size"], entry["sha256"])
        for code, entry in raw["languages"].items()
    }


def is_unknown_version(model: models.Model) -> bool:
    """Whether a model of a known name has other weights than those whose SHA-256 is known."""
    raw: dict[str, Any] = json.loads(_PINS.read_text(encoding="utf-8"))
    known = raw["models"].get(model.name)
    return known is not None and known != model.sha256


def parse(text: str) -> tuple[Choice, ...]:
    """What OCR_LANGUAGES says, each language once, by code.

    Raises:
        ValueError: with what it must be, as in "it must be …".
    """
    found: dict[str, Choice] = {}
    for part in re.split(r"[+,\s]+", text.strip("+, \t\n")):
        if not part:
            continue
        code, equals, model = part.partition("=")
        if not _CODE.fullmatch(code) or bool(equals) != bool(model):
            raise ValueError(
                "languages of three letters joined by +, such as rus+ell, each maybe with =FOLDER "
                "for a model in data/paddle_models/whl"
            )
        if code not in pins() and not model:
            raise ValueError(f"made of these, or have =FOLDER behind it: {' '.join(pins())}")
        found.setdefault(code, Choice(code, model))
    return tuple(sorted(found.values(), key=str))


def read_by_tesseract(choices: Sequence[Choice]) -> list[str]:
    """The codes of the languages whose data tesseract needs."""
    return [choice.code for choice in choices if not choice.model]


def data_problem(folder: Path, code: str) -> models.Problem | None:
    """What is wrong with a language's data in `folder`; None when they are the right ones."""
    pin = pins()[code]
    return models.file_problem(folder / f"{code}{DATA_SUFFIX}", pin.size_bytes, pin.sha256)


def resolve(choices: Sequence[Choice], languages: Path, models_folder: Path) -> list[Language]:
    """The languages with everything that they need verified.

    Raises:
        ModelError: language_missing, or what is wrong with a model's folder; with the remedy.
    """
    codes = read_by_tesseract(choices)
    for code in codes:
        if problem := data_problem(languages, code):
            raise ModelError(
                ErrorCode.LANGUAGE_MISSING,
                f"{pins()[code].name} is in OCR_LANGUAGES, but {problem.message} Fetch it with: "
                f'make languages LANGS="{" ".join(codes)}" DATA={languages.absolute().parent}',
            )
    return [
        Language(
            choice.code,
            languages,
            models.verified(models_folder, choice.model) if choice.model else None,
        )
        for choice in choices
    ]
