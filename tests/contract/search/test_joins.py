"""A stream without a few keys: asked for the next one, and for all the rest at once."""

import pytest

from ocr_contract.search.joins import Without
from ocr_contract.search.streams import ListStream


class Counted(ListStream):
    """Knows how often it was asked for one key."""

    asked = 0

    def seek(self, at_most: int) -> int | None:
        self.asked += 1
        return super().seek(at_most)

    def rest(self, at_most: int, most: int, keys: list[int]) -> None:
        keys += [key for key in self._keys if key <= at_most][: most - len(keys)]


@pytest.mark.parametrize("few", [set[int](), {9}, {9, 8, 1}, {5}, set(range(1, 10))])
def test_both_ways_leave_out_the_same(few: set[int]) -> None:
    wanted = [key for key in range(9, 0, -1) if key not in few]
    inner = Counted(range(1, 10))
    stream = Without(inner, few)
    found, at_most = [], 20
    while (key := stream.seek(at_most)) is not None:
        found.append(key)
        at_most = key - 1
    assert found == wanted
    for most in (0, 1, 4, 20):
        keys: list[int] = []
        asked = inner.asked
        Without(inner, few).rest(20, most, keys)
        assert keys == wanted[:most]
        assert inner.asked == asked, "one key after the other takes longer than all at once"
