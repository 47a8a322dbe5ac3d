"""A folder's names come out sorted however many there are, and packed until then."""

import os
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from folder import sorted_names
from folder.sorted_names import SortedNames

NAMES = st.sets(st.binary(min_size=1, max_size=4).filter(lambda name: b"\0" not in name))


@given(names=NAMES, run=st.integers(1, 7), block=st.integers(1, 4))
def test_they_are_all_there_in_the_order_of_their_bytes(
    names: set[bytes], run: int, block: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorted_names, "_RUN", run)
        patch.setattr(sorted_names, "_BLOCK", block)
        assert list(SortedNames(map(os.fsdecode, names))) == sorted(names)


@given(names=NAMES, wanted=NAMES, run=st.integers(1, 7))
def test_what_is_looked_for_is_found_in_any_run(
    names: set[bytes], wanted: set[bytes], run: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorted_names, "_RUN", run)
        assert (
            SortedNames(map(os.fsdecode, names), look_for=frozenset(wanted)).found == names & wanted
        )


def test_of_many_names_only_the_bytes_are_kept() -> None:
    """A million of them as objects would be most of what the service may take."""

    def many() -> Iterator[str]:
        return (f"scan {number * 7919 % 200_000:06d}.png" for number in range(200_000))

    tracemalloc.start()
    try:
        names = SortedNames(many())
        kept, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        count, last = 0, b""
        for name in names:
            assert name > last
            count, last = count + 1, name
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 200_000
    assert kept < 4_000_000, "16 bytes each and what the blocks take"
    assert peak < kept + 3_000_000
