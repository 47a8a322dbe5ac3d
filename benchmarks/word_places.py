"""How far from its place each word is stored, on pages of which the place of every word is known.

    python benchmarks/word_places.py [--layouts folder of images with hOCR] [--pages 6]

Draws pages (`drawing.placed_words`), reads them and those of the folder, and prints for each page
the distance along the line between the middle of a word's box and the middle of the known one:
median, 95th percentile and the share within 3 pixels; beside them, the processor time that places
take of that of reading. A word counts where its line was read as it is known.
"""

import argparse
import html
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from decoding.documents import decode_pages
from decoding.pixels import Pixels
from drawing import placed_words
from drawing.placed_words import PlacedWord
from engines.inference import choose, load_models
from engines.word_spans import word_spans
from models import resolve
from ocr_contract.word_boxes import word_places
from ocr_settings import load
from page_records import Line
from project import main_guard
from reading.engine import PageEngine
from reading.judged_lines import judged
from reading.line_crops import crop_line, shares_along, turned
from reading.line_reading import Reading
from scoring import IMAGE_SUFFIXES
from service_folders import models_folder

NEAR_PX = 3.0
_HOCR_WORD = re.compile(r"<span class=['\"]ocrx_word['\"]([^>]*)>(.*?)</span>", re.DOTALL)
_BOX = re.compile(r"bbox (\d+) (\d+) (\d+) (\d+)")
_TAG = re.compile(r"<[^>]+>")


class KnownWord(NamedTuple):
    """A word and the middle of its box, (2,) in pixels of the page."""

    text: str
    middle: npt.NDArray[np.float64]


class Timed:
    """Judges lines as the service does, and keeps what their words' places came from."""

    def __init__(self) -> None:
        self.kept: list[tuple[Reading, npt.NDArray[np.float32]]] = []

    def __call__(
        self, reading: Reading, polygon: npt.NDArray[np.float32], page: float | None = None
    ) -> Line:
        self.kept.append((reading, polygon))
        return judged(reading, polygon, page)

    def seconds(self, page: Pixels) -> float:
        """Processor time to find the places of the lines again, which it then forgets."""
        crops = [
            turned(crop_line(page, polygon), reading.way.turn) for reading, polygon in self.kept
        ]
        started = time.process_time()
        for (reading, polygon), crop in zip(self.kept, crops, strict=True):
            if word_spans(reading.text, reading.evidence, crop) is not None and reading.places:
                shares_along(polygon, reading.way.turn, reading.places)
        self.kept = []
        return time.process_time() - started


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description="Distance of words from their known places.")
    parser.add_argument("--layouts", default="", help="folder of images with NAME.hocr beside them")
    parser.add_argument("--pages", type=int, default=6, help="so many are drawn")
    options = parser.parse_args()
    settings = load(os.environ)
    models = load_models(choose(settings, 1), resolve(models_folder(), "small"), settings)
    timed = Timed()
    engine = PageEngine(
        models, detection_side=settings.detection_side, orientation=True, judge=timed
    )
    groups: dict[str, list[Measured]] = {"drawn": [], "real": []}
    print("page                   words  found  median    p95   near   time")
    for group, name, pixels, words in pages(options.pages, Path(options.layouts or os.devnull)):
        started = time.process_time()
        page = engine.read(pixels)
        reading_s = time.process_time() - started
        found = errors(page.lines, words)
        groups[group].append(Measured(len(words), found, reading_s, timed.seconds(page.pixels)))
        print(f"{name:20}  {_row(groups[group][-1:])}", flush=True)
    for group, measured in (groups | {"all": [*groups["drawn"], *groups["real"]]}).items():
        print(f"{group:20}  {_row(measured)}")
    return 0


class Measured(NamedTuple):
    """Of one page."""

    known: int
    errors: list[float]
    reading_s: float
    places_s: float


def _row(some: Sequence[Measured]) -> str:
    found = [error for page in some for error in page.errors] or [0.0]
    median, high = np.quantile(found, [0.5, 0.95])
    share = sum(page.places_s for page in some) / max(sum(p.reading_s for p in some), 1e-9)
    return (
        f"{sum(page.known for page in some):6}  {len(found):5}  {median:6.2f}  {high:5.2f}"
        f"  {np.mean(np.array(found) <= NEAR_PX):5.1%}  {share:5.2%}"
    )


def pages(drawn: int, layouts: Path) -> Iterator[tuple[str, str, Pixels, list[KnownWord]]]:
    """Group, name, pixels and words of each."""
    for seed in range(drawn):
        picture, words = placed_words.page(seed)
        pixels = np.repeat(np.asarray(picture)[:, :, None], 3, axis=2)
        yield (
            "drawn",
            f"drawn {seed}",
            np.ascontiguousarray(pixels),
            [moved(word) for word in words],
        )
    for path in sorted(layouts.iterdir()) if layouts.is_dir() else ():
        known = path.with_suffix(".hocr")
        if path.suffix.lower() in IMAGE_SUFFIXES and known.is_file():
            (page,) = decode_pages(path.read_bytes(), 1e9)
            listed = hocr_words(known.read_text(encoding="utf-8"))
            yield "real", path.name, page.pixels, [moved(word) for word in listed]


def hocr_words(text: str) -> list[PlacedWord]:
    """The words of an hOCR file with their boxes."""
    found = []
    for attributes, content in _HOCR_WORD.findall(text):
        word, box = html.unescape(_TAG.sub("", content)).strip(), _BOX.search(attributes)
        if word and box:
            left, top, right, bottom = map(int, box.groups())
            found.append(PlacedWord(word, (left, top, right, bottom)))
    return found


def moved(word: PlacedWord, matrix: npt.NDArray[np.float64] | None = None) -> KnownWord:
    """A word of a page that was turned by a matrix (2, 3)."""
    left, top, right, bottom = word.box
    middle = (top + bottom) / 2
    points = np.array([[left, middle, 1], [right, middle, 1]])
    first, last = points[:, :2] if matrix is None else points @ matrix.T
    return KnownWord(word.text, (first + last) / 2)


def errors(lines: Sequence[Line], known: Sequence[KnownWord]) -> list[float]:
    """Distances along the line, in pixels, of the words of lines that were read as they are known;
    of lines without places of words too, as they are divided up."""
    found: list[float] = []
    for line in lines:
        corners = np.array(line.polygon, dtype=np.float32)
        way = corners[1] - corners[0]
        way /= max(float(np.linalg.norm(way)), 1.0)
        inside = [
            word
            for word in known
            if cv2.pointPolygonTest(corners, tuple(map(float, word.middle)), False) >= 0
        ]
        inside.sort(key=lambda word: float(word.middle @ way))
        placed = word_places(line.text, line.words, line.polygon)
        if [word for word, _ in placed] == [word.text for word in inside]:
            found += [
                abs(float((np.mean(points, axis=0) - word.middle) @ way))
                for (_, points), word in zip(placed, inside, strict=True)
            ]
    return found


if __name__ == "__main__":
    sys.exit(main_guard(main))
