"""Where the bands of doubt begin, as `make calibration` derived it.

Written by benchmarks/calibration.py: do not edit.
"""

LOOK_AT = 0.09
"""From here on a line is worth a look."""
DOUBTFUL = 0.42
"""From here on a line may well be wrong."""
WRONG_SHARES = (0.020, 0.197, 0.819)
"""Of a line in each of the three bands, measured on pages that the model had not seen."""
