"""Characters that stand upright below each other, laid side by side as a recogniser reads them.

Chinese and Japanese are set so, and signs in any script. The recogniser knows such columns lying
on their side, too, but loses much of their punctuation then, and nearly all of it in Latin.
"""

import cv2
import numpy as np
import numpy.typing as npt

from decode import Pixels

_PITCHES = tuple(0.85 + 0.05 * step for step in range(16))
"""Distances between characters that are tried, in widths of the column's ink."""
_TALLEST = 1.25
"""A character is at most so many widths high."""
_ROW_HEIGHT = 1.3
"""The row's, in widths of a character …"""
_ROW_STEP = 1.12
"""… and the width that each takes there."""
_MOST_RUNS = 400
_LEAST_CHARACTERS = 2
_BARS = frozenset("|｜1１lIｌ丨｢亅")
"""As what a long vowel's stroke is read when it stands."""
_LONG_VOWEL = "ー"
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
        character = column[top : min(bottom, top + height), left:right]
        down = (height - len(character)) // 2
        along = number * step + (step - size) // 2
        row[down : down + len(character), along : along + size] = character
    return row


def with_long_vowels(text: str) -> str:
    """The text of a row made of a column: a standing stroke behind a kana is a long vowel."""
    read = ""
    for sign in text:
        read += _LONG_VOWEL if sign in _BARS and read and _is_kana(read[-1]) else sign
    return read


def is_stacking_script(text: str) -> bool:
    """Whether most of a text is in characters that are often set below each other."""
    signs = [sign for sign in text if not sign.isspace()]
    return bool(signs) and 2 * sum(map(_is_east_asian, signs)) >= len(signs)


def _ink(column: Pixels) -> npt.NDArray[np.bool_]:
    grey = cv2.cvtColor(column, cv2.COLOR_BGR2GRAY)
    _, light = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    ink: npt.NDArray[np.bool_] = light == 0
    return ~ink if ink.mean() > 0.5 else ink


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


def _is_kana(sign: str) -> bool:
    return "\u3041" <= sign <= "\u30ff"


def _is_east_asian(sign: str) -> bool:
    return any(first <= sign <= last for first, last in _EAST_ASIAN)
