"""The arithmetic of the benchmark that kills."""

import os

import pytest

from time_to_return import TARGET_S, Return, processor_s, table


def returns(*texts_s: float) -> list[Return]:
    return [Return(killed, 1.0, s, 0.5) for s in texts_s for killed in ("worker", "service")]


@pytest.mark.parametrize(
    ("slowest", "word"), [(TARGET_S, "reached"), (TARGET_S + 0.1, "not reached")]
)
def test_the_slowest_decides(slowest: float, word: str) -> None:
    worker, service = table(returns(2.0, 3.0, slowest)).splitlines()[2:]
    for row in (worker, service):
        cells = [cell.strip() for cell in row.split("|")]
        assert cells[3:5] == ["3.00 s", f"{slowest:.2f} s"]
        assert cells[-2] == word


def test_processor_time_is_of_a_process_and_nothing_of_one_that_is_gone() -> None:
    assert processor_s(os.getpid()) > 0
    assert processor_s(2**22 + 1) == 0
