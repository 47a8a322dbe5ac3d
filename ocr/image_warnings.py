"""What a person should know of an image that was read: it is done, but something is doubtful.

A warning travels with the result to the image's row and from there to the page. Standard library
only: the worker makes warnings, the service stores them.
"""

import dataclasses
from collections.abc import Iterable

MAX_JOINED_CHARS = 2000


@dataclasses.dataclass(frozen=True, slots=True)
class ImageWarning:
    """One doubt about one image."""

    code: str
    """Stable, for programs: small letters and underscores."""
    message: str
    """A sentence for people, with what can be done about it."""


def joined(warnings: Iterable[ImageWarning]) -> ImageWarning | None:
    """All of them as one: the first one's code, every sentence once, as many as a row has room
    for; None without any."""
    every = list(warnings)
    if not every:
        return None
    text = ""
    for sentence in dict.fromkeys(warning.message for warning in every):
        longer = f"{text} {sentence}".strip()
        if not text or len(longer) <= MAX_JOINED_CHARS:
            text = longer
    return ImageWarning(every[0].code, text)
