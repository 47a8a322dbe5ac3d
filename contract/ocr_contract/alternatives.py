"""Other readings of a line's doubtful places, as they are stored, sent and shown.

    [[start, end, "second reading", "third reading"], …]

Places count characters of the line's text; an empty reading means that nothing stands there, and
`start == end` that something may. In rising order, without overlaps.
"""

import dataclasses
import json
from collections.abc import Iterable
from typing import Any

MAX_PLACES = 100
"""Of one line."""
MAX_READINGS = 2
MAX_READING_CHARS = 200


@dataclasses.dataclass(frozen=True, slots=True)
class Alternative:
    """One place of a text, and what else may stand there, the likeliest first."""

    start: int
    end: int
    readings: tuple[str, ...]

    def applied(self, text: str) -> list[str]:
        """The whole text with each of the readings."""
        return [text[: self.start] + reading + text[self.end :] for reading in self.readings]


def to_plain(alternatives: Iterable[Alternative]) -> list[list[Any]]:
    """As lists, for JSON."""
    return [[each.start, each.end, *each.readings] for each in alternatives]


def to_json(alternatives: Iterable[Alternative]) -> str | None:
    """As the column holds them; None without any."""
    plain = to_plain(alternatives)
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")) if plain else None


def from_plain(value: Any, text: str) -> tuple[Alternative, ...]:
    """What `to_plain` made for this text.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(value, list) or len(value) > MAX_PLACES:
        raise ValueError("These are no other readings of a line.")
    return tuple(_places(value, text))


def from_json(value: str | None, text: str) -> tuple[Alternative, ...]:
    """What a column says about this text; none when it cannot be read."""
    try:
        return from_plain(json.loads(value), text) if value is not None else ()
    except (ValueError, RecursionError):
        return ()


def _places(value: list[Any], text: str) -> Iterable[Alternative]:
    before = 0
    for place in value:
        if not isinstance(place, list) or not 3 <= len(place) <= 2 + MAX_READINGS:
            raise ValueError("a place and its readings")
        start, end, *readings = place
        if (
            type(start) is not int
            or type(end) is not int
            or not before <= start <= end <= len(text)
        ):
            raise ValueError("a place outside of the text")
        if not all(isinstance(each, str) and len(each) <= MAX_READING_CHARS for each in readings):
            raise ValueError("a reading")
        before = end
        yield Alternative(start, end, tuple(readings))
