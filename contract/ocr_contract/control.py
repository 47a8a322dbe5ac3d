"""The socket API of ocr_service and its client.

The wire is HTTP/1.1 with JSON bodies over a Unix domain socket; `replies` has the objects:

    $ curl --unix-socket data/run/ocr.sock http://ocr/v1/status

    GET  /v1/status                                                           -> StatusReply
    POST /v1/process       {"request_id"?, "paths"?: [text], "limit"?: int}   -> ProcessReply
    POST /v1/pause         {"request_id"?}                                    -> PauseReply
    POST /v1/resume        {"request_id"?}                                    -> PauseReply
    POST /v1/reprocess     {"request_id"?, "image_ids": [int]}                -> ReprocessReply
    POST /v1/retry         {"request_id"?}   every quarantined image again    -> ReprocessReply
    POST /v1/corrections   {"request_id"?, "line_id": int, "text": text|null, "seen"?: text,
                            "review"?: "worst"|"sample"|"undo",
                            "chosen_from"?: text, "by"?: text}                -> CorrectionReply
    POST /v1/trials        {"request_id"?, "image_id": int, "page"?: int,
                            "reading": text}  read it once more, on trial     -> TrialReply
    POST /v1/trials/take   {"request_id"?, "trial_id": int}                   -> TrialReply
    POST /v1/trials/drop   {"request_id"?, "trial_id": int}                   -> TrialReply
    POST /v1/backup        {"request_id"?, "file"?: text}                     -> BackupReply
    GET  /v1/backup        the backup in work, or else the last one           -> BackupReply
    POST /v1/export        files in a format of its own: see `export.remote_files`
    GET  /v1/coverage      every file of the folder, and where it stands      -> CoverageReply
    GET  /livez, /readyz   -> {"status": "ok"}, or 503 with the reason
    GET  /metrics          -> Prometheus text

Every error is {"error": {"code", "message"}} with a 4xx or 5xx status. A body is at most
64 KiB, a whole request takes at most 5 s, at most 16 connections are served at once (a
seventeenth gets 503 with Retry-After). A mutation that carries a `request_id` (1 to 100
printable ASCII characters) takes effect once, however often it is sent: the reply is
stored with the effect.

`seen` is the mark of the line as it was shown (`line_marks`): where it is another one by now, the
request is refused with line_changed. `review` says that a person judged the machine's text: null
keeps it as right, "undo" takes the judgement back. `chosen_from` names the model whose reading a
person chose without typing. `by` says who it was, in one printable line of at most 100 characters,
for the line's history: `line_causes`.

A trial is read by a process of its own with another `reading` (one of the status's `readings`), and
stands in the database until it is taken or dropped: `trial_readings`. It changes no text before.

The `file` of a backup is relative to data/backups, or absolute within the data folder: one whole
file. Without it only what is new is stored, and `path` and `sha256` are those of the list of its
pieces (NAME.backup). A backup changes nothing, so its `request_id` is remembered until the next one
only.
"""

import enum
import http.client
import json
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from ocr_contract.error_codes import ErrorCode
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

_R = TypeVar("_R", bound=Reply)
Connect = Callable[[float], socket.socket]
"""Makes a connection to ocr_service's socket within so many seconds."""

MAX_BODY_BYTES = 64 * 1024
MAX_REPLY_BYTES = 1024 * 1024
MAX_CONNECTIONS = 16
REQUEST_DEADLINE_S = 5.0
MAX_SOCKET_PATH_BYTES = 100
"""The kernel's limit is 107 (sun_path); the rest is room for a container's prefix."""
MAX_REQUEST_ID_CHARS = 100
MAX_PATHS = 1000
MAX_IMAGE_IDS = 1000
LONG_PATHS = frozenset({"/v1/export"})
"""Where an answer that has begun may take as long as it needs."""
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


class OutcomeUnknown(ServiceUnreachable):
    """The request was sent and no answer came: it may have taken effect, or may yet do so.

    Sent again with the same request_id it takes effect once, and the answer says what is true.
    """


class Review(enum.StrEnum):
    """Why a line was looked at in a review; UNDO: it was not, after all."""

    WORST = "worst"
    SAMPLE = "sample"
    UNDO = "undo"


class _DeadlineSocket(socket.socket):
    """A Unix socket whose time limit is for everything, not for each piece that arrives."""

    def __init__(self, timeout_s: float, descriptor: int | None = None) -> None:
        """`descriptor`: of a socket that is there already."""
        super().__init__(socket.AF_UNIX, socket.SOCK_STREAM, fileno=descriptor)
        self.settimeout(timeout_s)
        self._deadline = time.monotonic() + timeout_s

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(max(self._deadline - time.monotonic(), 0.001))
        return super().recv_into(*args, **kwargs)


class _UnixConnection(http.client.HTTPConnection):
    """`http.client` over a Unix domain socket."""

    def __init__(self, path: Path, timeout_s: float, connect: Connect | None) -> None:
        super().__init__("ocr")
        self._path = path
        self._timeout_s = timeout_s
        self._connect = connect

    def connect(self) -> None:
        if self._connect is None:
            self.sock = _DeadlineSocket(self._timeout_s)
            self.sock.connect(str(self._path))
        else:
            made = self._connect(self._timeout_s)
            self.sock = _DeadlineSocket(self._timeout_s, made.detach())


class ControlClient:
    """Asks ocr_service, one connection a request. Safe to share between threads."""

    def __init__(
        self,
        socket_path: Path,
        *,
        timeout_s: float = REQUEST_DEADLINE_S,
        connect: Connect | None = None,
    ) -> None:
        """`connect` makes the connections, for a process that may not do so itself."""
        self._socket_path = socket_path
        self._timeout_s = timeout_s
        self._connect = connect

    def status(self) -> StatusReply:
        """The service's state now."""
        return self._ask(StatusReply, "GET", "/v1/status")

    def process(
        self,
        *,
        paths: list[str] | None = None,
        limit: int | None = None,
        request_id: str | None = None,
    ) -> ProcessReply:
        """Scan now and process what is found."""
        return self._post(ProcessReply, "process", request_id, paths=paths, limit=limit)

    def pause(self, *, request_id: str | None = None) -> PauseReply:
        """Start no further batch until `resume`, also across restarts."""
        return self._post(PauseReply, "pause", request_id)

    def resume(self, *, request_id: str | None = None) -> PauseReply:
        """Go on after `pause`."""
        return self._post(PauseReply, "resume", request_id)

    def reprocess(self, image_ids: list[int], *, request_id: str | None = None) -> ReprocessReply:
        """Read these images again."""
        return self._post(ReprocessReply, "reprocess", request_id, image_ids=image_ids)

    def retry_quarantined(self, *, request_id: str | None = None) -> ReprocessReply:
        """Read every quarantined image again."""
        return self._post(ReprocessReply, "retry", request_id)

    def correct(
        self,
        line_id: int,
        text: str | None,
        *,
        request_id: str | None = None,
        seen: str | None = None,
        review: Review | None = None,
        chosen_from: str | None = None,
        by: str | None = None,
    ) -> CorrectionReply:
        """Store a person's text for a line; None takes the correction back.

        `seen` is the mark of what the person saw, `review` why it was looked at, `chosen_from` the
        model whose reading it is, `by` who it was (`line_causes`).
        """
        fields = {"seen": seen, "review": review, "chosen_from": chosen_from, "by": by}
        always = {"line_id": line_id, "text": text}
        return self._post(CorrectionReply, "corrections", request_id, always, **fields)

    def try_reading(
        self, image_id: int, reading: str, page: int | None = None, *, request_id: str | None = None
    ) -> TrialReply:
        """Have a page of an image read once more with another `reading`, on trial."""
        return self._post(
            TrialReply, "trials", request_id, image_id=image_id, page=page, reading=reading
        )

    def take_trial(self, trial_id: int, *, request_id: str | None = None) -> TrialReply:
        """Let what was read on trial be the page's text."""
        return self._post(TrialReply, "trials/take", request_id, trial_id=trial_id)

    def drop_trial(self, trial_id: int, *, request_id: str | None = None) -> TrialReply:
        """Keep the present text."""
        return self._post(TrialReply, "trials/drop", request_id, trial_id=trial_id)

    def backup(self, file: str | None = None, *, request_id: str | None = None) -> BackupReply:
        """Begin a backup, or ask after the one with this `request_id`."""
        return self._post(BackupReply, "backup", request_id, file=file)

    def backup_state(self) -> BackupReply:
        """The backup in work, or else the last one."""
        return self._ask(BackupReply, "GET", "/v1/backup")

    def coverage(self) -> CoverageReply:
        """Every file of the folder, and where it stands."""
        return self._ask(CoverageReply, "GET", "/v1/coverage")

    def _post(
        self,
        kind: type[_R],
        action: str,
        request_id: str | None,
        always: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> _R:
        """`fields` that are None are left out, those of `always` are not."""
        body = {key: value for key, value in fields.items() if value is not None}
        body.update(always or {})
        if request_id is not None:
            body["request_id"] = request_id
        return self._ask(kind, "POST", f"/v1/{action}", body)

    def _ask(
        self, kind: type[_R], method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> _R:
        value = self._request(method, path, body)
        try:
            return kind.from_json(value)
        except ValueError as error:
            raise ControlError(
                ErrorCode.BAD_REPLY, f"ocr_service sent no valid {kind.__name__}: {error}."
            ) from error

    def _request(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Send one request and return the decoded object.

        Raises:
            ServiceUnreachable: no connection or no complete reply within the time limit.
            OutcomeUnknown: likewise, after something was sent that may change something.
            ControlError: the service answered with an error, or with something else than JSON.
        """
        payload = None if body is None else json.dumps(body).encode()
        headers = {} if payload is None else {"Content-Type": "application/json"}
        connection = _UnixConnection(self._socket_path, self._timeout_s, self._connect)
        was_sent = False
        try:
            connection.connect()
            was_sent = body is not None  # from here on it may change something
            connection.request(method, path, payload, headers)
            response = connection.getresponse()
            raw = response.read(MAX_REPLY_BYTES + 1)
            if response.length and len(raw) <= MAX_REPLY_BYTES:
                raise http.client.IncompleteRead(raw, response.length)
        except (OSError, http.client.HTTPException) as error:
            if was_sent:
                raise OutcomeUnknown(
                    ErrorCode.OUTCOME_UNKNOWN,
                    f"ocr_service has not answered on {self._socket_path} "
                    f"({type(error).__name__}): what came of the request is not known. Sent again "
                    "with the same request_id it takes effect once.",
                ) from error
            raise ServiceUnreachable(
                ErrorCode.UNREACHABLE,
                f"ocr_service does not answer on {self._socket_path} ({type(error).__name__}). "
                "Is it running? It takes a few seconds to start.",
            ) from error
        finally:
            connection.close()
        return decode_reply(raw, response.status)


def decode_reply(raw: bytes, http_status: int) -> dict[str, Any]:
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
