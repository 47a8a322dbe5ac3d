"""Whether pages are put upright: each file as it is, and lying in the wrong positions."""

import itertools
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from decoding.documents import decode_pages
from drawing.cases import QUARTERS, turned
from ocr_errors import ImageError
from service_reading import Reading
from suites import Item

_MEGAPIXELS = 1e9


class Position(NamedTuple):
    """A file that lies in one position."""

    item: Item
    path: Path
    rotation: int
    """Degrees counter-clockwise that make it upright."""


class Positions(NamedTuple):
    """How often pages came out upright."""

    upright: int
    """Files that were upright."""
    wrongly_turned: list[str]
    """Those of them that were turned; with what was done."""
    lying: int
    """Turned files."""
    left_lying: list[str]
    """Those of them that were not put upright."""

    @property
    def put_upright(self) -> int:
        """How many turned files came out upright."""
        return self.lying - len(self.left_lying)


def as_they_are(items: Iterable[Item]) -> list[Position]:
    """Every item with text, upright."""
    return [Position(item, item.path, 0) for item in items if item.known.strip()]


def lay_down(items: Iterable[Item], folder: Path) -> list[Position]:
    """Every item with text upright, and those that tell their upright also turned, in files of
    the folder; what lies there from a turn before (`kept_readings`) is not drawn again.

    A drawn item lies in one of the three wrong positions, in turn: there are many, and many alike.
    What has no upright (one I, a row of noughts: `tells_up`) must still not be turned. Without
    text there is nothing to put upright; what cannot be decoded has only its own position.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    in_turn = itertools.cycle(QUARTERS[1:])
    for upright in as_they_are(items):
        found.append(upright)
        item = upright.item
        if not item.tells_up:
            continue
        rotations = [next(in_turn)] if item.is_drawn else QUARTERS[1:]
        name = (
            f"drawn-{item.path.name}" if item.is_drawn else item.path.name
        )  # of both there may be
        lying = [
            Position(item, folder / f"{name}.turned-{rotation}.png", rotation)
            for rotation in rotations
        ]
        try:
            _draw(position for position in lying if not position.path.exists())
        except ImageError:
            continue
        found += lying
    return found


def _draw(lying: Iterable[Position]) -> None:
    """One item, turned.

    Raises:
        ImageError: it cannot be decoded.
    """
    page = None
    for position in lying:
        if page is None:
            page = next(decode_pages(position.item.path.read_bytes(), _MEGAPIXELS)).pixels
        rgb = turned(page, position.rotation)[:, :, ::-1]
        part = position.path.with_suffix(".part")
        Image.fromarray(rgb).save(part, format="png", compress_level=1)
        part.rename(position.path)  # a run that was ended leaves none half written


def judge(positions: Iterable[Position], readings: Mapping[Path, Reading]) -> Positions:
    """A file that was not read counts as wrong in every position."""
    upright = lying = 0
    wrongly_turned, left_lying = [], []
    for position in positions:
        reading = readings.get(position.path)
        rotation = reading.rotation if reading is not None else None
        right = rotation == position.rotation
        said = "not read" if rotation is None else f"{rotation} instead of {position.rotation}"
        if position.rotation == 0:
            upright += 1
            if not right:
                wrongly_turned.append(f"{position.path.name}: {said}")
        else:
            lying += 1
            if not right:
                left_lying.append(f"{position.path.name}: {said}")
    return Positions(upright, wrongly_turned, lying, left_lying)
