"""How one page is read: found, turned upright, cut into lines, recognised, put in order.

What the models answer comes from `text_models`; many pages are read at the same time, each in
a thread of its own.
"""

import dataclasses
from typing import Protocol

import numpy as np

import orientation
from decode import Pixels
from image_warnings import ImageWarning
from line_crops import crop_line
from page_search import find_lines
from reading_order import Polygons, reading_order
from text_models import TextModels
from worker_protocol import Line


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
        return find_lines(page, self._models.detect, self._detection_side)
