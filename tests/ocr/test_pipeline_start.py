"""A worker that does not start: tried again when that may help, else the service ends."""

import pytest
from pipeline_desk import Desk
from polling import wait_until

import heartbeat
import pipeline as pipeline_module
from ocr_contract.error_codes import ErrorCode
from ocr_errors import EXIT_OTHER, WorkerError
from supervisor import FINAL_EXIT_CODES


@pytest.mark.parametrize("code", [code for code in ErrorCode if code.is_final])
def test_a_start_that_cannot_work_ends_the_service(desk: Desk, code: str) -> None:
    desk.pool.start_errors = [WorkerError(code, "No.")]
    desk.run()
    wait_until(lambda: desk.error)
    assert isinstance(desk.error, WorkerError)
    assert desk.error.code == code


class Naps:
    """In place of the stop event: waiting takes no time, and is remembered."""

    def __init__(self) -> None:
        self.taken: list[float] = []
        self._set = False

    def is_set(self) -> bool:
        return self._set

    def set(self) -> None:
        self._set = True

    def wait(self, timeout_s: float) -> bool:
        self.taken.append(timeout_s)
        return self._set


def test_a_start_that_may_work_next_time_is_tried_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    naps = Naps()
    monkeypatch.setattr(heartbeat, "_SLICE_S", 60.0)  # each pause is one nap
    monkeypatch.setattr(desk.pipeline, "_stop", naps)
    desk.pool.start_errors = [WorkerError("worker_died", "No.")] * 3
    desk.add("a.png")
    desk.run()
    desk.wait(a="done")
    assert naps.taken == pytest.approx([2.0, 4.0, 8.0], abs=0.1)
    naps.set()


def test_starts_that_never_work_end_the_service(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "_SLICE_S", 60.0)
    monkeypatch.setattr(desk.pipeline, "_stop", Naps())
    desk.pool.start_errors = [WorkerError("worker_died", "No.")] * 50
    desk.run()
    wait_until(lambda: desk.error)
    assert len(desk.pool.start_errors) == 50 - pipeline_module._MAX_FAILED_STARTS


def test_what_a_person_must_change_is_not_tried_again_by_the_supervisor() -> None:
    """Natively it would be started anew for ever, each time with the same sentence."""
    again = {code for code in ErrorCode if WorkerError(code, "No.").exit_code == EXIT_OTHER}
    final = {code for code in ErrorCode if code.is_final} - again
    assert {WorkerError(code, "No.").exit_code for code in final} <= FINAL_EXIT_CODES
    assert {code for code in ErrorCode if code.is_final} & again == {ErrorCode.ENGINE_START_FAILED}
