"""How likely a line holds letters that there is no class for: by what columns and ink tell."""

import random
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import pytest
from real_pages import load_models

from decoding.pixels import Pixels
from drawing import sample_languages
from drawing.sample_languages import Language
from drawing.script_lines import page
from engines.columns import Columns, no_rivals
from engines.text_models import Evidence, TextModels
from reading import unspelled
from reading.line_crops import crop_line
from reading.page_search import find_lines
from reading.unspelled import COLUMN_PX, features

CHARACTERS = ["", *"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.", " "]


def likelihood(line: Pixels, seen: Sequence[Evidence]) -> float:
    return unspelled.likelihood(lambda: line, seen)


def evidence(columns: str, share: float = 1.0) -> tuple[Evidence, ...]:
    """A column a character; _ is a blank."""
    classes = np.array([CHARACTERS.index(c) if c != "_" else 0 for c in columns], dtype=np.int64)
    shares = np.full(len(classes), share, dtype=np.float32)
    spaces = np.zeros(len(classes), dtype=bool)
    told = Columns(classes, shares, spaces, *no_rivals(classes))
    text = columns.replace("_", "")
    return (Evidence(told, CHARACTERS, text, len(columns) * COLUMN_PX),)


def inked(columns: str) -> Pixels:
    """A line with a letter's ink in every column that has no blank or ~ stands for."""
    line = np.full((48, len(columns) * COLUMN_PX, 3), 255, dtype=np.uint8)
    for number, sign in enumerate(columns):
        if sign not in "_ ":
            left = number * COLUMN_PX - COLUMN_PX // 2
            cv2.rectangle(line, (max(left, 0), 12), (left + 14, 36), (0, 0, 0), 2)
    return line


def test_plain_letters_are_spelled() -> None:
    columns = "_t_o_t_a_l_ _p_r_i_c_e_"
    assert likelihood(inked(columns), evidence(columns)) == 0


def test_ink_without_a_letter_is_likely_of_another_script() -> None:
    read, seen = "_P_______________a____", "_P_ш_щ_я_ж_д_ф_ц_a_ю__"
    assert likelihood(inked(seen), evidence(read, 0.8)) > 0.9


def test_the_same_columns_without_that_ink_are_not() -> None:
    read = "_P_______________a____"
    seen = inked("_P_ш_щ_я_ж_д_ф_ц_a_ю__")
    assert likelihood(inked(read), evidence(read, 0.8)) < likelihood(seen, evidence(read, 0.8))


def test_a_long_line_with_ink_and_no_letter_is_likely_one() -> None:
    line = inked("_ш__щ__я__ж__д__")
    assert likelihood(line, evidence("_" * 16)) > 0.8
    assert likelihood(line[:, :88], evidence("_" * 11)) == 0  # too short to be a line
    assert likelihood(np.full_like(line, 255), evidence("_" * 16)) == 0


def test_a_single_sign_is_none() -> None:
    assert likelihood(inked("_ш_"), evidence("_x_", 0.3)) == 0


def test_without_evidence_nothing_is_known() -> None:
    assert likelihood(inked("_ш_щ_я_"), ()) == 0


def test_rules_around_a_line_are_no_ink() -> None:
    columns = "_t_o_t_a_l___________"
    framed = inked(columns)
    framed[2:4] = 0
    framed[:, 120:123] = 0
    plain, ruled = (features(line, evidence(columns)) for line in (inked(columns), framed))
    assert plain is not None
    assert ruled is not None
    np.testing.assert_allclose(ruled, plain)


def test_parts_of_a_long_line_are_one_line() -> None:
    columns = "_t_o_t_a_l_ _p_r_i_c_e_"
    first, second = columns[:12], columns[12:]
    whole = features(inked(columns), evidence(columns))
    parts = features(inked(columns), (*evidence(first), *evidence(second)))
    assert whole is not None
    assert parts is not None
    np.testing.assert_allclose(parts, whole)


@pytest.fixture(scope="module")
def models() -> TextModels:
    return load_models()


def marks(language: Language, models: TextModels) -> list[float]:
    drawing = page(language, random.Random(f"{language.code} test"), clean=False)
    grey: Any = np.asarray(drawing.image)
    pixels = np.ascontiguousarray(np.repeat(grey[:, :, None], 3, axis=2))
    crops = [crop_line(pixels, polygon) for polygon in find_lines(pixels, models.detect, 1120)]
    read = models.recognise(crops)
    return [likelihood(crop, each.evidence) for crop, each in zip(crops, read, strict=True)]


@pytest.mark.parametrize("language", sample_languages.OTHERS, ids=lambda language: language.code)
def test_lines_of_other_scripts_are_found(language: Language, models: TextModels) -> None:
    found = marks(language, models)
    assert len(found) >= len(language.lines) - 2
    assert sum(likely >= 0.3 for likely in found) >= 0.8 * len(found)
    assert np.mean(found) > 0.5


@pytest.mark.parametrize("language", sample_languages.SPELLED, ids=lambda language: language.code)
def test_lines_that_the_models_spell_are_left_alone(language: Language, models: TextModels) -> None:
    assert max(marks(language, models)) < 0.8
