"""The doubt of lines that tesseract read, and how it is measured."""

import numpy as np
import pytest

import second_calibration
from ocr_contract.doubt import LOOK_AT, from_confidence
from reading.judged_lines import judged
from reading.line_reading import UPRIGHT, Reading
from reading.second_doubt import second_doubt
from second_calibration import SecondLine

BOX = np.array([[0, 0], [300, 0], [300, 20], [0, 20]], dtype=np.float32)
NAME = "tesseract rus 5.5.4"


def test_a_sure_line_of_tesseracts_is_clear_and_an_unsure_one_is_not() -> None:
    """Its own .95 says more than the main recogniser's: the old table said that half are wrong."""
    sure = judged(Reading("Счёт на оплату", 0.96, UPRIGHT, model=NAME), BOX)
    unsure = judged(Reading("Счёт на оплату", 0.7, UPRIGHT, model=NAME), BOX)
    assert sure.doubt is not None and unsure.doubt is not None
    assert sure.doubt < LOOK_AT < from_confidence(0.96)
    assert unsure.doubt > 0.5


def test_a_longer_line_is_more_likely_wrong() -> None:
    short, long = (second_doubt(NAME, "Цена " * count, 0.93) for count in (1, 20))
    assert short is not None and long is not None
    assert short < long


def test_of_another_model_nothing_is_known() -> None:
    assert second_doubt("eslav_PP-OCRv5_mobile_rec", "Цена", 0.96) is None
    assert second_doubt(None, "Price", 0.96) is None


def test_a_language_is_judged_by_the_others() -> None:
    """One whose readings are always wrong, however sure, does not make itself doubtful."""
    source = np.random.default_rng(3)
    lines = [
        SecondLine(code, f"{code} {number}", "Цена за штуку", float(sure), bool(wrong))
        for code in ("aaa", "bbb")
        for number, sure in enumerate(source.uniform(0.6, 0.99, 200))
        for wrong in [source.random() > sure]
    ]
    liar = [SecondLine("ccc", str(number), "Цена за штуку", 0.98, True) for number in range(50)]
    found = second_calibration.held_out([*lines, *liar])
    assert {judged.kind for judged in found} == {"aaa", "bbb", "ccc"}
    of_liar = [judged.doubt for judged in found if judged.kind == "ccc"]
    assert max(of_liar) < 0.2
    assert pytest.approx(of_liar[0]) == of_liar[-1]
