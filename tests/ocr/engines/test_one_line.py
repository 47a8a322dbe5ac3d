"""A recogniser for single lines: text and confidence of one, of any length."""

import numpy as np

from decoding.pixels import Pixels
from engines.columns import Columns, no_rivals
from engines.one_line import OneLine
from engines.text_recognition import CPU_WIDTHS
from service_folders import models_folder


class Network:
    """Reads each line as one A; remembers the widths that it saw."""

    def __init__(self) -> None:
        self.widths: list[int] = []

    def run_best(self, lines: Pixels) -> Columns:
        self.widths.append(lines.shape[2])
        classes = np.zeros((1, 20), dtype=np.int64)
        classes[0, 3] = self.letter
        shares = np.full((1, 20), 0.75, dtype=np.float32)
        return Columns(classes, shares, classes > 99_999, *no_rivals(classes))

    letter = 1


def test_a_line_is_padded_and_read() -> None:
    network = Network()
    read = OneLine(network, models_folder() / "PP-OCRv6_tiny_rec", CPU_WIDTHS)
    text, confidence, (seen,) = read(np.full((24, 100, 3), 255, dtype=np.uint8))
    assert len(text) == 1
    assert confidence == 0.75
    assert network.widths == [224]
    assert (seen.text, seen.width) == (text, 200)


def test_a_long_line_is_read_in_parts() -> None:
    network = Network()
    read = OneLine(network, models_folder() / "PP-OCRv6_tiny_rec", CPU_WIDTHS)
    text, _, seen = read(np.full((20, 4000, 3), 255, dtype=np.uint8))
    assert len(network.widths) == len(text.replace(" ", "")) == len(seen) > 1
