"""Which text stands in which cell; a line that runs over several cells is divided between words."""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reading.layout.boxes import Boxes, Indices, Numbers
from reading.tables.table_grid import GridCell

_ACROSS = 0.5
"""A line that covers so much of the text of each of two cells runs over both."""
_BEYOND = 0.75
"""A line that is farther than so many heights from its cell has none."""

_APART = 0.8
"""Two words of one cell stand nearer to each other, in heights."""


class Piece(NamedTuple):
    """A line, or a part of one, in a cell."""

    line: int
    """Its index on the page."""
    text: str


class Filled(NamedTuple):
    """The cells' texts."""

    pieces: list[list[Piece]]
    """Of each cell, from the top."""
    fit: float
    """The share of the lines that stand where the cell they went to stands."""
    crowded: float
    """The share of the cells with text in which pieces stand far apart beside each other."""

    def texts(self) -> list[str]:
        """Of each cell."""
        return [" ".join(piece.text for piece in pieces) for pieces in self.pieces]


def fill(cells: Sequence[GridCell], boxes: Boxes, texts: Sequence[str], indices: Indices) -> Filled:
    """Puts the lines `indices` of a page into these cells, whose places are the page's, too."""
    places = np.array([cell.box for cell in cells], dtype=np.float32).reshape(-1, 4)
    rows = np.array([(cell.row, cell.row + cell.rowspan) for cell in cells]).reshape(-1, 2)
    pieces: list[list[tuple[float, float, Piece]]] = [[] for _ in cells]
    near = 0
    for index in indices.tolist():
        box = boxes[index]
        owners = _owners(rows, places, box)
        height = float(box[3] - box[1])
        near += int(_distance(places[owners[0]], box) <= _BEYOND * height)
        for owner, text in _divided(texts[index], box, places, owners):
            pieces[owner].append((float(box[1] + box[3]) / 2, float(box[0]), Piece(index, text)))
    ordered = [_in_order(found, boxes) for found in pieces]
    filled = [found for found in ordered if found]
    crowded = sum(_is_crowded(found, boxes) for found in filled)
    return Filled(ordered, near / max(len(indices), 1), crowded / max(len(filled), 1))


def _is_crowded(pieces: Sequence[Piece], boxes: Boxes) -> bool:
    for one, other in itertools.pairwise(pieces):
        first, second = boxes[one.line], boxes[other.line]
        height = float(first[3] - first[1])
        if second[0] - first[2] > _APART * height and second[1] < first[3] - height / 2:
            return True
    return False


def _in_order(found: list[tuple[float, float, Piece]], boxes: Boxes) -> list[Piece]:
    """Rows of one cell from the top, each from left to right."""
    found.sort(key=lambda piece: piece[0])
    rows: list[list[tuple[float, float, Piece]]] = []
    for piece in found:
        height = float(boxes[piece[2].line, 3] - boxes[piece[2].line, 1])
        if not rows or piece[0] - rows[-1][0][0] > height / 2:
            rows.append([])
        rows[-1].append(piece)
    return [piece for row in rows for _, _, piece in sorted(row, key=lambda piece: piece[1])]


def _owners(rows: Indices, places: Boxes, box: Boxes) -> list[int]:
    """The cell of a line, or the cells of one row that it runs over, from the left; of each cell
    `rows` has the first and the one behind its last."""
    across = np.minimum(places[:, 2], box[2]) - np.maximum(places[:, 0], box[0])
    down = np.minimum(places[:, 3], box[3]) - np.maximum(places[:, 1], box[1])
    shared = np.clip(across, 0, None) * np.clip(down, 0, None)
    if not shared.any():
        middles = np.array([box[0] + box[2], box[1] + box[3]]) / 2
        apart = np.maximum(np.maximum(places[:, :2] - middles, middles - places[:, 2:]), 0)
        return [int(np.argmin(np.hypot(apart[:, 0], apart[:, 1])))]
    best = int(np.argmax(shared))
    row = rows[best, 0]
    beside = np.flatnonzero(
        (across >= _ACROSS * (places[:, 2] - places[:, 0]))
        & (down > 0)
        & (rows[:, 0] <= row)
        & (row < rows[:, 1])
    )
    if len(beside) < 2:
        return [best]
    found: list[int] = beside[np.argsort(places[beside, 0], kind="stable")].tolist()
    return found


def _distance(place: Boxes, box: Boxes) -> float:
    """Between a cell's text and a line's middle."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    aside = max(float(place[0] - x), float(x - place[2]), 0.0)
    beyond = max(float(place[1] - y), float(y - place[3]), 0.0)
    return float(np.hypot(aside, beyond))


def _divided(text: str, box: Boxes, places: Boxes, owners: Sequence[int]) -> list[tuple[int, str]]:
    """Each owner's words, by where they stand in the line."""
    words = text.split()
    if len(owners) == 1 or len(words) < 2:
        return [(owners[0], text)]
    cuts = [(places[one, 2] + places[other, 0]) / 2 for one, other in itertools.pairwise(owners)]
    chosen = np.searchsorted(np.array(cuts), _middles(words, box))
    found = []
    for number, owner in enumerate(owners):
        part = " ".join(words[place] for place in np.flatnonzero(chosen == number).tolist())
        if part:
            found.append((owner, part))
    return found


def _middles(words: Sequence[str], box: Boxes) -> Numbers:
    """Where each word stands, all characters being as wide."""
    ends = np.cumsum([len(word) + 1 for word in words])
    starts = ends - np.array([len(word) + 1 for word in words])
    shares = (starts + ends - 1) / 2 / max(float(ends[-1] - 1), 1.0)
    return np.asarray(box[0] + shares * (box[2] - box[0]))
