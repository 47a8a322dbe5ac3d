"""Zones of passports and cards: places that hold letters hold no digits, and digits are checked."""

import pytest

from ocr_contract.doubt import LOOK_AT, Reason
from page_records import Line
from reading.machine_zone import with_machine_zones

PASSPORT = [
    "P<TGOSOLO<<OTTO<BOB<<<<<<<<<<<<<<<<<<<<<<<<<",
    "X3K41O7255TGO7102039F31050657O<<<<<<<<<<<<16",
]
CARD = ["I<TGOSOLO<<ZOE<<<<<<<<<<<<<<<<<<<<<<", "C5O1824060TGO7102039M3105065<<<<<<<4"]
CARD_OF_THREE = [
    "I<TGOC5O1824060<<<<<<<<<<<<<<<",
    "7102039M3105065TGO<<<<<<<<<<<4",
    "SOLO<<ZOE<<<<<<<<<<<<<<<<<<<<<",
]
VISA = [
    "V<TGOSOLO<<ZOE<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<",
    "C5O1824060TGO7102039M3105065<<<<<<<<<<<<<<<<",
]
SMALL_VISA = [line[:36] for line in VISA]
POLYGON = ((0.0, 0.0), (400.0, 0.0), (400.0, 20.0), (0.0, 20.0))


def page(*texts: str, doubt: float = 0.001) -> list[Line]:
    return [Line(text, 0.99, POLYGON, doubt=doubt) for text in texts]


@pytest.mark.parametrize("zone", [PASSPORT, CARD, CARD_OF_THREE, VISA, SMALL_VISA])
@pytest.mark.parametrize("confused", [("O", "0"), ("0", "O")])
def test_letters_and_digits_stand_where_the_format_has_them(
    zone: list[str], confused: tuple[str, str]
) -> None:
    """Within the number, where either may stand, too: its check digit tells."""
    lines = page("Surname SOLO 0O", *(line.replace(*confused) for line in zone), "O0")
    found = with_machine_zones(lines)
    assert [line.text for line in found] == ["Surname SOLO 0O", *zone, "O0"]
    assert found[0] is lines[0]


def test_what_is_right_stays_as_it_was_read() -> None:
    lines = page(*PASSPORT)
    assert with_machine_zones(lines) == lines


def test_a_wrong_check_digit_makes_its_line_doubtful() -> None:
    name, number = PASSPORT
    wrong = number.replace("710203", "770203")
    first, second = with_machine_zones(page(name, wrong))
    assert (first.text, second.text) == (name, wrong)
    assert first.doubt is not None
    assert first.doubt < LOOK_AT
    assert second.doubt is not None
    assert second.doubt > 0.5
    assert second.doubt_reason == Reason.CHECK_DIGIT


def test_a_number_that_could_be_several_is_worth_a_look() -> None:
    """The digit is right with an O in the place of any of three noughts."""
    name, number = VISA
    _, second = with_machine_zones(page(name, "A0B00CD0E0" + number[10:]))
    assert second.doubt is not None
    assert second.doubt >= LOOK_AT
    assert second.doubt_reason == Reason.CHECK_DIGIT


def test_a_number_that_is_right_as_it_was_read_is_believed() -> None:
    """Though it would be right with two letters in it, too."""
    name, number = VISA
    right = page(name, "A0B00CD0E8" + number[10:])
    assert with_machine_zones(right) == right


@pytest.mark.parametrize(
    "texts",
    [
        ["CONTENTS" + "<" * 36, "7102039F310506571020" + "<" * 24],
        [PASSPORT[0], "a shorter line"],
        [PASSPORT[1], PASSPORT[0]],
        ["P" * 44, PASSPORT[1]],
        [PASSPORT[0]],
        [],
    ],
)
def test_other_lines_stay(texts: list[str]) -> None:
    lines = page(*texts)
    assert with_machine_zones(lines) == lines
