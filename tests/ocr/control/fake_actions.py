"""What the control API asks for, pretended."""

import threading
from typing import Any

from starlette.applications import Starlette

from control.control_api import build_app
from control.control_endpoints import endpoints
from ocr_contract.control import Review
from ocr_contract.replies import (
    BackupReply,
    CorrectionReply,
    CoverageReply,
    PauseReply,
    ProcessReply,
    Reply,
    ReprocessReply,
    StatusReply,
    TrialReply,
)

RUNNING = BackupReply("running", "backups/a.db")
DONE = BackupReply("done", "backups/a.db", 5, "0" * 64, 1, 1, 0.5)
COVERAGE = CoverageReply("now", True, None, 3, {"done": 3}, 0, 0, {}, {"event": 3, "rescan": 0})

STATUS = StatusReply(
    state="idle",
    version="1",
    trigger="watch",
    image_folder="/images",
    warning=None,
    counts={"pending": 0, "total": 0},
    settling=0,
    batch=None,
    pages_per_second=0.5,
    seconds_left=None,
    engine="fake 1",
    device="cpu",
    precision="f32",
    models={"m": "0" * 64},
    worker_restarts=0,
    uptime_s=1.5,
    warnings=[],
    backup=None,
)


class FakeActions:
    """In place of every part that answers requests; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.reason: str | None = None
        self.gate = threading.Event()
        self.gate.set()
        self.error: Exception | None = None

    def status(self) -> StatusReply:
        self.gate.wait(10)
        return STATUS

    def app(self) -> Starlette:
        """The real endpoints over this."""
        part: Any = self
        return build_app(endpoints(part, part, part, part, part, part), self)

    def process(self, limit: int | None, paths: list[str] | None, request_id: str | None) -> Reply:
        return self._remember("process", limit, paths, request_id, reply=ProcessReply(1, 2))

    def set_paused(self, paused: bool, request_id: str | None) -> Reply:
        return self._remember("paused", paused, request_id, reply=PauseReply(paused))

    def reprocess(self, image_ids: list[int], request_id: str | None) -> Reply:
        return self._remember(
            "reprocess", image_ids, request_id, reply=ReprocessReply(len(image_ids))
        )

    def retry_quarantined(self, request_id: str | None) -> Reply:
        return self._remember("retry", request_id, reply=ReprocessReply(4))

    def correct(
        self,
        line_id: int,
        text: str | None,
        request_id: str | None,
        seen: str | None,
        review: Review | None,
        chosen_from: str | None,
        by: str | None,
    ) -> Reply:
        return self._remember(
            *("correct", line_id, text, request_id, seen, review, chosen_from, by),
            reply=CorrectionReply(line_id),
        )

    def ask(self, image_id: int, page: int | None, reading: str, request_id: str | None) -> Reply:
        return self._remember(
            "trial", image_id, page, reading, request_id, reply=TrialReply(3, "waiting")
        )

    def take(self, trial_id: int, request_id: str | None) -> Reply:
        return self._remember("take", trial_id, request_id, reply=TrialReply(trial_id, "taken"))

    def drop(self, trial_id: int, request_id: str | None) -> Reply:
        return self._remember("drop", trial_id, request_id, reply=TrialReply(trial_id, "dropped"))

    def request(self, file: str | None, request_id: str | None) -> Reply:
        return self._remember("backup", file, request_id, reply=RUNNING)

    def state(self) -> Reply:
        return self._remember("backup_state", reply=DONE)

    def answer(self) -> Reply:
        return self._remember("coverage", reply=COVERAGE)

    def not_ready(self) -> str | None:
        return self.reason

    def metrics(self) -> bytes:
        return b"ocr_uptime_seconds 1.5\n"

    def _remember(self, *what: Any, reply: Reply) -> Reply:
        if self.error is not None:
            raise self.error
        self.asked.append(what)
        return reply
