"""The search for lines: with a detector that sees letters of a certain size, then the real one."""

from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from real_pages import edit_distance, load_models

from decoding.pixels import Pixels
from engines.arrays import Polygons
from engines.text_models import TextModels
from page_records import MAX_LINES
from reading import page_search
from reading.line_crops import crop_line
from reading.page_search import find_lines, merged

Box = tuple[float, float, float, float]


def polygons(*boxes: Box) -> Polygons:
    corners = [[(a, b), (c, b), (c, d), (a, d)] for a, b, c, d in boxes]
    return np.array(corners, dtype=np.float32).reshape(-1, 4, 2)


def blank(height: int, width: int) -> Pixels:
    return np.full((height, width, 3), 255, dtype=np.uint8)


def printed(height: int, width: int, letter: int) -> Pixels:
    """A page full of rings so high."""
    page = blank(height, width)
    for top in range(40, height - 40, letter * 3):
        for left in range(40, width - 40, int(letter * 1.4) + 1):
            page[top : top + letter, left : left + letter] = 0
            page[top + 1 : top + letter - 1, left + 1 : left + letter - 1] = 255
    return page


class Detector:
    """Finds rows of ink, where their letters are at least `least` pixels high in its map."""

    def __init__(self, letter: int, least: float = 5.0) -> None:
        self.letter, self.least = letter, least
        self.searched: list[tuple[tuple[int, ...], int]] = []
        self.most_side = 10**9
        self.lack: Exception = MemoryError()

    def __call__(self, page: Pixels, side: int) -> Polygons:
        self.searched.append((page.shape[:2], side))
        if side > self.most_side:
            raise self.lack
        if self.letter * min(side / max(page.shape[:2]), 1) < self.least:
            return polygons()
        rows = (page[:, :, 0] < 128).any(axis=1).astype(np.int8)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], rows, [0]])))
        width = page.shape[1]
        return polygons(*((0, a, width, b) for a, b in zip(edges[::2], edges[1::2], strict=True)))


def test_ordinary_print_costs_one_search() -> None:
    page = printed(3000, 2000, 20)
    detector = Detector(20)
    assert len(find_lines(page, detector, 1120)) > 30
    assert detector.searched == [((3000, 2000), 1120)]


def test_large_print_is_searched_at_fewer_pixels() -> None:
    page = printed(3000, 2000, 40)
    detector = Detector(40)
    assert len(find_lines(page, detector, 1120)) > 20
    ((_, side),) = detector.searched
    assert side == 640 and 40 * side / 3000 > 8


def test_the_lowest_print_counts_not_most_of_it() -> None:
    page = printed(3000, 2000, 40)
    page[:600] = printed(600, 2000, 20)
    detector = Detector(20)
    find_lines(page, detector, 1120)
    assert detector.searched == [((3000, 2000), 1120)]


def test_what_is_not_found_at_fewer_pixels_is_searched_at_all_of_them() -> None:
    page = printed(3000, 2000, 40)
    detector = Detector(40, least=10)  # of faint ink, say
    assert len(find_lines(page, detector, 1120)) > 20
    assert [side for _, side in detector.searched] == [640, 1120]


def test_small_print_is_searched_closer() -> None:
    page = printed(2160, 3840, 8)
    detector = Detector(8)
    wanted = len(Detector(8, 0)(page, 3840))
    assert len(find_lines(page, detector, 1120)) == wanted > 80
    (_, first), (part, _), (_, closer) = detector.searched
    assert first == 1120
    assert max(part) < 1500
    assert 5 <= 8 * closer / 3840 <= 6


def test_what_only_looks_like_small_print_costs_two_glances() -> None:
    """Halftones: nothing is found in them, however close the look."""
    page = printed(2160, 3840, 8)
    detector = Detector(0)
    assert len(find_lines(page, detector, 1120)) == 0
    assert 2 <= len(detector.searched) <= 3
    assert all(max(size) < 1500 for size, _ in detector.searched[1:])


def test_the_first_looks_lines_stay_when_closer_is_no_better() -> None:
    page = printed(2160, 3840, 15)
    detector = Detector(15, 0)
    found = find_lines(page, detector, 1120)
    assert np.array_equal(found, Detector(15, 0)(page, 1120))
    assert all(max(size) < 3840 for size, _ in detector.searched[1:])


@pytest.mark.parametrize(
    ("size", "side"), [((300, 400), 1000), ((3000, 300), 4000), ((600, 3000), 2000)]
)
def test_long_strips_are_searched_at_more_pixels(size: tuple[int, int], side: int) -> None:
    detector = Detector(30)
    find_lines(blank(*size), detector, 1000)
    assert [searched for _, searched in detector.searched] == [side]


def test_time_is_bounded_on_the_largest_pages() -> None:
    page = printed(9000, 9000, 4)
    detector = Detector(4, 0)
    find_lines(page, detector, 1120)
    assert max(side for _, side in detector.searched) ** 2 <= page_search._MOST_PIXELS


@pytest.mark.parametrize("lack", [MemoryError(), RuntimeError("std::bad_alloc")], ids=repr)
def test_without_memory_it_searches_at_fewer_pixels(lack: Exception) -> None:
    detector = Detector(30)
    detector.most_side, detector.lack = 500, lack
    find_lines(blank(300, 400), detector, 1920)
    assert [side for _, side in detector.searched] == [1920, 960, 480]
    detector.most_side = 0
    with pytest.raises(type(lack)):
        find_lines(blank(300, 400), detector, 1300)


def test_any_other_failure_is_not_repeated() -> None:
    detector = Detector(30)
    detector.most_side, detector.lack = 0, RuntimeError("a defect")
    with pytest.raises(RuntimeError, match="a defect"):
        find_lines(blank(300, 400), detector, 1920)
    assert len(detector.searched) == 1


def test_a_page_without_margin_gets_one_and_its_lines_are_inside() -> None:
    page = blank(40, 200)
    page[2:38, ::3] = 0
    detector = Detector(36)
    (found,) = find_lines(page, detector, 1120)
    assert detector.searched == [((80, 240), 1344)]
    assert found.tolist() == [[0, 2], [200, 2], [200, 38], [0, 38]]


def test_a_lone_character_is_found_whole() -> None:
    """Where the detector sees a stem and a dot, or nothing."""
    page = blank(200, 200)
    page[60:140, 95:105] = 0
    for least in (5.0, 500.0):
        (found,) = find_lines(page, Detector(30, least), 1120)
        assert found[0, 1] < 60 < 140 < found[2, 1]


def test_a_grid_with_letters_is_no_lone_character() -> None:
    page = blank(600, 600)
    for at in range(50, 551, 100):
        page[at - 2 : at + 2, 50:550] = page[50:550, at - 2 : at + 2] = 0
    for row in range(5):
        for column in range(5):
            page[90 + row * 100 : 110 + row * 100, 95 + column * 100 : 105 + column * 100] = 0
    lines = polygons(*((60, 80 + row * 100, 540, 120 + row * 100) for row in range(5)))
    assert len(find_lines(page, lambda page, side: lines, 1120)) == 5
    assert len(find_lines(page, lambda page, side: lines[:0], 1120)) == 0


def test_more_lines_than_the_service_takes_are_cut_to_the_longest() -> None:
    many = np.repeat(polygons((0, 0, 9, 5)), MAX_LINES + 7, axis=0)
    many[5] = polygons((0, 0, 900, 5))
    found = find_lines(blank(300, 900), lambda page, side: many, 1120)
    assert len(found) == MAX_LINES
    assert found[:, 1, 0].max() == 900


def test_the_closer_look_counts_where_both_found_text() -> None:
    first = polygons((0, 0, 500, 100))  # three lines in one
    closer = polygons(*((0, top, 500, top + 28) for top in (0, 36, 72)))
    assert np.array_equal(merged(first, closer, (1000, 1000), 150.0), closer)
    assert np.array_equal(merged(polygons(), closer, (1000, 1000), 150.0), closer)
    assert np.array_equal(merged(first, polygons(), (1000, 1000), 150.0), first)


@pytest.mark.parametrize(
    "pieces",
    [
        [(50, 50, 150, 120), (400, 100, 520, 180)],
        [(0, 0, 350, 290), (250, 5, 600, 300), (550, 0, 900, 300)],
    ],
    ids=["scraps", "syllables"],
)
def test_large_letters_stay_whole(pieces: list[Any]) -> None:
    heading = (0.0, 0.0, 900.0, 300.0)
    small = (0.0, 400.0, 900.0, 420.0)
    found = merged(polygons(heading), polygons(*pieces, small), (1000, 1000), 150.0)
    assert sorted(found[:, 0].tolist()) == [[0, 0], [0, 400]]


def test_what_the_closer_look_overlooks_stays() -> None:
    first = polygons((0, 0, 100, 20), (0, 500, 100, 520))
    found = merged(first, polygons((0, 0, 100, 18)), (1000, 1000), 150.0)
    assert sorted(found[:, 2, 1].tolist()) == [18, 520]


# From here on with the real models, loaded once.


@pytest.fixture(scope="module")
def models() -> TextModels:
    return load_models()


def text_page(width: int, height: int, size: int, lines: int, margin: int = 40) -> tuple[Any, ...]:
    """A page of lines of one font that comes with Pillow, and its text."""
    image = Image.new("RGB", (width, height), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size)
    wanted = []
    for row in range(lines):
        text = f"Row {row}"
        while draw.textlength(f"{text} {row} bottle window", font) < width - 2 * margin:
            text += " bottle window garden"[: 14 if len(text) % 3 else 21]
        while draw.textlength(text, font) > width - 2 * margin:
            text = text.rsplit(" ", 1)[0]
        draw.text((margin, margin // 2 + int(row * size * 1.6)), text, "black", font)
        wanted.append(text)
    return np.ascontiguousarray(np.asarray(image)[:, :, ::-1]), wanted


def read(models: TextModels, page: Pixels) -> list[str]:
    found = find_lines(page, models.detect, 1120)
    found = found[np.argsort(found[:, 0, 1])]
    return [each.text for each in models.recognise([crop_line(page, line) for line in found])]


@pytest.mark.parametrize(
    ("width", "height", "size", "lines"),
    [(2560, 1440, 13, 12), (3840, 2160, 16, 8), (8000, 60, 30, 1), (700, 9000, 16, 40)],
    ids=["screen", "long lines", "strip", "scroll"],
)
def test_small_print_of_every_shape_is_read(
    models: TextModels, width: int, height: int, size: int, lines: int
) -> None:
    page, wanted = text_page(width, height, size, lines)
    found = read(models, page)
    assert len(found) == lines
    joined, truth = "".join(found).replace(" ", ""), "".join(wanted).replace(" ", "")
    assert edit_distance(joined[:3000], truth[:3000]) < 0.03 * min(len(truth), 3000)


def test_a_heading_and_small_print_are_both_read(models: TextModels) -> None:
    page, wanted = text_page(3000, 1800, 14, 10)
    cv2.putText(page, "HARBOUR", (200, 1500), cv2.FONT_HERSHEY_DUPLEX, 18, (0, 0, 0), 60)
    found = read(models, page)
    assert "HARBOUR" in found
    assert len(found) == len(wanted) + 1


@pytest.mark.parametrize("word", ["OK", "No", "Apply", "12.50"])
def test_a_word_that_fills_the_page_is_read(models: TextModels, word: str) -> None:
    font = ImageFont.load_default(30)
    box = font.getbbox(word)
    image = Image.new("RGB", (int(box[2] - box[0]), int(box[3] - box[1])), "white")
    ImageDraw.Draw(image).text((-box[0], -box[1]), word, "black", font)
    assert read(models, np.ascontiguousarray(np.asarray(image)[:, :, ::-1])) == [word]


@pytest.mark.parametrize(
    ("width", "sides"),
    [(15, [1000, 1600]), (60, [1000])],  # signs of 10 pixels in the map, and words
)
def test_single_signs_are_searched_where_they_are_high_enough(width: int, sides: list[int]) -> None:
    """Of a grid of digits the ones and sevens were lost, though all others were found."""
    searched: list[int] = []

    def detect(page: Pixels, side: int) -> Polygons:
        searched.append(side)
        every = [(x, y, x + width, y + 16) for x in range(40, 1500, 80) for y in range(40, 900, 80)]
        return polygons(*(every if side * 16 >= 13 * 1600 else every[::2]))

    found = find_lines(blank(1000, 1600), detect, 1000)
    assert searched == sides
    assert len(found) == (209 if len(sides) > 1 else 105)


def test_a_grid_of_small_digits_is_found_whole(models: TextModels) -> None:
    image = Image.new("L", (1560, 860), 255)
    draw, font = ImageDraw.Draw(image), ImageFont.truetype("FreeSans.ttf", 16)
    for row in range(30):
        for column in range(50):
            place = 45 + 30 * column, 43 + 26 * row
            draw.rectangle((place[0] - 15, place[1] - 13, place[0] + 15, place[1] + 13), outline=0)
            draw.text(place, str((7 * row + column) % 10), 0, font, "mm")
    page = np.ascontiguousarray(np.repeat(np.asarray(image)[:, :, None], 3, axis=2))
    assert len(find_lines(page, models.detect, 1080)) == 1500
