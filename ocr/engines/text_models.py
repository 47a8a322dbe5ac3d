"""The seam to the models: three questions about pixels, whoever answers them.

`onnx_models` runs the models itself and is the fast way; `paddle_models` has PaddleOCR run
them, with every engine and model format that it knows. Safe to use from several threads.
"""

import dataclasses
import functools
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from decoding.pixels import Pixels
from engines.arrays import Polygons
from engines.columns import Columns, character_begins


@dataclasses.dataclass(frozen=True, eq=False)
class Evidence:
    """What a recogniser saw of a line, or of one part of a long one."""

    columns: Columns
    characters: list[str]
    """Of the classes."""
    text: str
    """What it was read as."""
    width: int
    """How many of the network's pixels the part is wide, without what it was padded with."""

    @functools.cached_property
    def begins(self) -> npt.NDArray[np.intp]:
        """(characters,): in which columns characters begin; half a dozen judges ask."""
        return character_begins(self.columns.classes).nonzero()[0]


class Recognised(NamedTuple):
    """The text of one cut-out line."""

    text: str
    confidence: float
    """The mean probability of its characters."""
    evidence: tuple[Evidence, ...] = ()
    """Of its parts in turn; none from an engine that does not tell."""


class TextModels(Protocol):
    """Detection, recognition and the classifier of pages."""

    def detect(self, page: Pixels, longest_side: int) -> Polygons:
        """(count, 4, 2): the text regions of a page, searched at most `longest_side` large."""

    def recognise(self, crops: Sequence[Pixels]) -> list[Recognised]:
        """The text of each cut-out line, in their order."""

    def page_shares(self, page: Pixels) -> list[float]:
        """How likely the page must be turned counter-clockwise by 0, 90, 180, 270 degrees."""

    def inference_s(self) -> float:
        """Seconds that the device computed so far: the mean over what it can do at a time."""
