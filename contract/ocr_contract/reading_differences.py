"""Two readings of one page, line beside line: what is the same, what is not, and in which words.

Lines are the same one by where they lie (`line_places`). Where the pages do not lie alike, one
having been turned, they are laid side by side by what they say.
"""

import dataclasses
import difflib
import json
import re
from collections.abc import Iterator, Sequence

from ocr_contract import line_places

_UNSPACED = r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]"
_PIECES = re.compile(rf"\s+|{_UNSPACED}|(?:(?!{_UNSPACED})\w)+|.", re.DOTALL)
"""Marked as a whole: a word, a blank, a point, and one character of Chinese, Japanese, Korean."""
Place = Sequence[Sequence[float]]


@dataclasses.dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line's text."""

    text: str
    differs: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    """Indexes of one line before and now; None: there is none."""

    before: int | None
    now: int | None


def pairs(
    before: Sequence[tuple[str, Place]], now: Sequence[tuple[str, Place]], *, lie_alike: bool
) -> list[Pair]:
    """Every line of both (text and place), in the order of the page."""
    if lie_alike:
        found = line_places.matches(
            [json.dumps(place) for _, place in before], [json.dumps(place) for _, place in now]
        )
    else:
        found = dict(_by_text([text for text, _ in before], [text for text, _ in now]))
    partners = {new: old for old, new in found.items()}
    fresh: dict[int | None, list[int]] = {}
    """Lines that are only there now, by the line before after which they come."""
    last: int | None = None
    for index in range(len(now)):
        if index in partners:
            last = partners[index]
        else:
            fresh.setdefault(last, []).append(index)
    result = [Pair(None, index) for index in fresh.get(None, ())]
    for index in range(len(before)):
        result.append(Pair(index, found.get(index)))
        result += [Pair(None, new) for new in fresh.get(index, ())]
    return result


def _by_text(before: Sequence[str], now: Sequence[str]) -> Iterator[tuple[int, int]]:
    matcher = difflib.SequenceMatcher(None, before, now, autojunk=False)
    for kind, i, i_end, j, j_end in matcher.get_opcodes():
        if kind in ("equal", "replace"):
            yield from zip(range(i, i_end), range(j, j_end), strict=False)


def marked(before: str, now: str) -> tuple[list[Piece], list[Piece]]:
    """Both texts in pieces, each with whether the other one has it there."""
    old, new = _PIECES.findall(before), _PIECES.findall(now)
    left: list[Piece] = []
    right: list[Piece] = []
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for kind, i, i_end, j, j_end in matcher.get_opcodes():
        for pieces, text in ((left, old[i:i_end]), (right, new[j:j_end])):
            if text:
                pieces.append(Piece("".join(text), kind != "equal"))
    return left, right
