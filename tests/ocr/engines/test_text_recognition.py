"""Lines as the recogniser wants them, and its classes as text, beside PaddleX's arithmetic."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paddlex.inference.models.text_recognition.processors import CTCLabelDecode, OCRReisizeNormImg
from real_pages import model_set

from decoding.pixels import Pixels
from engines.columns import BLANK, Columns, no_rivals
from engines.shape_buckets import LINE_WIDTHS
from engines.text_recognition import (
    CPU_WIDTHS,
    LINE_HEIGHT,
    MAX_LINE_WIDTH,
    MIN_LINE_WIDTH,
    join_characters,
    prepare_line,
    read_characters,
)

CHARACTERS = ["", *"abcde", " "]


def noise(width: int, height: int) -> Pixels:
    return np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("widths", [CPU_WIDTHS, LINE_WIDTHS])
def test_the_widths_rise_from_the_least_to_the_most(widths: tuple[int, ...]) -> None:
    assert list(widths) == sorted(set(widths))
    assert (widths[0], widths[-1]) == (MIN_LINE_WIDTH, MAX_LINE_WIDTH)
    assert all(width % 8 == 0 for width in widths)


@pytest.mark.parametrize(
    ("size", "padded", "natural"),
    [
        ((40, 48), 160, 40),
        ((160, 48), 160, 160),
        ((161, 48), 192, 161),
        ((100, 24), 224, 200),
        ((320, 48), 320, 320),
        ((321, 48), 352, 321),
        ((1, 48), 160, 1),
        ((1, 1), 160, 48),
        ((1, 4000), 160, 1),
        ((9000, 48), 1920, 1920),
        ((16_000, 1), 1920, 1920),
    ],
)
def test_a_line_is_padded_to_the_next_width(
    size: tuple[int, int], padded: int, natural: int
) -> None:
    made = prepare_line(np.zeros((size[1], size[0], 3), dtype=np.uint8), CPU_WIDTHS)
    assert made.shape == (LINE_HEIGHT, padded, 3)
    assert made.dtype == np.uint8
    assert made[:, :natural].max() == 0
    assert (made[:, natural:] == 127).all()


@given(st.integers(1, 4000), st.integers(1, 200), st.sampled_from([CPU_WIDTHS, LINE_WIDTHS]))
def test_any_line_has_one_of_the_widths(width: int, height: int, widths: tuple[int, ...]) -> None:
    made = prepare_line(np.zeros((height, width, 3), dtype=np.uint8), widths)
    assert made.shape[0] == LINE_HEIGHT
    assert made.shape[1] in widths
    if made.shape[1] < MAX_LINE_WIDTH:
        assert made.shape[1] >= LINE_HEIGHT * width / height


@pytest.mark.parametrize("size", [(333, 48), (100, 31), (700, 30), (90, 60), (1600, 40)])
def test_the_pixels_are_paddles(size: tuple[int, int]) -> None:
    """And the padding is near to its 0."""
    crop = noise(*size)
    ours = prepare_line(crop, CPU_WIDTHS).astype(np.float32) / 127.5 - 1
    (theirs,) = OCRReisizeNormImg([3, LINE_HEIGHT, MIN_LINE_WIDTH])([crop])
    width = theirs.shape[2]
    natural = min(math.ceil(LINE_HEIGHT * size[0] / size[1]), MAX_LINE_WIDTH)
    assert width == max(natural, MIN_LINE_WIDTH)
    assert np.abs(ours[:, :natural] - theirs.transpose(1, 2, 0)[:, :natural]).max() < 1e-5
    assert np.abs(ours[:, natural:]).max(initial=0) < 0.005
    assert np.abs(theirs[:, :, natural:]).max(initial=0) == 0


def test_the_classes_are_those_of_the_model(tmp_path: Path) -> None:
    """A blank before and a space after what stands in its file; numbers are characters, too."""
    (tmp_path / "inference.yml").write_text("PostProcess:\n  character_dict: [a, 1, '　', \"'\"]\n")
    assert read_characters(tmp_path) == ["", "a", "1", "　", "'", " "]
    assert len(read_characters(model_set("small").recognition.folder)) > 6000


def join(
    classes: list[int], shares: list[float] | None = None, spaces: list[int] | None = None
) -> tuple[str, float]:
    found = np.array(classes, dtype=np.int64)
    columns = Columns(
        found,
        np.array(shares or [1.0] * len(classes), dtype=np.float32),
        np.array(spaces or [0] * len(classes), dtype=np.bool_),
        *no_rivals(found),
    )
    return join_characters(columns, CHARACTERS)


@pytest.mark.parametrize(
    ("classes", "text"),
    [
        ([], ""),
        ([0], ""),
        ([0, 0, 0], ""),
        ([1], "a"),
        ([1, 1, 1], "a"),
        ([1, 0, 1], "aa"),
        ([0, 1, 1, 0, 2, 2, 1], "aba"),
        ([1, 6, 6, 2], "a b"),
    ],
)
def test_repetitions_count_once_and_blanks_not_at_all(classes: list[int], text: str) -> None:
    assert join(classes)[0] == text


def test_the_confidence_is_that_of_the_characters() -> None:
    """Of each one's first column; neither the blanks' nor the repetitions'."""
    text, confidence = join([0, 1, 1, 0, 2], [0.1, 0.8, 0.2, 0.1, 0.6])
    assert text == "ab"
    assert confidence == pytest.approx(0.7)
    assert join([0, 0], [0.9, 0.9]) == ("", 0.0)


@pytest.mark.parametrize(
    ("classes", "spaces", "text"),
    [
        ([1, 0, 2], [0, 1, 0], "a b"),
        ([1, 0, 0, 0, 0, 2], [0, 1, 1, 0, 1, 0], "a b"),
        ([0, 1, 0, 2, 0], [1, 0, 0, 0, 1], "ab"),
        ([1, 1, 2, 2], [1, 1, 1, 1], "ab"),
        ([1, 0, 1, 2], [0, 1, 0, 0], "a ab"),
        ([1, 0, 6, 0, 2], [0, 1, 0, 1, 0], "a b"),
        ([0, 0], [1, 1], ""),
    ],
)
def test_a_blank_between_characters_that_is_nearly_a_space_is_one(
    classes: list[int], spaces: list[int], text: str
) -> None:
    """Once, not at the ends, not where a character is, and not beside a space."""
    assert join(classes, None, spaces)[0] == text


def test_such_a_space_does_not_count_for_the_confidence() -> None:
    assert join([1, 0, 2], [0.8, 0.5, 0.6], [0, 1, 0]) == ("a b", pytest.approx(0.7))


@given(st.integers(0, 2**32), st.integers(1, 60))
def test_any_output_is_joined_as_paddle_joins_it(seed: int, columns: int) -> None:
    rng = np.random.default_rng(seed)
    output = rng.random((3, columns, len(CHARACTERS)), dtype=np.float32)
    output[..., BLANK] *= rng.choice([0.5, 1.0, 1.5])
    output = np.repeat(output, 2, axis=1)
    texts, scores = CTCLabelDecode(list("abcde"))([output])
    for line, text, score in zip(output, texts, scores, strict=True):
        ours, ours_score = join(line.argmax(axis=-1).tolist(), line.max(axis=-1).tolist())
        assert ours == text
        assert ours_score == pytest.approx(score)
