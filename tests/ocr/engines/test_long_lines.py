"""Long lines: nothing is lost, doubled or cut at the joints."""

import itertools
from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from decoding.pixels import Pixels
from engines.long_lines import MOST_HEIGHTS, recognise_in_parts
from engines.text_models import Recognised
from engines.text_recognition import LINE_HEIGHT, MAX_LINE_WIDTH

HEIGHT, LETTER, GAP, SPACE = 40, 14, 3, 16


def line(words: Sequence[str]) -> Pixels:
    """A crop in which the letters a to z are bars of 1 to 26 shades."""
    width = sum(len(word) * (LETTER + GAP) + SPACE for word in words)
    crop = np.full((HEIGHT, width, 3), 255, dtype=np.uint8)
    x = SPACE // 2
    for word in words:
        for letter in word:
            crop[10:30, x : x + LETTER] = ord(letter) - ord("a")
            x += LETTER + GAP
        x += SPACE
    return crop


def read(crops: Sequence[Pixels]) -> list[Recognised]:
    """The bars as letters; a bar that was cut has too few columns and is read as ?."""
    texts = []
    for crop in crops:
        row, text, last = crop[20, :, 0], "", 0
        for shade, run in itertools.groupby(row.tolist()):
            length = len(list(run))
            if shade == 255:
                text += " " if text and length > SPACE else ""
            else:
                text += chr(ord("a") + shade) if length == LETTER else "?"
            last = shade
        confidence = 0.5 + 0.1 * (len(texts) % 2)
        texts.append(Recognised(text.rstrip() if last == 255 else text, confidence))
    return texts


def test_short_lines_are_read_as_they_are() -> None:
    crops = [line(["abc", "de"]), line(["x"])]
    assert recognise_in_parts(crops, read) == read(crops)
    assert recognise_in_parts([], read) == []


def test_no_part_is_squeezed() -> None:
    """Wherever between two limits a line ends, and however bad the places to cut are."""
    for heights in range(MOST_HEIGHTS, 5 * MOST_HEIGHTS, 3):
        crop = line(["a" * 21] * (heights * HEIGHT // (21 * (LETTER + GAP) + SPACE)))
        widths: list[int] = []

        def watched(crops: Sequence[Pixels], widths: list[int] = widths) -> list[Recognised]:
            widths.extend(part.shape[1] for part in crops)
            return [Recognised("", 0.0)] * len(crops)

        recognise_in_parts([crop], watched)
        assert sum(widths) == crop.shape[1]
        assert max(widths) * LINE_HEIGHT <= MAX_LINE_WIDTH * HEIGHT


@pytest.mark.parametrize("count", [60, 200, 900])
def test_a_long_line_is_read_whole(count: int) -> None:
    words = ["abcdefghijklmnopqrstuvwxyz"[i % 20 :][: 2 + i % 7] for i in range(count)]
    crop = line(words)
    assert crop.shape[1] > MOST_HEIGHTS * HEIGHT
    widths: list[int] = []

    def watched(crops: Sequence[Pixels]) -> list[Recognised]:
        widths.extend(part.shape[1] for part in crops)
        return read(crops)

    short = line(["zz"])
    (first, *_), (text, confidence, _), (last, *_) = recognise_in_parts(
        [short, crop, short], watched
    )
    assert (first, last) == ("zz", "zz")
    assert text == " ".join(words)
    assert 0.5 < confidence < 0.6
    assert max(widths) <= MOST_HEIGHTS * HEIGHT


def test_white_letters_on_black_are_not_cut() -> None:
    words = ["abcdef"] * 80
    parts: list[Pixels] = []

    def keep(crops: Sequence[Pixels]) -> list[Recognised]:
        parts.extend(255 - crop for crop in crops)
        return [Recognised("x", 1.0)] * len(crops)

    recognise_in_parts([255 - line(words)], keep)
    assert len(parts) > 1
    assert "?" not in "".join(each.text for each in read(parts))


def test_a_rule_under_the_letters_hides_no_blank() -> None:
    crop = line(["abcdef"] * 80)
    crop[37:39] = 0
    ((text, *_),) = recognise_in_parts([crop], read)
    assert text == " ".join(["abcdef"] * 80)


def test_without_any_blank_nothing_is_lost_and_no_space_made() -> None:
    crop = line(["a" * 300])
    assert recognise_in_parts([crop], read)[0][0] == "a" * 300


def test_scripts_without_spaces_get_none() -> None:
    crop = line(["ab"] * 200)

    def chinese(crops: Sequence[Pixels]) -> list[Recognised]:
        return [Recognised("漢字。", 1.0)] * len(crops)

    text = recognise_in_parts([crop], chinese)[0].text
    assert set(text) == set("漢字。")


def test_confidence_counts_by_characters_and_empty_parts_for_nothing() -> None:
    crop = line(["ab"] * 100)

    def one_sided(crops: Sequence[Pixels]) -> list[Recognised]:
        return [Recognised("abc", 0.9)] + [Recognised("", 0.0)] * (len(crops) - 1)

    assert recognise_in_parts([crop], one_sided) == [("abc", pytest.approx(0.9), ())]
    assert recognise_in_parts([crop], lambda crops: [Recognised("", 0.0)] * len(crops)) == [
        Recognised("", 0.0)
    ]


def test_a_shaded_ground_is_no_ink() -> None:
    crop = cv2.subtract(line(["abcdef"] * 80), np.full(3, 0, dtype=np.uint8))
    shade = np.linspace(0, 40, crop.shape[1]).astype(np.uint8)[None, :, None]
    shaded = np.where(crop == 255, crop - shade, crop).astype(np.uint8)
    parts: list[Pixels] = []

    def keep(crops: Sequence[Pixels]) -> list[Recognised]:
        parts.extend(np.where(part >= 200, 255, part).astype(np.uint8) for part in crops)
        return [Recognised("x", 1.0)] * len(crops)

    recognise_in_parts([shaded], keep)
    assert len(parts) > 1
    assert "?" not in "".join(each.text for each in read(parts))
