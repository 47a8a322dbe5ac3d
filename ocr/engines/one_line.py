"""A recogniser for single lines, beside the one whose lines travel together in lanes."""

from collections.abc import Callable, Sequence
from pathlib import Path

from decoding.pixels import Pixels
from engines.columns import Columns
from engines.long_lines import recognise_in_parts
from engines.networks import Recogniser
from engines.text_models import Evidence, Recognised
from engines.text_recognition import (
    join_characters,
    natural_width,
    prepare_line,
    read_characters,
)

RecogniseLine = Callable[[Pixels], Recognised]
"""The text of a cut-out line (height, width, 3); from several threads."""


class OneLine:
    """Reads one line a call. Safe to use from several threads."""

    def __init__(self, network: Recogniser, model: Path, widths: Sequence[int]) -> None:
        """`model` is the folder that names the characters; lines are padded to `widths`."""
        self._network = network
        self._characters = read_characters(model)
        self._widths = widths

    def __call__(self, line: Pixels) -> Recognised:
        (found,) = recognise_in_parts([line], self._recognise)
        return found

    def _recognise(self, parts: Sequence[Pixels]) -> list[Recognised]:
        return [self._one(part) for part in parts]

    def _one(self, part: Pixels) -> Recognised:
        columns = self._network.run_best(prepare_line(part, self._widths)[None])
        (line,) = (Columns(*each) for each in zip(*columns, strict=True))
        text, confidence = join_characters(line, self._characters)
        width = natural_width(part, self._widths)
        return Recognised(text, confidence, (Evidence(line, self._characters, text, width),))
