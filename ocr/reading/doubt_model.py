"""The doubt's model as `make calibration` fitted it; `line_doubt` says what it weighs.

Written by benchmarks/calibration.py: do not edit.
"""

WEIGHTS = (0.0,) * 17
"""Of each feature in turn; the first is the constant."""
STEPS = ((-1.0, 0.1), (1.0, 0.9))
"""From the weighted sum to the probability that a line is wrong, straight between them."""
