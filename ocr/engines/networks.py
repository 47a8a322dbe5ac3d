"""A network on a device, whatever runs it: pixels in, numbers out."""

import dataclasses
from collections.abc import Hashable, Sequence
from typing import Protocol, runtime_checkable

from decoding.pixels import Pixels
from engines.arrays import Numbers
from engines.columns import Columns
from engines.tiled_detection import ByteMap


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


class Detector(Protocol):
    """A model that says of each pixel whether it is text. Safe to use from several threads."""

    @property
    def logits(self) -> bool:
        """Whether what it gives are logits: the numbers before the sigmoid."""

    def run(self, pages: Pixels) -> Numbers:
        """For pages (count, height, width, 3): (count, 1, height, width), probabilities or logits.

        A sigmoid of a whole page takes as long as a tenth of all the rest.
        """


@runtime_checkable
class GroupDetector(Detector, Protocol):
    """A detector that searches several pages in one call, filled up to few sizes."""

    @property
    def shapes(self) -> Sequence[tuple[int, int, int]]:
        """(count, height, width) of what is worth preparing for."""

    def filled(self, page: Pixels) -> Pixels:
        """A page (height, width, 3) filled up, at its right and below, to a size that is searched;
        for the page's own thread."""

    def group(self, page: Pixels) -> Hashable:
        """Filled pages of one group go together."""

    def together(self, waiting: int) -> int:
        """How many of `waiting` pages of one group go together; at least 1."""

    def run_together(self, pages: Sequence[Pixels]) -> list[ByteMap]:
        """The map (height, width) of each filled page of one group, in 255ths."""


class Recogniser(Protocol):
    """A model that tells characters apart, column by column. Safe to use from several threads."""

    def run_best(self, lines: Pixels) -> Columns:
        """For lines (count, height, width, 3): what is likeliest, (count, columns) each.

        The full output is megabytes a line; this leaves it where it was made.
        """
