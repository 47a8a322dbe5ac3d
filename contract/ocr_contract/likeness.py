"""How far a reading is from a word: a distance that knows which characters look alike.

It is Levenshtein's with neighbours that changed places, computed on what stands between the same
beginning and the same end, where characters that look alike cost less. So what was only confused
(0 and O, rn and m) is nearer than one wrong character, and a digit in the place of another digit
is the farthest of these: who looks for 81760 seldom wants 81740.
"""

import functools
import itertools

from ocr_contract.text_folding import skeleton

ONE_WRONG = 1.0
"""The distance of one replaced, lost or added character, or of two that changed places."""
OTHER_SCRIPT = 0.1
"""Latin A in the place of a Cyrillic or Greek one: they are the same in print."""
CONFUSED = 0.25
PARTED = 0.3
SIMILAR = 0.6
EASILY_LOST = 0.8
DIGITS_CONFUSED = 0.9
DIGITS = 1.5

_CONFUSED = ("0o", "0d", "0q", "1li", "5s", "8b", "6b", "2z", "9gq", "6g", "oq")
_CONFUSED_PAIRS = (
    "rn m", "in m", "nn m", "cl d", "ci d", "c1 d", "vv w", "li u", "ii u", "ll u", "il u", "l1 u",
    "1l u", "11 u", "lc k", "li h", "ln h",
)  # fmt: skip
_SIMILAR = (
    "aceo", "do", "aq", "uv", "vy", "hmnru", "bh", "be", "bs", "1lijt", "ft", "ef", "rst", "ty",
    "kx", "4a", "8s", "sz", "7z", "7t",
)  # fmt: skip
"""What a poor print makes alike. Digits for digits are apart: there each is a sense of its own."""
_STROKES = "1ijlt"
_DIGITS_CONFUSED = ("568", "069", "389", "17", "35")


def _costs() -> dict[tuple[str, str], float]:
    """The distance of each pair that is nearer than one wrong character, both ways round."""
    found: dict[tuple[str, str], float] = {}
    for one, other in itertools.permutations("0123456789", 2):
        found[one, other] = DIGITS
    for groups, cost in (
        (_SIMILAR, SIMILAR), (_CONFUSED, CONFUSED), (_DIGITS_CONFUSED, DIGITS_CONFUSED),
    ):  # fmt: skip
        for group in groups:
            found |= dict.fromkeys(itertools.permutations(group, 2), cost)
    for pair in _CONFUSED_PAIRS:
        two, one = pair.split()
        found[two, one] = found[one, two] = CONFUSED
    return found


_COSTS = _costs()


def two_for_one(word: str) -> list[str]:
    """The word with two characters read as one, or one as two, at each place where that is met."""
    found = []
    for pair in _CONFUSED_PAIRS:
        for old, new in itertools.permutations(pair.split()):
            place = word.find(old)
            while place >= 0:
                found.append(word[:place] + new + word[place + len(old) :])
                place = word.find(old, place + 1)
    return found


def distance(word: str, reading: str, most: float) -> float:
    """How far apart two folded words are; something above `most` when farther than that.

    One blank more or less costs PARTED, whatever stands beside it.
    """
    if " " in word or " " in reading:
        blanks = abs(word.count(" ") - reading.count(" ")) * PARTED
        word, reading = word.replace(" ", ""), reading.replace(" ", "")
        return blanks + distance(word, reading, most - blanks)
    shorter = min(len(word), len(reading))
    start = 0
    while start < shorter and word[start] == reading[start]:
        start += 1
    end = 0
    while end < shorter - start and word[-1 - end] == reading[-1 - end]:
        end += 1
    before, after = word[:start], word[len(word) - end :]
    middle, other = word[start : len(word) - end], reading[start : len(reading) - end]
    if not middle or not other:
        return _lost(before, middle or other, after)
    return _distance(middle, other, most)


def _lost(before: str, lost: str, after: str) -> float:
    """The distance of characters that only one of two words has.

    Strokes, one of two like characters, and what stands at an end are lost more easily.
    """
    if len(lost) == 1 and (
        lost in _STROKES or not before or not after or lost in (before[-1], after[0])
    ):
        return EASILY_LOST
    return ONE_WRONG * len(lost)


def _distance(word: str, reading: str, most: float) -> float:
    rows = [[ONE_WRONG * column for column in range(len(reading) + 1)]]
    for line in range(1, len(word) + 1):
        rows.append([ONE_WRONG * line])
        for column in range(1, len(reading) + 1):
            rows[line].append(min(_ways(word, reading, rows, line, column)))
        if min(*rows[line - 1], *rows[line]) > most:  # no cell looks back farther than these
            break
    return min(rows[-1][-1], most + ONE_WRONG) if len(rows) > len(word) else most + ONE_WRONG


@functools.lru_cache(maxsize=8192)
def _replaced(one: str, other: str) -> float:
    """The distance of one character in the place of another."""
    if one == other:
        return 0.0
    if one.isascii() != other.isascii() and skeleton(one) == skeleton(other):
        return OTHER_SCRIPT
    return _COSTS.get((one, other), ONE_WRONG)


def _ways(word: str, reading: str, rows: list[list[float]], line: int, column: int) -> list[float]:
    """The distances of the first `line` and the first `column` characters, by their last step."""
    one, other = word[line - 1], reading[column - 1]
    ways = [
        rows[line - 1][column - 1] + _replaced(one, other),
        rows[line - 1][column] + ONE_WRONG,
        rows[line][column - 1] + ONE_WRONG,
    ]
    if line > 1 and (cost := _COSTS.get((word[line - 2 : line], other))):
        ways.append(rows[line - 2][column - 1] + cost)
    if column > 1 and (cost := _COSTS.get((one, reading[column - 2 : column]))):
        ways.append(rows[line - 1][column - 2] + cost)
    if line > 1 and column > 1 and (word[line - 2], one) == (other, reading[column - 2]):
        ways.append(rows[line - 2][column - 2] + ONE_WRONG)
    return ways
