"""The doubt of lines that tesseract read: `make calibration ARGS=--languages`.

Written by benchmarks/second_calibration.py: do not edit.
"""

WEIGHTS = (1.7004, 2.3571, 0.6460)
"""Of each feature of `second_doubt` in turn; the first is the constant."""
