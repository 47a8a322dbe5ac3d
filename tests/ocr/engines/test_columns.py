"""Which columns are worth a second look."""

import numpy as np

from engines.columns import doubtful_columns, no_rivals


def asked(classes: list[int], shares: list[float]) -> list[int]:
    flags = doubtful_columns(np.array([classes]), np.array([shares], dtype=np.float32))
    assert flags.shape == (1, len(classes))
    return flags[0].nonzero()[0].tolist()


def test_columns_around_a_character_that_is_not_clear() -> None:
    classes = [0, 1, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 3]
    shares = [0.0, 0.99, 0, 0, 0, 0, 0.9, 0, 0, 0, 0, 0, 0.99]
    assert asked(classes, shares) == [5, 6, 7]


def test_none_of_a_clear_line() -> None:
    """Blanks and repeated characters have no share that counts."""
    assert asked([1, 1, 0, 2], [0.99, 0.2, 0.3, 0.98]) == []


def test_at_the_ends_there_is_nothing_beyond() -> None:
    assert asked([1, 0], [0.5, 0]) == [0, 1]
    assert asked([1], [0.5]) == [0]


def test_all_of_a_line_without_characters() -> None:
    assert asked([0, 0, 0], [0.9, 0.9, 0.9]) == [0, 1, 2]


def test_what_is_no_line_has_none() -> None:
    values = np.zeros((2, 3, 4))
    assert not doubtful_columns(values.astype(int), values.astype(np.float32)).any()
    rivals, shares = no_rivals(values.astype(int))
    assert rivals.shape == shares.shape == (2, 3, 4, 2)
