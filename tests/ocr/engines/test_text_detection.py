"""Detection's arithmetic: beside PaddleX's on real maps, and on maps drawn by hand."""

import dataclasses
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paddlex.inference.models.text_detection.processors import (
    DBPostProcess,
    DetResizeForTest,
    NormalizeImage,
)
from real_pages import model_set, plain_session, sample

from decoding.pixels import Pixels
from engines.text_detection import (
    DetectionSettings,
    detection_settings,
    find_polygons,
    scale_for_detection,
)
from models import ONNX_NAME

Numbers = npt.NDArray[np.float32]
PLAIN = DetectionSettings(threshold=0.3, box_threshold=0.6, unclip_ratio=2.0)


@pytest.fixture(scope="module")
def session() -> Any:
    return plain_session(model_set("tiny").detection.folder / ONNX_NAME)


def askew(page: Pixels, degrees: float) -> Pixels:
    height, width = page.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    turned = cv2.warpAffine(page, matrix, (width, height), borderValue=(255, 255, 255))
    return np.asarray(turned, dtype=np.uint8)


PAGES = {
    "invoice": lambda: sample("invoice.png"),
    "dark": lambda: sample("settings-dark.png"),
    "photo": lambda: sample("receipt-photo.jpg"),
    "on its side": lambda: sample("notice-turned-90.jpg"),
    "newspaper": lambda: sample("newsletter-two-columns.png"),
    "askew": lambda: askew(sample("timetable.png"), 7),
    "very askew": lambda: askew(sample("timetable.png"), -31),
}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("unclip_ratio", [1.4, 2.0])
def test_real_pages_give_paddles_polygons(session: Any, name: str, unclip_ratio: float) -> None:
    """Same regions in the same order, corners within two pixels of the map.

    PaddleX rounds the grown outline to whole pixels before it draws a rectangle around it.
    """
    page = PAGES[name]()
    (scaled,) = NormalizeImage(order="hwc")([scale_for_detection(page, 960)])
    (maps,) = session.run(None, {"x": scaled.transpose(2, 0, 1)[None]})
    settings = detection_settings(model_set("tiny").detection.folder, unclip_ratio)
    found = find_polygons(maps[0, 0], (page.shape[0], page.shape[1]), settings)
    theirs = DBPostProcess(
        thresh=settings.threshold,
        box_thresh=settings.box_threshold,
        max_candidates=1000,
        unclip_ratio=unclip_ratio,
    )
    (wanted,), _ = theirs([maps], [(*page.shape[:2], 1.0, 1.0)])
    assert len(found) == len(wanted) > 5
    apart = np.abs(found - wanted) / max(page.shape[0] / maps.shape[2], 1.0)
    assert np.quantile(apart, 0.99) <= 2
    assert apart.max() <= 3
    assert apart.mean() <= 0.7


@given(st.integers(2, 700), st.integers(2, 700), st.sampled_from([96, 100, 320, 736]))
def test_pages_are_scaled_as_paddle_scales(height: int, width: int, longest: int) -> None:
    """Except tiny ones, which PaddleX sets into black first."""
    page = np.zeros((height, width, 3), dtype=np.uint8)
    scaled = scale_for_detection(page, longest)
    assert scaled.shape[0] % 32 == scaled.shape[1] % 32 == 0
    if height + width >= 64:
        theirs, _ = DetResizeForTest(limit_side_len=longest, limit_type="max").resize(
            page, longest, "max", 4000
        )
        assert scaled.shape == theirs.shape


def test_a_page_of_the_right_size_is_not_copied() -> None:
    page = np.zeros((64, 96, 3), dtype=np.uint8)
    assert scale_for_detection(page, 96) is page


def test_scaled_pixels_are_paddles() -> None:
    page = sample("receipt-photo.jpg")
    theirs, _ = DetResizeForTest(limit_side_len=640, limit_type="max").resize(
        page, 640, "max", 4000
    )
    assert np.array_equal(scale_for_detection(page, 640), theirs)


def test_the_thresholds_are_the_models_own(tmp_path: Path) -> None:
    (tmp_path / "inference.yml").write_text(
        "PostProcess: {thresh: 0.2, box_thresh: 0.45, max_candidates: 30, unclip_ratio: 1.4}\n"
    )
    assert detection_settings(tmp_path, 2.5) == DetectionSettings(0.2, 0.45, 2.5)
    (tmp_path / "inference.yml").write_text("PostProcess: {name: DBPostProcess}\n")
    assert detection_settings(tmp_path, 2.5) == DetectionSettings(0.3, 0.6, 2.5)


def bar(left: int, top: int, right: int, bottom: int, value: float = 0.9) -> Numbers:
    """A map of 320x640 with one region, its last row and column included."""
    made = np.zeros((320, 640), dtype=np.float32)
    made[top : bottom + 1, left : right + 1] = value
    return made


def test_an_empty_map_has_no_polygons() -> None:
    found = find_polygons(np.zeros((320, 640), dtype=np.float32), (100, 200), PLAIN)
    assert found.shape == (0, 4, 2)
    assert found.dtype == np.float32


def test_a_region_grows_by_its_area_per_perimeter() -> None:
    """A hundred by twenty, ratio 2: 100·20·2 / 240 = 16.7 on every side."""
    (polygon,) = find_polygons(bar(200, 100, 300, 120), (320, 640), PLAIN)
    assert polygon.tolist() == [[183, 83], [317, 83], [317, 137], [183, 137]]


def test_polygons_are_in_pixels_of_the_page() -> None:
    (polygon,) = find_polygons(bar(200, 100, 300, 120), (640, 6400), PLAIN)
    assert polygon == pytest.approx(
        np.array([[1833, 167], [3167, 167], [3167, 273], [1833, 273]]), abs=1
    )


def test_what_grows_over_the_edges_ends_at_them() -> None:
    whole = find_polygons(bar(0, 0, 639, 319), (333, 777), PLAIN)
    assert whole.tolist() == [[[0, 0], [777, 0], [777, 333], [0, 333]]]
    (corner,) = find_polygons(bar(600, 300, 639, 319), (320, 640), PLAIN)
    assert corner[2].tolist() == [640, 320]
    assert corner[0] == pytest.approx(np.array([587, 287]), abs=1)
    (other,) = find_polygons(bar(0, 0, 60, 12), (320, 640), PLAIN)
    assert other[0].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("made", "count"),
    [
        (bar(200, 100, 300, 102), 0),  # two pixels across, measured from centre to centre
        (bar(200, 100, 300, 103), 1),
        (bar(200, 100, 300, 120, 0.59), 0),
        (bar(200, 100, 300, 120, 0.61), 1),
        (bar(200, 100, 300, 120, 0.3), 0),
        (bar(200, 100, 203, 103), 1),
    ],
)
def test_dust_and_doubt_are_dropped(made: Numbers, count: int) -> None:
    assert len(find_polygons(made, (320, 640), PLAIN)) == count


@pytest.mark.parametrize("length", [47, 61, 82, 110, 159])
def test_a_line_of_exactly_the_least_thickness_stays(length: int) -> None:
    """minAreaRect makes 2.9999995 of its 3 pixels: of small print nearly every line was lost."""
    assert len(find_polygons(bar(0, 0, length, 3), (320, 640), PLAIN)) == 1
    small = dataclasses.replace(PLAIN, unclip_ratio=1.5)
    assert len(find_polygons(bar(0, 100, length, 103), (320, 640), small)) == 1


def test_a_region_that_stays_too_narrow_is_dropped() -> None:
    small = dataclasses.replace(PLAIN, unclip_ratio=1.0)
    assert len(find_polygons(bar(200, 100, 203, 103), (320, 640), small)) == 0


def test_no_region_is_dropped_for_their_number() -> None:
    """PaddleOCR keeps the first 1,000, from the bottom: of a large table's cells the upper ones
    were lost."""
    made = np.zeros((1600, 1600), dtype=np.float32)
    for top in range(10, 1580, 24):
        for left in range(10, 1560, 60):
            made[top : top + 10, left : left + 36] = 0.9
    assert len(find_polygons(made, (1600, 1600), PLAIN)) == 66 * 26 > 1000


def test_a_map_of_bytes_finds_what_its_numbers_find() -> None:
    made = bar(200, 100, 300, 120, 0.9) + bar(20, 200, 300, 230, 0.62) + bar(400, 9, 500, 40, 0.58)
    wanted = find_polygons(made, (320, 640), PLAIN)
    found = find_polygons(np.rint(made * 255).astype(np.uint8), (320, 640), PLAIN)
    assert len(wanted) == 2
    assert np.array_equal(found, wanted)


def test_corners_run_clockwise_from_the_top_left() -> None:
    for degrees in (-40, -20, 0, 20, 40):
        made = np.zeros((320, 640), dtype=np.float32)
        corners = cv2.boxPoints(((320, 160), (200, 30), degrees))
        cv2.fillPoly(made, [corners.astype(np.int32)], (0.9,))
        (polygon,) = find_polygons(made, (320, 640), PLAIN)
        top_left, top_right, bottom_right, bottom_left = polygon
        assert top_right[0] > top_left[0]
        assert bottom_right[0] > bottom_left[0]
        assert bottom_left[1] > top_left[1]
        assert bottom_right[1] > top_right[1]
        slope = np.degrees(np.arctan2(*(top_right - top_left)[::-1]))
        assert slope == pytest.approx(degrees, abs=2)


def test_logits_find_what_probabilities_find() -> None:
    made = bar(200, 100, 300, 120) * 0.9 + 0.01
    made[100:105, 200:250] = 0.5
    wanted = find_polygons(made, (320, 640), PLAIN)
    found = find_polygons(np.log(made / (1 - made)), (320, 640), PLAIN, logits=True)
    assert len(wanted) == 1
    assert np.array_equal(found, wanted)
    for box_threshold, count in ((0.5, 1), (0.95, 0)):
        settings = dataclasses.replace(PLAIN, box_threshold=box_threshold)
        found = find_polygons(np.log(made / (1 - made)), (320, 640), settings, logits=True)
        assert len(found) == len(find_polygons(made, (320, 640), settings)) == count


def test_the_surest_logits_are_no_overflow() -> None:
    with np.errstate(all="raise"):
        logits = (bar(200, 100, 300, 120) - 0.5) * 2000
        assert len(find_polygons(logits, (320, 640), PLAIN, logits=True)) == 1


@pytest.mark.parametrize(("threshold", "count"), [(0.0, 1), (1.0, 0)])
def test_thresholds_at_the_ends(threshold: float, count: int) -> None:
    settings = dataclasses.replace(PLAIN, threshold=threshold, box_threshold=0.0)
    made = bar(200, 100, 300, 120) + 0.1
    assert len(find_polygons(made, (320, 640), settings, logits=True)) == count
