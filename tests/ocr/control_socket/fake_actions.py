"""What the control API asks for, pretended."""

import threading
from typing import Any

from ocr_contract.control import StatusReply

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
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.reason: str | None = None
        self.gate = threading.Event()
        self.gate.set()
        self.error: Exception | None = None

    def status(self) -> StatusReply:
        self.gate.wait(10)
        return STATUS

    def process(
        self, limit: int | None, paths: list[str] | None, request_id: str | None
    ) -> dict[str, Any]:
        return self._remember("process", limit, paths, request_id, reply={"found": 1, "queued": 2})

    def set_paused(self, paused: bool, request_id: str | None) -> dict[str, Any]:
        return self._remember("paused", paused, request_id, reply={"paused": paused})

    def reprocess(self, image_ids: list[int], request_id: str | None) -> dict[str, Any]:
        return self._remember("reprocess", image_ids, request_id, reply={"queued": len(image_ids)})

    def correct(self, line_id: int, text: str | None, request_id: str | None) -> dict[str, Any]:
        return self._remember("correct", line_id, text, request_id, reply={"line_id": line_id})

    def backup(self, file: str | None, request_id: str | None) -> dict[str, Any]:
        return self._remember("backup", file, request_id, reply={"state": "running"})

    def backup_state(self) -> dict[str, Any]:
        return self._remember("backup_state", reply={"state": "done"})

    def coverage(self) -> dict[str, Any]:
        return self._remember("coverage", reply={"files": 3})

    def not_ready(self) -> str | None:
        return self.reason

    def metrics(self) -> bytes:
        return b"ocr_uptime_seconds 1.5\n"

    def _remember(self, *what: Any, reply: dict[str, Any]) -> dict[str, Any]:
        if self.error is not None:
            raise self.error
        self.asked.append(what)
        return reply
