"""Whether a JPEG's data fit its picture, seen while it is decoded: libjpeg shows a damaged one
without a word.

Where bytes were lost or changed, the data behind them are taken for other blocks than they are of:
in the end some are left over, or some are missing. So the decoder gets the file in pieces: all but
the last data, which must not be enough, then those, which must be.
"""

from collections.abc import Callable
from typing import NamedTuple

from PIL import Image, ImageFile

from decoding import image_containers as containers

_ROW_BY_ROW = {0xC0, 0xC1}
"""Starts of frames, baseline and extended, whose rows come as the data do."""
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_END = 0xD9
_LEFT_OVER = 128
"""So many bytes of data may be; and any number of …"""
_PADDING = b"\x00\xff"
"""… these, with which some programs fill their files up to the end of the picture. The last ones of
0xFF belong to the marker that follows."""
_FOLLOWS = b"\x5a" * 32
"""No marker: the decoder looks ahead of the last block."""


class _Data(NamedTuple):
    """Entropy-coded data, from their first byte to behind the last."""

    begin: int
    end: int


def watched(image: Image.Image, content: bytes) -> Callable[[], bool]:
    """For an `image` opened of `content` and not loaded yet: says, once it is loaded, whether it is
    damaged. Of progressive and other JPEGs whose rows do not come as their data do it never is."""
    data = _only_scan(content)
    if not isinstance(image, ImageFile.ImageFile) or data is None:
        return lambda: False
    last = len(content[data.begin : data.end].rstrip(_PADDING))
    enough = data.begin + max(last - _LEFT_OVER, 0)
    pieces = [content[:enough], content[enough : data.end] + _FOLLOWS, content[data.end :]]

    def next_piece(_most: int) -> bytes:
        return pieces.pop(0) if pieces else b""

    image.load_read = next_piece  # type: ignore[attr-defined]
    return lambda: len(pieces) != 1


def _only_scan(content: bytes) -> _Data | None:
    segments = list(containers.jpeg_segments(content))
    scans = [end for marker, _, end in segments if marker == 0xDA]
    frames = [marker for marker, _, _ in segments if marker in _FRAMES]
    if len(scans) != 1 or len(frames) != 1 or frames[0] not in _ROW_BY_ROW:
        return None
    behind = next(containers.jpeg_markers(content, scans[0]), None)
    if behind is None or behind[1] != _END:
        return None
    return _Data(scans[0], len(content[: behind[0]].rstrip(b"\xff")))
