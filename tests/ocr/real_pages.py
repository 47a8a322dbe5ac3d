"""The samples and the real models, for tests that read with them."""

import json
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

from decoding.documents import decode_pages
from decoding.pixels import Pixels
from engines import inference
from engines.text_models import TextModels
from models import ModelSet, resolve
from ocr_settings import load
from project import ROOT
from service_folders import models_folder


@cache
def sample(name: str) -> Pixels:
    (page,) = decode_pages((ROOT / "samples" / name).read_bytes(), 50e6)
    page.pixels.flags.writeable = False
    return page.pixels


def truth() -> dict[str, list[str]]:
    """Sample to its lines in reading order."""
    found: dict[str, list[str]] = json.loads((ROOT / "tests" / "samples_truth.json").read_text())
    return found


def model_set(name: str = "small") -> ModelSet:
    return resolve(models_folder(), name)


def load_models(**environment: str) -> TextModels:
    """The models as the worker loads them, in f32 and for two threads, unless told otherwise."""
    settings = load({"OCR_PRECISION": "f32", "OCR_DEVICE": "cpu"} | environment)
    chosen = inference.choose(settings, threads=2)
    return inference.load_models(chosen, model_set(settings.model), settings)


def characters(lines: list[str]) -> str:
    """What was read, less spaces and the widths of signs."""
    return "".join(unicodedata.normalize("NFKC", "".join(lines)).split())


def likeness(found: list[str], wanted: list[str]) -> float:
    """1 less the share of characters to change, 1 for the same text."""
    a, b = characters(found), characters(wanted)
    return 1 - edit_distance(a, b) / max(len(a), len(b), 1)


def edit_distance(a: str, b: str) -> int:
    """Levenshtein's: characters to put in, take out or change."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        above, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (x != y))
    return row[-1]


def plain_session(model: Path) -> Any:
    """ONNX Runtime on the CPU with nothing of ours around it."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 2
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
