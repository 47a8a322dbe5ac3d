"""All readings of a line's places: rivals, look-alikes, and words that stand far apart."""

import numpy as np
import pytest

from engines.columns import Columns, no_rivals
from engines.text_models import Evidence
from reading.likely_places import likely_places

CHARACTERS = ["", *"ACEGHMNR", " "]


def evidence(text: str, ways: list[int]) -> Evidence:
    """Each character so many columns behind the one before it; all of them sure."""
    places = np.concatenate([[0], np.cumsum(ways)])
    classes = np.zeros(places[-1] + 2, dtype=np.int64)
    classes[places] = [CHARACTERS.index(each) for each in text]
    shares = np.full(len(classes), 0.999, dtype=np.float32)
    columns = Columns(classes, shares, classes < 0, *no_rivals(classes))
    return Evidence(columns, CHARACTERS, text, 8 * len(classes))


def readings(text: str, ways: list[int]) -> set[str]:
    return {each for place in likely_places(evidence(text, ways)) for each, _ in place.readings}


def test_characters_far_apart_may_be_of_two_words() -> None:
    """An amount's unit, set at the right of its label."""
    assert "CHANGE RM" in readings("CHANGERM", [2, 2, 2, 2, 2, 36, 2])


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("CHANGERM", [2, 2, 2, 2, 2, 7, 2]),  # wide, but no more than some letters are
        ("CHANGE RM", [2, 2, 2, 2, 2, 30, 2, 2]),  # there is a blank already
        ("RM", [30]),  # nothing tells what is usual
        ("CHANGERM", [9] * 7),  # letters set apart
    ],
)
def test_other_words_stay_one(text: str, ways: list[int]) -> None:
    assert readings(text, ways) <= {text, *text.split()}
