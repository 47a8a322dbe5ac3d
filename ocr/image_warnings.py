"""What a person should know of an image that was read: it is done, but something is doubtful.

A warning travels with the result to the image's row and from there to the page. Standard library
only: the worker makes warnings, the service stores them.
"""

import dataclasses
from collections.abc import Sequence


@dataclasses.dataclass(frozen=True, slots=True)
class ImageWarning:
    """One doubt about one image."""

    code: str
    """Stable, for programs: small letters and underscores."""
    message: str
    """A sentence for people, with what can be done about it."""


def joined(warnings: Sequence[ImageWarning]) -> ImageWarning | None:
    """All of them as one: the first one's code, every sentence; None without any."""
    if not warnings:
        return None
    sentences = dict.fromkeys(warning.message for warning in warnings)
    return ImageWarning(warnings[0].code, " ".join(sentences))
