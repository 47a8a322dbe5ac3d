"""How likely a line is wrong that tesseract read, from what it says of itself and the length.

Its confidence is that of words, and means something else than the main recogniser's: of lines that
it reads at .93 one in ten is wrong. `make calibration ARGS=--languages` fitted three numbers to
lines in ten languages (`second_doubt_model`).
"""

import math

from reading.line_doubt import LEAST, MOST
from reading.second_doubt_model import WEIGHTS

_TESSERACT = "tesseract "
"""With this the name of what read a line begins."""


def second_doubt(model: str | None, text: str, confidence: float) -> float | None:
    """The probability that a line's text is wrong; None where another model read it."""
    if model is None or not model.startswith(_TESSERACT):
        return None
    total = sum(
        weight * value for weight, value in zip(WEIGHTS, features(text, confidence), strict=True)
    )
    return min(max(1 / (1 + math.exp(-total)), LEAST), MOST)


def features(text: str, confidence: float) -> tuple[float, ...]:
    """What the model weighs, the constant first."""
    sure = min(max(confidence, 0.1), 0.99)
    return 1.0, math.log((1 - sure) / sure), math.log(max(len(text.replace(" ", "")), 1))
