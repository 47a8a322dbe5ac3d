"""Where each word of a line stands on its page: kept beside the line, divided up where it is not.

`lines.words` has two numbers for each word of the line's text (`str.split()`) in the text's order:
where it begins and where it ends, in thousandths of the line's polygon from its first edge (points
0 and 3) to the opposite one (points 1 and 2). Each is written as two digits to the base of 32,
which Python's `int(digits, 32)` reads: half as long as in JSON, and an archive has many words.

    "Total  12,50"    0, 270, 690, 1000    "008eliv8"

That is how the words stand on the picture: of a text that runs from right to left the first word
has the largest numbers. Where nothing is known, a line is divided by the width that its characters
usually have.
"""

import difflib
import math
import operator
import string
from collections.abc import Iterable, Iterator, Sequence

from ocr_contract.usual_widths import Place, divided, is_right_to_left, usual_width

WHOLE = 1000
_BASE = 32
_DIGITS = (string.digits + string.ascii_lowercase)[:_BASE]
_NUMBERS = {a + b: int(a + b, _BASE) for a in _DIGITS for b in _DIGITS}
MAX_WORDS = 5_000
"""Of one line: its text is no longer than twice as many characters."""
_STACKED = 1.8
"""A text that is so many times as high as long runs down: characters that stand below each other,
as they were stored before words had places."""
_LEAST_ROOM = 0.5
"""Words that came with a correction need so much of their usual width; where there is less, the
word beside them gives of its own."""
_THIN = 0.15
"""Of its height: how wide a letter is at the least."""

Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]


def to_text(words: Iterable[int] | None) -> str | None:
    """As the column holds them."""
    if words is None:
        return None
    return "".join(_DIGITS[each // _BASE] + _DIGITS[each % _BASE] for each in words)


def from_plain(value: object, text: str) -> tuple[int, ...]:
    """The places of this text's words.

    Raises:
        ValueError: they are something else.
    """
    if not isinstance(value, list | tuple) or len(value) > 2 * MAX_WORDS:
        raise ValueError("These are no places of words.")
    if not all(type(each) is int and 0 <= each <= WHOLE for each in value):
        raise ValueError("a place outside of the line")
    if not _is_of(value, len(text.split())):
        raise ValueError("the places of another text, or a word that ends before it begins")
    return tuple(value)


def from_text(value: str | None, text: str) -> tuple[int, ...] | None:
    """What a column says about this text; None when it says nothing that can be understood."""
    return None if value is None else _read(value, len(text.split()))


def word_places(
    text: str,
    words: str | Sequence[int] | None,
    polygon: Sequence[Sequence[float]],
    corrected: str | None = None,
) -> list[tuple[str, Quad]]:
    """Each word of a line with its four points in pixels of the page, in the order of the text.

    `text` is the machine's; `words` are its places, as the column holds them or as numbers;
    `corrected` is what a person made of it: words that stayed keep their place, and new ones
    share what lies between. A polygon that is none has no words.
    """
    polygon, spans = word_spans(text, words, polygon, corrected)
    return [(word, quad(polygon, *span)) for word, span in spans]


def word_spans(
    text: str,
    words: str | Sequence[int] | None,
    polygon: Sequence[Sequence[float]],
    corrected: str | None = None,
) -> tuple[Sequence[Sequence[float]], list[tuple[str, Place]]]:
    """As `word_places`, each word with its thousandths of the polygon that comes with them."""
    if len(polygon) != len("quad"):
        return polygon, []
    machine = text.split()
    known = _read(words, len(machine)) if isinstance(words, str) else _checked(words, text)
    if known is None:
        polygon = _along(text, polygon)
    places = divided(machine, (0, WHOLE)) if known is None else [*_pairs(known)]
    shown = machine
    if corrected is not None and (shown := corrected.split()) != machine:
        places = _aligned(machine, places, shown)
    if any(start == end for start, end in places):
        places = _widened(polygon, places)
    return polygon, [*zip(shown, places, strict=True)]


def quad(polygon: Sequence[Sequence[float]], start: float, end: float) -> Quad:
    """The part of a line's polygon between two of its thousandths."""
    # Written out: an export asks for this some hundred times a page.
    (x1, y1), (x2, y2), (x3, y3), (x4, y4) = polygon
    top_x, top_y, bottom_x, bottom_y = x2 - x1, y2 - y1, x3 - x4, y3 - y4
    start, end = start / WHOLE, end / WHOLE
    return (
        (round(x1 + top_x * start, 2), round(y1 + top_y * start, 2)),
        (round(x1 + top_x * end, 2), round(y1 + top_y * end, 2)),
        (round(x4 + bottom_x * end, 2), round(y4 + bottom_y * end, 2)),
        (round(x4 + bottom_x * start, 2), round(y4 + bottom_y * start, 2)),
    )


def _read(value: str, count: int) -> tuple[int, ...] | None:
    """What a column says about so many words."""
    try:
        words = tuple([_NUMBERS[value[at : at + 2]] for at in range(0, len(value), 2)])
    except KeyError:
        return None
    return words if _is_of(words, count) else None


def _is_of(words: Sequence[int], count: int) -> bool:
    """Whether these can be the places of so many words."""
    return (
        len(words) == 2 * count <= 2 * MAX_WORDS
        and all(map(operator.le, words[::2], words[1::2]))
        and max(words, default=0) <= WHOLE
    )


def _checked(words: Sequence[int] | None, text: str) -> tuple[int, ...] | None:
    try:
        return None if words is None else from_plain(words, text)
    except ValueError:
        return None


def _pairs(words: Sequence[int]) -> Iterator[Place]:
    return zip(words[::2], words[1::2], strict=True)


def _along(text: str, polygon: Sequence[Sequence[float]]) -> Sequence[Sequence[float]]:
    """The polygon from the text's beginning, where it runs down and does not begin so."""
    long, high = math.dist(polygon[0], polygon[1]), math.dist(polygon[0], polygon[3])
    is_stacked = len(text.strip()) > 1 and high >= _STACKED * long
    return [*polygon[1:], polygon[0]] if is_stacked else polygon


def _aligned(before: list[str], places: list[Place], after: list[str]) -> list[Place]:
    """Places of the words that a person wrote, from those of the machine's."""
    backwards = is_right_to_left(" ".join(before))
    ahead = [_mirrored(place) for place in places] if backwards else places
    known: dict[int, Place] = {}
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for _, begin, end, begin_new, end_new in matcher.get_opcodes():
        span = ahead[begin:end]
        if span and end_new - begin_new != len(span):
            whole = span[0][0], max(span[-1][1], span[0][0])
            span = divided(after[begin_new:end_new], whole, in_order=True)
        if span:
            known |= zip(range(begin_new, end_new), span, strict=True)
    found = _filled(after, known)
    return [_mirrored(place) for place in found] if backwards else found


def _filled(words: Sequence[str], known: dict[int, Place]) -> list[Place]:
    """With places for the words that have none: in the gap, or in that of the word beside them."""
    widths = sum(usual_width(words[number]) for number in known)
    unit = sum(end - start for start, end in known.values()) / widths if widths else 0.0
    while len(known) < len(words):
        begin = next(number for number in range(len(words)) if number not in known)
        end = next((n for n in range(begin, len(words)) if n in known), len(words))
        low = known[begin - 1][1] if begin else 0
        high = known[end][0] if end in known else WHOLE
        if high - low < _LEAST_ROOM * unit * sum(map(usual_width, words[begin:end])):
            if begin:
                begin -= 1
                low = known[begin][0]
            elif end in known:
                high = known[end][1]
                end += 1
        shared = divided(words[begin:end], (low, max(low, high)), in_order=True)
        known |= zip(range(begin, end), shared, strict=True)
    return [known[number] for number in range(len(words))]


def _widened(polygon: Sequence[Sequence[float]], places: Sequence[Place]) -> list[Place]:
    """A word that was read in one step (I, 3, a colon) begins where it ends. It gets the width of a
    thin letter, as far as the words beside it leave room: a word without any can neither be marked
    nor written into a PDF."""
    long, high = math.dist(polygon[0], polygon[1]), math.dist(polygon[0], polygon[3])
    half = max(round(_THIN * WHOLE * high / long / 2), 1) if long else 1
    found = []
    for place in places:
        start, end = place
        if start == end:
            low = max((last for first, last in places if first < last <= start), default=0)
            top = min((first for first, last in places if start <= first < last), default=WHOLE)
            start, end = max(start - half, low), min(end + half, top)
        if start == end:  # no room at all
            start, end = max(start - 1, 0), min(end + 1, WHOLE)
        found.append((start, end))
    return found


def _mirrored(place: Place) -> Place:
    return WHOLE - place[1], WHOLE - place[0]
