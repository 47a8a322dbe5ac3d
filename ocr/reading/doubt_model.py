"""The doubt's model, from `make calibration`; `line_doubt` says what it weighs.

Written by benchmarks/calibration.py: do not edit.
"""

WEIGHTS = (
    0.5557,
    0.1118,
    -0.0124,
    0.2450,
    1.9513,
    -0.2479,
    1.6053,
    1.1700,
    -0.1173,
    0.0380,
    -0.2568,
    0.9448,
    1.4109,
    1.4222,
    -1.0177,
    -0.1804,
    0.1433,
    0.5874,
    -3.6041,
    -0.2280,
)
"""Of each feature in turn; the first is the constant."""
STEPS = (
    (-6.5596, 0.0000),
    (-5.7703, 0.0006),
    (-5.0325, 0.0058),
    (-4.8146, 0.0089),
    (-4.2705, 0.0128),
    (-3.7192, 0.0157),
    (-3.5434, 0.0246),
    (-3.1560, 0.0376),
    (-2.6824, 0.0546),
    (-2.3661, 0.1117),
    (-2.0255, 0.1228),
    (-1.7186, 0.1824),
    (-1.2784, 0.1844),
    (-0.7175, 0.3513),
    (0.1946, 0.5180),
    (3.4061, 0.8590),
)
"""From the weighted sum to the probability that a line is wrong, straight between them."""
