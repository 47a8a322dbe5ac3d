"""Where the bands of doubt begin, as `make calibration` derived it.

Written by benchmarks/calibration.py: do not edit.
"""

LOOK_AT = 0.04
"""From here on a line is worth a look."""
DOUBTFUL = 0.51
"""From here on a line may well be wrong."""
WRONG_SHARES = (0.011, 0.168, 0.780)
"""Of a line in each of the three bands, measured on pages that the model had not seen."""
