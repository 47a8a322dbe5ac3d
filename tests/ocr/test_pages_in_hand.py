"""Fewer pages are in hand where they are large, and the next is never kept from being decoded."""

import contextlib

import pytest

from pages_in_hand import PagesInHand


def may_begin(in_hand: PagesInHand) -> bool:
    """Whether a page would have its turn now."""
    return in_hand._may_begin()


def begun(stack: contextlib.ExitStack, in_hand: PagesInHand, pixels: int) -> int:
    """How many pages of that size begin before one has to wait."""
    count = 0
    while may_begin(in_hand):
        stack.enter_context(in_hand.one())(pixels)
        count += 1
    return count


@pytest.mark.parametrize(("pixels", "count"), [(1, 6), (4, 6), (8, 3), (12, 2), (100, 2)])
def test_large_pages_are_fewer_in_hand(pixels: int, count: int) -> None:
    with contextlib.ExitStack() as stack:
        assert begun(stack, PagesInHand(6, 28), pixels) == count


def test_one_hand_has_one_page() -> None:
    with contextlib.ExitStack() as stack:
        assert begun(stack, PagesInHand(1, 28), 3) == 1


def test_what_is_done_makes_room_for_as_many_pixels() -> None:
    in_hand = PagesInHand(6, 28)
    with contextlib.ExitStack() as large:
        assert begun(large, in_hand, 12) == 2
    with contextlib.suppress(ValueError), in_hand.one() as tell:
        tell(2)
        raise ValueError("the page failed")
    with contextlib.ExitStack() as small:
        assert begun(small, in_hand, 2) == 6


def test_a_page_counts_as_large_as_the_one_before_until_it_is_known() -> None:
    in_hand = PagesInHand(6, 28)
    with in_hand.one() as tell:
        tell(14)
        with in_hand.one() as tell_second:
            assert not may_begin(in_hand)
            tell_second(1)
            assert may_begin(in_hand)
