"""Lines read by tesseract's line recogniser (LSTM), with one language at a time.

It wants black letters on white with white around. Its page segmentation is told that there is one
line (mode 7), which finds the baseline; where that finds nothing, as of a short word, the picture
is read as it is (mode 13). docs/decisions/0031 has what was measured.
"""

import contextlib
import importlib
import os
import queue
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from decoding.pixels import Pixels
from languages.second_reader import Words

LINE_HEIGHTS = (42, 34)
"""To which a line's crop is scaled; its letters are two thirds as high. The second one is tried
where the first reads badly: the search for the baseline may find nothing in one of them."""
_READS_WELL = 0.75
_MARGIN = 10
_WIDEST = 12_000
"""Longer lines are squeezed into it: tesseract takes pictures up to 32,767 wide."""
_ONE_LINE, _RAW_LINE = 7, 13
_LSTM_ONLY = 1
_DARK, _PAPER = 1, 60
"""Percentiles of a line's grey that become black and white."""
_DOTS_PER_INCH = 300
_FAINTEST = 12
"""A line with less contrast between them has nothing on it."""

Grey = npt.NDArray[np.uint8]


class TesseractLines:
    """Reads lines in some languages. Safe to use from several threads."""

    def __init__(self, folder: Path, most_at_a_time: int) -> None:
        """`folder` holds CODE.traineddata; of each language so many readers are kept at most."""
        os.environ["OMP_THREAD_LIMIT"] = "1"  # before it is loaded: every line has a thread already
        self._library: Any = importlib.import_module("tesserocr")
        self._folder = folder
        self._most = most_at_a_time
        self._readers: dict[str, queue.SimpleQueue[Any]] = {}

    @property
    def version(self) -> str:
        """Such as "tesseract 5.5.4"."""
        return str(self._library.tesseract_version()).split("\n", 1)[0].strip()

    def load(self, code: str) -> None:
        """Have a language ready; raises RuntimeError when its data cannot be used."""
        readers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        readers.put(self._reader(code))
        for _ in range(self._most - 1):
            readers.put(None)  # made when they are needed
        self._readers[code] = readers

    def read(self, code: str, line: Pixels) -> Words:
        """One cut-out line (height, width, 3) in a language that was loaded."""
        best = Words("", 0.0)
        grey: Grey | None = None
        with self._borrowed(code) as reader:
            for height in LINE_HEIGHTS:
                grey = prepared(line, height)
                if grey is None:
                    return best
                best = max(best, self._read(reader, grey, _ONE_LINE), key=_confidence)
                if best.confidence >= _READS_WELL:
                    return best
            if not best.text and grey is not None:
                return self._read(reader, grey, _RAW_LINE)
        return best

    def _read(self, reader: Any, grey: Grey, mode: int) -> Words:
        height, width = grey.shape
        reader.SetPageSegMode(mode)
        reader.SetImageBytes(grey.tobytes(), width, height, 1, width)
        reader.SetSourceResolution(_DOTS_PER_INCH)
        text = " ".join(str(reader.GetUTF8Text()).split())
        confidence = max(int(reader.MeanTextConf()), 0) / 100 if text else 0.0
        places = self._places(reader, width) if text else None
        reader.Clear()
        return Words(text, min(confidence, 1.0), places)

    def _places(self, reader: Any, width: int) -> tuple[float, ...] | None:
        """Of the words that were read, of a picture so wide; in the text's order."""
        level = self._library.RIL.WORD
        found: list[float] = []
        for word in self._library.iterate_level(reader.GetIterator(), level):
            box = word.BoundingBox(level)
            if box is None:
                return None
            left, _, right, _ = box
            count = len(str(word.GetUTF8Text(level)).split())
            if count != 1:
                return None
            found += (_share(left, width), _share(right, width))
        return tuple(found)

    @contextlib.contextmanager
    def _borrowed(self, code: str) -> Iterator[Any]:
        readers = self._readers[code]
        reader = readers.get()
        try:
            reader = self._reader(code) if reader is None else reader
            yield reader
        finally:
            readers.put(reader)

    def _reader(self, code: str) -> Any:
        reader = self._library.PyTessBaseAPI(
            path=str(self._folder), lang=code, psm=_ONE_LINE, oem=_LSTM_ONLY
        )
        reader.SetVariable("tessedit_do_invert", "0")  # `prepared` has seen to that
        return reader


def _share(x: int, width: int) -> float:
    """Of the line's width, less the margin around it."""
    return min(max((x - _MARGIN) / max(width - 2 * _MARGIN, 1), 0.0), 1.0)


def _confidence(words: Words) -> float:
    return words.confidence


def prepared(line: Pixels, line_height: int = LINE_HEIGHTS[0]) -> Grey | None:
    """A line (height, width, 3) as tesseract reads it best; None where nothing is on it."""
    grey = cv2.cvtColor(line, cv2.COLOR_BGR2GRAY)
    height, width = grey.shape
    edges = np.concatenate([grey[0], grey[-1]])
    if float(np.median(edges)) < float(grey.mean()):  # light letters on a dark ground
        grey = cv2.bitwise_not(grey)
    wide = min(max(round(width * line_height / height), 1), _WIDEST)
    smooth = cv2.INTER_AREA if height > line_height else cv2.INTER_CUBIC
    scaled = cv2.resize(grey, (wide, line_height), interpolation=smooth).astype(np.float32)
    dark, paper = (float(each) for each in np.percentile(scaled, [_DARK, _PAPER]))
    if paper - dark < _FAINTEST:
        return None
    stretched = np.clip((scaled - dark) * (255 / (paper - dark)), 0, 255).astype(np.uint8)
    return np.pad(stretched, _MARGIN, constant_values=255)
