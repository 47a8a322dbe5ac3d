"""Blurred lines are told from lines in another script."""

import cv2
import numpy as np
import pytest

from decoding.pixels import Pixels
from ocr_contract.doubt import Reason
from page_records import Line
from reading.blurred_print import blurred_apart, blurred_warning, edge_widths


def line(height: int = 40) -> Pixels:
    """A line of print of that height."""
    made = np.full((height, 12 * height, 3), 240, dtype=np.uint8)
    cv2.putText(made, "Amount due 114.30 EUR", (height // 2, 3 * height // 4),
                cv2.FONT_HERSHEY_SIMPLEX, height / 42, (20, 20, 20), max(height // 20, 1),
                cv2.LINE_AA)  # fmt: skip
    return made


def moved(picture: Pixels, by: int) -> Pixels:
    return np.asarray(cv2.blur(picture, (by, 1)), dtype=np.uint8)


@pytest.mark.parametrize("deviation", [2.0, 4.0])
def test_the_width_of_an_edge_is_that_of_its_blur(deviation: float) -> None:
    edge = np.zeros((60, 60, 3), dtype=np.uint8)
    edge[30:, :30] = 255
    soft = np.asarray(cv2.GaussianBlur(edge, (0, 0), deviation), dtype=np.uint8)
    assert edge_widths(soft) == pytest.approx((deviation / 60,) * 2, rel=0.25)


def enlarged(picture: Pixels, times: int) -> Pixels:
    small = cv2.resize(picture, None, fx=1 / times, fy=1 / times, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, picture.shape[1::-1]), dtype=np.uint8)


@pytest.mark.parametrize(
    ("made", "is_blurred"),
    [
        (line(), False),
        (line(14), False),
        (np.asarray(cv2.GaussianBlur(line(), (0, 0), 0.8)), False),
        (np.asarray(cv2.GaussianBlur(line(), (0, 0), 3.5)), True),
        (moved(line(), 15), True),
        (enlarged(line(), 6), True),
    ],
    ids=["print", "small print", "a scan", "out of focus", "moved", "few dots"],
)
def test_what_is_blurred_is_in_no_other_script(made: Pixels, is_blurred: bool) -> None:
    """It keeps its doubt; what was read surely is left alone."""
    height, width = made.shape[:2]
    polygon = ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height))
    marked = Line("Ament", 0.4, polygon, doubt=1.0, doubt_reason=Reason.OTHER_SCRIPT)
    read = Line("Amount", 0.99, polygon, doubt=0.01)
    found, other = blurred_apart(made, (marked, read))
    assert found.is_unspelled is not is_blurred
    assert (found.doubt, found.text, other) == (1.0, "Ament", read)


def test_the_warning_counts_them() -> None:
    assert blurred_warning(1).message.startswith("1 line is too blurred")
    assert blurred_warning(3).message.startswith("3 lines are too blurred")
