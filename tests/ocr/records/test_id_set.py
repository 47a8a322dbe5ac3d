"""Bits for rows behave as a set does."""

from hypothesis import given
from hypothesis import strategies as st

from records.id_set import IdSet

IDS = st.sets(st.one_of(st.integers(0, 40), st.integers(8180, 8200), st.integers(0, 2**62)))


@given(IDS, IDS, IDS)
def test_it_is_a_set_in_order(ours: set[int], theirs: set[int], less: set[int]) -> None:
    ids, others = IdSet(ours), IdSet(theirs)
    assert list(ids) == sorted(ours)
    assert len(ids) == len(ours)
    assert list(ids & others) == sorted(ours & theirs)
    assert len(ids & others) == len(ours & theirs)
    for row_id in less:
        ids.discard(row_id)
        others.add(row_id)
    assert list(ids) == sorted(ours - less)
    assert (len(ids), len(others)) == (len(ours - less), len(theirs | less))
    assert all((row_id in ids) == (row_id in ours - less) for row_id in ours | theirs | less)
