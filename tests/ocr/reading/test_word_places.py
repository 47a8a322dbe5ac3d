"""Words stored where they stand on the page, from the crop's pixels back to the page's."""

import itertools

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from real_pages import load_models

import word_places
from drawing import placed_words
from ocr_contract import word_boxes
from page_records import Line
from reading.engine import PageEngine
from reading.judged_lines import judged
from reading.line_crops import crop_line, shares_along, turned
from reading.line_reading import COLUMN, DOWNWARD, HEAD, UPRIGHT, UPWARD, Reading, Way

SIZE = 400, 800
MARKS = (0.1, 0.35, 0.5, 0.8)
"""Along the line, from the edge at which its text begins."""
QUADS = {
    "level": [(100, 100), (500, 100), (500, 140), (100, 140)],
    "slanting": [(100, 100), (500, 160), (495, 200), (95, 140)],
    "narrower at its end": [(100, 100), (600, 110), (600, 135), (100, 150)],
}
UPRIGHT_QUADS = {
    "upright": [(200, 50), (240, 50), (240, 350), (200, 350)],
    "leaning": [(200, 50), (240, 52), (225, 380), (190, 376)],
}


def marked(quad: npt.NDArray[np.float32], turn: int) -> tuple[npt.NDArray[np.uint8], list[float]]:
    """A page with a stroke across the line at each mark, which is as long as the line is high."""
    page = np.full((*SIZE, 3), 255, dtype=np.uint8)
    corners = np.roll(quad, -(turn // 90), axis=0)
    for mark in MARKS:
        top = corners[0] + mark * (corners[1] - corners[0])
        bottom = corners[3] + mark * (corners[2] - corners[3])
        ends = [tuple((16 * point).round().astype(int).tolist()) for point in (top, bottom)]
        cv2.line(page, *ends, (0, 0, 0), 1, cv2.LINE_AA, 4)
    crop = turned(crop_line(page, quad), turn)
    ink = 255.0 - crop[:, :, 0].astype(float)
    ink = ink[len(ink) // 2 - 2 : len(ink) // 2 + 2].sum(axis=0)
    (inked,) = np.nonzero(ink > ink.max() / 4)
    strokes = np.split(inked, np.flatnonzero(np.diff(inked) > 5) + 1)
    middles = [float(np.average(stroke + 0.5, weights=ink[stroke])) for stroke in strokes]
    return page, [middle / crop.shape[1] for middle in middles]


@pytest.mark.parametrize(
    ("name", "turn"),
    [
        *itertools.product(QUADS, (0, 180)),
        *itertools.product(UPRIGHT_QUADS, (90, 270)),
    ],
)
def test_a_place_in_the_crop_is_a_place_along_the_polygon(name: str, turn: int) -> None:
    """To a pixel, also where straightening a line stretched it unevenly."""
    quad = np.array((QUADS | UPRIGHT_QUADS)[name], dtype=np.float32)
    _, shares = marked(quad, turn)
    assert len(shares) == len(MARKS)
    found = np.array(shares_along(quad, turn, shares))
    corners = np.roll(quad, -(turn // 90), axis=0)
    length = float(np.linalg.norm(corners[1] - corners[0]))
    assert found * length == pytest.approx(np.array(MARKS) * length, abs=1.2)


def placed(way: Way, text: str = "a b") -> Line:
    is_level = way.turn % 180 == 0 and not way.stacked
    quad = np.array(QUADS["level"] if is_level else UPRIGHT_QUADS["upright"])
    reading = Reading(text, 0.9, way, places=(0.0, 0.25, 0.5, 1.0))
    return judged(reading, quad.astype(np.float32))


@pytest.mark.parametrize(
    ("way", "first", "second"),
    [
        (UPRIGHT, (150, 120), (400, 120)),
        (HEAD, (450, 120), (200, 120)),
        (DOWNWARD, (220, 87.5), (220, 275)),
        (COLUMN, (220, 87.5), (220, 275)),
        (UPWARD, (220, 312.5), (220, 125)),
    ],
    ids=str,
)
def test_words_follow_each_other_in_the_direction_in_which_they_are_read(
    way: Way, first: tuple[float, float], second: tuple[float, float]
) -> None:
    line = placed(way)
    assert line.words == (0, 250, 500, 1000)
    found = word_boxes.word_places(line.text, line.words, line.polygon)
    middles = [tuple(np.mean(points, axis=0).tolist()) for _, points in found]
    assert middles == [pytest.approx(first), pytest.approx(second)]


def test_places_of_another_text_are_not_stored() -> None:
    assert placed(UPRIGHT, "one").words is None


@pytest.fixture(scope="module")
def real() -> PageEngine:
    return PageEngine(load_models(), detection_side=960, orientation=True)


@pytest.mark.parametrize("degrees", [0.0, 1.5])
def test_words_of_a_page_are_found_to_three_pixels(real: PageEngine, degrees: float) -> None:
    """Also on a page that lies askew."""
    picture, words = placed_words.page(5, (1240, 900))
    grey = np.asarray(picture)
    turn = cv2.getRotationMatrix2D((620, 450), degrees, 1.0)
    slanting = cv2.warpAffine(grey, turn, (1240, 900), borderValue=255, flags=cv2.INTER_CUBIC)
    page = np.repeat(slanting[:, :, None], 3, axis=2).astype(np.uint8)
    known = [word_places.moved(word, turn) for word in words]
    errors = word_places.errors(real.read(page).lines, known)
    assert len(errors) > 0.8 * len(words)
    assert np.quantile(errors, 0.97) <= 3
    assert np.median(errors) <= 1
