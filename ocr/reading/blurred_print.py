"""Lines too blurred to be read, which look as unreadable as those in another script.

How wide an edge is tells: of print, however small, it is a fortieth of a line's height, of what was
out of focus, or enlarged from too few pixels, a twentieth and more.
"""

import dataclasses
import math
from collections.abc import Sequence

import cv2
import numpy as np

from decoding.pixels import Pixels
from image_warnings import ImageWarning
from ocr_contract.doubt import Reason
from ocr_contract.error_codes import ErrorCode
from page_records import Line
from reading.line_crops import crop_line

_BLURRED, _BLURRED_ONE_WAY = 0.05, 0.09
"""Of a line's height, from which on the sharper and the softer edges are blurred, of those that run
up and those that run along. Of 5,272 lines of 108 pages one in a thousand had more than 0.049 and
0.072; lines that blur made unreadable 0.053 to 0.081, moved ones 0.091 to 0.181 one way."""
_LEAST_SIDE = 5
_DARK_TO_LIGHT, _STEEPEST = (1, 99), 99
"""Percentiles of shades, and of their change from pixel to pixel."""


def blurred_apart(page: Pixels, lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines of a page, none of those in another script that are only blurred."""
    return tuple(
        dataclasses.replace(line, doubt_reason=Reason.UNCLEAR_CHARACTERS)
        if line.is_unspelled and _is_blurred(page, line)
        else line
        for line in lines
    )


def blurred_warning(lines: int) -> ImageWarning:
    """For the image; so many of its lines are too blurred."""
    what = "1 line is" if lines == 1 else f"{lines} lines are"
    return ImageWarning(
        ErrorCode.BLURRED_PRINT,
        f"{what} too blurred to be read, or stored with too few dots. Scan or photograph the page "
        "sharper or larger.",
    )


def edge_widths(line: Pixels) -> tuple[float, float]:
    """The deviation of the blur of a line's (height, width, 3) steepest edges, in its heights: of
    those along and those across it, the sharper first."""
    grey = cv2.cvtColor(line, cv2.COLOR_BGR2GRAY).astype(np.float32)
    if min(grey.shape) < _LEAST_SIDE:
        return 0.0, 0.0
    low, high = np.percentile(grey, _DARK_TO_LIGHT).tolist()
    steepest = sorted(
        float(np.percentile(np.abs(np.diff(grey, axis=axis)), _STEEPEST)) for axis in (0, 1)
    )
    # A step that is blurred by a normal distribution rises by 1 / (deviation √2π) at its steepest.
    soft, sharp = (
        (high - low) / (math.sqrt(2 * math.pi) * max(rise, 1e-3)) / grey.shape[0]
        for rise in steepest
    )
    return sharp, soft


def _is_blurred(page: Pixels, line: Line) -> bool:
    sharp, soft = edge_widths(crop_line(page, np.array(line.polygon, dtype=np.float32)))
    return sharp >= _BLURRED or soft >= _BLURRED_ONE_WAY
