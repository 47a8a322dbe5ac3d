"""A network on a device, whatever runs it: pixels in, numbers out."""

import dataclasses
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from decode import Pixels

Numbers = npt.NDArray[np.float32]
Classes = npt.NDArray[np.integer[Any]]
Flags = npt.NDArray[np.bool_]

BLANK = 0
"""The class of a column between two characters."""
SPACE = -1
"""The class of a space: PaddleOCR puts it behind a model's characters."""
_LEAST_SPACE = 0.125
"""A space has to be so many times as likely as a blank; docs/decisions/0011 has the figures."""


@dataclasses.dataclass(frozen=True, slots=True)
class Normalisation:
    """(pixel - mean) / scale, for each of the three channels in their order, pixels 0 to 255."""

    mean: tuple[float, float, float]
    scale: tuple[float, float, float]
    swap_channels: bool = False
    """The network wants red first; our pixels have blue first."""


IMAGENET = Normalisation(
    (0.485 * 255, 0.456 * 255, 0.406 * 255), (0.229 * 255, 0.224 * 255, 0.225 * 255)
)
IMAGENET_RGB = dataclasses.replace(IMAGENET, swap_channels=True)
CENTRED = Normalisation((127.5, 127.5, 127.5), (127.5, 127.5, 127.5))
"""0 to 255 becomes -1 to 1."""


class Columns(NamedTuple):
    """What a recogniser says of the columns of a line, or of several; each is (…, columns)."""

    classes: Classes
    """The likeliest class."""
    probabilities: Numbers
    """That class's probability; where no character begins it may be 0."""
    spaces: Flags
    """A space is nearly as likely as a blank, as `near_space` says."""


def character_begins(classes: Classes) -> Flags:
    """(…, columns): whether a column begins a character: no blank, and no repeat of the last."""
    begins: Flags = classes != BLANK
    begins[..., 1:] &= classes[..., 1:] != classes[..., :-1]
    return begins


def near_space(ends: Numbers) -> Flags:
    """(…, columns): whether the second of two probabilities (…, columns, 2) is near the first's.

    They are a blank's and a space's, or numbers in the same proportion.
    """
    near: Flags = ends[..., 1] >= _LEAST_SPACE * ends[..., 0]
    return near


class Network(Protocol):
    """One loaded model. Safe to use from several threads."""

    def run(self, images: Pixels) -> Numbers:
        """The output for images (count, height, width, 3)."""


class Detector(Protocol):
    """A model that says of each pixel whether it is text. Safe to use from several threads."""

    logits: bool
    """What it gives are logits: the numbers before the sigmoid."""

    def run(self, pages: Pixels) -> Numbers:
        """For pages (count, height, width, 3): (count, 1, height, width), probabilities or logits.

        A sigmoid of a whole page takes as long as a tenth of all the rest.
        """


class Recogniser(Protocol):
    """A model that tells characters apart, column by column. Safe to use from several threads."""

    def run_best(self, lines: Pixels) -> Columns:
        """For lines (count, height, width, 3): what is likeliest, (count, columns) each.

        The full output is megabytes a line; this leaves it where it was made.
        """
