"""A page that takes long says so, in its own thread only."""

import threading

import pytest

import page_progress


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(page_progress.time, "monotonic", lambda: now[0])
    return now


def test_steps_are_told_now_and_then(clock: list[float]) -> None:
    said: list[float] = []
    with page_progress.told(lambda: said.append(clock[0])):
        for _ in range(24):
            page_progress.step()
            clock[0] += 1
    assert said == [105.0, 110.0, 115.0, 120.0]


def test_pages_side_by_side_may_tell_of_themselves_as_one(clock: list[float]) -> None:
    said: list[float] = []
    say = page_progress.as_one(lambda: said.append(clock[0]))

    def page() -> None:
        with page_progress.told(say):
            clock[0] += 5
            page_progress.step()
            clock[0] -= 5

    for _ in range(3):
        for _ in range(4):
            thread = threading.Thread(target=page)
            thread.start()
            thread.join(15)
        clock[0] += 5
    assert said == [105.0, 110.0, 115.0]


def test_without_a_page_there_is_nothing_to_tell(clock: list[float]) -> None:
    said: list[float] = []
    page_progress.step()
    with page_progress.told(lambda: said.append(clock[0])):
        pass
    clock[0] += 60
    page_progress.step()
    assert said == []


def test_a_step_on_one_page_is_none_on_another(clock: list[float]) -> None:
    """Or a page that stands still would hide behind the others."""
    said: list[str] = []
    with page_progress.told(lambda: said.append("stuck")):
        clock[0] += 60

        def other() -> None:
            with page_progress.told(lambda: said.append("other")):
                clock[0] += 60
                page_progress.step()

        thread = threading.Thread(target=other)
        thread.start()
        thread.join(15)
    assert said == ["other"]
