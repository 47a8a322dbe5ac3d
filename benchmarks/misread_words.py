"""Where each known word of a page was read, and as what.

A word is a run of three or more letters and digits of a folded text. It is misread when it stands
nowhere in what was read of its page, which is what a search for it looks through. Its place is
found by the boxes: of the lines that lie over that of the known line, the one whose text is most
like the word where the two lines are laid side by side.
"""

import dataclasses
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ocr_contract.similar_words import SHORTEST
from ocr_contract.text_folding import fold, fold_page

_WORD = re.compile(r"[^\W_]+")
_COVERED = 0.3
"""The share of the smaller of two boxes from which on they are the same line."""


class Box(NamedTuple):
    """Upright, in pixels."""

    left: float
    top: float
    right: float
    bottom: float


class ReadLine(NamedTuple):
    """A line as it was read."""

    text: str
    box: Box


@dataclasses.dataclass(frozen=True)
class Place:
    """One known word and what was read there: `read[start:end]` of a folded line."""

    page: str
    word: str
    read: str = ""
    start: int = 0
    end: int = 0

    @property
    def was_read(self) -> bool:
        """False where no line was read."""
        return bool(self.read)

    def shows(self, spelling: str) -> bool:
        """Whether a spelling stands here by itself: over half of the word, and half of it here."""
        start = self.read.find(spelling)
        while start >= 0:
            end = start + len(spelling)
            beside = self.read[max(start - 1, 0) : start] + self.read[end : end + 1]
            shared = min(end, self.end) - max(start, self.start)
            alone = not any(character.isalnum() for character in beside)
            if alone and 2 * shared >= max(len(self.word), len(spelling)):
                return True
            start = self.read.find(spelling, start + 1)
        return False


def box_of(points: Sequence[tuple[float, float]]) -> Box:
    """The upright box round a polygon."""
    across, down = zip(*points, strict=True)
    return Box(min(across), min(down), max(across), max(down))


def known_lines(image: Path) -> Iterator[ReadLine]:
    """The rows of the CSV beside an image: `x1,y1,x2,y2,x3,y3,x4,y4,text`."""
    rows = image.with_suffix(".csv").read_text("utf-8-sig", errors="replace").splitlines()
    for row in rows:
        *numbers, text = row.split(",", 8)
        if len(numbers) == 8:
            values = [float(number) for number in numbers]
            yield ReadLine(text, box_of(list(zip(values[::2], values[1::2], strict=True))))


def page_text(lines: Sequence[ReadLine]) -> str:
    """What the search index holds of a page."""
    return fold_page("\n".join(line.text for line in lines))


def places(page: str, known: Iterator[ReadLine], read: Sequence[ReadLine]) -> Iterator[Place]:
    """Every known word of a page."""
    for line in known:
        folded = fold(line.text)
        near = sorted((other for other in read if covers(line.box, other.box)), key=_left)
        texts = [fold(other.text) for other in near]
        sides = [(text, lay_beside(folded, text)[1]) for text in (*texts, " ".join(texts)) if text]
        for match in _WORD.finditer(folded):
            if len(match[0]) >= SHORTEST:
                yield _place(page, match, sides)


def _place(
    page: str, match: "re.Match[str]", sides: list[tuple[str, list[tuple[int, int]]]]
) -> Place:
    word = match[0]
    found = []
    for text, pieces in sides:
        start, end = pieces[match.start()][0], pieces[match.end() - 1][1]
        far, _ = lay_beside(word, text[start:end])
        found.append((far, Place(page, word, text, start, end)))
    return min(found, key=lambda each: each[0])[1] if found else Place(page, word)


def lay_beside(known: str, read: str) -> tuple[int, list[tuple[int, int]]]:
    """Levenshtein's distance, and for each known character the start and end of what it became."""
    rows = [list(range(len(read) + 1))]
    for line, one in enumerate(known, 1):
        above, row = rows[-1], [line]
        for column, other in enumerate(read, 1):
            row.append(min(above[column - 1] + (one != other), above[column] + 1, row[-1] + 1))
        rows.append(row)
    pieces = [(0, 0)] * len(known)
    line, column = len(known), len(read)
    while line:
        here, above = rows[line][column], rows[line - 1]
        if column and here == above[column - 1] + (known[line - 1] != read[column - 1]):
            line, column = line - 1, column - 1
            pieces[line] = (column, column + 1)
        elif here == above[column] + 1:
            line -= 1
            pieces[line] = (column, column)
        else:
            column -= 1
    return rows[-1][-1], pieces


def covers(one: Box, other: Box) -> bool:
    """Whether two boxes lie over each other so far that they are one line's."""
    across = min(one.right, other.right) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    smaller = min(_area(one), _area(other))
    return across > 0 and down > 0 and across * down > _COVERED * smaller


def _area(box: Box) -> float:
    return (box.right - box.left) * (box.bottom - box.top)


def _left(line: ReadLine) -> float:
    return line.box.left
