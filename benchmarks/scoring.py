"""Ground truth and the word score that every benchmark here uses.

A folder for measuring holds `NNN.jpg` and `NNN.csv`; each row of a CSV is
`x1,y1,x2,y2,x3,y3,x4,y4,text`, and the text may hold commas. Scoring takes no notice of case:
both texts are cut into words by one regular expression, and the two multisets of words are
compared page by page (precision, recall and F1 over the sums).
"""

import collections
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

_WORD = re.compile(r"[A-Z0-9.,:/%\-&'@#()]+")
IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp", ".gif"}


class Score(NamedTuple):
    """Shares from 0 to 1."""

    precision: float
    recall: float
    f1: float


def images_with_truth(folder: Path) -> list[Path]:
    """The images of `folder` that have a CSV beside them, by name; SystemExit without any."""
    images = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in IMAGE_SUFFIXES and path.with_suffix(".csv").exists()
    )
    if not images:
        raise SystemExit(f"error: {folder} holds no image with a .csv of its text beside it.")
    return images


def truth_of(image: Path) -> str:
    """The known text of an image, one line a row."""
    rows = image.with_suffix(".csv").read_text("utf-8-sig", errors="replace").splitlines()
    fields = (row.split(",", 8) for row in rows)
    return "\n".join(row[8] for row in fields if len(row) == 9)


def score(texts: Mapping[Path, str]) -> Score:
    """How well the texts of some images agree with what is known."""
    return score_pairs((text, truth_of(image)) for image, text in texts.items())


def score_pairs(pairs: Iterable[tuple[str, str]]) -> Score:
    """How well texts agree with what is known; each pair is one page's `read, known`."""
    hits = found = known = 0
    for read, truth in pairs:
        ours, theirs = _words(read), _words(truth)
        hits += (ours & theirs).total()
        found += ours.total()
        known += theirs.total()
    precision, recall = hits / max(found, 1), hits / max(known, 1)
    return Score(precision, recall, 2 * precision * recall / max(precision + recall, 1e-9))


def _words(text: str) -> "collections.Counter[str]":
    return collections.Counter(_WORD.findall(text.upper()))
