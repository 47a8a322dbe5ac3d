"""Texts as XML 1.0 allows them: what it does not is shown as the character for the unknown."""

import re

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def allowed(text: str) -> str:
    """The text without control characters and halves of characters."""
    # What can be printed is allowed, and quickly told.
    return text if text.isprintable() else _FORBIDDEN.sub("\ufffd", text)
