"""Whether a turned picture's text says which side is up.

A person who sees an A on its side knows; but shapes of single characters say little, and a page of
a few is to stay as it lies. A word says it, and so do several characters, each with one upright.
"""

_NO_UPRIGHT = set("OoXxZzSsNHIil!|0125689%uncCWMbdpqUT7LEmwe+-=·.,:日口田十一中王申回")
"""Turned by a half or a quarter these are themselves or another character."""
_WORD = 3
"""Signs of one, of which at least one has an upright."""
_SINGLE = 3
"""So many signs with an upright say it that are no word."""


def tells_up(text: str) -> bool:
    """False without text, and where a few characters are all there is."""
    with_upright = [(word, sum(sign not in _NO_UPRIGHT for sign in word)) for word in text.split()]
    return (
        any(count and len(word) >= _WORD for word, count in with_upright)
        or sum(count for _, count in with_upright) >= _SINGLE
    )
