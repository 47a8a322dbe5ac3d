"""Which readings are near a word, and which are nearer than others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_contract.likeness import (
    CONFUSED,
    DIGITS,
    DIGITS_CONFUSED,
    EASILY_LOST,
    ONE_WRONG,
    OTHER_SCRIPT,
    PARTED,
    SIMILAR,
    distance,
    two_for_one,
)

FAR = 9.0
WORDS = st.text("01ilo5s8bmrndcqhaеа", max_size=8)


@pytest.mark.parametrize(
    ("word", "reading", "expected"),
    [
        ("total", "total", 0),
        ("total", "tota1", CONFUSED),
        ("total", "t0ta1", 2 * CONFUSED),
        ("modern", "modem", CONFUSED),
        ("clear", "dear", CONFUSED),
        ("summary", "surnrnary", 2 * CONFUSED),
        ("сумма", "cyмma", 4 * OTHER_SCRIPT),
        ("item", "iten", SIMILAR),
        ("bnd", "bhd", SIMILAR),
        ("sejati", "se jati", PARTED),
        ("come again", "comeagain", PARTED),
        ("world", "wor id", PARTED + CONFUSED),
        ("nett", "net", EASILY_LOST),
        ("cash", "ash", EASILY_LOST),
        ("summ", "suimm", EASILY_LOST),
        ("again", "agan", EASILY_LOST),
        ("bread", "brad", ONE_WRONG),
        ("bread", "break", ONE_WRONG),
        ("bread", "braed", ONE_WRONG),
        ("81760", "81750", DIGITS_CONFUSED),
        ("81760", "81740", DIGITS),
        ("", "ab", 2 * ONE_WRONG),
    ],
)
def test_distances(word: str, reading: str, expected: float) -> None:
    assert distance(word, reading, FAR) == pytest.approx(expected)
    assert distance(reading, word, FAR) == pytest.approx(expected)


def test_what_is_confused_is_nearer_than_what_is_wrong_and_digits_are_the_farthest() -> None:
    costs = [OTHER_SCRIPT, CONFUSED, PARTED, SIMILAR, EASILY_LOST, DIGITS_CONFUSED, ONE_WRONG]
    assert [*costs, DIGITS] == sorted({*costs, DIGITS})


@given(WORDS, WORDS)
def test_it_is_the_same_from_both_sides_and_nothing_for_the_same_alone(
    word: str, reading: str
) -> None:
    far = distance(word, reading, FAR)
    assert far == pytest.approx(distance(reading, word, FAR))
    assert (far == 0) == (word == reading)


@given(WORDS, WORDS, st.sampled_from([0.5, 1.0, 1.6, 2.0]))
def test_a_limit_cuts_off_what_is_beyond_it_and_nothing_else(
    word: str, reading: str, most: float
) -> None:
    far, within = distance(word, reading, FAR), distance(word, reading, most)
    assert within == pytest.approx(far) if far <= most else within > most


@given(st.text(max_size=12), st.text(max_size=12))
def test_any_characters_at_all(word: str, reading: str) -> None:
    assert 0 <= distance(word, reading, FAR) <= max(DIGITS * 24, FAR + ONE_WRONG)


def test_two_characters_for_one_at_every_place() -> None:
    assert {"mam", "rnarn"} == {*two_for_one("rnam")} & {"mam", "rnarn"}
    assert set(two_for_one("modern")) >= {"modem", "rnodern", "moclern"}
    assert two_for_one("x") == []
