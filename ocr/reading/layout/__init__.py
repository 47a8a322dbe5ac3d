"""How a page is laid out: its skew, its ruling lines, its strips, columns and cells, their order.

Geometry only: boxes of lines and, where a cut is in doubt, the rules drawn in the picture. Runs
in the worker; `reading.reading_order` is its one caller.
"""
