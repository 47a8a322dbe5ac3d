"""A network on a device, whatever runs it: pixels in, numbers out."""

import dataclasses
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from decode import Pixels

Numbers = npt.NDArray[np.float32]
Classes = npt.NDArray[np.integer[Any]]


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


class Network(Protocol):
    """One loaded model. Safe to use from several threads."""

    def run(self, images: Pixels) -> Numbers:
        """The output for images (count, height, width, 3)."""

    def run_best(self, images: Pixels) -> tuple[Classes, Numbers]:
        """The largest value along the output's last axis: where it is, and what it is.

        The full output of a recogniser is megabytes a line; this leaves it where it was made.
        """
