"""Single signs in rows with lines, which the search does not find.

It marks words. A thin 1 between a name and a price, the quantity on a receipt, often leaves no mark
on its map, however sharp it is. What stands alone in the row of a line, as high as that line's
capitals and no rule, is cut out by its ink and read by itself.
"""

import cv2
import numpy as np
import numpy.typing as npt

from decoding.pixels import Pixels
from engines.arrays import Flags, Polygons
from reading.ink import ink_of
from reading.layout.boxes import Boxes
from reading.line_reading import Reading
from reading.rows_beside import Rows

_ROW_HEIGHT = 14
"""The page is scaled down while the usual line stays so high: enough to tell a sign's place."""
_CONTRAST = 28
"""Ink differs by this much of 255 from what is around it …"""
_AROUND = 2.0
"""… so many heights of a line wide and high."""
_BESIDE, _BELOW = 0.35, 0.15
"""Pieces of ink so near to each other, in heights of a line, are one sign, or a line's own."""
_LEAST_HEIGHT, _MOST_HEIGHT = 0.38, 0.7
"""A sign's, in heights of the line in whose row it stands; a line is found with a margin."""
_MOST_WIDTH = 2.0
"""Of a sign or a few, in its own heights, …"""
_LEAST_WIDTH = 0.17
"""… and a stroke without a flag, which a rule's piece may be, is no wider."""
_OFF_CENTRE = 0.16
"""So far its middle is from the line's, in heights of the line."""
_MARGIN = 0.15
"""Ground around it when it is read, in its heights."""
_SURE = 0.9
"""A sign alone must read so well."""
_MOST_UNSURE = 0.3
"""Where more lines read badly, signs may be of a script that nobody can spell: an Arabic 5 is a 0,
surely. Of 51 receipts none has more than 0.09."""
_MOST_PIECES = 5000
"""More pieces of ink are a texture; each is compared with each row."""
_ROUND, _ROUND_RATIO = {"0", "D", "Q", "C", "G"}, 0.85
"""What is as wide as high is a circle or a box, …"""
_BAR_RATIO = 0.25
"""… and what is so narrow is a bar or an l: a 1 has a flag."""
_MARKS = "IOV"
"""A stroke, a circle and a tick look like these."""
_NONE: Polygons = np.empty((0, 4, 2), dtype=np.float32)


def signs(page: Pixels, polygons: Polygons, rows: Rows) -> Polygons:
    """(count, 4, 2): what may be signs in rows of an upright page (height, width, 3), beside its
    lines (count, 4, 2); at most as many as these."""
    if not rows.height or rows.unsure > _MOST_UNSURE:
        return _NONE
    step = max(int(rows.height / _ROW_HEIGHT), 1)
    ink, height = _ink(page, step, rows.height / step), rows.height / step
    pieces = _pieces_alone(ink, polygons / np.float32(step), height) * step
    found = pieces[_stand_in_rows(pieces, rows)]
    if not len(found) or len(found) > len(polygons):
        return _NONE
    margin = _MARGIN * (found[:, 3] - found[:, 1])[:, None] * (-1, -1, 1, 1)
    boxes = np.clip((found + margin).round(), 0, 2 * page.shape[1::-1])
    return np.asarray(boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]], dtype=np.float32)


def is_sign(reading: Reading, crop: Pixels) -> bool:
    """Whether what was cut out, (height, width, 3), is a number or a capital letter. What else a
    stroke may be, a tick, a bullet or a box, is read as other signs."""
    text = reading.text.strip()
    if reading.confidence < _SURE or not text.isascii():
        return False
    down, across = ink_of(crop).nonzero()
    ratio = float((np.ptp(across) + 1) / (np.ptp(down) + 1)) / len(text) if len(down) else 0.0
    if (set(text) <= _ROUND and ratio > _ROUND_RATIO) or (text == "1" and ratio < _BAR_RATIO):
        return False
    return text.isdecimal() or (len(text) == 1 and text.isupper() and text not in _MARKS)


def _ink(page: Pixels, step: int, height: float) -> npt.NDArray[np.uint8]:
    """The page, scaled down so many times: 255 where there is ink. The usual line is then `height`
    pixels high."""
    grey = cv2.cvtColor(page, cv2.COLOR_BGR2GRAY)
    if step > 1:  # whole steps are fast
        rows, columns = (side // step * step for side in grey.shape)
        size = columns // step, rows // step
        grey = cv2.resize(grey[:rows, :columns], size, interpolation=cv2.INTER_AREA)
    around = int(_AROUND * height) | 1
    differs = cv2.absdiff(grey, cv2.blur(grey, (around, around)))
    return np.asarray(cv2.threshold(differs, _CONTRAST, 255, cv2.THRESH_BINARY)[1], dtype=np.uint8)


def _pieces_alone(ink: npt.NDArray[np.uint8], polygons: Polygons, height: float) -> Boxes:
    """(count, 4): left, top, right, bottom of ink that is near to no line and about as high as the
    lines' letters. What is in lines is taken out of the ink."""
    beside, below = (max(round(share * height), 1) for share in (_BESIDE, _BELOW))
    of_lines = np.zeros_like(ink)
    cv2.fillPoly(of_lines, [*polygons.round().astype(np.int32)], (255,))
    cv2.bitwise_and(ink, cv2.bitwise_not(of_lines), dst=ink)
    joined = cv2.dilate(ink, np.ones((below, beside), dtype=np.uint8))
    # An outline's box is found ten times as fast as a piece's.
    outlines, _ = cv2.findContours(joined, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for x, y, width, high in map(cv2.boundingRect, outlines):
        is_small = _LEAST_HEIGHT * height / 2 <= high <= 2 * height >= width
        is_whole = 0 < x < ink.shape[1] - width and 0 < y < ink.shape[0] - high
        part = ink[y : y + high, x : x + width] if is_small and is_whole else ink[:0]
        if not part.any() or of_lines[_around(y, high), _around(x, width)].any():
            continue
        across, down = (np.flatnonzero(part.any(axis=axis)).tolist() for axis in (0, 1))
        found.append((x + across[0], y + down[0], x + across[-1] + 1, y + down[-1] + 1))
        if len(found) > _MOST_PIECES:
            found.clear()
            break
    return np.array(found, dtype=np.float32).reshape(-1, 4)


def _around(start: int, length: int) -> slice:
    return slice(max(start - 1, 0), start + length + 1)


def _stand_in_rows(pieces: Boxes, rows: Rows) -> Flags:
    """(count,): whether each is as high as a sign in some row, and in its middle."""
    width, height = (pieces[:, 2:] - pieces[:, :2]).T
    across, down = ((pieces[:, 2:] + pieces[:, :2]) / 2).T
    off = np.abs(down[:, None] - rows.middles(across))
    share = height[:, None] / rows.heights
    fits = (off <= _OFF_CENTRE * rows.heights) & (share >= _LEAST_HEIGHT) & (share <= _MOST_HEIGHT)
    alone = (width <= _MOST_WIDTH * height) & (width >= _LEAST_WIDTH * height)
    found: Flags = alone & fits.any(axis=1)
    return found
