"""Other readings: stored compactly, read back the same, and nothing else is believed."""

from typing import Any

import pytest

from ocr_contract import alternatives
from ocr_contract.alternatives import Alternative, from_json, from_plain, to_json, to_plain

TEXT = "Tota1 12.50"
KNOWN = (Alternative(0, 5, ("Total", "Tota|")), Alternative(8, 8, (",",)))


def test_they_are_stored_compactly_and_come_back() -> None:
    stored = to_json(KNOWN)
    assert stored == '[[0,5,"Total","Tota|"],[8,8,","]]'
    assert from_json(stored, TEXT) == KNOWN
    assert to_json(()) is None
    assert from_json(None, TEXT) == ()


def test_a_reading_in_its_place() -> None:
    assert [each.applied(TEXT) for each in KNOWN] == [
        ["Total 12.50", "Tota| 12.50"],
        ["Tota1 12,.50"],
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        [[0, 1]],
        [[0, 1, "a", "b", "c"]],
        [[1, 0, "a"]],
        [[-1, 0, "a"]],
        [[0, 12, "a"]],
        [[2, 4, "a"], [3, 5, "b"]],
        [[0.0, 1, "a"]],
        [[False, 1, "a"]],
        [[0, 1, 7]],
        ["012"],
        [[0, 1, "x" * (alternatives.MAX_READING_CHARS + 1)]],
        [[0, 1, "x"]] * (alternatives.MAX_PLACES + 1),
    ],
)
def test_all_else_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"alternatives|place|reading"):
        from_plain(wrong, TEXT)


@pytest.mark.parametrize("stored", ["", "[", '[[0,99,"a"]]', "[" * 100_000])
def test_a_column_that_cannot_be_read_has_none(stored: str) -> None:
    assert from_json(stored, TEXT) == ()


def test_lists_are_what_json_holds() -> None:
    assert to_plain(KNOWN) == [[0, 5, "Total", "Tota|"], [8, 8, ","]]
