"""The few shapes that a GPU computes in: lines and pages are filled up to the next one.

Each shape costs a plan, a captured graph and memory on the device, and each pixel that fills up
costs as much as one that counts. docs/decisions/0045 has the arithmetic.
"""

import bisect
import dataclasses
from collections.abc import Sequence

import numpy as np

from decoding.pixels import Pixels

LINE_WIDTHS = (
    *range(160, 321, 32),
    *(384, 448, 512, 640, 768, 960, 1280, 1920),
)
"""Lines are read best when little fills them up (docs/decisions/0006); most are short."""
LINE_BATCHES = (1, 8, 32, 64)
MOST_COLUMNS = 64 * 320
"""Of the lines that go together, added up: their full output takes 190 MB."""
PAGE_SIZES = (
    *((320, 320), (640, 640), (320, 1120), (1120, 448), (640, 1120), (800, 1120)),
    *((1120, 640), (1120, 800), (1120, 928), (1120, 1120)),
)
"""(height, width) of maps. Most receipts are 1,120 × 448 to 800, A4 is 1,120 × 800, and a screen
lies as 640 or 800 × 1,120."""
PAGE_BATCHES = (1, 4)
_SAMPLE = 8
"""Of a page's pixels every so many'th, across and down, tell its paper's colour."""
_FILL = 0.75
"""A batch goes when at least so much of it is there; else a smaller one does."""


@dataclasses.dataclass(frozen=True, slots=True)
class BucketShapes:
    """What a GPU is given at a time; `onnx_models.Shapes` says the same of a CPU."""

    lanes: int
    line_widths: tuple[int, ...] = LINE_WIDTHS
    enough_lines: int = 4 * LINE_BATCHES[-1]
    """Lines of several widths wait, and large batches are to fill."""

    @property
    def searches(self) -> int:
        """As `Shapes.searches`: every pipeline has its own memory for it."""
        return self.lanes

    def together(self, width: int, waiting: int) -> int:
        """As `Shapes.together`."""
        return lines_together(width, waiting)

    def prepared(self, width: int) -> set[int]:
        """As `Shapes.prepared`."""
        return set(line_batches(width))


def lines_together(width: int, waiting: int) -> int:
    """How many of `waiting` lines (at least 1) of this width go together."""
    return _together(line_batches(width), waiting)


def pages_together(waiting: int) -> int:
    """How many of `waiting` pages (at least 1) of one size go together."""
    return _together(PAGE_BATCHES, waiting)


def line_batches(width: int) -> tuple[int, ...]:
    """The numbers of lines of this width that are computed together."""
    return tuple(count for count in LINE_BATCHES if count * width <= MOST_COLUMNS)


def filled(count: int, batches: Sequence[int]) -> int:
    """The number to which `count` is filled up; more than the last of `batches` stays as it is."""
    at = bisect.bisect_left(batches, count)
    return batches[at] if at < len(batches) else count


def page_size(height: int, width: int) -> tuple[int, int]:
    """The size to which a page is filled up; itself where none of them is large enough."""
    large = [size for size in PAGE_SIZES if size[0] >= height and size[1] >= width]
    return min(large, key=_area, default=(height, width))


def filled_page(page: Pixels) -> Pixels:
    """A page (height, width, 3) filled up to `page_size`, at its right and below.

    With its paper, the median of each channel: the network judges by the average of what it sees.
    """
    height, width = page.shape[:2]
    wanted = page_size(height, width)
    if wanted == (height, width):
        return page
    filled_up = np.empty((*wanted, 3), dtype=np.uint8)
    filled_up[:] = np.median(page[::_SAMPLE, ::_SAMPLE], axis=(0, 1))
    filled_up[:height, :width] = page
    return filled_up


def _together(batches: Sequence[int], waiting: int) -> int:
    larger = filled(waiting, batches)
    if larger <= batches[-1] and waiting >= _FILL * larger:
        return min(waiting, larger)
    return max((count for count in batches if count <= waiting), default=1)


def _area(size: tuple[int, int]) -> int:
    return size[0] * size[1]
