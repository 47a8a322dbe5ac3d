"""The models run directly, as ONNX files: batched over pages by `lanes`, in few shapes.

The files are PaddleOCR's, and so is the arithmetic around them; docs/decisions/0009 says why
not its pipeline.
"""

import dataclasses
import functools
import itertools
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from decoding.pixels import Pixels
from engines.arrays import Numbers, Polygons
from engines.columns import Columns
from engines.company import Company
from engines.lanes import ENOUGH_LINES_PER_LANE, Lanes
from engines.leaders import shorten_leaders
from engines.long_lines import recognise_in_parts
from engines.networks import (
    CENTRED,
    IMAGENET,
    IMAGENET_RGB,
    Detector,
    GroupDetector,
    Network,
    Normalisation,
    Recogniser,
)
from engines.page_classifier import prepare_page as prepare_page_for_orientation
from engines.preparations import Preparation
from engines.shape_buckets import BucketShapes
from engines.text_detection import detection_settings, find_polygons, map_size, scale_for_detection
from engines.text_models import Evidence, Recognised
from engines.text_recognition import (
    LINE_HEIGHT,
    join_characters,
    natural_width,
    prepare_line,
    read_characters,
)
from engines.tiled_detection import ByteMap, is_tiled, map_in_tiles
from models import Model, ModelSet

_FIRST_PAGE = (64, 320, 3)
_USUAL_PAGES = ((960, 704), (704, 960))


class Load(Protocol):
    """How a device's engine loads models."""

    def detector(self, model: Model, normalisation: Normalisation) -> Detector:
        """For pages of every size."""

    def recogniser(self, model: Model, normalisation: Normalisation) -> Recogniser:
        """For lines of few widths."""

    def classifier(self, model: Model, normalisation: Normalisation) -> Network:
        """For images of one size."""


@dataclasses.dataclass(frozen=True, slots=True)
class Shapes:
    """What a CPU is given at a time."""

    lanes: int
    """Network calls at a time."""
    line_widths: tuple[int, ...]
    most_columns: int
    """Widths of the lines that are recognised together, added up, are at most this …"""
    most_lines: int
    """… and their number this."""
    fewest_lines: int = 2
    """Fewer go one by one: a shape of its own would not pay for its memory."""
    enough_lines: int = ENOUGH_LINES_PER_LANE
    """While fewer wait for each lane, other calls go first."""
    searches: int = 2
    """At most so many of the calls at a time search a page or judge it."""

    def together(self, width: int, waiting: int) -> int:
        """How many of `waiting` lines (at least 1) of one width go together: as many as may, or
        one, because each other number would be a shape more to prepare for."""
        most = self._most(width)
        return most if waiting >= most else 1

    def prepared(self, width: int) -> set[int]:
        """Numbers of lines of one width that are worth preparing for."""
        return {self._most(width), 1}

    def _most(self, width: int) -> int:
        most = min(self.most_lines, self.most_columns // width)
        return most if most >= self.fewest_lines else 1


class OnnxModels:
    """Three networks on one device, its lanes, and what stands around them."""

    def __init__(
        self,
        models: ModelSet,
        load: Load,
        shapes: Shapes | BucketShapes,
        unclip_ratio: float,
        *,
        orientation: bool,
    ) -> None:
        """Loads the models with `load`; those for orientation only when they are wanted."""
        self._shapes = shapes
        self._detection = load.detector(models.detection, IMAGENET)
        self._detection_settings = detection_settings(models.detection.folder, unclip_ratio)
        self._recognition = load.recogniser(models.recognition, CENTRED)
        self._characters = read_characters(models.recognition.folder)
        self._orientation = orientation
        if orientation:
            self._page_orientation = load.classifier(models.document_orientation, IMAGENET_RGB)
        self.lanes: Lanes[Columns] = Lanes(
            shapes.lanes,
            self._run_recognition,
            shapes.together,
            shapes.enough_lines,
            shapes.searches,
        )
        self._group = self._detection if isinstance(self._detection, GroupDetector) else None
        self._searches: Company[Pixels, ByteMap] | None = None
        if group := self._group:
            self._searches = Company(
                self.lanes.call, group.run_together, group.together, group.group
            )

    def begin(self, behind: Sequence[Preparation] = ()) -> None:
        """Run each network once, to see that it can, and leave the other shapes for later; what
        else is to be done `behind` the work comes before them."""
        # One after the other: OpenVINO's first two calls at the same moment wait for each other for
        # ever, the one for Python's lock, the other for what the first is about to make.
        self.detect(np.zeros(_FIRST_PAGE, dtype=np.uint8), max(_FIRST_PAGE))
        self.lanes.recognise([np.zeros((LINE_HEIGHT, self._shapes.line_widths[0], 3), np.uint8)])
        if self._orientation:
            self.page_shares(np.zeros(_FIRST_PAGE, dtype=np.uint8))
        self.lanes.prepare((), once=behind)
        if self._group:
            pages = map(self._page_preparation, self._group.shapes)
            self.lanes.prepare(itertools.chain(pages, self._preparations()))
        else:
            usual = (self._page_preparation((1, *size)) for size in _USUAL_PAGES)
            self.lanes.prepare(self._preparations(), once=usual)

    def _preparations(self) -> Iterator[Preparation]:
        """For every shape of lines, so that memory grows no more once they are made."""
        for width in self._shapes.line_widths:
            for count in sorted(self._shapes.prepared(width)):
                yield Preparation(
                    functools.partial(self._prepare_lines, width, count), (width, count)
                )

    def _prepare_lines(self, width: int, count: int) -> None:
        self._recognition.run_best(np.zeros((count, LINE_HEIGHT, width, 3), dtype=np.uint8))

    def _page_preparation(self, shape: tuple[int, int, int]) -> Preparation:
        return Preparation(lambda: self._detection.run(np.zeros((*shape, 3), dtype=np.uint8)))

    def detect(self, page: Pixels, longest_side: int) -> Polygons:
        """As `TextModels.detect`."""
        height, width = page.shape[:2]
        settings, logits = self._detection_settings, self._detection.logits
        wanted = map_size((height, width), longest_side)
        if is_tiled(wanted):
            tiles_map = map_in_tiles(page, wanted, self._numbers_map, logits=logits)
            return find_polygons(tiles_map, (height, width), settings)
        text_map = self._text_map(scale_for_detection(page, longest_side))
        return find_polygons(text_map, (height, width), settings, logits=logits)

    def recognise(self, crops: Sequence[Pixels]) -> list[Recognised]:
        """As `TextModels.recognise`."""
        found = recognise_in_parts(crops, self._recognise)
        return [each._replace(text=shorten_leaders(each.text)) for each in found]

    def page_shares(self, page: Pixels) -> list[float]:
        """As `TextModels.page_shares`."""
        prepared = prepare_page_for_orientation(page)
        (shares,) = self.lanes.call(lambda: self._page_orientation.run(prepared[None]))
        return [float(share) for share in shares]

    def inference_s(self) -> float:
        """As `TextModels.inference_s`."""
        return self.lanes.busy_s / self.lanes.count

    def _recognise(self, crops: Sequence[Pixels]) -> list[Recognised]:
        widths = self._shapes.line_widths
        lines = self.lanes.recognise([prepare_line(crop, widths) for crop in crops])
        return [
            self._recognised(line, natural_width(crop, widths))
            for line, crop in zip(lines, crops, strict=True)
        ]

    def _recognised(self, line: Columns, width: int) -> Recognised:
        text, confidence = join_characters(line, self._characters)
        return Recognised(text, confidence, (Evidence(line, self._characters, text, width),))

    def _numbers_map(self, scaled: Pixels) -> Numbers:
        text_map = self._text_map(scaled)
        if text_map.dtype == np.uint8:
            return text_map.astype(np.float32) / np.float32(255)
        return text_map.astype(np.float32, copy=False)

    def _text_map(self, scaled: Pixels) -> Numbers | ByteMap:
        if self._searches and self._group:
            found = self._searches.ask(self._group.filled(scaled))
            return found[: scaled.shape[0], : scaled.shape[1]]
        text_map: Numbers = self.lanes.call(lambda: self._detection.run(scaled[None]))[0, 0]
        return text_map

    def _run_recognition(self, lines: list[Pixels]) -> list[Columns]:
        columns = self._recognition.run_best(np.stack(lines))
        return [Columns(*line) for line in zip(*columns, strict=True)]
