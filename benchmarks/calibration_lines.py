"""Lines with what their doubt follows from, and whether they were read right."""

import contextlib
import functools
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from decoding.documents import decode_pages
from decoding.pixels import Pixels
from drawing import cases, worn
from drawing.recipe import Recipe
from drawing.sheet import Drawing
from engines.inference import choose, load_models
from kept_lines import KeptLines
from line_truth import is_right, is_right_at, tidy
from machine_limits import usable_cpus
from misread_words import box_of, known_lines
from models import resolve
from ocr_errors import ImageError
from ocr_settings import load
from page_records import Line
from project import say
from reading.engine import PageEngine
from reading.judged_lines import facts_of, judged
from reading.line_doubt import features
from reading.line_reading import Reading
from scoring import images_with_truth
from service_folders import models_folder
from suites import all_cases

FITTED_FIRST = (0,)
"""Seeds of the worn pages that the model is fitted to; `make accuracy` draws others."""


class KnownLine(NamedTuple):
    """One line that was read and whose text is known."""

    source: str
    """receipts, worn or drawn; of those that are only looked at, cases."""
    kind: str
    """Of the document: among drawn ones, whole kinds are left out when the model is tried."""
    document: str
    text: str
    confidence: float
    features: tuple[float, ...]
    wrong: bool
    marked: bool = False
    """As being in another script: its doubt is 1, and follows from nothing here."""


class Witness:
    """Judges lines as the service does, and keeps what each doubt followed from."""

    def __init__(self) -> None:
        self._kept = threading.local()

    def __call__(
        self, reading: Reading, polygon: npt.NDArray[np.float32], page: float | None = None
    ) -> Line:
        line = judged(reading, polygon, page)
        self._kept.features[line.polygon] = features(facts_of(reading, polygon, page))
        return line

    def begin(self) -> None:
        """Of another page."""
        self._kept.features = {}

    def of(self, line: Line) -> tuple[float, ...]:
        """What the doubt of one of the page's lines followed from."""
        kept: tuple[float, ...] = self._kept.features[line.polygon]
        return kept


def gather(receipts: Path | None, kept: KeptLines) -> list[KnownLine]:
    """The lines of the receipts, if there are some, of the worn pages and of the drawn cases.

    Raises:
        TurnOver: the turn's time is over before all are read.
    """
    witness = Witness()
    engine = _engine(witness)
    found: list[KnownLine] = []
    for image in images_with_truth(receipts) if receipts is not None else ():
        read = functools.partial(_receipt, image, engine, witness)
        found += _known(kept, f"receipts/{image.name}", read)
    for source, document, recipe in _drawings():
        read = functools.partial(_drawn, source, recipe, document, engine, witness)
        found += _known(kept, f"{source}/{document}", read)
    return found


def _drawings() -> Iterator[tuple[str, str, Recipe]]:
    """Source, document and how it is drawn, of the pages that the model is fitted to."""
    for first in FITTED_FIRST:
        for recipe in worn.recipes(first):
            yield "worn", f"{first}: {recipe.file_name}", recipe
    for recipe in cases.recipes():
        yield "drawn", recipe.file_name, recipe


def _known(
    kept: KeptLines, document: str, read: Callable[[], Iterable[KnownLine]]
) -> list[KnownLine]:
    return [KnownLine(*fields) for fields in kept.of(document, read)]


def look_at(folder: Path) -> list[KnownLine]:
    """The lines of a folder of cases (`suites`), to which nothing is fitted; of each file's first
    page."""
    witness = Witness()
    engine = _engine(witness)
    found: list[KnownLine] = []
    for item in all_cases([str(folder)], folder):
        with contextlib.suppress(ImageError):
            page = next(iter(decode_pages(item.path.read_bytes(), 1e9)))
            known = [tidy(line) for line in item.known.splitlines()]
            for line in _read(page.pixels, engine, witness):
                right = is_right(line.text, known)
                found.append(
                    _known_line("cases", item.kind, item.path.name, line, witness, right=right)
                )
    return found


def _engine(witness: Witness) -> PageEngine:
    settings = load(os.environ)
    models = load_models(
        choose(settings, usable_cpus()), resolve(models_folder(), "small"), settings
    )
    return PageEngine(
        models, detection_side=settings.detection_side, orientation=True, judge=witness
    )


def _receipt(image: Path, engine: PageEngine, witness: Witness) -> Iterator[KnownLine]:
    known = list(known_lines(image))
    (page,) = decode_pages(image.read_bytes(), 1e9)
    for line in _read(page.pixels, engine, witness):
        right = is_right_at(line.text, box_of(line.polygon), known)
        if right is not None:
            yield _known_line("receipts", "", image.name, line, witness, right=right)


def _drawn(
    source: str, recipe: Recipe, document: str, engine: PageEngine, witness: Witness
) -> Iterator[KnownLine]:
    drawing = recipe.draw()
    known = [tidy(line) for line in drawing.lines]
    say(f"Reading {document} …")
    for line in _read(pixels_of(drawing), engine, witness):
        right = is_right(line.text, known)
        yield _known_line(source, recipe.kind, document, line, witness, right=right)


def _read(pixels: Pixels, engine: PageEngine, witness: Witness) -> tuple[Line, ...]:
    witness.begin()
    return engine.read(pixels).lines


def pixels_of(drawing: Drawing) -> Pixels:
    """As a decoded page."""
    colours = np.asarray(drawing.image.convert("RGB"), dtype=np.uint8)
    return np.asarray(cv2.cvtColor(colours, cv2.COLOR_RGB2BGR), dtype=np.uint8)


def _known_line(
    source: str, kind: str, document: str, line: Line, witness: Witness, *, right: bool
) -> KnownLine:
    return KnownLine(
        source, kind, document, line.text, line.confidence, witness.of(line), wrong=not right,
        marked=line.is_unspelled,
    )  # fmt: skip
