"""Which lines are marked, which are read by the second recogniser, and which reading is taken."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pytest

from decoding.pixels import Pixels
from engines.text_models import Evidence
from reading import other_script_lines
from reading.line_reading import COLUMN, HEAD, UPRIGHT, Reading
from reading.other_script_lines import (
    OtherScripts,
    has_other_letters,
    other_script_warning,
    second_reading_warning,
)


class Second(NamedTuple):
    text: str
    confidence: float
    model: str = "second"
    places: tuple[float, ...] | None = None
    is_lost: bool = False


class Recogniser:
    """Reads every line alike, and remembers what it was shown."""

    languages = frozenset[str]()

    def __init__(self, reading: Second) -> None:
        self.reading = reading
        self.shown: list[int] = []

    def read(self, lines: Sequence[Pixels]) -> list[Second]:
        self.shown += [int(line[0, 0, 0]) for line in lines]
        return [self.reading] * len(lines)


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[float]], list[Pixels]]:
    """Lines that are so likely to be in another script, by the blue of their first pixel."""

    def made(likely: list[float]) -> list[Pixels]:
        def told(cut: Callable[[], Pixels], _: Sequence[Evidence]) -> float:
            return likely[int(cut()[0, 0, 0])]

        monkeypatch.setattr(other_script_lines, "likelihood", told)
        return [np.full((20, 100, 3), number, dtype=np.uint8) for number in range(len(likely))]

    return made


def read_as(text: str, count: int) -> list[Reading]:
    return [Reading(text, 0.9, UPRIGHT) for _ in range(count)]


Page = Callable[[list[float]], list[Pixels]]


def reasons(found: Sequence[Reading]) -> list[str | None]:
    return [reading.doubt_reason for reading in found]


def test_a_line_of_another_script_is_marked_and_keeps_its_text(page: Page) -> None:
    found = OtherScripts().settle(page([0.95] + [0.0] * 9), read_as("LleHa", 10))
    assert reasons(found) == ["other_script", *[None] * 9]
    assert found[0].text == "LleHa"


def test_a_line_among_spelled_ones_needs_more_than_one_among_others(page: Page) -> None:
    among_spelled = OtherScripts().settle(page([0.7] + [0.0] * 9), read_as("x", 10))
    assert reasons(among_spelled) == [None] * 10
    among_others = OtherScripts().settle(page([0.4] + [0.99] * 9), read_as("x", 10))
    assert reasons(among_others) == ["other_script"] * 10


def test_a_surely_read_line_among_spelled_ones_needs_most(page: Page) -> None:
    """Ş and º leave traces like those of letters that are not known; they are read."""

    def said(text: str, confidence: float, likely: float) -> str | None:
        sure = Reading(text, confidence, UPRIGHT)
        found = OtherScripts().settle(page([likely] + [0.0] * 9), [sure, *read_as("Toplam", 9)])
        return found[0].doubt_reason

    assert said("Şubemiz pazar günü", 0.97, 0.85) is None
    assert said("Şubemiz pazar günü", 0.97, 0.95) == "other_script"
    assert said("Şubemiz pazar günü", 0.9, 0.85) == "other_script"
    assert said(" ,     .", 0.97, 0.85) == "other_script"
    among_others = page([0.4] + [0.99] * 9)
    found = OtherScripts().settle(among_others, [Reading("káàárọ", 0.99, UPRIGHT)] * 10)
    assert reasons(found) == ["other_script"] * 10


def test_a_surely_read_line_among_spelled_ones_is_not_read_by_another(page: Page) -> None:
    second = Recogniser(Second("ВЕСО Ке 4411", 0.9))
    readings = [Reading("REÇU N° 4411", 0.97, UPRIGHT), *read_as("Price", 9)]
    found = OtherScripts(second).settle(page([0.75] + [0.0] * 9), readings)
    assert found[0].text == "REÇU N° 4411"
    assert second.shown == []


def test_a_column_is_not_judged(page: Page) -> None:
    (found,) = OtherScripts().settle(page([0.99]), [Reading("日本", 0.9, COLUMN)])
    assert found.doubt_reason is None


def test_without_a_likely_line_nobody_is_asked(page: Page) -> None:
    second = Recogniser(Second("Цена", 0.99))
    readings = read_as("Price", 3)
    assert OtherScripts(second).settle(page([0.05, 0.1, 0.0]), readings) == readings
    assert second.shown == []


def test_a_marked_line_is_replaced_and_says_what_read_it(page: Page) -> None:
    second = Recogniser(Second("Цена", 0.65, places=(0.1, 0.9)))
    found = OtherScripts(second).settle(page([0.9, *[0.0] * 8]), read_as("LleHa", 9))
    assert second.shown == [0]
    assert (found[0].text, found[0].confidence, found[0].model) == ("Цена", 0.65, "second")
    assert found[0].doubt_reason is None
    assert found[0].evidence == ()
    assert found[0].places == (0.1, 0.9)
    assert [reading.model for reading in found[1:]] == [None] * 8


def test_a_line_that_was_lost_keeps_its_text_and_is_marked(page: Page) -> None:
    """The less likely it is in another script, the less doubtful."""
    second = Recogniser(Second("", 0.0, "", is_lost=True))
    found = OtherScripts(second).settle(page([0.9, 0.3, *[0.0] * 8]), read_as("LleHa", 10))
    assert reasons(found) == ["second_reading_failed"] * 2 + [None] * 8
    assert [reading.least_doubt for reading in found[:3]] == [1.0, 0.3, 0.0]
    assert {reading.text for reading in found} == {"LleHa"}


def test_the_page_tells_of_lost_lines_and_what_to_do() -> None:
    warning = second_reading_warning(2)
    assert warning.code == "second_reading_failed"
    assert warning.message.startswith("2 lines may be in a language of OCR_LANGUAGES")
    assert "Have the image read again" in warning.message


def test_an_unsure_second_reading_leaves_the_line_marked(page: Page) -> None:
    second = Recogniser(Second("Цена", 0.5))
    (found,) = OtherScripts(second).settle(page([0.9]), read_as("LleHa", 1))
    assert (found.text, found.doubt_reason, found.model) == ("LleHa", "other_script", None)


def test_a_line_that_may_be_spelled_needs_a_surer_second_reading(page: Page) -> None:
    crops = page([0.2, *[0.0] * 8])
    unsure = OtherScripts(Recogniser(Second("Цена", 0.7))).settle(crops, read_as("Price", 9))
    assert unsure[0].text == "Price"
    sure = OtherScripts(Recogniser(Second("Цена", 0.9))).settle(crops, read_as("Price", 9))
    assert sure[0].text == "Цена"


def test_a_second_reading_in_known_letters_is_not_taken(page: Page) -> None:
    evidence = (Evidence(None, ["", *"Price"], "Price", 100),)  # type: ignore[arg-type]
    second = Recogniser(Second("Price", 0.99))
    reading = Reading("Price", 0.9, UPRIGHT, evidence)
    (found,) = OtherScripts(second).settle(page([0.9]), [reading])
    assert found.model is None


def test_on_a_page_in_another_script_every_line_is_tried(page: Page) -> None:
    """Capitals that look alike are read with certainty, as another word."""
    second = Recogniser(Second("СУММА", 0.78))
    found = OtherScripts(second).settle(page([0.9, 0.9, 0.0]), read_as("CYMMA", 3))
    assert second.shown == [0, 1, 2]
    assert [reading.text for reading in found] == ["СУММА"] * 3


def test_among_lines_that_were_read_so_less_is_enough(page: Page) -> None:
    class Unsure(Recogniser):
        def read(self, lines: Sequence[Pixels]) -> list[Second]:
            return [Second("Цена", 0.5), *super().read(lines[1:])]

    crops = page([0.9, 0.9, 0.9, 0.9])
    found = OtherScripts(Unsure(Second("Сумма", 0.9))).settle(crops, read_as("x", 4))
    assert [reading.text for reading in found] == ["Цена", "Сумма", "Сумма", "Сумма"]


def test_a_line_of_another_script_does_not_stand_on_its_head(page: Page) -> None:
    """Rubbish may read better so."""
    crops = page([0.9, 0.9])[:1]
    crops[0][-1] = 1
    second = Recogniser(Second("Цена", 0.9))
    (found,) = OtherScripts(second).settle(crops, [Reading("eHall", 0.9, HEAD, places=(0.0, 0.5))])
    assert (found.way, found.places) == (UPRIGHT, None)
    assert second.shown == [0]


def test_the_second_recogniser_sees_more_than_the_line(page: Page) -> None:
    second = Recogniser(Second("Цена", 0.9))
    wider = np.full((30, 110, 3), 77, dtype=np.uint8)
    OtherScripts(second).settle(page([0.9]), read_as("LleHa", 1), lambda _: wider)
    assert second.shown == [77]


def test_only_letters_and_their_marks_tell_scripts_apart() -> None:
    assert has_other_letters("Phải", frozenset("Phai"))
    assert has_other_letters("ที่", frozenset("ท"))
    assert not has_other_letters("No. 5 – „x“", frozenset("Nox"))


@pytest.mark.parametrize(
    ("lines", "any_is_read", "sentence"),
    [
        (1, False, "1 line is in a script that is not set up. Set OCR_LANGUAGES to its language"),
        (3, False, "3 lines are in a script that is not set up. Set OCR_LANGUAGES to their lang"),
        (3, True, "3 lines are in a script that is not set up. Add their languages to OCR_LANG"),
    ],
)
def test_the_image_is_warned_of_with_the_remedy(
    lines: int, any_is_read: bool, sentence: str
) -> None:
    warning = other_script_warning(lines, any_is_read=any_is_read)
    assert warning.code == "other_script"
    assert warning.message.startswith(sentence)
