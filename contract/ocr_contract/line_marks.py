"""What a person saw of a line, as a short mark: a form carries it, ocr_service compares it.

A line's id alone is no proof: an image that is read again has new lines, and SQLite may give them
the numbers of the old ones. The mark holds the place as well, for many lines say the same.
"""

import hashlib
import json
from collections.abc import Sequence

_DIGITS = 16


def mark(text: str, polygon: Sequence[Sequence[float]], corrected: str | None) -> str:
    """Another one as soon as the machine's text, the place or the correction is another one."""
    seen = [text, [[float(x), float(y)] for x, y in polygon], corrected]
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:_DIGITS]


def points(polygon: str) -> list[list[float]]:
    """The points of a stored polygon; none of an unreadable one."""
    try:
        return [[float(x), float(y)] for x, y in json.loads(polygon)]
    except (ValueError, TypeError):
        return []
