"""How one page is read: found, turned upright, cut into lines, recognised, put in order.

What the models answer comes from `text_models`; many pages are read at the same time, each in
a thread of its own.
"""

import dataclasses
import logging
from typing import Protocol

import numpy as np

import orientation
from decode import Pixels
from image_warnings import ImageWarning
from line_crops import crop_line
from reading_order import Polygons, reading_order
from text_models import TextModels
from usable_memory import is_lack_of_memory
from worker_protocol import Line

_LONG_STRIP_RATIO = 2.5
"""A page longer than this, in relation to its width, is searched at proportionally more pixels."""
_MAX_DETECTION_SIDE = 4000
_SMALLEST_DETECTION_SIDE = 320

log = logging.getLogger("engine")


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


class Engine(Protocol):
    """The seam to the models: tests put an engine here that fails in every known way."""

    def read(self, page: Pixels) -> ReadPage:
        """Read one page; called from several threads."""


class PageEngine:
    """Reads pages with four models."""

    def __init__(self, models: TextModels, *, detection_side: int, orientation: bool) -> None:
        """`detection_side` is the longest side, in pixels, at which text is searched."""
        self._models = models
        self._detection_side = detection_side
        self._orientation = orientation

    def read(self, page: Pixels) -> ReadPage:
        """Read one page; called from several threads."""
        polygons = self._detect(page)
        if not self._orientation or len(polygons) == 0:
            return self._read_lines(page, polygons, 0)
        shares = self._models.page_shares(page)
        first = None
        if orientation.looks_upright(polygons, shares):
            first = self._read_lines(page, polygons, 0)
            if orientation.reads_upright([(line.polygon, line.confidence) for line in first.lines]):
                return first
        rotation = orientation.rotation(
            polygons,
            shares,
            lambda index: self._models.upside_down(crop_line(page, polygons[index])),
        )
        if rotation:
            turned = np.ascontiguousarray(np.rot90(page, rotation // 90))
            return self._read_lines(turned, self._detect(turned), rotation)
        return first or self._read_lines(page, polygons, 0)

    def _read_lines(self, page: Pixels, polygons: Polygons, rotation: int) -> ReadPage:
        polygons = polygons[reading_order(polygons)]
        texts = self._models.recognise([crop_line(page, polygon) for polygon in polygons])
        return ReadPage(
            pixels=page,
            rotation=rotation,
            lines=tuple(
                Line(text, confidence, tuple((float(x), float(y)) for x, y in polygon))
                for polygon, (text, confidence) in zip(polygons, texts, strict=True)
                if text.strip()
            ),
        )

    def _detect(self, page: Pixels) -> Polygons:
        long, short = max(page.shape[:2]), min(page.shape[:2])
        wanted = self._detection_side * max(1.0, long / short / _LONG_STRIP_RATIO)
        side = min(int(wanted), _MAX_DETECTION_SIDE)
        while True:
            try:
                return self._models.detect(page, side)
            except Exception as error:
                if not is_lack_of_memory(error) or side // 2 < _SMALLEST_DETECTION_SIDE:
                    raise
                side //= 2
                log.warning("not enough memory; searching at %d pixels", side)
