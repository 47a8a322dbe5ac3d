"""Characters that stand upright below each other, laid side by side as a recogniser reads them.

Chinese and Japanese are set so, and signs in any script. The recogniser knows such columns lying
on their side, too, but loses much of their punctuation then, and nearly all of it in Latin.
"""

import cv2
import numpy as np
import numpy.typing as npt

from decoding.pixels import Pixels

_PITCHES = tuple(0.85 + 0.05 * step for step in range(16))
"""Distances between characters that are tried, in widths of the column's ink."""
_TALLEST = 1.25
"""A character is at most so many widths high."""
_ROW_HEIGHT = 1.3
"""The row's, in widths of a character …"""
_ROW_STEP = 1.12
"""… and the width that each takes there."""
_MARK = 0.45
"""A punctuation mark is smaller than so many widths."""
_MOST_RUNS = 400
_LEAST_CHARACTERS = 2
_STROKES = frozenset("|｜1１lIｌ丨亅ー")
"""As what a long vowel's standing stroke is read …"""
_CORNERS = frozenset("L∟└")
"""… and as what, besides, the standing end of a quotation."""
_OPENINGS = frozenset("¬﹁┐")
_LONG_VOWEL, _OPEN, _CLOSE = "ー", "「", "」"
_KATAKANA = "\u30a1"
"""Its first sign; hiragana come before."""
_EAST_ASIAN = (("\u3000", "\u9fff"), ("\uf900", "\ufaff"), ("\uff00", "\uffef"))

_Span = tuple[int, int]
"""First row, and the row behind the last."""


def column_as_row(column: Pixels) -> Pixels | None:
    """The characters of an upright `column` (height, width, 3) as one row; None when there are not
    two of them to be told apart."""
    ink = _ink(column)
    across = np.flatnonzero(ink.any(axis=0))
    runs = _runs(np.asarray(ink.any(axis=1)))
    if not len(across) or not _LEAST_CHARACTERS <= len(runs) <= _MOST_RUNS:
        return None
    left, right = int(across[0]), int(across[-1]) + 1
    size = right - left
    characters = _characters(runs, size)
    if len(characters) < _LEAST_CHARACTERS:
        return None
    height, step = max(round(size * _ROW_HEIGHT), 1), max(round(size * _ROW_STEP), 1)
    row = np.empty((height, step * len(characters), 3), dtype=np.uint8)
    row[:] = np.median(column[~ink], axis=0) if not ink.all() else 255
    for number, (top, bottom) in enumerate(characters):
        bottom = min(bottom, top + height)
        across = np.flatnonzero(ink[top:bottom, left:right].any(axis=0)) + left
        begin, end = int(across[0]), int(across[-1]) + 1
        down, along = (height - (bottom - top)) // 2, (step - size) // 2 + begin - left
        if max(bottom - top, end - begin) < _MARK * size and begin - left > size // 3:
            # A comma or full stop has its place at the lower left in a row.
            down, along = (height + size) // 2 - (bottom - top), (step - size) // 2
        place = number * step + along
        row[down : down + bottom - top, place : place + end - begin] = column[top:bottom, begin:end]
    return row


def as_horizontal(text: str) -> str:
    """The text of a row made of a column, whose long vowels and quotation marks still stand."""
    read = ""
    for sign in text:
        read += _lying(sign, read)
    return read


def _lying(sign: str, before: str) -> str:
    if sign in _OPENINGS:
        return _OPEN
    quoted = before.count(_OPEN) > before.count(_CLOSE)
    last = before[-1:]
    if sign in _CORNERS and quoted and is_stacking_script(last):
        return _CLOSE
    if sign in _STROKES and "\u3041" <= last <= "\u30ff":
        return _CLOSE if quoted and last < _KATAKANA else _LONG_VOWEL
    return sign


def is_stacking_script(text: str) -> bool:
    """Whether most of a text is in characters that are often set below each other."""
    signs = [sign for sign in text if not sign.isspace()]
    return bool(signs) and 2 * sum(map(_is_east_asian, signs)) >= len(signs)


def _ink(column: Pixels) -> npt.NDArray[np.bool_]:
    """Where it is not as most of its left and right edge is."""
    grey = cv2.cvtColor(column, cv2.COLOR_BGR2GRAY)
    _, light = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    edges_are_light = light[:, [0, -1]].mean() >= 0.5
    ink: npt.NDArray[np.bool_] = light == (0 if edges_are_light else 1)
    return ink


def _runs(rows: npt.NDArray[np.bool_]) -> list[_Span]:
    """Stretches of rows that have ink."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], rows.astype(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _characters(runs: list[_Span], size: int) -> list[_Span]:
    """Runs grouped into characters: many consist of parts below each other, and what tells is
    that characters follow each other at an even pitch."""
    _, best = min(_grouped(runs, size, share * size) for share in _PITCHES)
    return best


def _grouped(runs: list[_Span], size: int, pitch: float) -> tuple[float, list[_Span]]:
    """The cheapest way to group: (cost, characters). Each character costs a little, and more the
    further the next one is from standing at a multiple of the pitch."""
    costs, begins = [0.0], [0]
    for end in range(1, len(runs) + 1):
        best = (float("inf"), end - 1)
        for begin in range(end - 1, -1, -1):
            top = runs[begin][0]
            if begin < end - 1 and runs[end - 1][1] - top > _TALLEST * size:
                break
            step = (runs[end][0] - top) / pitch if end < len(runs) else 1.0
            whole = max(round(step), 1)
            cost = costs[begin] + 0.1 + 0.5 * abs(step - whole) + 0.05 * (whole - 1)
            best = min(best, (cost, begin))
        costs.append(best[0])
        begins.append(best[1])
    characters: list[_Span] = []
    end = len(runs)
    while end:
        characters.append((runs[begins[end]][0], runs[end - 1][1]))
        end = begins[end]
    return costs[-1], characters[::-1]


def _is_east_asian(sign: str) -> bool:
    return any(first <= sign <= last for first, last in _EAST_ASIAN)
