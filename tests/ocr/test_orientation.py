"""Which way up: the vote, and what the two classifiers are shown."""

from typing import Any

import numpy as np
import pytest
from paddlex.inference.models.common.vision import ResizeByShort
from paddlex.inference.models.image_classification.processors import Crop

from orientation import (
    MAX_VOTES,
    looks_upright,
    prepare_line,
    prepare_page,
    reads_upright,
    rotation,
)

WIDE = [[10, 10], [200, 10], [200, 30], [10, 30]]
TALL = [[10, 10], [30, 10], [30, 250], [10, 250]]


class Votes:
    """The classifiers' answers, and who was asked."""

    def __init__(self, head: float, *lines: float) -> None:
        """`head`: how sure the page classifier is that it stands on its head."""
        self.head = head
        self.lines = list(lines)
        self.asked: list[int] = []

    def upside_down(self, index: int) -> float:
        self.asked.append(index)
        return self.lines.pop(0) if self.lines else 0.0

    def on(self, polygons: list[Any]) -> int:
        places = np.array(polygons, dtype=np.float32).reshape(-1, 4, 2)
        return rotation(places, [1 - self.head, 0.0, self.head, 0.0], self.upside_down)


@pytest.mark.parametrize(("line", "upright"), [(WIDE, 0), (TALL, 90)])
def test_all_agree(line: Any, upright: int) -> None:
    assert Votes(0.0).on([line] * 3) == upright
    assert Votes(1.0, *[1.0] * 9).on([line] * 3) == upright + 180


def test_a_page_without_lines_is_not_asked_about() -> None:
    votes = Votes(1.0)
    assert votes.on([]) == 0
    assert votes.asked == []


def test_the_lines_overrule_the_page() -> None:
    assert Votes(1.0, 0.0, 0.0, 0.0).on([WIDE] * 3) == 0
    assert Votes(0.0, 1.0, 1.0, 1.0).on([WIDE] * 3) == 180


def test_an_unsure_line_counts_for_less() -> None:
    assert Votes(0.9, 0.45, 0.45, 0.45).on([WIDE] * 3) == 180


def test_the_page_counts_with_both_sides() -> None:
    """A page on its side stands upright or on its head as 90 or 270 degrees."""
    places = np.array([TALL] * 3, dtype=np.float32)
    assert rotation(places, [0.0, 0.9, 0.0, 0.1], lambda _: 0.5) == 90
    assert rotation(places, [0.0, 0.1, 0.0, 0.9], lambda _: 0.5) == 270


def test_a_clear_lead_ends_the_vote() -> None:
    for head, line in ((0.0, 0.0), (1.0, 1.0)):
        votes = Votes(head, *[line] * 30)
        votes.on([WIDE] * 30)
        assert len(votes.asked) == 2


def test_a_close_vote_ends_in_time() -> None:
    votes = Votes(0.5, *[0.0, 1.0] * 20)
    votes.on([WIDE] * 30)
    assert len(votes.asked) == MAX_VOTES


def test_the_longest_lines_vote_first() -> None:
    lines = [[[10, 10], [right, 10], [right, 30], [10, 30]] for right in (90, 300, 60, 200)]
    votes = Votes(0.5, *[0.5] * 4)
    votes.on(lines)
    assert votes.asked == [1, 3, 0, 2]


def test_most_text_decides_not_most_lines() -> None:
    """A table's narrow digits are taller than wide; the long lines know better."""
    digit = [[10, 10], [15, 10], [15, 22], [10, 22]]
    assert Votes(0.0).on([WIDE, *[digit] * 8]) == 0


@pytest.mark.parametrize(
    ("line", "shares", "upright"),
    [
        (WIDE, [0.9, 0.0, 0.1, 0.0], True),
        (WIDE, [0.1, 0.0, 0.9, 0.0], False),
        (WIDE, [0.5, 0.0, 0.5, 0.0], False),
        (TALL, [1.0, 0.0, 0.0, 0.0], False),
    ],
)
def test_it_looks_upright_to_lines_and_page_classifier(
    line: Any, shares: list[float], upright: bool
) -> None:
    assert looks_upright(np.array([line] * 3, dtype=np.float32), shares) is upright


@pytest.mark.parametrize(
    ("confidences", "upright"),
    [
        ([0.97, 0.95, 0.93, 0.91, 0.96], True),
        ([0.7, 0.75, 0.6, 0.8, 0.72], False),
        ([0.99] * 4, False),  # NOON and 69 read well on their head, too
        ([], False),
    ],
)
def test_it_reads_upright(confidences: list[float], upright: bool) -> None:
    assert reads_upright([(WIDE, share) for share in confidences]) is upright


def test_long_lines_say_more_about_how_it_reads() -> None:
    short = [[10, 10], [30, 10], [30, 30], [10, 30]]
    assert reads_upright([(WIDE, 0.95)] * 3 + [(short, 0.5)] * 3)
    assert not reads_upright([(WIDE, 0.5)] * 3 + [(short, 0.95)] * 3)


@pytest.mark.parametrize("size", [(300, 400), (400, 300), (2000, 90), (3, 2), (256, 256)])
def test_the_classifier_sees_the_middle_of_the_page(size: tuple[int, int]) -> None:
    """As PaddleX cuts it out."""
    rng = np.random.default_rng(1)
    page = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
    (small,) = ResizeByShort(target_short_edge=256)([page])
    (wanted,) = Crop(crop_size=224)([small])
    made = prepare_page(page)
    assert made.shape == (224, 224, 3)
    assert np.array_equal(made, wanted)


def test_the_classifier_sees_the_line_in_its_size() -> None:
    made = prepare_line(np.full((20, 300, 3), 9, dtype=np.uint8))
    assert made.shape == (80, 160, 3)
    assert (made == 9).all()
