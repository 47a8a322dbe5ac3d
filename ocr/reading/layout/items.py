"""What the words of a row tell about paragraphs: items of lists, and sentences that go on."""

import re

_ITEM = re.compile(
    r"(?:[•·‣▪●○■□◦–—*»►▶-]|\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,5})[.)])\s+\S"
    r"|[•‣▪●■►▶]\S|[一二三四五六七八九十]{1,3}、"
)
_ENDED = frozenset(".:;!?…。：；！？”\"'»)")


def is_item(text: str) -> bool:
    """Whether a text begins as the items of lists do."""
    return _ITEM.match(text) is not None


def begins_item(text: str, before: str, first: str) -> bool:
    """Whether a row begins an item of a list; `before` is the text of the row before, `first` that
    of its paragraph's first row. "by J. Smith" may be parted before the J."""
    return is_item(text) and (not is_open(before) or is_item(first))


def is_open(text: str) -> bool:
    """Whether a sentence goes on behind a row."""
    return bool(text) and text.rstrip()[-1:] not in _ENDED
