"""A set of row ids in little memory: a bit for each, in pieces of a kilobyte.

A million rows that are looked for take 125 KB; a set of numbers would take 60 MB.
"""

from collections.abc import Iterable, Iterator

_PIECE = 8192


class IdSet:
    """Ids of rows; they come out in their order."""

    def __init__(self, ids: Iterable[int] = ()) -> None:
        self._pieces: dict[int, bytearray] = {}
        self._count = 0
        for row_id in ids:
            self.add(row_id)

    def __len__(self) -> int:
        return self._count

    def __contains__(self, row_id: int) -> bool:
        piece = self._pieces.get(row_id // _PIECE)
        return piece is not None and bool(piece[row_id % _PIECE >> 3] >> (row_id & 7) & 1)

    def add(self, row_id: int) -> None:
        """It is in there from now on."""
        if row_id not in self:
            piece = self._pieces.setdefault(row_id // _PIECE, bytearray(_PIECE // 8))
            piece[row_id % _PIECE >> 3] |= 1 << (row_id & 7)
            self._count += 1

    def discard(self, row_id: int) -> None:
        """It is no longer in there."""
        if row_id in self:
            self._pieces[row_id // _PIECE][row_id % _PIECE >> 3] &= ~(1 << (row_id & 7))
            self._count -= 1

    def __iter__(self) -> Iterator[int]:
        for number in sorted(self._pieces):
            for at, byte in enumerate(bytes(self._pieces[number])):
                if byte:
                    first = number * _PIECE + at * 8
                    yield from (first + bit for bit in range(8) if byte >> bit & 1)

    def __and__(self, other: "IdSet") -> "IdSet":
        both = IdSet()
        for number, piece in self._pieces.items():
            theirs = other._pieces.get(number)
            if theirs is not None:
                common = int.from_bytes(piece, "little") & int.from_bytes(theirs, "little")
                both._pieces[number] = bytearray(common.to_bytes(_PIECE // 8, "little"))
                both._count += common.bit_count()
        return both
