"""Other scripts: which lines are marked, and how well they are read once languages are set up.

    $ make scripts [ARGS="--languages rus,ell --seeds 2"]

Pages in 20 languages are drawn clean and as a scanner sees them, and read twice by the engine that
the worker has: without languages (which lines are marked?) and with all of them (character error).
Beside it tesseract reads the same pages by itself, told their language. Whitespace does not count.
"""

import argparse
import importlib
import random
import statistics
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

import fetch_languages
import fetch_models
import language_choice
import setup_fonts
import worker
from drawing import sample_languages
from drawing.sample_languages import Language
from drawing.script_lines import page
from drawing.sheet import Drawing
from engines.inference import choose, load_models
from machine_limits import usable_cpus
from models import resolve
from ocr_settings import load
from project import ROOT, main_guard, say
from reading.engine import PageEngine, ReadPage


class Figures(NamedTuple):
    """Of one language."""

    language: Language
    lines: int
    """That were found, without languages."""
    marked: int
    clean: float
    """Character error rates, NaN for a language that is not set up."""
    scanned: float
    tesseract: float
    """Of tesseract by itself, over all pages."""


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure how other scripts are read.")
    parser.add_argument("--languages", default="", help="codes, separated by commas")
    parser.add_argument("--seeds", type=int, default=3, help="pages of each kind and language")
    parser.add_argument("--data", default=str(ROOT / "data"), help="models and languages")
    options = parser.parse_args()
    chosen = [
        language
        for language in sample_languages.EVERY
        if language.code in (options.languages.split(",") if options.languages else [language.code])
    ]
    setup_fonts.main()
    data = Path(options.data)
    fetch_models.ensure(fetch_models.models_folder_of(data))
    fetch_languages.ensure(
        fetch_languages.folder_of(data), [language.code for language in sample_languages.OTHERS]
    )
    alone = engine(data, "")
    together = engine(data, "+".join(language.code for language in sample_languages.OTHERS))
    print("| language | lines | marked | CER clean | CER scanned | tesseract alone |")
    print("|---|---|---|---|---|---|")
    found = []
    for language in chosen:
        found.append(figures(language, options.seeds, alone, together, data))
        print(row(found[-1]), flush=True)
    for are_spelled, title in ((False, "other scripts"), (True, "spelled")):
        of_kind = [each for each in found if each.language.is_spelled == are_spelled]
        if lines := sum(each.lines for each in of_kind):
            share = sum(each.marked for each in of_kind) / lines
            say(f"{title}: {share:.1%} of {lines} lines are marked")
    return 0


def engine(data: Path, names: str) -> PageEngine:
    """As the worker loads it."""
    settings = load({"OCR_DATA_FOLDER": str(data), "OCR_LANGUAGES": names})
    threads = usable_cpus()
    models = resolve(settings.models_folder, settings.model)
    inference = choose(settings, threads)
    found = language_choice.resolve(
        settings.languages, settings.languages_folder, settings.models_folder
    )
    return worker.load_engine(
        settings,
        load_models(inference, models, settings),
        worker.second_recogniser(found, inference, threads),
    )


def figures(
    language: Language, seeds: int, alone: PageEngine, together: PageEngine, data: Path
) -> Figures:
    """Everything of one language; each seed makes one clean page and one that was scanned."""
    lines = marked = 0
    errors: dict[bool, list[float]] = {True: [], False: []}
    by_itself = []
    for seed in range(seeds):
        for clean in (True, False):
            drawing = page(language, random.Random(f"{language.code} {seed} {clean}"), clean=clean)
            pixels = pixels_of(drawing)
            first = alone.read(pixels)
            lines += len(first.lines)
            marked += sum(line.is_unspelled for line in first.lines)
            errors[clean].append(error_rate(texts(together.read(pixels)), drawing.lines))
            if not language.is_spelled:
                by_itself.append(error_rate([tesseract(pixels, language, data)], drawing.lines))
    return Figures(
        language,
        lines,
        marked,
        statistics.fmean(errors[True]),
        statistics.fmean(errors[False]),
        statistics.fmean(by_itself) if by_itself else float("nan"),
    )


def pixels_of(drawing: Drawing) -> Any:
    """(height, width, 3), uint8."""
    grey = np.asarray(drawing.image.convert("L"))
    return np.ascontiguousarray(np.repeat(grey[:, :, None], 3, axis=2))


def texts(read: ReadPage) -> list[str]:
    return [line.text for line in read.lines]


def tesseract(pixels: Any, language: Language, data: Path) -> str:
    """The whole page, by its own search for lines."""
    tesserocr = importlib.import_module("tesserocr")
    folder = str(fetch_languages.folder_of(data))
    with tesserocr.PyTessBaseAPI(path=folder, lang=language.code, psm=3, oem=1) as reader:
        reader.SetImage(Image.fromarray(pixels[:, :, 0]))
        return str(reader.GetUTF8Text())


def error_rate(read: Sequence[str], known: Sequence[str]) -> float:
    """Characters that are wrong, missing or too many, per character of the text; no blanks."""
    found, wanted = ("".join("".join(lines).split()) for lines in (read, known))
    found, wanted = (unicodedata.normalize("NFC", text) for text in (found, wanted))
    return distance(found, wanted) / max(len(wanted), 1)


def distance(one: str, other: str) -> int:
    """Levenshtein's."""
    before = list(range(len(other) + 1))
    for number, character in enumerate(one, 1):
        now = [number]
        for place, wanted in enumerate(other, 1):
            now.append(
                min(before[place] + 1, now[-1] + 1, before[place - 1] + (character != wanted))
            )
        before = now
    return before[-1]


def row(found: Figures) -> str:
    """Of the table."""
    rates = (found.clean, found.scanned, found.tesseract)
    shown = " | ".join("" if rate != rate else f"{rate:.1%}" for rate in rates)
    share = found.marked / max(found.lines, 1)
    return f"| {found.language.name} | {found.lines} | {share:.0%} | {shown} |"


if __name__ == "__main__":
    sys.exit(main_guard(main))
