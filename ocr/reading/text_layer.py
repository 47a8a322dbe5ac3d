"""Whether the text layer of a PDF's page says what its picture shows, so that it need not be read.

A layer is sound when all of this holds:

- there are letters enough to judge by, in lines that run along the page;
- nearly all the ink of the page lies in its lines, and each line has ink: no picture with text of
  its own, no line that nobody sees;
- some of its lines, spread over the page, cut out and read, say what the layer says.

A layer with a font that has no table of letters, one that OCR of old made, or one that belongs to
another page fails at the last; whatever fails is read as if there were none.
"""

import difflib
from collections.abc import Callable, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from decoding.pixels import Pixels
from engines.arrays import median
from engines.word_spans import word_spans
from page_records import Line, TextRun
from reading.layout.paragraphs import paragraph_numbers
from reading.line_crops import crop_line, shares_along, thousandths

Read = Callable[[Pixels], Sequence[Line]]
"""Reads a picture."""
MODEL = "pdf_text"
"""In the place of the model's name: nothing read these lines."""
_LEAST_LETTERS = 20
_SAMPLES = 6
_LEAST_ALIKE, _LEAST_ALIKE_ALONE = 0.985, 0.8
"""Of all the samples together, and of each: see docs/decisions/0035."""
_INK = 60
"""So much darker or lighter than the ground."""
_MOST_ELSEWHERE = 0.1
"""Of the ink may lie in no line: rules, bullets, a small mark."""
_LEAST_INK = 0.02
"""Of a line's box."""
_MOST_EMPTY = 0.05
"""Of the lines may have none: spaces are sometimes words."""
_SHORTEST_SAMPLE = 5


def trusted(page: Pixels, runs: Sequence[TextRun], read: Read) -> tuple[Line, ...] | None:
    """The layer's lines, with how well the samples agreed as their confidence; None: read it."""
    lines = lines_of(runs)
    if sum(_letters(line.text) for line in lines) < _LEAST_LETTERS or _any_upright(lines):
        return None
    if not _covers(page, lines):
        return None
    alike = _agreement(page, _spread(lines), read)
    if alike is None:
        return None
    polygons = [_polygon(line.box) for line in lines]
    paragraphs = paragraph_numbers(np.array(polygons, np.float32), [line.text for line in lines])
    return tuple(
        Line(
            line.text, alike, polygon, doubt=1 - alike, model=MODEL,
            words=_words(page, line.text, polygon), paragraph=paragraph,
        )
        for line, polygon, paragraph in zip(lines, polygons, paragraphs, strict=True)
    )  # fmt: skip


def _words(
    page: Pixels, text: str, polygon: tuple[tuple[float, float], ...]
) -> tuple[int, ...] | None:
    """Where the words of a line are, by the gaps in its ink; None where these do not tell."""
    corners = np.array(polygon, dtype=np.float32)
    places = word_spans(text, (), crop_line(page, corners))
    return None if places is None else thousandths(shares_along(corners, 0, places))


def lines_of(runs: Sequence[TextRun]) -> list[TextRun]:
    """Runs that follow each other in one row, as one."""
    lines: list[TextRun] = []
    for run in runs:
        words = " ".join(run.text.split())
        if not words:
            continue
        if lines and _continues(lines[-1], run):
            before = lines[-1]
            box = (
                min(before.box[0], run.box[0]), min(before.box[1], run.box[1]),
                max(before.box[2], run.box[2]), max(before.box[3], run.box[3]),
            )  # fmt: skip
            near = run.box[0] - before.box[2] < 0.15 * _height(run)
            joined = f"{before.text}{'' if near else ' '}{words}"
            lines[-1] = TextRun(joined, box)
        else:
            lines.append(TextRun(words, run.box))
    return lines


def _continues(before: TextRun, run: TextRun) -> bool:
    overlap = min(before.box[3], run.box[3]) - max(before.box[1], run.box[1])
    height = min(_height(before), _height(run))
    gap = run.box[0] - before.box[2]
    return overlap > 0.5 * height and -0.5 * height < gap < 2 * height


def _height(run: TextRun) -> float:
    return max(run.box[3] - run.box[1], 1.0)


def _letters(text: str) -> int:
    return sum(character.isalnum() for character in text)


def _any_upright(lines: Sequence[TextRun]) -> bool:
    """Whether a line runs up or down the page: how its box is to be read is not known."""
    return any(
        _letters(line.text) > 3 and _height(line) > 2 * (line.box[2] - line.box[0])
        for line in lines
    )


def _covers(page: Pixels, lines: Sequence[TextRun]) -> bool:
    ink = _ink_of(page)
    whole = int(ink.sum())
    if not whole:
        return False
    empty = 0
    elsewhere = ink.copy()
    for line in lines:
        rows, columns = _place(line, ink.shape, margin=0.3)
        elsewhere[rows, columns] = False
        rows, columns = _place(line, ink.shape)
        empty += not ink[rows, columns].size or float(ink[rows, columns].mean()) < _LEAST_INK
    return int(elsewhere.sum()) <= _MOST_ELSEWHERE * whole and empty <= _MOST_EMPTY * len(lines)


def _ink_of(page: Pixels) -> npt.NDArray[np.bool_]:
    grey = cv2.cvtColor(page, cv2.COLOR_BGR2GRAY)
    ground = int(median(grey[::4, ::4]))
    return np.asarray(np.abs(grey.astype(np.int16) - ground) > _INK)


def _place(line: TextRun, shape: tuple[int, ...], *, margin: float = 0.0) -> tuple[slice, slice]:
    """Rows and columns of its box, larger by that share of its height."""
    more = margin * _height(line)
    left, top, right, bottom = line.box
    rows = slice(max(int(top - more), 0), min(int(bottom + more) + 1, shape[0]))
    columns = slice(max(int(left - more), 0), min(int(right + more) + 1, shape[1]))
    return rows, columns


def _spread(lines: Sequence[TextRun]) -> list[TextRun]:
    """Some lines that are long enough, from all over the page."""
    long = [line for line in lines if _letters(line.text) >= _SHORTEST_SAMPLE] or list(lines)
    picks = np.linspace(0, len(long) - 1, min(_SAMPLES, len(long))).round().astype(int)
    return [long[pick] for pick in picks]


def _agreement(page: Pixels, samples: Sequence[TextRun], read: Read) -> float | None:
    """How alike the samples and their readings are, 0 to 1; None where that is too little."""
    crops = [page[_place(line, page.shape, margin=0.25)] for line in samples]
    crops = [crop for crop in crops if crop.size]
    if len(crops) < len(samples):
        return None
    texts = [_plain(line.text) for line in read(_below_each_other(crops))]
    scores = []
    for sample in samples:
        wanted = _plain(sample.text)
        whole = max((_alike(wanted, text) for text in texts), default=0.0)
        scores.append(max(whole, _found_in(wanted, "".join(texts))))
    weights = [len(_plain(sample.text)) for sample in samples]
    mean = float(np.average(scores, weights=weights)) if sum(weights) else 0.0
    if mean < _LEAST_ALIKE or min(scores) < _LEAST_ALIKE_ALONE:
        return None
    return round(mean, 4)


def _below_each_other(crops: Sequence[Pixels]) -> Pixels:
    """One picture with a gap of a line's height between them, on the ground of the first."""
    width = max(crop.shape[1] for crop in crops) + 40
    ground = np.median(crops[0].reshape(-1, 3), axis=0).astype(np.uint8)
    gap = max(crop.shape[0] for crop in crops) // 2 + 10
    height = sum(crop.shape[0] + gap for crop in crops) + gap
    picture = np.empty((height, width, 3), dtype=np.uint8)
    picture[:] = ground
    top = gap
    for crop in crops:
        picture[top : top + crop.shape[0], 20 : 20 + crop.shape[1]] = crop
        top += crop.shape[0] + gap
    return picture


def _plain(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _alike(wanted: str, text: str) -> float:
    return difflib.SequenceMatcher(None, wanted, text, autojunk=False).ratio()


def _found_in(wanted: str, text: str) -> float:
    """1 where the engine cut one line into several."""
    return float(bool(wanted) and wanted in text)


def _polygon(box: tuple[float, float, float, float]) -> tuple[tuple[float, float], ...]:
    left, top, right, bottom = (float(side) for side in box)
    return ((left, top), (right, top), (right, bottom), (left, bottom))
