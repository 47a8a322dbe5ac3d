"""TIFFs written by hand, in forms that Pillow does not write."""

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[Any]
Tags = dict[int, int | Sequence[int]]


def directory(tags: Tags, at: int, order: str = "<", following: int = 0) -> bytes:
    """One directory that stands at that place, each value as 32 bits."""
    values_at = at + 2 + 12 * len(tags) + 4
    entries, values = b"", b""
    for tag, value in sorted(tags.items()):
        numbers = [value] if isinstance(value, int) else list(value)
        packed = struct.pack(f"{order}{len(numbers)}I", *numbers)
        if len(numbers) > 1:
            place = struct.pack(order + "I", values_at + len(values))
            values += packed
            packed = place
        entries += struct.pack(order + "HHI", tag, 4, len(numbers)) + packed
    return (
        struct.pack(order + "H", len(tags)) + entries + struct.pack(order + "I", following) + values
    )


def tiff(
    values: Values | bytes, photometric: int, order: str = "<", *, head: bytes = b"", **more: Any
) -> bytes:
    """One strip, uncompressed unless `tags` say otherwise; `size` where `values` are bytes."""
    tags: Tags = {259: 1, 262: photometric}
    if isinstance(values, bytes):
        width, height = more["size"]
        data = values
    else:
        height, width, samples = (*values.shape, 1)[:3]
        kind = {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
        tags |= {277: samples, 339: (kind,) * samples, 258: (values.itemsize * 8,) * samples}
        data = values.astype(values.dtype.newbyteorder(order)).tobytes()
    data += b"\x00" * (len(data) % 2)
    start = 8 + len(head)
    tags |= {256: width, 257: height, 273: start, 278: height, 279: len(data)}
    tags |= more.get("tags", {})
    magic = {"<": b"II*\x00", ">": b"MM\x00*"}[order]
    at = start + len(data)
    content = magic + struct.pack(order + "I", at) + head + data
    return content + directory(tags, at, order, more.get("following", 0))


def grey(full: float) -> Values:
    """A black bar at the top left of 40 rows and 60 columns that are white, as floats."""
    values = np.full((40, 60), full)
    values[4:12, 4:40] = 0
    return values
