"""Two readings beside each other: which line is which, and which words differ."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_contract.reading_differences import Pair, Place, marked, pairs


def at(top: float, left: float = 0.0) -> Place:
    return [[left, top], [left + 90, top], [left + 90, top + 20], [left, top + 20]]


def test_lines_are_the_same_by_where_they_lie_and_new_ones_stand_in_their_place() -> None:
    before = [("one", at(0)), ("two", at(30)), ("gone", at(60)), ("four", at(90))]
    now = [("head", at(-30)), ("0ne", at(1)), ("two", at(30)), ("between", at(45)), ("4", at(91))]
    assert pairs(before, now, lie_alike=True) == [
        Pair(None, 0), Pair(0, 1), Pair(1, 2), Pair(None, 3), Pair(2, None), Pair(3, 4),
    ]  # fmt: skip


def test_of_a_turned_page_they_are_laid_side_by_side_by_what_they_say() -> None:
    before = [("one", at(0)), ("two", at(30)), ("three", at(60))]
    now = [("one", at(500)), ("tw0", at(10)), ("three", at(0)), ("more", at(1))]
    assert pairs(before, now, lie_alike=False) == [
        Pair(0, 0), Pair(1, 1), Pair(2, 2), Pair(None, 3),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "now", "gone", "come"),
    [
        ("total 12.50", "total 12.58", ["50"], ["58"]),
        ("a b", "a b", [], []),
        ("", "new", [], ["new"]),
        ("北京市", "北东市", ["京"], ["东"]),
        ("abc漢字", "abd漢字", ["abc"], ["abd"]),
        ("two words", "twowords", ["two words"], ["twowords"]),
    ],
)
def test_what_differs_is_marked_by_words(
    before: str, now: str, gone: list[str], come: list[str]
) -> None:
    left, right = marked(before, now)
    assert [piece.text for piece in left if piece.differs] == gone
    assert [piece.text for piece in right if piece.differs] == come


LINES = st.lists(
    st.tuples(st.text("ab ", max_size=4), st.integers(0, 9).map(lambda row: at(row * 25.0))),
    max_size=8,
)


@given(LINES, LINES, st.booleans())
def test_every_line_of_both_is_there_once_in_its_order(
    before: list[tuple[str, Place]], now: list[tuple[str, Place]], lie_alike: bool
) -> None:
    found = pairs(before, now, lie_alike=lie_alike)
    assert [pair.before for pair in found if pair.before is not None] == [*range(len(before))]
    assert sorted(pair.now for pair in found if pair.now is not None) == [*range(len(now))]
    for (one, _), (other, _) in zip(before, now, strict=False):
        left, right = marked(one, other)
        assert "".join(piece.text for piece in left) == one
        assert "".join(piece.text for piece in right) == other
        assert [p.text for p in left if not p.differs] == [p.text for p in right if not p.differs]
