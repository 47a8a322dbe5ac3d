"""Whether a person could say which side of a turned picture is up."""

_NO_UPRIGHT = set("OoXxZzSsNHIil!|0125689%uncCWMbdpqUT7LEmwe+-=·.,:日口田十一中王申回")
"""Turned by a half or a quarter these are themselves or another character."""


def tells_up(text: str) -> bool:
    """False without text, and when every character may as well be another one that lies."""
    return not set("".join(text.split())) <= _NO_UPRIGHT
