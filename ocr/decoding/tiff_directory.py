"""The directories of a TIFF, read tolerantly, and written anew with what its pixels need.

A faulty description, date or EXIF block never gets to a decoder. Classic TIFF and BigTIFF, both
byte orders.
"""

import dataclasses
import struct
from typing import NamedTuple, cast

WIDTH, LENGTH, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
STRIP_OFFSETS, SAMPLES, ROWS_PER_STRIP, STRIP_COUNTS, PLANAR = 273, 277, 278, 279, 284
PREDICTOR, TILE_WIDTH, TILE_LENGTH, TILE_OFFSETS, TILE_COUNTS = 317, 322, 323, 324, 325
EXTRA_SAMPLES, SAMPLE_FORMAT, ORIENTATION, FILL_ORDER, COLOUR_MAP = 338, 339, 274, 266, 320
_SUBFILE, _OLD_SUBFILE, _SUB_DIRECTORIES = 254, 255, 330
_X_RESOLUTION, _Y_RESOLUTION, _OLD_JPEG = 282, 283, 6
_RESOLUTION_UNIT, _INCH, _CENTIMETRE = 296, 2, 3
_PIXEL_TAGS = frozenset(
    [WIDTH, LENGTH, BITS, COMPRESSION, PHOTOMETRIC, STRIP_OFFSETS, SAMPLES, ROWS_PER_STRIP,
     STRIP_COUNTS, PLANAR, PREDICTOR, TILE_WIDTH, TILE_LENGTH, TILE_OFFSETS, TILE_COUNTS,
     EXTRA_SAMPLES, SAMPLE_FORMAT, FILL_ORDER, COLOUR_MAP, 292, 293, 332, *range(512, 522), 347,
     529, 530, 531, 532]
)  # fmt: skip
"""292, 293: options of fax; 332: inks; 512 to 521, 347: JPEG's tables; 529 to 532: YCbCr."""
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4,
          16: 8, 17: 8, 18: 8}  # fmt: skip
_LETTERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_MAX_DIRECTORIES = 200_000
_MOST_BELOW = 100
"""Pictures below one. There are some ten, each half as large as the one before."""
_MOST_STRETCHED = 4.0
"""Fax has up to 3.9 times as many dots across as down; more than this is a wrong entry."""
_LEAST_STRETCHED = 1.15
_MARGIN = 65_536


@dataclasses.dataclass(frozen=True, slots=True)
class Directory:
    """One picture of a TIFF: its tags, not yet read."""

    order: str
    """`struct`'s: < or >."""
    big: bool
    fields: dict[int, tuple[int, int, bytes]]
    """Type, count and bytes of each tag's values."""

    def numbers(self, tag: int, most: int | None = None) -> tuple[int, ...]:
        """The tag's whole numbers, or so many of them; none where it is missing or something
        else."""
        kind, count, data = self.fields.get(tag, (0, 0, b""))
        if kind not in _LETTERS:
            return ()
        count = min(count, len(data) // _SIZES[kind], count if most is None else most)
        return struct.unpack_from(f"{self.order}{count}{_LETTERS[kind]}", data)

    def number(self, tag: int, default: int) -> int:
        """The first of them."""
        return (self.numbers(tag) or (default,))[0]

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels, as they are stored."""
        return self.number(WIDTH, 0), self.number(LENGTH, 0)

    @property
    def is_reduced(self) -> bool:
        """Whether it is only a small version of another picture in the file, or a mask for one."""
        return bool(self.number(_SUBFILE, 0) & 5) or self.number(_OLD_SUBFILE, 1) == 2

    @property
    def stretch(self) -> float:
        """How many times as high as wide its dots are: of a fax at 204×98, 2.08. 1 for squares."""
        across, down = self._ratio(_X_RESOLUTION), self._ratio(_Y_RESOLUTION)
        if not across or not down:
            return 1.0
        found = across / down
        is_usual = _LEAST_STRETCHED <= max(found, 1 / found) <= _MOST_STRETCHED
        return found if is_usual else 1.0

    @property
    def dots_an_inch(self) -> tuple[float, float] | None:
        """Across and down; None where it does not say."""
        dots = self._ratio(_X_RESOLUTION), self._ratio(_Y_RESOLUTION)
        unit = {_INCH: 1.0, _CENTIMETRE: 2.54}.get(self.number(_RESOLUTION_UNIT, _INCH))
        return (dots[0] * unit, dots[1] * unit) if unit and all(dots) else None

    def _ratio(self, tag: int) -> float:
        kind, _, data = self.fields.get(tag, (0, 0, b""))
        if kind != 5 or len(data) < 8:
            return 0.0
        above, below = struct.unpack_from(self.order + "II", data)
        return above / below if below else 0.0

    def parts(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Where its strips or tiles lie, and how many bytes each has."""
        if TILE_OFFSETS in self.fields:
            return self.numbers(TILE_OFFSETS), self.numbers(TILE_COUNTS)
        return self.numbers(STRIP_OFFSETS), self.numbers(STRIP_COUNTS)

    def with_numbers(self, changes: dict[int, tuple[int, ...]]) -> "Directory":
        """The same with some tags exchanged; an empty tuple removes one."""
        fields = {tag: field for tag, field in self.fields.items() if tag not in changes}
        kind = 16 if self.big else 4
        for tag, values in changes.items():
            if values:
                data = struct.pack(f"{self.order}{len(values)}{_LETTERS[kind]}", *values)
                fields[tag] = (kind, len(values), data)
        return dataclasses.replace(self, fields=fields)


class Pages(NamedTuple):
    """Where the pages of a TIFF stand."""

    places: list[int]
    order: str
    big: bool
    is_cut: bool
    """The list of pictures is damaged: there may be more."""

    def read(self, content: bytes, number: int) -> Directory:
        """The page of that number, from 1."""
        return _directory(content, self.places[number - 1], self.order, self.big)[0]


def pages(content: bytes, most: int) -> Pages:
    """The pictures that are no thumbnails and no masks, at most so many; the largest alone where
    all say that they are one. A picture below another one is a page where that one is none.

    Raises:
        ValueError, struct.error: there is none.
    """
    order, big, first = _start(content)
    chosen: list[int] = []
    reduced: list[tuple[int, int]] = []
    is_cut = False
    waiting, seen = [first], set[int]()
    # Nothing is copied here: every directory may point to most of the file.
    view = cast(bytes, memoryview(content))
    while waiting and len(chosen) < most and len(seen) < _MAX_DIRECTORIES:
        at = waiting.pop()
        if at in seen or not 0 < at < len(content):
            is_cut = is_cut or (at != 0 and at not in seen)
            continue
        seen.add(at)
        try:
            directory, following = _directory(view, at, order, big)
        except (ValueError, struct.error):
            if not chosen and not reduced:
                raise
            is_cut = True
            continue
        below: tuple[int, ...] = ()
        if min(directory.size) <= 0 or directory.is_reduced:
            reduced.append((directory.size[0] * directory.size[1], at))
            below = directory.numbers(_SUB_DIRECTORIES, _MOST_BELOW)
        else:
            chosen.append(at)
        waiting.append(following)
        waiting += [place for place in reversed(below) if place not in seen]
    reduced = [found for found in reduced if found[0] > 0]
    if not chosen and not reduced:
        raise ValueError("no directory of a picture")
    return Pages(chosen or [max(reduced)[1]], order, big, is_cut)


def alone(content: bytes, directory: Directory) -> tuple[bytes, Directory]:
    """The bytes of that one picture, where they can be told, and its directory for them: of a
    thousand pages in a file each would else be decoded from a copy of all."""
    offsets, counts = directory.parts()
    size = sum(counts)
    if (
        directory.number(COMPRESSION, 1) == _OLD_JPEG  # whose tables may lie anywhere
        or len(offsets) != len(counts)
        or not offsets
        or size > len(content) // 2
    ):
        return content, directory
    head = 16 if directory.big else 8
    parts, places, at = [bytes(head)], [], head
    for offset, count in zip(offsets, counts, strict=True):
        part = content[offset : offset + count]
        if len(part) < count:
            return content, directory
        part += b"\x00" * (len(part) % 2)
        parts.append(part)
        places.append(at)
        at += len(part)
    tag = TILE_OFFSETS if TILE_OFFSETS in directory.fields else STRIP_OFFSETS
    return b"".join(parts), directory.with_numbers({tag: tuple(places)})


def written(content: bytes, directory: Directory, filler: bytes | None = None) -> bytes:
    """`content` as a TIFF of that one picture, without its metadata.

    With a `filler` byte, what the file lacks of the picture's strips or tiles.

    Raises:
        ValueError: a part lies beyond the end of the file, and there is no filler.
    """
    order, big = directory.order, directory.big
    offsets, counts = directory.parts()
    end = max((at + count for at, count in zip(offsets, counts, strict=False)), default=0)
    if end > len(content):
        if filler is None:
            raise ValueError("a part of the picture lies beyond the end of the file")
        content += filler * min(end - len(content), _largest(directory))
    at = len(content) + len(content) % 2
    kept = sorted((tag, field) for tag, field in directory.fields.items() if tag in _PIXEL_TAGS)
    entry, inline, pointer = ("HHQ", 8, "Q") if big else ("HHI", 4, "I")
    head = struct.pack(order + ("Q" if big else "H"), len(kept))
    values_at = at + len(head) + len(kept) * (12 + 8 * big) + inline
    entries, values = [], b""
    for tag, (kind, count, data) in kept:
        if len(data) <= inline:
            value = data.ljust(inline, b"\x00")
        else:
            value = struct.pack(order + pointer, values_at + len(values))
            values += data + b"\x00" * (len(data) % 2)
        entries.append(struct.pack(order + entry, tag, kind, count) + value)
    magic = (b"II" if order == "<" else b"MM") + struct.pack(order + "H", 43 if big else 42)
    if big:
        magic += struct.pack(order + "HHQ", 8, 0, at)
    else:
        magic += struct.pack(order + "I", at)
    body = content[len(magic) :] + b"\x00" * (len(content) % 2)
    return b"".join([magic, body, head, *entries, bytes(inline), values])


def _largest(directory: Directory) -> int:
    """More bytes than the picture can have."""
    width, height = directory.size
    pixel = max(1, directory.number(SAMPLES, 1)) * max(directory.numbers(BITS), default=8)
    return width * height * pixel // 8 + _MARGIN


def _start(content: bytes) -> tuple[str, bool, int]:
    """The byte order, whether it is a BigTIFF, and where the first directory stands."""
    order = "<" if content[:2] == b"II" else ">"
    big = 43 in content[2:4]
    (at,) = struct.unpack_from(order + ("Q" if big else "I"), content, 8 if big else 4)
    return order, big, at


def _directory(content: bytes, at: int, order: str, big: bool) -> tuple[Directory, int]:
    """The directory at that place and where the next one is, 0: nowhere."""
    count_of, entry, size, inline = ("Q", "HHQ", 20, 8) if big else ("H", "HHI", 12, 4)
    (count,) = struct.unpack_from(order + count_of, content, at)
    at += struct.calcsize("=" + count_of)
    fields = {}
    if at + count * size > len(content):  # what is lost may say how the rest is to be read
        raise ValueError("the directory is not complete")
    for place in range(at, at + count * size, size):
        tag, kind, number = struct.unpack_from(order + entry, content, place)
        length = _SIZES.get(kind, 0) * number
        start = place + size - inline
        if length > inline:
            (start,) = struct.unpack_from(order + ("Q" if big else "I"), content, start)
        if length > len(content) - start and tag in _PIXEL_TAGS:
            raise ValueError("what its directory points to is not in the file")
        if 0 < length <= len(content) - start and tag not in fields:
            fields[tag] = (kind, number, content[start : start + length])
    following = 0
    if at + count * size + inline <= len(content):
        (following,) = struct.unpack_from(order + ("Q" if big else "I"), content, at + count * size)
    return Directory(order, big, fields), following
