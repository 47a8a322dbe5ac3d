"""Which way up a page stands: what readings and the page classifier say."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reading.line_reading import Reading, Way
from reading.orientation import (
    TURNS,
    base_turn,
    columns_to_ask,
    evidence,
    is_clear,
    lines_to_ask,
    longest_along_one_axis,
    looks_upright,
    part_around,
    reads_upright,
    rotation,
    seen_in_all_positions,
    ways_to_ask,
)

WIDE = [[10, 10], [200, 10], [200, 30], [10, 30]]
TALL = [[10, 10], [30, 10], [30, 250], [10, 250]]
DIGIT = [[10, 10], [20, 10], [20, 26], [10, 26]]
UNSURE = dict.fromkeys(TURNS, 4 * math.log(0.25))


def seen(*shares: float) -> dict[int, float]:
    """What the page classifier says who sees the same in all four positions."""
    positions = [[shares[(i + done) % 4] for i in range(4)] for done in range(4)]
    return seen_in_all_positions(positions)


def text(turn: int, right: float = 0.99, wrong: float = 0.6, word: str = "Invoice") -> Any:
    """Evidence of a long line whose characters stand upright after `turn`."""
    along = [Reading(word, right, Way(turn)), Reading("eciovnI", wrong, Way((turn + 180) % 360))]
    return evidence(along, 0)


def digit(*confidences: float) -> Any:
    """Evidence of one character, by how well it reads after each of TURNS."""
    return evidence([Reading("8", c, Way(t)) for t, c in zip(TURNS, confidences, strict=True)], 0)


@pytest.mark.parametrize("turn", TURNS)
def test_running_text_shows_how_a_page_stands(turn: int) -> None:
    assert rotation([text(turn)] * 6, UNSURE) == turn


@pytest.mark.parametrize("turn", TURNS)
def test_the_classifier_does_not_outweigh_running_text(turn: int) -> None:
    against = [0.0, 0.0, 0.0, 0.0]
    against[(TURNS.index(turn) + 2) % 4] = 1.0
    for count in (1, 4, 5, 8):
        assert rotation([text(turn)] * count, seen(*against)) == turn


def test_without_evidence_a_page_stays_as_it_is() -> None:
    assert rotation([], UNSURE) == 0
    assert rotation([digit(1.0, 1.0, 1.0, 1.0)] * 30, UNSURE) == 0
    assert rotation([digit(0.99, 1.0, 1.0, 1.0)], seen(0.02, 0.02, 0.94, 0.02)) == 0


def test_a_few_lines_turn_a_page_by_what_is_read_alone() -> None:
    for turn in range(1, 4):
        sure = [1.0 if i == turn else 0.0 for i in range(4)]
        assert (
            rotation([digit(*(0.2 if not share else 1.0 for share in sure))], UNSURE) == 90 * turn
        )
        assert rotation([digit(1.0, 1.0, 1.0, 1.0)], seen(*sure)) == 0


def test_letters_that_the_models_do_not_know_turn_no_page() -> None:
    """Arabic on its head is read as digits and dashes, badly."""
    for turn in TURNS[1:]:
        assert rotation([text(turn, right=0.75, wrong=0.53, word="-3193-33")], UNSURE) == 0


def test_digits_that_read_lying_as_well_leave_it_to_the_classifier() -> None:
    """As those that lie on their left side do."""
    grid = [digit(1.0, 0.9, 0.8, 1.0)] * 20
    assert rotation(grid, seen(0.03, 0.02, 0.03, 0.92)) == 270
    assert rotation(grid, seen(0.92, 0.02, 0.03, 0.03)) == 0
    assert rotation([digit(1.0, 0.9, 0.8, 0.9)] * 20, seen(0.03, 0.02, 0.03, 0.92)) == 0


def test_which_of_many_digits_is_surest_outweighs_what_the_classifier_holds_a_little_likelier() -> (
    None
):
    """A page of 1,600 single digits on its side."""
    grid = [digit(0.86, 0.99999, 0.9995, 0.86)] * 48
    assert rotation(grid, seen(0.3, 0.1, 0.5, 0.1)) == 90
    assert rotation([digit(0.99999, 0.9995, 0.86, 0.86)] * 48, seen(0.1, 0.5, 0.3, 0.1)) == 0


def short(turn: int, word: str) -> Any:
    """Evidence of a region that is hardly longer than high, as a button is."""
    others = [Reading("2", 0.4, Way(each)) for each in TURNS if each != turn]
    return evidence([Reading(word, 0.999, Way(turn)), *others], 0)


@pytest.mark.parametrize("turn", TURNS)
def test_a_word_says_as_much_where_it_is_short(turn: int) -> None:
    """The page classifier sees a single button on its side."""
    against = [0.1, 0.1, 0.1, 0.1]
    against[(TURNS.index(turn) + 1) % 4] = 0.7
    assert rotation([short(turn, "Cancel")], seen(*against)) == turn


def test_a_column_of_three_characters_is_no_word_that_lies() -> None:
    lying = [*short(90, "会社員").values()]
    assert min(lying) == short(90, "8")[0] > short(90, "Cancel")[0]


def row_of_digits(turn: int) -> Any:
    """Digits of a table's column, found as one line that lies and reads a little better so."""
    readings = [
        Reading("79465", 0.99, Way(turn)),
        Reading("59764", 0.4, Way((turn + 180) % 360)),
        Reading("79465", 0.955, Way((turn + 270) % 360, stacked=True)),
    ]
    return evidence(readings, 0)


def test_columns_of_digits_that_lie_do_not_outweigh_the_classifier() -> None:
    """A sudoku on its side, whose columns are found as rows."""
    columns = [row_of_digits(0)] * 6
    assert rotation(columns, seen(0.03, 0.02, 0.02, 0.93)) == 270
    assert rotation(columns, seen(0.93, 0.02, 0.03, 0.02)) == 0
    assert rotation(columns, UNSURE) == 0


def test_turned_heads_longer_than_the_numbers_do_not_turn_what_the_classifier_sees_upright() -> (
    None
):
    """A chart whose bars have long names."""
    lines = [text(270, word="Summer Garden")] * 8 + [digit(1.0, 0.6, 0.6, 0.6)] * 12
    assert rotation(lines, seen(0.81, 0.04, 0.04, 0.11)) == 0


def test_the_classifier_is_asked_about_the_place_of_the_lines() -> None:
    page = np.arange(400 * 300 * 3, dtype=np.uint32).reshape(400, 300, 3) % 251
    part = part_around(page.astype(np.uint8), np.array([WIDE], dtype=np.float32))
    assert part.shape[:2] == (134, 219)
    assert (part == page[:134, :219]).all()


def test_the_file_itself_has_a_say() -> None:
    """Against the classifier, not against running text."""
    grid = [digit(1.0, 0.9, 0.8, 1.0)] * 20
    sure = seen(0.2, 0.2, 0.2, 0.4)
    assert rotation(grid, sure) == 270
    assert rotation(grid, sure, told_upright=True) == 0
    assert rotation([text(270)] * 6, sure, told_upright=True) == 270


def test_a_page_many_of_whose_lines_lie_is_not_plainly_upright() -> None:
    """A chart on its side whose bars have long names: those stand upright then."""
    names, numbers = [Reading("People Eyes", 0.99, Way(0))] * 12, [Reading("224", 0.99, Way(90))]
    polygons = np.array([WIDE] * 20, dtype=np.float32)
    assert reads_upright(names + numbers * 3, polygons[:15])
    assert not reads_upright(names + numbers * 8, polygons[:20])


def test_an_axis_title_does_not_outweigh_the_labels() -> None:
    labels = [digit(1.0, 0.8, 0.7, 0.6)] * 4 + [text(0, word="Jan")] * 3
    assert rotation([text(270)] * 2 + labels, UNSURE) == 0


def test_what_one_line_says_is_bounded() -> None:
    """A foot that stands on its head, and all else that says little."""
    assert rotation([text(180), *[digit(1.0, 0.98, 0.97, 0.98)] * 12], UNSURE) == 0


def column(turn: int, lying: float, standing: float, words: str = "人間を見た") -> Any:
    """A line that reads as well lying (after `turn`) as its characters do when they stand."""
    readings = [
        Reading(words, lying, Way(turn)),
        Reading("丄", 0.1, Way((turn + 180) % 360)),
        Reading(words, standing, Way((turn - 90) % 360, stacked=True)),
        Reading("卜", 0.2, Way((turn + 90) % 360, stacked=True)),
    ]
    return evidence(readings, 0)


@pytest.mark.parametrize("turn", TURNS)
def test_columns_of_japanese_stand(turn: int) -> None:
    lies_after = (turn + 90) % 360
    assert rotation([column(lies_after, 0.99, 0.97)] * 5, UNSURE) == turn


@pytest.mark.parametrize("turn", TURNS)
def test_lines_of_japanese_lie_when_their_characters_do_not_read_standing(turn: int) -> None:
    assert rotation([column(turn, 0.99, 0.3)] * 5, UNSURE) == turn


def test_latin_is_no_column() -> None:
    assert rotation([column(90, 0.98, 0.7, "Monday morning")] * 5, UNSURE) == 90


def test_only_what_may_be_a_column_is_asked_as_one() -> None:
    def ways(*texts: tuple[str, float, int]) -> list[Way]:
        return columns_to_ask([Reading(t, c, Way(turn)) for t, c, turn in texts])

    assert ways(("Monday", 0.98, 90), ("y", 0.2, 270)) == []
    both = [Way(180, stacked=True), Way(0, stacked=True)]
    assert ways(("人間を", 0.98, 90), ("", 0.0, 270)) == both
    assert ways(("20 24 7", 0.98, 90), ("", 0.0, 270)) == both
    assert ways(("HOTE", 0.4, 90), ("x", 0.3, 270)) == both
    assert columns_to_ask([Reading("7", 1.0, Way(turn)) for turn in TURNS]) == []


@pytest.mark.parametrize(
    ("size", "turns"), [((20, 200), [0, 180]), ((200, 20), [90, 270]), ((30, 40), [*TURNS])]
)
def test_the_longer_a_line_the_fewer_ways(size: tuple[int, int], turns: list[int]) -> None:
    crop = np.zeros((*size, 3), dtype=np.uint8)
    assert ways_to_ask(crop) == [Way(turn) for turn in turns]


@pytest.mark.parametrize(
    ("degrees", "turn"), [(0, 0), (30, 0), (-44, 0), (60, 90), (89, 90), (-60, 270), (179, 180)]
)
def test_a_line_askew_counts_for_the_nearest_direction(degrees: float, turn: int) -> None:
    """Degrees below the horizontal."""
    along = np.array([math.cos(math.radians(degrees)), math.sin(math.radians(degrees))]) * 100
    down = np.array([0, 9])
    polygon = np.array([0 * down, along, along + down, down], dtype=np.float32)
    assert base_turn(polygon) == turn
    assert rotation([evidence([Reading("Total", 0.99, Way(0)), Reading("l", 0.5, Way(180))],
                              turn)] * 6, UNSURE) == turn  # fmt: skip


def test_a_clear_case_ends_the_asking_when_the_classifier_sees_the_same() -> None:
    """The longest lines alone may be a table's turned heads."""
    assert is_clear([text(270)] * 8, [0.02, 0.02, 0.02, 0.94])
    assert not is_clear([text(270)] * 8, [0.02, 0.94, 0.02, 0.02])
    assert not is_clear([text(270)] * 8, [0.94, 0.02, 0.02, 0.02])
    assert not is_clear([text(270)] * 5 + [text(0)] * 3, [0.02, 0.02, 0.02, 0.94])
    assert not is_clear([text(0)], [0.94, 0.02, 0.02, 0.02])


def test_all_lines_outweigh_a_classifier_that_is_wrong_in_all_positions() -> None:
    """A page of figures that stands on its head, which it takes for upright."""
    wrong = {0: -0.8, 90: -14.8, 180: -9.6, 270: -14.4}
    figure = {0: 0.3, 90: 0.3, 180: 0.998, 270: 0.3}
    assert rotation([figure] * 8, wrong) == 180
    assert rotation([figure] * 48, wrong) == 180


def test_half_of_those_asked_first_are_the_longest() -> None:
    lines = [[[0, 0], [10 + i % 37 * 5, 0], [10 + i % 37 * 5, 9], [0, 9]] for i in range(200)]
    first, second = lines_to_ask(np.array(lines, dtype=np.float32))
    assert len(first) == 8
    assert len({*first, *second}) == len(first) + len(second) == 48
    assert sum(i % 37 >= 35 for i in first) >= 4
    assert max(first) > 100 > min(second)
    assert lines_to_ask(np.array(lines[:3], dtype=np.float32)) == [[2, 0, 1]]


@given(
    st.lists(
        st.lists(st.floats(0, 1), min_size=4, max_size=4).map(lambda c: digit(*c)), max_size=60
    ),
    st.lists(st.lists(st.floats(0, 1), min_size=4, max_size=4), min_size=4, max_size=4),
)
def test_any_evidence_gives_a_turn(lines: list[Any], shares: list[list[float]]) -> None:
    assert rotation(lines, seen_in_all_positions(shares)) in TURNS


@given(
    st.integers(0, 3),
    st.lists(st.lists(st.floats(0, 1), min_size=4, max_size=4), min_size=1, max_size=20),
)
def test_as_much_against_a_turn_as_for_it_is_none(turn: int, lines: list[list[float]]) -> None:
    """Whatever the lines say: with each comes one that says the same of the page turned."""
    both = [digit(*line) for line in lines]
    both += [digit(*(line[(i + 2) % 4] for i in range(4))) for line in lines]
    assert rotation(both, UNSURE) != 180


@pytest.mark.parametrize(
    ("lines", "shares", "upright"),
    [
        ([WIDE] * 3, [0.9, 0.0, 0.1, 0.0], True),
        ([WIDE] * 3, [0.1, 0.0, 0.9, 0.0], False),
        ([WIDE] * 3, [0.5, 0.0, 0.5, 0.0], False),
        ([TALL] * 3, [1.0, 0.0, 0.0, 0.0], False),
        ([WIDE, *[DIGIT] * 40], [1.0, 0.0, 0.0, 0.0], True),
        ([DIGIT] * 40, [1.0, 0.0, 0.0, 0.0], True),
    ],
)
def test_it_looks_upright_to_lines_and_page_classifier(
    lines: list[Any], shares: list[float], upright: bool
) -> None:
    """Single digits are taller than wide, and no line on its side."""
    assert looks_upright(np.array(lines, dtype=np.float32), shares) is upright


def readings(confidences: Sequence[float], word: str = "Amount due", turn: int = 0) -> Any:
    return [Reading(word, confidence, Way(turn)) for confidence in confidences]


@pytest.mark.parametrize(
    ("found", "upright"),
    [
        (readings([0.97, 0.95, 0.93, 0.91, 0.96]), True),
        (readings([0.7, 0.75, 0.6, 0.8, 0.72]), False),
        (readings([0.99] * 4), False),  # NOON and 69 read well on their head, too
        (readings([0.99] * 30, "7"), False),
        (readings([0.99] * 30, "L9.8"), False),
        (readings([0.99] * 5) + readings([0.99] * 40, "7"), False),
        (readings([0.99] * 8, turn=180), False),
        ([], False),
    ],
)
def test_it_reads_upright(found: Any, upright: bool) -> None:
    places = np.array([WIDE] * len(found), dtype=np.float32).reshape(-1, 4, 2)
    assert reads_upright(found, places) is upright


def test_long_lines_say_more_about_how_it_reads() -> None:
    short = [[10, 10], [30, 10], [30, 30], [10, 30]]
    places = np.array([WIDE] * 5 + [short] * 5, dtype=np.float32)
    assert reads_upright(readings([0.95] * 5 + [0.5] * 5), places)
    assert not reads_upright(readings([0.5] * 5 + [0.95] * 5), places)


def test_the_longest_lines_that_share_the_longest_ones_axis() -> None:
    up = [[10, 250], [10, 10], [30, 10], [30, 250]]  # its first edge runs up
    polygons = np.array([WIDE, TALL, DIGIT, up], dtype=np.float32)
    assert longest_along_one_axis(polygons, 2) == (90, [3, 1])
    assert longest_along_one_axis(polygons[[0, 2]], 5) == (0, [0])
