"""What the engine finds on a page, before it is stored."""

import dataclasses

from decoding.pixels import Pixels
from image_warnings import ImageWarning
from page_records import Line


@dataclasses.dataclass(frozen=True, slots=True)
class ReadPage:
    """What the engine found on one page."""

    pixels: Pixels
    """The upright page."""
    rotation: int
    """Degrees counter-clockwise by which it was turned to be upright."""
    lines: tuple[Line, ...]
    warnings: tuple[ImageWarning, ...] = ()
    """Why its text may not be all that is on it."""
