"""Before and after the recognition network: lines as it wants them, its classes as text.

A line is scaled to the network's height and padded on the right to one of few widths: each new
shape costs an engine time and memory. What comes back for each column of a line, its likeliest
class and that one's probability, is joined into text as connectionist temporal classification
(CTC) asks: repeated classes once, blanks not at all. But where a blank between two characters is
nearly a space it becomes one: the models leave too many out (docs/decisions/0011).
"""

import bisect
import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from decoding.pixels import Pixels
from engines.columns import BLANK, Columns, character_begins
from engines.model_config import after_the_network

LINE_HEIGHT = 48
MIN_LINE_WIDTH = 160
"""Shorter lines are padded to it: words alone are read better so; see docs/decisions/0006."""
MAX_LINE_WIDTH = 1920
"""Longer lines are read in parts (`long_lines`); a part that still is longer is squeezed."""
_PADDING = 127
"""Grey, as near to the 0 of normalised pixels as whole numbers come."""
CPU_WIDTHS = (
    *range(MIN_LINE_WIDTH, 512, 32),
    *range(512, 768, 64),
    *range(768, 1024, 128),
    *(1024, 1280, 1600, MAX_LINE_WIDTH),
)
"""To these a CPU's lines are padded: 3 % of what is computed is padding, on receipts. More widths
would cost memory, and calls that carry fewer lines."""


def prepare_line(crop: Pixels, widths: Sequence[int]) -> Pixels:
    """A cut-out line (height, width, 3) as (48, one of `widths`, 3); these in rising order."""
    natural = natural_width(crop, widths)
    padded = widths[bisect.bisect_left(widths, natural)]
    line = np.full((LINE_HEIGHT, padded, 3), _PADDING, dtype=np.uint8)
    line[:, :natural] = cv2.resize(crop, (natural, LINE_HEIGHT))
    return line


def natural_width(crop: Pixels, widths: Sequence[int]) -> int:
    """A line's width at the network's height, but at most the last of `widths`."""
    height, width = crop.shape[:2]
    wanted: int = math.ceil(LINE_HEIGHT * width / height)
    return min(max(wanted, 1), widths[-1])


def read_characters(model: Path) -> list[str]:
    """The characters of a recognition model's classes, in their order, the blank first."""
    return ["", *map(str, after_the_network(model)["character_dict"]), " "]


def join_characters(line: Columns, characters: list[str]) -> tuple[str, float]:
    """One line's text, and the mean probability of its characters; ("", 0.0) without any.

    A space in a blank's place counts for the text only.
    """
    (places,) = character_begins(line.classes).nonzero()
    if not len(places):
        return "", 0.0
    found = [characters[i] for i in line.classes[places].tolist()]
    spaces_so_far = (line.spaces & (line.classes == BLANK)).cumsum()[places]
    text = found[0]
    for before, after, space in zip(found, found[1:], np.diff(spaces_so_far) > 0, strict=False):
        text += f" {after}" if space and before != " " != after else after
    return text, float(line.probabilities[places].mean())
