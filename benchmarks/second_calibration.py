"""The doubt of lines that the second recogniser read: `make calibration ARGS=--languages`.

Pages in ten languages are drawn clean, as a scanner sees them and as a bad one does, and read with
all ten set up; each line is right or wrong (`line_truth`). What is printed was measured on one
language after the other, to which the model was not fitted; all of them make what is written to
ocr/reading/second_doubt_model.py.
"""

import itertools
import json
import os
import random
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

import fetch_languages
import language_choice
import worker
from calibration_lines import pixels_of
from drawing import sample_languages, worn
from drawing.script_lines import page
from engines.inference import choose, load_models
from line_truth import is_right, tidy
from logistic import Numbers, fit, probability
from machine import describe
from machine_limits import usable_cpus
from models import resolve
from ocr_settings import load
from project import ROOT, say
from reading.engine import PageEngine
from reading.line_doubt import LEAST, MOST
from reading.second_doubt import features
from reliability import Judged, kinds_table, table
from result_files import write_results

_MODEL = ROOT / "ocr" / "reading" / "second_doubt_model.py"
_MODEL_TEXT = '''"""The doubt of lines that tesseract read: `make calibration ARGS=--languages`.

Written by benchmarks/second_calibration.py: do not edit.
"""

WEIGHTS = ({numbers})
"""Of each feature of `second_doubt` in turn; the first is the constant."""
'''
_WAYS = ("clean", "scanned", "worn")
_PAGES = 3
"""Of each language and way."""


class SecondLine(NamedTuple):
    """One line that the second recogniser read and whose text is known."""

    language: str
    document: str
    text: str
    confidence: float
    wrong: bool


def run(kept: Path | None, *, write: bool) -> int:
    """As the module says; `kept` is a file for what was read, taken from there if it exists."""
    if kept is not None and kept.exists():
        lines = [SecondLine(*line) for line in json.loads(kept.read_text(encoding="utf-8"))]
    else:
        lines = gather()
        if kept is not None:
            kept.write_text(json.dumps(lines), encoding="utf-8")
    judged = held_out(lines)
    tables = f"Languages not fitted to\n\n{table(judged)}\n\n{kinds_table(judged)}"
    print(f"{describe()}\n\n{tables}")
    if write:
        numbers = ", ".join(f"{weight:.4f}" for weight in _fit(lines))
        _MODEL.write_text(_MODEL_TEXT.format(numbers=numbers), encoding="utf-8")
        path = write_results("calibration-languages", {"lines": len(lines)}, tables)
        say(f"Written to {_MODEL}, {path} and the .md beside it.")
    return 0


def held_out(lines: Sequence[SecondLine]) -> list[Judged]:
    """Each line's doubt by a model that has not seen its language."""
    found = []
    for language in sorted({line.language for line in lines}):
        weights = _fit([line for line in lines if line.language != language])
        own = [line for line in lines if line.language == language]
        doubts = np.clip(probability(_features(own) @ weights), LEAST, MOST)
        found += [
            Judged(float(doubt), line.wrong, line.document, language)
            for doubt, line in zip(doubts, own, strict=True)
        ]
    return found


def _features(lines: Sequence[SecondLine]) -> Numbers:
    return np.array([features(line.text, line.confidence) for line in lines])


def _fit(lines: Sequence[SecondLine]) -> Numbers:
    wrong = np.array([line.wrong for line in lines], dtype=np.float64)
    return fit(_features(lines), wrong, np.ones(len(lines)))


def gather() -> list[SecondLine]:
    """The lines of all pages that the second recogniser read."""
    codes = [language.code for language in sample_languages.OTHERS]
    settings = load(dict(os.environ) | {"OCR_LANGUAGES": "+".join(codes)})
    fetch_languages.ensure(settings.languages_folder, codes)
    inference = choose(settings, usable_cpus())
    chosen = language_choice.resolve(
        settings.languages, settings.languages_folder, settings.models_folder
    )
    engine = PageEngine(
        load_models(inference, resolve(settings.models_folder, "small"), settings),
        detection_side=settings.detection_side,
        orientation=True,
        second=worker.second_recogniser(chosen, inference, usable_cpus()),
    )
    found = []
    for language in sample_languages.OTHERS:
        for seed, how in itertools.product(range(_PAGES), _WAYS):
            document = f"{language.code} {seed} {how}"
            say(f"Reading {document} …")
            drawing = page(language, random.Random(f"cal {document}"), clean=how != "scanned")
            if how == "worn":
                drawing = worn.worn(drawing, 100 * seed + 3)
            known = [tidy(line) for line in drawing.lines]
            found += [
                SecondLine(
                    language.code, document, line.text, line.confidence,
                    not is_right(line.text, known),
                )
                for line in engine.read(pixels_of(drawing)).lines
                if line.model is not None
            ]  # fmt: skip
    return found
