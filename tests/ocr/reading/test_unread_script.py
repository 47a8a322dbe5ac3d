"""Which way up a page stands whose letters the models do not know."""

import math

import pytest

from reading.orientation import TURNS, seen_in_all_positions
from reading.unread_script import (
    is_unread,
    rotation_of_greek,
    rotation_of_lying,
    rotation_that_reads,
)

ARABIC = ([0.834, 0.051, 0.068, 0.047], [0.138, 0.687, 0.043, 0.132])
ARABIC += ([0.062, 0.223, 0.503, 0.212], [0.066, 0.789, 0.043, 0.101])
"""One line, as it stands and turned by 90, 180 and 270 degrees: once the likeliest is wrong."""


def lying(standing: tuple[list[float], ...], turn: int) -> dict[int, float]:
    """What is seen of a page that must be turned by `turn` to be as `standing`."""
    start = -turn // 90 % 4
    return seen_in_all_positions([*standing[start:], *standing[:start]])


def test_known_letters_read_well_in_one_way() -> None:
    assert not is_unread([0.99, 0.97, 0.5])
    assert is_unread([0.93, 0.85, 0.8])


def test_without_running_lines_nothing_is_unread() -> None:
    """A grid of digits."""
    assert not is_unread([])


@pytest.mark.parametrize("turn", [90, 270])
def test_all_positions_together_turn_a_lying_line_of_arabic(turn: int) -> None:
    assert rotation_of_lying(lying(ARABIC, turn), 1) == turn


@pytest.mark.parametrize("turn", TURNS)
def test_each_position_counts_for_the_turn_that_it_is_away_from(turn: int) -> None:
    sure = [[0.0] * 4 for _ in TURNS]
    for done, shares in enumerate(sure):
        shares[(turn // 90 - done) % 4] = 1.0
    seen = seen_in_all_positions(sure)
    assert seen[turn] == 0
    assert all(seen[other] == pytest.approx(4 * math.log(0.02)) for other in TURNS if other != turn)


def test_a_page_that_looks_upright_is_not_turned_for_its_tall_boxes() -> None:
    seen = {0: -0.9, 90: -8.5, 180: -13.3, 270: -12.6}
    assert rotation_of_lying(seen, 6) == 0


def test_many_lying_lines_need_the_classifier_only_for_the_side() -> None:
    """As for Korean and Telugu, where it does not know the axis."""
    seen = {0: -13.8, 90: -4.2, 180: -3.8, 270: -11.9}
    assert rotation_of_lying(seen, 20) == 90
    assert rotation_of_lying(seen, 4) == 0


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        ({0: 0.9, 180: 0.4}, 0),
        ({0: 0.4, 180: 0.9}, 180),
        ({90: 0.3, 270: 0.7}, 270),
        ({0: 0.9, 180: 0.8}, None),  # of signs that read alike each way
        ({0: 0.5, 180: 0.1}, None),  # in a language that is not set up
        ({0: 0.0, 180: 0.0}, None),
    ],
)
def test_what_reads_clearly_better_stands_upright(
    read: dict[int, float], expected: int | None
) -> None:
    assert rotation_that_reads(read) == expected


READ_GREEK = ["αραλομε κρατστε ην πδειξη", "T ρφε παραμνει κλειτ λω αργα"]
READ_ON_ITS_HEAD = ["λ τ η ι", "yo  yl l  ao"]


@pytest.mark.parametrize("turn", TURNS)
def test_small_greek_letters_are_read_in_one_way_only(turn: int) -> None:
    texts = {turn: READ_GREEK, (turn + 180) % 360: READ_ON_ITS_HEAD}
    assert rotation_of_greek(texts) == turn


@pytest.mark.parametrize(
    "texts",
    [
        {0: ["U4Lα U4CI CL4 ACU"], 180: ["a  d'n"]},  # Hebrew
        {0: ["α + β = 2γ, where δ is the width of the beam and ε, μ, ν its strain"], 180: [""]},
        {0: ["αβγδεζηθ"], 180: ["αβγδεζηθ"]},
        {0: ["ααααααααααα"], 180: [""]},
        {0: [], 180: []},
    ],
)
def test_a_few_greek_letters_say_nothing(texts: dict[int, list[str]]) -> None:
    assert rotation_of_greek(texts) is None
