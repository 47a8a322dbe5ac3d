"""A stand-in for ocr_service's socket: answers with what a test sets, and remembers requests."""

import json
import socketserver
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Self

from ocr_contract.data_folder import SOCKET_PATH


def status_reply(**changes: Any) -> dict[str, Any]:
    """A full status object; `changes` replace fields of it."""
    return {
        "state": "idle", "version": "1", "trigger": "watch", "image_folder": "/images",
        "warning": None, "counts": {"total": 0}, "settling": 0, "batch": None,
        "pages_per_second": 0.0,
        "seconds_left": None, "engine": "onnxruntime 1.32.0", "device": "cpu",
        "precision": "f32", "models": {}, "worker_restarts": 0, "uptime_s": 1.0, **changes,
    }  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"

    def address_string(self) -> str:
        return "unix"

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        pass

    def do_GET(self) -> None:
        self._answer(200, self.server.status)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        asked = json.loads(body or b"{}")
        self.server.requests.append((self.path, asked))
        answer = self.server.answer
        self._answer(*(answer(self.path, asked) if answer else self.server.post_reply))

    def _answer(self, http_status: int, value: dict[str, Any]) -> None:
        payload = json.dumps(value).encode()
        self.send_response(http_status)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    status: dict[str, Any]
    post_reply: tuple[int, dict[str, Any]]
    requests: list[tuple[str, dict[str, Any]]]
    answer: Callable[[str, dict[str, Any]], tuple[int, dict[str, Any]]] | None

    def handle_error(self, request: object, client_address: object) -> None:
        """Who asked did not wait for the answer; that is said where it is expected."""


class FakeReader:
    """Listens from the `with` on until its end."""

    def __init__(self, data_folder: Path, **status: Any) -> None:
        path = data_folder / SOCKET_PATH
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self._server = _Server(str(path), _Handler)
        self._server.status = status_reply(**status)
        self._server.post_reply = (200, {"found": 0, "queued": 1, "paused": True, "line_id": 1})
        self._server.requests = []
        self._server.answer = None
        self._path = path

    @property
    def requests(self) -> list[tuple[str, dict[str, Any]]]:
        """Every POST so far: (path, body)."""
        return self._server.requests

    def say(self, **status: Any) -> None:
        """Change the status."""
        self._server.status = status_reply(**status)

    def answer_posts(self, http_status: int, value: dict[str, Any]) -> None:
        """Change the answer to every POST."""
        self._server.post_reply = (http_status, value)

    def answer_posts_by(
        self, answer: Callable[[str, dict[str, Any]], tuple[int, dict[str, Any]]]
    ) -> None:
        """From now on `answer` makes the answer to every POST of its path and its body."""
        self._server.answer = answer

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._path.unlink(missing_ok=True)
