"""Leaders are kept short; what only looks like one is left alone."""

import pytest

from engines.leaders import shorten_leaders


@pytest.mark.parametrize(
    ("read", "wanted"),
    [
        ("1 Being Come . . .", "1 Being Come …"),
        ("2 Soon............14", "2 Soon … 14"),
        ("2 Here . . . . . . . 18", "2 Here … 18"),
        ("Very …… 99", "Very … 99"),
        ("Over Write .. . .. . .", "Over Write …"),
        ("...157", "… 157"),
        (".. . 93", "… 93"),
        ("…xiv", "… xiv"),
        ("..", ""),
        ("· · · ·", ""),
        ("______", ""),
        ("…", ""),
    ],
)
def test_leaders_are_kept_short(read: str, wanted: str) -> None:
    assert shorten_leaders(read) == wanted


@pytest.mark.parametrize(
    "text",
    ["Wait...", "e.g. this", "a.b.c.d", "1.2.3.4", "U.S.A. Inc.", ".5", ".", "", "...and then",
     "snake_case", "__init__", " two  spaces ", "Well… yes", "Name: ____"],
)  # fmt: skip
def test_other_dots_stay(text: str) -> None:
    assert shorten_leaders(text) == text
