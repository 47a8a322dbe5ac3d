"""The part of a page that shows one line, to be cut from its preview by SVG: nothing is decoded."""

from collections.abc import Sequence

_MARGIN = 0.7
"""Around a line, of its height."""


def view_box(polygon: Sequence[Sequence[float]], width: int, height: int) -> str:
    """As SVG's viewBox has it; the whole page for a line without a place."""
    if not polygon:
        return f"0 0 {width} {height}"
    xs, ys = zip(*polygon, strict=True)
    margin = _MARGIN * max(min(max(xs) - min(xs), max(ys) - min(ys)), 8.0)
    left, top = max(min(xs) - margin, 0.0), max(min(ys) - margin, 0.0)
    right, bottom = min(max(xs) + margin, width), min(max(ys) + margin, height)
    return f"{left:g} {top:g} {max(right - left, 1.0):g} {max(bottom - top, 1.0):g}"
