"""Coloured ink over black ink: found, and taken apart."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageChops, ImageDraw
from real_pages import load_models

from decoding.pixels import Pixels
from drawing import cases
from drawing.fonts import face
from drawing.sheet import Sheet
from engines.arrays import Polygons
from reading.engine import PageEngine
from reading.stamps import Box, beneath_stamp, find_stamps, stamp_alone

RED, BLUE, BLACK = (30, 30, 200), (190, 60, 40), (20, 20, 20)


def page(shade: int = 250) -> Pixels:
    made = np.full((1400, 1000, 3), shade, dtype=np.uint8)
    for top in range(100, 1300, 60):
        cv2.putText(made, "Amount due 114.30 EUR", (80, top), cv2.FONT_HERSHEY_SIMPLEX, 1.2, BLACK,
                    2, cv2.LINE_AA)  # fmt: skip
    return made


def stamped(colour: tuple[int, int, int] = RED, *, multiplied: bool = False) -> Pixels:
    ink = np.full((1400, 1000, 3), 255, dtype=np.uint8)
    cv2.circle(ink, (400, 500), 150, colour, 12)
    cv2.putText(ink, "PAID", (300, 520), cv2.FONT_HERSHEY_SIMPLEX, 3, colour, 12)
    made = page()
    if multiplied:
        return (made.astype(np.uint16) * ink // 255).astype(np.uint8)
    covers = (ink < 255).any(axis=2)
    made[covers] = ink[covers]
    return made


@pytest.mark.parametrize("colour", [RED, BLUE])
def test_a_stamp_over_text_is_found_whole(colour: tuple[int, int, int]) -> None:
    (box,) = find_stamps(stamped(colour))
    assert (box.left, box.top, box.right, box.bottom) == pytest.approx((244, 344, 556, 656), abs=25)


def framed() -> Pixels:
    made = page()
    cv2.rectangle(made, (20, 20), (980, 1380), RED, 6)
    return made


def with_bar() -> Pixels:
    made = page()
    made[300:700, 500:600] = BLUE
    return made


def beside() -> Pixels:
    made = page()
    made[:, :600] = 250
    cv2.circle(made, (250, 500), 150, RED, 12)
    return made


def editor() -> Pixels:
    """Code in colours on a dark ground."""
    made = np.full((800, 1200, 3), 30, dtype=np.uint8)
    for top in range(100, 500, 25):
        cv2.putText(made, "server = message(release)", (80, top), cv2.FONT_HERSHEY_SIMPLEX, 0.7,
                    (250, 200, 120), 2, cv2.LINE_AA)  # fmt: skip
    return made


def photograph() -> Pixels:
    """Its colours begin and end nowhere in particular; text in white, with a shadow, lies on it."""
    colours = np.random.default_rng(3).integers(40, 220, (9, 15, 3)).astype(np.uint8)
    made = np.asarray(cv2.resize(colours, (1600, 900), interpolation=cv2.INTER_CUBIC), np.uint8)
    for top in range(150, 850, 100):
        for shade, by in ((0, 4), (255, 0)):
            cv2.putText(made, "Revenue grew by 14 percent", (100 + by, top + by),
                        cv2.FONT_HERSHEY_SIMPLEX, 2, (shade,) * 3, 6, cv2.LINE_AA)  # fmt: skip
    return made


@pytest.mark.parametrize(
    "made", [page(), framed(), with_bar(), beside(), page() // 3 + 20, editor(), photograph()]
)
def test_what_is_no_stamp_over_text(made: Pixels) -> None:
    """Nothing coloured, the page's design, a picture, a stamp on bare paper, coloured letters, the
    colours of a photograph."""
    assert find_stamps(made) == []


@pytest.mark.parametrize("multiplied", [True, False])
def test_the_page_and_the_stamp_are_taken_apart(multiplied: bool) -> None:
    part = stamped(multiplied=multiplied)[300:700, 200:620]
    beneath, alone = beneath_stamp(part), stamp_alone(part)
    assert beneath.shape == alone.shape == part.shape
    spread = beneath.max(axis=2).astype(int) - beneath.min(axis=2)
    assert (spread > 60).mean() < 0.002  # no red is left
    wanted = page()[300:700, 200:620]
    differs = np.abs(beneath.astype(int) - wanted).max(axis=2) > 100
    assert differs.mean() < (0.002 if multiplied else 0.03)
    black = alone.max(axis=2) < 100
    assert black.mean() < 0.03
    assert ((alone[..., 2] > 150) & (alone[..., 0] < 80)).mean() > 0.05


def test_the_place_of_a_stamp_holds_the_lines_that_it_touches() -> None:
    lines = np.array(
        [
            [[50, 90], [600, 90], [600, 110], [50, 110]],
            [[50, 400], [600, 400], [600, 420], [50, 420]],
        ],
        dtype=np.float32,
    )
    place = Box(250, 80, 350, 180).with_lines(lines, page())
    assert (place.left, place.top, place.right, place.bottom) == (42, 72, 608, 188)
    assert place.holds(lines).tolist() == [True, False]
    assert place.of(page()).shape == (116, 566, 3)


def lines_at(*boxes: tuple[int, int, int, int]) -> Polygons:
    corners = [[[x0, y0], [x1, y0], [x1, y1], [x0, y1]] for x0, y0, x1, y1 in boxes]
    return np.array(corners, dtype=np.float32)


def test_strokes_that_run_through_a_line_are_seen_though_the_line_was_found() -> None:
    made, box = stamped(multiplied=True), Box(200, 300, 600, 700)
    beneath, between = (80, 492, 560, 528), (80, 310, 560, 328)
    assert box.crosses_text(made, lines_at(beneath))
    assert not box.crosses_text(made, lines_at(between))
    assert not box.crosses_text(page(), lines_at(beneath))
    assert not box.crosses_text(made, lines_at((700, 900, 900, 930)))


def test_a_dark_blue_bar_behind_a_tables_head_crosses_nothing() -> None:
    """Its ground is coloured, and where a letter's edge meets it dark blue is nearly black."""
    pixels = page()
    cv2.rectangle(pixels, (20, 100), (380, 140), (105, 60, 10), -1)
    cv2.putText(pixels, "Departs", (40, 128), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (255, 255, 255), 2)
    cv2.putText(pixels, "06:15", (40, 180), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (20, 20, 20), 2)
    place = Box(20, 90, 380, 190)
    assert not place.crosses_text(pixels, lines_at((35, 102, 170, 138), (35, 155, 130, 188)))


def test_words_in_colour_beside_black_ones_cross_nothing() -> None:
    """As an editor shows code."""
    made = page()
    for top in range(100, 1300, 60):
        cv2.putText(made, "now", (560, top), cv2.FONT_HERSHEY_SIMPLEX, 1.2, BLUE, 2, cv2.LINE_AA)
    place = Box(500, 60, 700, 1320)
    lines = [(76, top - 34, 660, top + 12) for top in range(100, 1300, 60)]
    assert not place.crosses_text(made, lines_at(*lines))
    cv2.circle(made, (380, 220), 60, BLUE, 4)
    assert place.with_lines(lines_at(*lines), made).crosses_text(made, lines_at(*lines))


def receipt(word: str, at: tuple[int, int], slope: float) -> tuple[Pixels, list[str]]:
    """A small page that a large framed stamp lies over, as through ink."""
    sheet = Sheet(900, 520)
    for number, words in enumerate(
        ["Statement of account", "Rate 4.25% a year", "Balance 1,204.18", "Total 63.31"]
    ):
        sheet.line((60, 90 + 76 * number), words, 34)
    stamp = Image.new("L", (460, 200))
    draw = ImageDraw.Draw(stamp)
    draw.rectangle((8, 8, 452, 192), outline=255, width=8)
    draw.text((230, 100), word, 255, face("sans-bold", 72), "mm")
    stamp = stamp.rotate(slope, Image.Resampling.BICUBIC, expand=True)
    layer = Image.new("RGB", sheet.image.size, "white")
    layer.paste((40, 60, 190), (at[0] - stamp.width // 2, at[1] - stamp.height // 2), stamp)
    whole = ImageChops.multiply(sheet.image.convert("RGB"), layer)
    return cases.pixels(whole), [*sheet.lines, word]


@pytest.fixture(scope="module")
def engine() -> PageEngine:
    return PageEngine(load_models(), detection_side=1120, orientation=True)


@pytest.mark.parametrize(
    ("word", "at", "slope"), [("COPY", (360, 230), -14.0), ("PAID", (430, 330), 18.0)]
)
def test_what_a_stamp_crosses_is_read_and_a_warning_says_so(
    engine: PageEngine, word: str, at: tuple[int, int], slope: float
) -> None:
    """The line's last digit, at the frame of the stamp, was lost without a word."""
    made, lines = receipt(word, at, slope)
    found = engine.read(made)
    assert sorted(line.text for line in found.lines) == sorted(lines)
    assert [warning.code for warning in found.warnings] == ["stamp_over_text"]


def test_a_pens_circle_around_an_amount_is_not_read_in_layers_and_has_the_warning(
    engine: PageEngine,
) -> None:
    sheet = Sheet(900, 1200, coloured=True)
    for number in range(12):
        sheet.line((60, 90 + 90 * number), f"Item {number} costs 12.{number:02}", 34)
    sheet.draw.ellipse((240, 570, 400, 660), outline="#2838b0", width=5)
    made = cases.pixels(sheet.image)
    assert not any(box.is_large(made) for box in find_stamps(made))
    assert [warning.code for warning in engine.read(made).warnings] == ["stamp_over_text"]
