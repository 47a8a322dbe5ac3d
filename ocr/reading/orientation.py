"""Which way up a page stands: judged by what can be read each way, and by the page classifier.

Running text shows it plainly: on its head it reads badly, and on its side not at all. The shapes of
single characters do not: 0, 8, I, O, X and H are the same on their head, and the recogniser knows
digits that lie on their left side as well as upright ones, since columns of Chinese come to it so.
Therefore every line has a say as far as its readings differ, and without evidence a page stays as
it is. docs/decisions/0014 has the figures.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from decoding.pixels import Pixels
from engines.arrays import Polygons
from reading.line_reading import LONG, NARROWEST_CHARACTER, Reading, Way
from reading.vertical_text import is_stacking_script

TURNS = (0, 90, 180, 270)
_SURE = 0.9
_ENOUGH_LINES = 5
_TELLING_LETTERS = 3
"""A line with so many letters would read badly on its head."""
_MANY_LIE = 0.25
"""Where more than this share of the lines is read up or down, a page is not plainly upright: names
at a chart's bars are longer than its numbers, and stand upright when it lies."""
_SAMPLE = 8
_MOST_LINES = 48
"""Of so many lines at most is the opinion asked."""

_BESIDE, _ON_ITS_HEAD = 0.1, 0.02
"""How many lines of an upright page run up or down, or stand on their head. It bounds what a single
line can say, so that a table's turned heads do not outweigh its rows."""
_CLASSIFIER, _CLASSIFIER_FOR_A_LINE = 1.0, 2.5
"""The page classifier's say, as a power of its probabilities in all four positions; and what it can
come to for each line that was asked: unanimous though it be, running text outweighs it."""
_TURNED, _READINGS_SAY = 1.5, -4.0
"""Natural logarithms of the odds at which a page is turned: readings and classifier together, and
the readings for themselves, which must not speak against it by more than lying digits do."""
_CLASSIFIER_OF_FEW, _TURNED_FEW, _FEW_READINGS_SAY = 0.1, 0.65, 0.1
"""The same where there are few lines, which must speak for it. The classifier has seen pages; of a
word or a character it knows little, so that it settles only what reads nearly alike."""
_GROUND = 1.2
"""How much larger than its lines is the part of a page that is shown to the classifier."""
_READS_FEW = 0.83
"""And one of them reads so well then: letters that the models do not know read badly each way."""
_SHORT_LINES_ODDS, _MOST_ODDS = 0.5, 1e7
"""What the odds of a short region's readings count besides, as a power, and the highest of them. A
digit that lies is read at 0.999, an upright one at 0.99999: of 30 grids and tables in two positions
the logarithms' mean was the highest for the right way in each."""
_TOLD = 1.5
"""How much the file's own word weighs against them."""
_LEAST_SHARE = 0.02
_SHARPNESS = 8
"""Upright characters are read at 0.99 and more, lying ones often at 0.95: as a power of the
confidence the difference counts."""
_LEAST_LIKELIHOOD = {True: 0.02, False: 0.3}
"""Of a long line or a word, and of a short region, which may be a single character."""
_READS = 0.8
_CLEAR = 4.0

Evidence = Mapping[int, float]
"""For each of TURNS the likelihood of a line's readings, if its characters stand upright then."""


def looks_upright(polygons: Polygons, page_shares: Sequence[float]) -> bool:
    """What the lines' places and the page classifier say: worth reading before any other way.

    `page_shares` are the page classifier's probabilities for 0, 90, 180 and 270 degrees.
    """
    upright, on_its_head = page_shares[0] + page_shares[1], page_shares[2] + page_shares[3]
    return upright > on_its_head and not on_their_side(polygons)


def reads_upright(readings: Sequence[Reading], polygons: Polygons) -> bool:
    """Whether running text was read as only upright text is.

    Half of the text, by length, must be sure: a few rules read as rubbish say nothing. On 51
    receipts that half was read at 0.96 and more on upright pages, at 0.74 and less on their head.
    """
    telling = [
        sum(map(str.isalpha, reading.text)) >= _TELLING_LETTERS and reading.way == Way(0)
        for reading in readings
    ]
    if sum(telling) < max(_ENOUGH_LINES, len(readings) // 4):
        return False
    lying = [len(reading.text) > 1 and reading.way != Way(0) for reading in readings]
    if sum(lying) > _MANY_LIE * len(readings):
        return False
    lengths = _lengths(polygons)
    sure = np.array([reading.confidence >= _SURE for reading in readings])
    return float(lengths[sure].sum()) >= float(lengths.sum()) / 2


def lines_to_ask(polygons: Polygons) -> list[list[int]]:
    """Groups of lines, by index, whose opinion is asked one after the other until it is clear:
    half of each group the longest, half from all over the page."""
    longest = np.argsort(_lengths(polygons))[::-1][:_MOST_LINES].tolist()
    spread = np.linspace(0, len(polygons) - 1, min(len(polygons), _MOST_LINES)).round().astype(int)
    chosen = list(
        dict.fromkeys(i for pair in zip(longest, spread.tolist(), strict=True) for i in pair)
    )
    return [group for group in (chosen[:_SAMPLE], chosen[_SAMPLE:_MOST_LINES]) if group]


def longest_along_one_axis(polygons: Polygons, count: int) -> tuple[int, list[int]]:
    """The axis of the longest line: 0 where it runs along, 90 up or down; and by index up to
    `count` of the longest lines that share it."""
    along, down = _sides(polygons)
    longer = np.where((np.hypot(*along.T) >= np.hypot(*down.T))[:, None], along, down)
    lies = np.abs(longer[:, 1]) > np.abs(longer[:, 0])
    order = np.argsort(_lengths(polygons))[::-1]
    same = order[lies[order] == lies[order[0]]]
    return 90 * int(lies[order[0]]), same[:count].tolist()


def base_turn(polygon: npt.NDArray[np.float32]) -> int:
    """By how many degrees counter-clockwise the page must be turned for a line's first edge to run
    to the right, to within 45 degrees: 0, 90 or 270. A crop is as if that were done."""
    across = polygon[1] - polygon[0]
    return round(math.degrees(math.atan2(across[1], across[0])) / 90) % 4 * 90


def ways_to_ask(crop: Pixels) -> list[Way]:
    """In which ways a line is read for its opinion."""
    height, width = crop.shape[:2]
    if width >= NARROWEST_CHARACTER * height:
        return [Way(0), Way(180)]
    if height >= NARROWEST_CHARACTER * width:
        return [Way(90), Way(270)]
    return [Way(turn) for turn in TURNS]


def columns_to_ask(readings: Sequence[Reading]) -> list[Way]:
    """In which ways it is read as a column besides: one of Chinese or Japanese, or of digits, reads
    well when it lies, and any other one does not read at all."""
    if len(readings) == len(TURNS):
        return []
    best = _surest(readings)
    letters = any(map(str.isalpha, best.text))
    if letters and best.confidence >= _READS and not is_stacking_script(best.text):
        return []
    return [Way((best.way.turn + side) % 360, stacked=True) for side in (90, 270)]


def is_word(reading: Reading) -> bool:
    """Whether a region, however short, holds no single character; a column of three characters
    reads as a word, too, when it lies."""
    letters = sum(map(str.isalpha, reading.text))
    is_sure = reading.confidence >= _SURE
    return letters >= _TELLING_LETTERS and is_sure and not is_stacking_script(reading.text)


def evidence(readings: Sequence[Reading], base_turn: int) -> Evidence:
    """What the readings of one line's crop say, when the page is turned by `base_turn` for it."""
    running = [reading for reading in readings if not reading.way.stacked]
    columns = [reading for reading in readings if reading.way.stacked]
    best = _surest(running)
    least = _LEAST_LIKELIHOOD[is_word(best) or len(running) < len(TURNS)]
    if columns and is_stacking_script(best.text):
        column = _surest(columns)
        # It lies on its left side in the one way in which the recogniser knows columns.
        lies = column.way.turn == (best.way.turn - 90) % 360
        if lies and column.confidence >= _READS and is_stacking_script(column.text):
            running = []
        elif best.confidence >= _READS:
            columns = []
    found = dict.fromkeys(TURNS, least)
    for reading in [*running, *columns]:
        turn = (reading.way.turn + base_turn) % 360
        found[turn] = max(found[turn], reading.confidence**_SHARPNESS)
    return found


def is_clear(lines: Sequence[Evidence], page_shares: Sequence[float]) -> bool:
    """Whether no more lines need be asked: all that are sure say what the page classifier sees. The
    longest lines alone may be a table's turned heads; and a classifier that takes a page of figures
    for one on its head in all four positions outweighs eight lines, not forty-eight."""
    sure = {
        best
        for line in lines
        if line[best := max(line, key=line.__getitem__)] > 2 * sorted(line.values())[-2]
    }
    scores = sorted(_scores(lines).values())
    seen = TURNS[int(np.argmax(page_shares))]
    return sure == {seen} and scores[-1] - scores[-2] > _CLEAR


def seen_in_all_positions(shares: Sequence[Sequence[float]]) -> dict[int, float]:
    """For each of TURNS the logarithm of its likelihood, from the page classifier's `shares` of the
    page turned by each of TURNS: what must be turned by 90 must be by 0 once that is done."""
    return {
        turn: sum(
            math.log(max(after[(number - done) % len(TURNS)], _LEAST_SHARE))
            for done, after in enumerate(shares)
        )
        for number, turn in enumerate(TURNS)
    }


def part_around(page: Pixels, polygons: Polygons) -> Pixels:
    """The square around all lines, with some ground, as far as the page reaches: the page
    classifier sees the middle of what it is given."""
    low, high = polygons.min(axis=(0, 1)), polygons.max(axis=(0, 1))
    half = _GROUND * float((high - low).max()) / 2
    left, top = np.maximum((low + high) / 2 - half, 0).astype(int)
    right, bottom = np.ceil((low + high) / 2 + half).astype(int)
    return np.ascontiguousarray(page[top:bottom, left:right])


def rotation(
    lines: Sequence[Evidence], seen: Mapping[int, float], *, told_upright: bool = False
) -> int:
    """By how many degrees counter-clockwise a page must be turned: 0, 90, 180 or 270.

    `seen` is as `seen_in_all_positions` gives it. `told_upright`: its file says that it stands
    upright; a camera held over a desk may be wrong.
    """
    read = _scores(lines)
    few = len(lines) < _ENOUGH_LINES
    weight, together, by_reading = (
        (_CLASSIFIER_OF_FEW, _TURNED_FEW, _FEW_READINGS_SAY)
        if few
        else (_CLASSIFIER, _TURNED, _READINGS_SAY)
    )
    if not few:
        read = {turn: likely + _odds_of_short(lines, turn) for turn, likely in read.items()}
    least = weight * max(seen.values()) - _CLASSIFIER_FOR_A_LINE * len(lines)
    seen = {turn: max(weight * likely, least) for turn, likely in seen.items()}
    best = max(TURNS, key=lambda turn: read[turn] + seen[turn])
    if few and not any(line[best] >= _READS_FEW**_SHARPNESS for line in lines):
        return 0
    gain = read[best] - read[0]
    odds = gain + seen[best] - seen[0] - (_TOLD if told_upright else 0)
    return best if gain > by_reading and odds > together else 0


def _scores(lines: Sequence[Evidence]) -> dict[int, float]:
    """For each turn of the page the logarithm of how likely the lines' readings are after it."""
    usual = {0: 1 - 2 * _BESIDE - _ON_ITS_HEAD, 90: _BESIDE, 180: _ON_ITS_HEAD, 270: _BESIDE}
    return {
        turn: sum(
            math.log(sum(usual[(own - turn) % 360] * likely for own, likely in line.items()))
            for line in lines
        )
        for turn in TURNS
    }


def _odds_of_short(lines: Sequence[Evidence], turn: int) -> float:
    """The logarithm of the odds that short regions are what they are read as after the turn, where
    the page is made of them: of a few beside rows and columns each is a part of one, cut off."""
    short = [line for line in lines if min(line.values()) >= _LEAST_LIKELIHOOD[False]]
    if 2 * len(short) < len(lines):
        return 0.0
    confidences = (line[turn] ** (1 / _SHARPNESS) for line in short)
    odds = (each / max(1 - each, each / _MOST_ODDS) for each in confidences)
    return _SHORT_LINES_ODDS * sum(map(math.log, odds))


def _sides(polygons: Polygons) -> tuple[Polygons, Polygons]:
    """(count, 2) each: the edges of each polygon from its first corner, along and down."""
    return polygons[:, 1] - polygons[:, 0], polygons[:, 3] - polygons[:, 0]


def _lengths(polygons: Polygons) -> npt.NDArray[np.float32]:
    """(count,): the longer side of each polygon, in pixels."""
    along, down = (np.linalg.norm(side, axis=1) for side in _sides(polygons))
    longer: npt.NDArray[np.float32] = np.maximum(along, down).astype(np.float32)
    return longer


def on_their_side(polygons: Polygons) -> bool:
    """Whether most of the running text, by length, runs up or down."""
    along, down = _sides(polygons)
    lengths = np.linalg.norm(along, axis=1), np.linalg.norm(down, axis=1)
    is_along = lengths[0] > lengths[1]
    longer, shorter = np.maximum(*lengths), np.minimum(*lengths)
    axis = np.abs(np.where(is_along[:, None], along, down))
    lies = axis[:, 1] > axis[:, 0]
    running = longer > LONG * shorter
    return bool(longer[running & lies].sum() > longer[running & ~lies].sum())


def _surest(readings: Sequence[Reading]) -> Reading:
    return max(readings, key=lambda reading: reading.confidence)
