"""The doubt's model, from `make calibration`; `line_doubt` says what it weighs.

Written by benchmarks/calibration.py: do not edit.
"""

WEIGHTS = (
    -0.2070,
    -0.4005,
    0.0285,
    0.8334,
    2.0852,
    -0.0058,
    2.2671,
    0.9480,
    0.2817,
    -1.0383,
    -0.3457,
    1.6436,
    1.5052,
    1.2404,
    -2.1733,
    -0.8029,
    1.0534,
)
"""Of each feature in turn; the first is the constant."""
STEPS = (
    (-5.6385, 0.0000),
    (-5.0687, 0.0033),
    (-4.6924, 0.0050),
    (-4.0102, 0.0164),
    (-3.5541, 0.0277),
    (-3.3506, 0.0287),
    (-3.0876, 0.0296),
    (-2.8684, 0.0320),
    (-2.5075, 0.0756),
    (-2.0243, 0.1293),
    (-1.5975, 0.2220),
    (-1.0839, 0.2672),
    (-0.6364, 0.3608),
    (-0.1514, 0.5026),
    (0.5548, 0.6095),
    (1.6096, 0.8107),
    (2.9215, 0.9261),
    (4.2850, 0.9697),
    (5.9096, 0.9802),
    (9.1786, 1.0000),
)
"""From the weighted sum to the probability that a line is wrong, straight between them."""
