"""Is there anything on the page?"""

import cv2
import numpy as np
import pytest

from decoding.pixels import Pixels
from reading.ink import has_ink, with_more_contrast


def paper(height: int = 1754, width: int = 1240, shade: int = 245) -> Pixels:
    return np.full((height, width, 3), shade, dtype=np.uint8)


def with_text(page: Pixels, text: str = "Received", shade: int = 30, size: float = 1.0) -> Pixels:
    cv2.putText(page, text, (page.shape[1] // 4, page.shape[0] // 2), cv2.FONT_HERSHEY_SIMPLEX,
                size, (shade,) * 3, max(round(2 * size), 1), cv2.LINE_AA)  # fmt: skip
    return page


def ruled() -> Pixels:
    page = paper()
    for top in range(100, 1700, 60):
        cv2.line(page, (40, top), (1200, top), (90, 90, 90), 3)
    return page


def framed() -> Pixels:
    page = paper()
    cv2.rectangle(page, (60, 60), (1180, 1690), (0, 0, 0), 8)
    return page


def grid() -> Pixels:
    page = ruled()
    for left in range(100, 1200, 60):
        cv2.line(page, (left, 40), (left, 1700), (90, 90, 90), 2)
    return page


def grained() -> Pixels:
    noise = np.random.default_rng(3).normal(0, 8, (1754, 1240, 3))
    return (paper() + noise).clip(0, 255).astype(np.uint8)


def shaded() -> Pixels:
    across = np.linspace(255, 120, 1240)
    return np.repeat(across[None, :, None], 1754, axis=0).repeat(3, axis=2).astype(np.uint8)


def lidded() -> Pixels:
    """The scanner's lid shows at one edge."""
    page = paper()
    page[:, :30] = 20
    return page


@pytest.mark.parametrize(
    "page", [paper(), paper(shade=0), paper(8, 8), ruled(), framed(), grid(), grained(), shaded(),
             lidded()]
)  # fmt: skip
def test_paper_and_rules_are_no_ink(page: Pixels) -> None:
    assert not has_ink(page)


@pytest.mark.parametrize(
    "page",
    [
        with_text(paper()),
        with_text(paper(), shade=205),
        with_text(paper(shade=20), shade=230),
        with_text(ruled()),
        with_text(grained()),
        with_text(shaded()),
        with_text(paper(3508, 2480), "7", size=2),
        with_text(paper(40, 90), "OK"),
        with_text(paper(20_000, 600)),
        with_text(paper(60, 8000), "Total"),
    ],
)
def test_text_is_ink_wherever_it_stands(page: Pixels) -> None:
    assert has_ink(page)


def test_a_faded_page_becomes_black_on_white() -> None:
    page = with_text(paper(shade=200), shade=185)
    strong = with_more_contrast(page)
    assert strong.shape == page.shape
    assert strong.dtype == np.uint8
    assert (strong.min(), np.median(strong)) == (0, 255)
    assert np.array_equal(with_more_contrast(255 - page), strong)


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (5, 5), (400, 3)])
def test_any_size_can_be_looked_at(size: tuple[int, int]) -> None:
    assert with_more_contrast(paper(*size)).shape == (*size, 3)
    assert not has_ink(paper(*size))
