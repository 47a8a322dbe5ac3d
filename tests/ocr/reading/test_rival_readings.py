"""Other readings of doubtful words: fewer, more and other characters, and spaces."""

import dataclasses

import numpy as np
import pytest

from engines.columns import Columns, no_rivals
from engines.text_models import Evidence
from engines.text_recognition import join_characters
from ocr_contract.alternatives import MAX_READINGS, Alternative
from page_records import Line
from reading.judged_lines import judged
from reading.line_reading import UPRIGHT, Reading
from reading.page_words import with_page_words
from reading.rival_readings import alternatives, columns_of, doubtful_places, plausibility

CHARACTERS = ["", *"Totalmrn1I5S0O,.é漢字", "e", "E", " "]
Column = tuple[str, dict[str, float]]


def evidence(*columns: str | Column) -> Evidence:
    """A column is its best class, "" for a blank, and how likely the next classes are beside it."""
    best = [column if isinstance(column, str) else column[0] for column in columns]
    classes = np.array([CHARACTERS.index(each) for each in best])
    rivals, shares = no_rivals(classes)
    probabilities = np.ones(len(best), np.float32)
    for place, column in enumerate(columns):
        others = {} if isinstance(column, str) else column[1]
        for number, (other, share) in enumerate(others.items()):
            rivals[place, number], shares[place, number] = CHARACTERS.index(other), share
        probabilities[place] = 1 / (1 + sum(others.values()))
    made = Columns(classes, probabilities, np.zeros(len(best), np.bool_), rivals, shares)
    return Evidence(made, CHARACTERS, join_characters(made, CHARACTERS)[0], 8 * len(best))


def found(*columns: str | Column) -> list[Alternative]:
    seen = evidence(*columns)
    return alternatives(doubtful_places(seen, columns_of(seen)), seen.text)


def test_clear_words_have_no_other_readings() -> None:
    assert found(*"Total", " ", *"Tot") == []
    assert found() == []


def test_another_character() -> None:
    assert found(*"Tota", ("1", {"l": 0.4, "I": 0.1})) == [Alternative(0, 5, ("Total", "TotaI"))]


def test_the_likeliest_two_of_many() -> None:
    """Each of two places has another reading; both at once are the fourth."""
    (place,) = found("T", ("0", {"o": 0.5}), "t", ("a", {"o": 0.3}))
    assert place == Alternative(0, 4, ("Tota", "Toto"))


def test_a_character_more_or_fewer() -> None:
    assert found("o", "r", ("n", {"": 0.4})) == [Alternative(0, 3, ("or",))]
    assert found("5", ("", {".": 0.4}), "0") == [Alternative(0, 2, ("5.0",))]


def test_a_space_that_was_missed_and_one_too_many() -> None:
    assert found(*"To", ("", {" ": 0.1}), *"mr")[0].readings[0] == "To mr"
    assert found(*"To", (" ", {"": 0.4}), *"mr") == [Alternative(2, 3, ("",))]


def test_only_the_doubtful_word_of_a_line() -> None:
    assert found(*"Tot", " ", *"ta", ("1", {"l": 0.5}), " ", *"mr") == [Alternative(4, 7, ("tal",))]


def test_scripts_without_spaces_go_by_the_character() -> None:
    assert found("漢", ("字", {"漢": 0.3}), "") == [Alternative(1, 2, ("漢",))]


def test_letters_among_digits_are_less_likely() -> None:
    """The letter is likelier by its looks alone."""
    assert found("5", ("O", {"0": 0.2}), "5") == [Alternative(0, 3, ("505",))]
    (place,) = found("1", ("5", {"S": 0.5, "0": 0.4}), "1")
    assert place.readings == ("101", "1S1")


def test_a_small_l_before_a_consonant_was_a_capital() -> None:
    """ltam, whose first letter is likely an I, so that both other letters may be wrong at once."""
    (place,) = found(("l", {"I": 0.5}), "t", ("a", {"o": 0.4}), "m")
    assert place.readings == ("Itam", "Itom")


@pytest.mark.parametrize("word", [("l", "a"), ("o", "l", "t")])
def test_a_small_l_stays_likely_elsewhere(word: tuple[str, ...]) -> None:
    assert plausibility("".join(word)) == 1


def test_words_of_the_page_choose_among_all_that_counts() -> None:
    """Two letters of Total are unclear: both at once are less likely than either."""
    columns = ("T", ("a", {"o": 0.3}), "t", ("o", {"m": 0.5, "a": 0.4}), "l")
    reading = Reading("Tatol", 0.8, UPRIGHT, (evidence(*columns),))
    box = np.array([(0, 0), (90, 0), (90, 30), (0, 30)], dtype=np.float32)
    line = judged(reading, box)
    sure = Line("Total", 0.99, line.polygon, doubt=0.002)
    alone, _ = with_page_words([line, dataclasses.replace(sure, text="No 12")])
    assert "Total" not in alone.alternatives[0].readings
    assert len(alone.alternatives[0].readings) == MAX_READINGS
    beside, _ = with_page_words([line, sure])
    assert beside.alternatives[0].readings[0] == "Total"


def test_an_accent_counts_only_where_it_is_likely() -> None:
    """Search overlooks it."""
    assert found("m", ("e", {"é": 0.1}), "r") == []
    assert found("m", ("e", {"é": 0.3}), "r") == [Alternative(0, 3, ("mér",))]


def test_places_stand_where_the_part_begins_in_the_line() -> None:
    seen = evidence(*"Tota", ("1", {"l": 0.4}))
    (place,) = alternatives(doubtful_places(seen, columns_of(seen)), seen.text, 10)
    assert (place.start, place.end) == (10, 15)


def test_what_is_all_doubt_is_no_text_that_can_be_told() -> None:
    assert found(*[("1", {"l": 0.9, "I": 0.9}), ""] * 30) == []


@pytest.mark.parametrize("seed", range(20))
def test_any_evidence_gives_places_within_the_text(seed: int) -> None:
    rng = np.random.default_rng(seed)
    columns: list[str | Column] = []
    for _ in range(rng.integers(0, 40)):
        best, *others = rng.choice(len(CHARACTERS), 3, replace=False).tolist()
        shares = np.sort(rng.random(2) ** 4)[::-1].tolist()
        columns.append(
            (CHARACTERS[best], {CHARACTERS[o]: s for o, s in zip(others, shares, strict=True)})
        )
    seen = evidence(*columns)
    before = 0
    for place in alternatives(doubtful_places(seen, columns_of(seen)), seen.text):
        assert before <= place.start <= place.end <= len(seen.text)
        assert seen.text[place.start : place.end] not in place.readings
        before = place.end
