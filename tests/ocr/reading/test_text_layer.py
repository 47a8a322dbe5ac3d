"""A PDF's text layer is taken only where it says what the page shows."""

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from decoding.pixels import Pixels
from page_records import Line, TextRun
from reading import text_layer

WORDS = ["The first of some lines", "follows here the second", "and a third one as well",
         "so that there is enough", "to look at on this page"]  # fmt: skip
SQUARE = ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0))


def written(words: Sequence[str] = WORDS) -> tuple[Pixels, list[TextRun]]:
    """A page with these lines, and where they stand."""
    page = np.full((60 * len(words) + 40, 600, 3), 255, dtype=np.uint8)
    runs = []
    for number, text in enumerate(words):
        bottom = 60 * number + 60
        cv2.putText(page, text, (20, bottom), cv2.FONT_HERSHEY_SIMPLEX, 1, (0, 0, 0), 2)
        (width, height), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 1, 2)
        runs.append(TextRun(text, (20, bottom - height, 20 + width, bottom + below)))
    return page, runs


class Eyes:
    """Reads what it is told; counts how often, and keeps what it was shown."""

    def __init__(self, *texts: str) -> None:
        self.texts = texts or tuple(WORDS)
        self.seen: list[Pixels] = []

    def __call__(self, page: Pixels) -> list[Line]:
        self.seen.append(page)
        return [Line(text, 0.9, SQUARE) for text in self.texts]


def test_what_agrees_is_taken_without_reading_the_page() -> None:
    page, runs = written()
    eyes = Eyes()
    lines = text_layer.trusted(page, runs, eyes)
    assert lines is not None
    assert [line.text for line in lines] == WORDS
    assert {line.confidence for line in lines} == {1.0}
    assert {line.model for line in lines} == {"pdf_text"}
    assert lines[0].paragraph == 1
    assert all(len(line.words or ()) == 2 * len(line.text.split()) for line in lines)
    assert None not in {line.paragraph for line in lines}
    assert lines[1].polygon[0] == (20.0, runs[1].box[1])
    assert len(eyes.seen) == 1


def test_what_was_misread_long_ago_is_not_taken() -> None:
    page, runs = written()
    old = [TextRun(run.text.replace("e", "c"), run.box) for run in runs]
    assert text_layer.trusted(page, old, Eyes()) is None


@pytest.mark.parametrize(("wrong", "is_taken"), [(0, True), (1, True), (5, False)])
def test_one_letter_in_twenty_is_too_many(wrong: int, is_taken: bool) -> None:
    """Of 108 letters; what a reading itself gets wrong, one in a hundred, must not matter."""
    page, runs = written()
    texts = [run.text for run in runs]
    for number in range(wrong):
        texts[number] = texts[number].replace("e", "c", 1)
    layer = [TextRun(text, run.box) for text, run in zip(texts, runs, strict=True)]
    assert (text_layer.trusted(page, layer, Eyes()) is not None) == is_taken


def test_one_wrong_line_among_right_ones_is_too_many() -> None:
    page, runs = written()
    assert text_layer.trusted(page, [*runs[:4], TextRun("xxxxx", runs[4].box)], Eyes()) is None


def test_a_layer_without_a_table_of_letters_is_not_taken() -> None:
    page, runs = written()
    codes = [TextRun("\ue001\ue002" * 10, run.box) for run in runs]
    assert text_layer.trusted(page, codes, Eyes()) is None


def test_letters_that_no_line_of_the_layer_has_are_read() -> None:
    """A header that is text over a scan."""
    page, runs = written()
    eyes = Eyes()
    assert text_layer.trusted(page, runs[:3], eyes) is None
    assert eyes.seen == [], "it is told without reading"


def test_lines_that_nobody_sees_are_not_taken() -> None:
    page, runs = written()
    hidden = TextRun("a line that was painted over", (300, 330, 590, 338))
    assert text_layer.trusted(page, [*runs, hidden], Eyes()) is None


def test_of_an_empty_page_nothing_is_believed() -> None:
    _, runs = written()
    assert text_layer.trusted(np.full((400, 600, 3), 255, np.uint8), runs, Eyes()) is None


@pytest.mark.parametrize("runs", [[], [TextRun("7", (20, 30, 40, 60))]])
def test_too_little_to_judge_by(runs: list[TextRun]) -> None:
    assert text_layer.trusted(written()[0], runs, Eyes()) is None


def test_text_that_runs_up_the_page_is_read() -> None:
    page, runs = written()
    upright = TextRun("along the margin", (570, 40, 590, 300))
    assert text_layer.trusted(page, [*runs, upright], Eyes()) is None


def test_words_of_a_row_make_a_line() -> None:
    runs = [TextRun("Two", (0, 0, 30, 10)), TextRun("words", (34, 0, 80, 10)),
            TextRun("and", (400, 0, 430, 10)), TextRun("below", (0, 20, 50, 30))]  # fmt: skip
    assert [line.text for line in text_layer.lines_of(runs)] == ["Two words", "and", "below"]
    parted = [TextRun("spl", (0, 0, 30, 10)), TextRun("it", (31, 0, 45, 10))]
    assert [line.text for line in text_layer.lines_of(parted)] == ["split"]


def test_some_lines_are_cut_out_and_not_the_page() -> None:
    page, runs = written(WORDS * 6)
    eyes = Eyes()
    assert text_layer.trusted(page, runs, eyes) is not None
    assert eyes.seen[0].shape[0] < page.shape[0] / 2
