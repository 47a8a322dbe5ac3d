"""Where the bands of doubt begin, as `make calibration` derived it.

Written by benchmarks/calibration.py: do not edit.
"""

LOOK_AT = 0.18
"""From here on a line is worth a look."""
DOUBTFUL = 0.22
"""From here on a line may well be wrong."""
WRONG_SHARES = (0.019, 0.180, 0.660)
"""Of a line in each of the three bands, measured on pages that the model had not seen."""
