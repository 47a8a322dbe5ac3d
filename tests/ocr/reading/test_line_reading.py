"""Each line in its own direction: with a recogniser that reads one way only."""

from collections.abc import Sequence

import numpy as np
import pytest

from decoding.pixels import Pixels
from engines.text_models import Recognised
from reading.line_reading import (
    COLUMN,
    DOWNWARD,
    HEAD,
    UPRIGHT,
    UPWARD,
    Reading,
    Way,
    read_lines,
    read_ways,
)

START, END = 40, 200


def line(width: int = 200, height: int = 20) -> Pixels:
    """A line whose text begins dark and ends bright."""
    made = np.full((height, width, 3), END, dtype=np.uint8)
    made[:, : width // 2] = START
    return made


class Reader:
    """Reads what begins dark, with `well`; anything else with `badly`."""

    def __init__(self, well: float = 0.99, badly: float = 0.4) -> None:
        self.well, self.badly = well, badly
        self.calls: list[int] = []

    def __call__(self, crops: Sequence[Pixels]) -> list[Recognised]:
        self.calls.append(len(crops))
        return [self._read(crop) for crop in crops]

    def _read(self, crop: Pixels) -> Recognised:
        upright = crop.shape[1] > crop.shape[0] and crop[0, 0, 0] == START and crop[0, -1, 0] == END
        return Recognised(
            *(("Return this part", self.well) if upright else ("tred siht", self.badly))
        )


@pytest.mark.parametrize(
    ("turn", "way"), [(0, UPRIGHT), (1, UPWARD), (2, HEAD), (3, DOWNWARD)], ids=str
)
def test_a_line_is_read_in_its_own_direction(turn: int, way: Way) -> None:
    (reading,) = read_lines([np.ascontiguousarray(np.rot90(line(), turn))], Reader())
    assert (reading.text, reading.confidence, reading.way) == ("Return this part", 0.99, way)


def test_what_reads_well_is_read_once() -> None:
    reader = Reader()
    read_lines([line(), line(90), line(400)], reader)
    assert reader.calls == [3]


def test_what_is_known_already_is_not_read_again() -> None:
    """But for a line that may run up or down: as the page lies it says little of that."""
    reader = Reader()
    upward = np.ascontiguousarray(np.rot90(line()))
    known = {1: Reading("Known", 0.99, UPRIGHT), 2: Reading("l", 0.99, UPRIGHT)}
    found = read_lines([line(), line(), upward], reader, known)
    assert [reading.text for reading in found] == ["Return this part", "Known", "Return this part"]
    assert [reading.way for reading in found] == [UPRIGHT, UPRIGHT, UPWARD]
    assert reader.calls == [3]  # the first, and the third up and down


def test_a_line_that_reads_badly_both_ways_stays_upright() -> None:
    (reading,) = read_lines([line()], Reader(well=0.5, badly=0.5))
    assert reading.way == UPRIGHT


def test_a_short_line_is_not_tried_on_its_head() -> None:
    """0, 8, I, O, X and H are the same there."""
    reader = Reader(badly=0.3)
    (reading,) = read_lines([np.ascontiguousarray(np.rot90(line(40, 20), 2))], reader)
    assert reading.way == UPRIGHT
    assert reader.calls == [1]


def test_a_narrow_character_is_no_line_that_runs_upward() -> None:
    """A 1 that lies reads as a dash, and nearly as well."""

    def recognise(crops: Sequence[Pixels]) -> list[Recognised]:
        return [
            Recognised(*(("1", 0.93) if c.shape[0] > c.shape[1] else ("-", 0.97))) for c in crops
        ]

    (reading,) = read_lines([line(15, 40)], recognise)
    assert (reading.text, reading.way) == ("1", UPRIGHT)


def column_crop() -> Pixels:
    """Six characters below each other."""
    made = np.full((230, 40, 3), 255, dtype=np.uint8)
    for top in range(5, 220, 37):
        made[top : top + 30, 5:35] = START
    return made


def test_a_column_is_read_by_its_upright_characters() -> None:
    def recognise(crops: Sequence[Pixels]) -> list[Recognised]:
        """The row made of the column is the one that is not 40 high."""
        row, column = Recognised("人間を見た。", 0.97), Recognised("人間を見た", 0.99)
        return [row if c.shape[0] < 40 else column for c in crops]

    (reading,) = read_lines([column_crop()], recognise)
    assert (reading.text, reading.way) == ("人間を見た。", COLUMN)


def test_text_that_runs_upward_is_no_column() -> None:
    def recognise(crops: Sequence[Pixels]) -> list[Recognised]:
        row, column = Recognised("HH", 0.9), Recognised("Share in per cent", 0.98)
        return [row if c.shape[0] < 40 else column for c in crops]

    (reading,) = read_lines([column_crop()], recognise)
    assert (reading.text, reading.way.stacked) == ("Share in per cent", False)


def test_each_line_gets_its_own_readings() -> None:
    lines = [line(100), line(200), line(300)]
    ways = [[UPRIGHT, HEAD], [], [DOWNWARD]]
    sizes: list[tuple[int, ...]] = []

    def recognise(crops: Sequence[Pixels]) -> list[Recognised]:
        sizes.extend(crop.shape[:2] for crop in crops)
        return [Recognised(str(number), 0.5) for number in range(len(crops))]

    found = read_ways(lines, ways, recognise)
    assert sizes == [(20, 100), (20, 100), (420, 140)]  # what stands gets ground around it
    assert [[(r.text, r.way) for r in readings] for readings in found] == [
        [("0", UPRIGHT), ("1", HEAD)],
        [],
        [("2", DOWNWARD)],
    ]


class StrokeReader:
    """Reads one stroke: a 1 where it stands, surer of it than of the dash where it lies."""

    def __call__(self, crops: Sequence[Pixels]) -> list[Recognised]:
        found = []
        for crop in crops:
            rows, columns = np.nonzero(crop[:, :, 0] < 128)
            stands = np.ptp(rows) > np.ptp(columns)
            found.append(Recognised("1", 0.99) if stands else Recognised("-", 0.87))
        return found


def test_a_dash_in_a_high_region_is_no_one_that_lies() -> None:
    crop = np.full((35, 22, 3), 255, dtype=np.uint8)
    crop[16:19, 7:15] = 0
    (reading,) = read_lines([crop], StrokeReader())
    assert (reading.text, reading.way) == ("-", UPRIGHT)
    narrow = np.full((36, 16, 3), 255, dtype=np.uint8)
    narrow[4:32, 6:9] = 0
    (reading,) = read_lines([narrow], StrokeReader())
    assert reading.text == "1"
