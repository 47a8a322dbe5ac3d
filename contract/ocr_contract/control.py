"""The socket API of ocr_service and its client.

The wire is HTTP/1.1 with JSON bodies over a Unix domain socket:

    $ curl --unix-socket data/run/ocr.sock http://ocr/v1/status

    GET  /v1/status        -> Status object (`StatusReply`)
    POST /v1/process       {"request_id"?, "paths"?: [text], "limit"?: int}  -> {"found", "queued"}
    POST /v1/pause         {"request_id"?}                                   -> {"paused": true}
    POST /v1/resume        {"request_id"?}                                   -> {"paused": false}
    POST /v1/reprocess     {"request_id"?, "image_ids": [int]}               -> {"queued": n}
    POST /v1/corrections   {"request_id"?, "line_id": int, "text": text|null} -> {"line_id": n}
    POST /v1/backup        {"request_id"?, "file"?: text}                    -> Backup object
    GET  /v1/backup        -> the backup in work, or else the last one
    GET  /v1/coverage      -> Coverage object: every file of the folder, and where it stands
    GET  /livez, /readyz   -> {"status": "ok"}, or 503 with the reason
    GET  /metrics          -> Prometheus text

Every error is {"error": {"code", "message"}} with a 4xx or 5xx status. A body is at most
64 KiB, a whole request takes at most 5 s, at most 16 connections are served at once (a
seventeenth gets 503 with Retry-After). A mutation that carries a `request_id` (1 to 100
printable ASCII characters) takes effect once, however often it is sent: the reply is
stored with the effect.

A Backup object is {"state": "running"|"done", "path", "bytes", "sha256", "images", "pages",
"seconds"}, with nulls while it runs; a failed backup is an error. A `file` is relative to
data/backups, or absolute within the data folder; `path` is relative to the data folder. A
backup changes nothing, so its `request_id` is remembered until the next one only.
"""

import dataclasses
import http.client
import json
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ocr_contract.error_codes import ErrorCode

SOCKET_PATH = "run/ocr.sock"
"""Relative to the data folder."""
MAX_BODY_BYTES = 64 * 1024
MAX_REPLY_BYTES = 1024 * 1024
MAX_CONNECTIONS = 16
REQUEST_DEADLINE_S = 5.0
MAX_SOCKET_PATH_BYTES = 100
"""The kernel's limit is 107 (sun_path); the rest is room for a container's prefix."""
MAX_REQUEST_ID_CHARS = 100
MAX_PATHS = 1000
MAX_IMAGE_IDS = 1000
MAX_CORRECTION_CHARS = 2000


class ControlError(Exception):
    """A request that ocr_service refused or could not be asked."""

    def __init__(self, code: str, message: str, http_status: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.http_status = http_status
        """0 when no reply came at all."""


class ServiceUnreachable(ControlError):  # noqa: N818  a state of affairs, named as such
    """Nobody answers on the socket: ocr_service is stopped, starting, or stuck."""


class ServiceWarning(NamedTuple):
    """Something that needs a person: a stable code for programs, a sentence with the remedy."""

    code: str
    message: str
    holds: bool = False
    """While it lasts no batch begins."""


@dataclasses.dataclass(frozen=True, slots=True)
class StatusReply:
    """What `GET /v1/status` tells. New fields may be added; readers ignore unknown ones."""

    state: str
    """starting, idle, working, waiting (for the processing signal), or paused."""
    version: str
    trigger: str
    """watch or signal (OCR_TRIGGER)."""
    image_folder: str
    warning: str | None
    """What needs a person, e.g. that the folder is unreadable, in sentences; see `warnings`."""
    counts: dict[str, int]
    """Images by status, and "total"."""
    settling: int
    """Files that are new or changed but not yet finished: they are queued in a moment."""
    batch: dict[str, Any] | None
    """The batch in work: {"id", "started_at", "images": [name]}; None when idle."""
    pages_per_second: float
    """Over the last minute."""
    seconds_left: float | None
    """For the images now pending, at that rate; None when the rate is not known yet."""
    engine: str | None
    """e.g. "onnxruntime 1.32.0"; None until the worker is ready. Likewise the next three."""
    device: str | None
    precision: str | None
    models: dict[str, str]
    """Model name to SHA-256 of its weights."""
    worker_restarts: int
    uptime_s: float
    warnings: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    """The same by code: {"code", "message", "holds"}; docs/error-codes.md lists the codes. While
    one that holds is there no batch begins."""
    backup: dict[str, Any] | None = None
    """The newest backup made since the start: {"path", "bytes", "finished_at"}."""

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "StatusReply":
        """Build from a decoded reply; raises ControlError when a field is missing."""
        try:
            return cls(
                **{
                    field.name: value[field.name]
                    for field in dataclasses.fields(cls)
                    if field.name in value or field.name not in _ADDED_LATER
                }
            )
        except (KeyError, TypeError) as error:
            raise ControlError(
                ErrorCode.BAD_REPLY, f"ocr_service sent no valid status: {error}."
            ) from error


_ADDED_LATER = frozenset({"warnings", "backup"})
"""A service of an older version does not send these."""


class _DeadlineSocket(socket.socket):
    """A Unix socket whose time limit is for everything, not for each piece that arrives."""

    def __init__(self, timeout_s: float) -> None:
        super().__init__(socket.AF_UNIX, socket.SOCK_STREAM)
        self.settimeout(timeout_s)
        self._deadline = time.monotonic() + timeout_s

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(max(self._deadline - time.monotonic(), 0.001))
        return super().recv_into(*args, **kwargs)


class _UnixConnection(http.client.HTTPConnection):
    """`http.client` over a Unix domain socket."""

    def __init__(self, path: Path, timeout_s: float) -> None:
        super().__init__("ocr")
        self._path = path
        self._timeout_s = timeout_s

    def connect(self) -> None:
        self.sock = _DeadlineSocket(self._timeout_s)
        self.sock.connect(str(self._path))


class ControlClient:
    """Asks ocr_service, one connection a request. Safe to share between threads."""

    def __init__(self, socket_path: Path, *, timeout_s: float = REQUEST_DEADLINE_S) -> None:
        self._socket_path = socket_path
        self._timeout_s = timeout_s

    def status(self) -> StatusReply:
        """The service's state now."""
        return StatusReply.from_json(self._ask("GET", "/v1/status"))

    def process(
        self,
        *,
        paths: list[str] | None = None,
        limit: int | None = None,
        request_id: str | None = None,
    ) -> dict[str, Any]:
        """Scan now and process what is found: {"found", "queued"}."""
        return self._post("process", request_id, paths=paths, limit=limit)

    def pause(self, *, request_id: str | None = None) -> dict[str, Any]:
        """Start no further batch until `resume`, also across restarts."""
        return self._post("pause", request_id)

    def resume(self, *, request_id: str | None = None) -> dict[str, Any]:
        """Go on after `pause`."""
        return self._post("resume", request_id)

    def reprocess(self, image_ids: list[int], *, request_id: str | None = None) -> dict[str, Any]:
        """Read these images again: {"queued"}."""
        return self._post("reprocess", request_id, image_ids=image_ids)

    def correct(
        self, line_id: int, text: str | None, *, request_id: str | None = None
    ) -> dict[str, Any]:
        """Store a person's text for a line; None takes the correction back."""
        return self._post("corrections", request_id, always={"text": text}, line_id=line_id)

    def backup(self, file: str | None = None, *, request_id: str | None = None) -> dict[str, Any]:
        """Begin a backup, or ask after the one with this `request_id`: a Backup object."""
        return self._post("backup", request_id, file=file)

    def backup_state(self) -> dict[str, Any]:
        """The backup in work, or else the last one: a Backup object."""
        return self._ask("GET", "/v1/backup")

    def coverage(self) -> dict[str, Any]:
        """Every file of the folder, and where it stands; see `ocr/folder_coverage.py`."""
        return self._ask("GET", "/v1/coverage")

    def _post(
        self,
        action: str,
        request_id: str | None,
        *,
        always: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> dict[str, Any]:
        body = {key: value for key, value in fields.items() if value is not None}
        body.update(always or {})
        if request_id is not None:
            body["request_id"] = request_id
        return self._ask("POST", f"/v1/{action}", body)

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Send one request and return the decoded object.

        Raises:
            ServiceUnreachable: no connection or no complete reply within the time limit.
            ControlError: the service answered with an error, or with something else than JSON.
        """
        payload = None if body is None else json.dumps(body).encode()
        headers = {} if payload is None else {"Content-Type": "application/json"}
        connection = _UnixConnection(self._socket_path, self._timeout_s)
        try:
            connection.request(method, path, payload, headers)
            response = connection.getresponse()
            raw = response.read(MAX_REPLY_BYTES + 1)
            if response.length and len(raw) <= MAX_REPLY_BYTES:
                raise http.client.IncompleteRead(raw, response.length)
        except (OSError, http.client.HTTPException) as error:
            raise ServiceUnreachable(
                ErrorCode.UNREACHABLE,
                f"ocr_service does not answer on {self._socket_path} ({type(error).__name__}). "
                "Is it running? It takes a few seconds to start.",
            ) from error
        finally:
            connection.close()
        return _decode(raw, response.status)


def _decode(raw: bytes, http_status: int) -> dict[str, Any]:
    """The object in a reply's body; raises ControlError for everything else."""
    try:
        if len(raw) > MAX_REPLY_BYTES:
            raise ValueError("too long")
        value = json.loads(raw)
        if not isinstance(value, dict):
            raise ValueError("not an object")
    except (ValueError, RecursionError) as error:
        raise ControlError(
            ErrorCode.BAD_REPLY,
            f"ocr_service sent something that is no JSON object: {error}.",
            http_status,
        ) from error
    if http_status >= 400:
        error_object = value.get("error")
        details = error_object if isinstance(error_object, dict) else {}
        raise ControlError(
            str(details.get("code", ErrorCode.UNKNOWN)),
            str(details.get("message", f"ocr_service answered {http_status}.")),
            http_status,
        )
    return value
