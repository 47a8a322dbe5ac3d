"""BMPs of forms that Pillow does not take: any bit masks, and pictures of other formats within."""

import struct

import numpy as np

from decoding.pixels import Pixels

_JPEG, _PNG = 4, 5
_BITFIELDS = {3, 6}
_OLD_HEADER = 40
"""Its masks follow it; in newer ones they stand in it, at the same place."""


def embedded(content: bytes) -> bytes | None:
    """The JPEG or PNG that a BMP consists of, if it does."""
    (start,) = struct.unpack_from("<I", content, 10)
    (size,) = struct.unpack_from("<I", content, 14)
    if size < _OLD_HEADER or struct.unpack_from("<I", content, 30)[0] not in {_JPEG, _PNG}:
        return None
    return content[start:]


def size_of(content: bytes) -> tuple[int, int]:
    """(width, height) as the header says.

    Raises:
        ValueError: it has none of masks.
    """
    (size,) = struct.unpack_from("<I", content, 14)
    if size < _OLD_HEADER or struct.unpack_from("<I", content, 30)[0] not in _BITFIELDS:
        raise ValueError("no bit masks")
    width, height = struct.unpack_from("<ii", content, 18)
    return width, abs(height)


def read_masked(content: bytes) -> tuple[Pixels, bool]:
    """Its pixels and whether the file ends before them: then what is missing is white.

    The transparency is not looked at: programs that write such files leave it empty.

    Raises:
        ValueError: it is none of masks, or too little of it is there.
    """
    width, height = size_of(content)
    (bits,) = struct.unpack_from("<H", content, 28)
    if bits not in {16, 32}:
        raise ValueError(f"{bits} bits a pixel")
    (start,) = struct.unpack_from("<I", content, 10)
    masks = struct.unpack_from("<3I", content, 54)
    stride = -(-width * bits // 32) * 4
    rows = min(height, max(0, len(content) - start) // stride)
    if not rows:
        raise ValueError("no row is complete")
    stored = np.frombuffer(content, np.uint8, rows * stride, start).reshape(rows, stride)
    values = stored[:, : width * bits // 8].copy().view(f"<u{bits // 8}")
    pixels = np.full((height, width, 3), 255, dtype=np.uint8)
    for channel, mask in enumerate(reversed(masks)):
        if mask:
            shift = (mask & -mask).bit_length() - 1
            full = mask >> shift
            level = ((values & mask) >> shift).astype(np.float32) * (255 / full)
            pixels[:rows, :, channel] = level.round()
        else:
            pixels[:rows, :, channel] = 0
    from_below = struct.unpack_from("<i", content, 22)[0] > 0
    return (np.ascontiguousarray(pixels[::-1]) if from_below else pixels), rows < height
