"""The control socket: HTTP over a Unix domain socket, served by uvicorn and Starlette.

The wire is described in `ocr_contract.control`. Here is what happens on each request, and the
bounds that keep one client from hurting the others: connections, body size, and a deadline for
the whole request, however slowly it comes in.
"""

import asyncio
import json
import os
import socket
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Protocol

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from control_requests import (
    backup_file_field,
    correction_fields,
    image_ids_field,
    parse_object,
    process_fields,
    request_id_field,
)
from ocr_contract import control
from ocr_errors import FolderError, RequestError, StoreError
from spare_descriptor import Listener

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_LINGER_S = 1.0
"""A refused client has so long to read why; closing at once would break its pipe as it asks."""
_MAX_LINGERING = 64
_BACKLOG = 128
"""Clients that wait to be accepted; uvicorn's 2,048 would let far more wait than can be served."""


def _refusal(status: str, code: str, message: str, *headers: str) -> bytes:
    """A whole reply for a connection that never reaches the application."""
    body = json.dumps({"error": {"code": code, "message": message}})
    head = [
        f"HTTP/1.1 {status}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join([*head, "", body]).encode("ascii")


_BUSY = _refusal(
    "503 Service Unavailable", "busy", "Too many connections at once; try again.", "Retry-After: 1"
)
_NO_HTTP = _refusal(
    "400 Bad Request", "bad_http", "This is no HTTP request. See ocr_contract/control.py."
)


class Actions(Protocol):
    """What the service does when it is asked; every method may block for a moment."""

    def status(self) -> control.StatusReply: ...
    def process(
        self, limit: int | None, paths: list[str] | None, request_id: str | None
    ) -> dict[str, Any]: ...
    def set_paused(self, paused: bool, request_id: str | None) -> dict[str, Any]: ...
    def reprocess(self, image_ids: list[int], request_id: str | None) -> dict[str, Any]: ...
    def correct(self, line_id: int, text: str | None, request_id: str | None) -> dict[str, Any]: ...
    def backup(self, file: str | None, request_id: str | None) -> dict[str, Any]: ...
    def backup_state(self) -> dict[str, Any]: ...
    def coverage(self) -> dict[str, Any]: ...
    def not_ready(self) -> str | None: ...
    def metrics(self) -> bytes: ...


class ControlServer:
    """Serves the socket in a thread of its own."""

    def __init__(self, actions: Actions, socket_path: Path) -> None:
        """Bind the socket; nothing is answered before `start`.

        Raises:
            FolderError: the path is too long, or something else than a socket is in the way.
        """
        self._path = socket_path
        self._socket = bind(socket_path)
        config = uvicorn.Config(
            build_app(actions),
            http=_BoundedProtocol,
            ws="none",
            lifespan="off",
            loop="asyncio",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_keep_alive=int(control.REQUEST_DEADLINE_S),
            timeout_graceful_shutdown=1,
            backlog=_BACKLOG,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name="control", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the server still serves."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """End and remove the socket."""
        self._server.should_exit = True
        self._thread.join(2.0)
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])


def bind(path: Path) -> socket.socket:
    """A listening socket at `path`, mode 0660 in a folder of mode 2750.

    The caller holds the database's lock, so a socket that lies there is a dead service's.

    Raises:
        FolderError: socket_path_too_long, socket_path_taken, socket_unusable.
    """
    if len(os.fsencode(path)) > control.MAX_SOCKET_PATH_BYTES:
        raise FolderError(
            "socket_path_too_long",
            f"The path {path} is too long for a socket. Choose a data folder with a shorter path.",
        )
    listener = Listener()
    try:
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        path.parent.chmod(0o2750)
        if os.path.lexists(path):
            if not stat.S_ISSOCK(path.lstat().st_mode):
                raise FolderError(
                    "socket_path_taken", f"{path} is in the way and is no socket. Move it away."
                )
            path.unlink()
        listener.bind(os.fspath(path))
        path.chmod(0o660)
        listener.listen(control.MAX_CONNECTIONS)
    except OSError as error:
        listener.close()
        raise FolderError(
            "socket_unusable", f"No socket can be made at {path}: {error.strerror}."
        ) from error
    except FolderError:
        listener.close()
        raise
    return listener


class _BoundedProtocol(H11Protocol):
    """uvicorn's connection, with two bounds that it lacks.

    Its keep-alive timeout begins after the first reply only, and its limit of concurrency
    lets connections pile up that never send a request. A connection over the limit is told so
    and never reaches uvicorn: its `transport` stays None.
    """

    _deadline: asyncio.TimerHandle | None = None
    _lingering: ClassVar[set["_BoundedProtocol"]] = set()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        if len(self.server_state.connections) >= control.MAX_CONNECTIONS:
            self._refuse(transport)
            return
        super().connection_made(transport)
        self._start_deadline()

    def _refuse(self, transport: asyncio.Transport) -> None:
        transport.write(_BUSY)
        if len(self._lingering) >= _MAX_LINGERING:
            transport.abort()
            return
        transport.write_eof()
        self._lingering.add(self)
        self._deadline = self.loop.call_later(_LINGER_S, transport.abort)

    def data_received(self, data: bytes) -> None:
        if self.transport is not None:
            super().data_received(data)

    def eof_received(self) -> None:
        if self.transport is not None:
            super().eof_received()

    def send_400_response(self, msg: str) -> None:
        self.transport.write(_NO_HTTP)
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_deadline()
        self._lingering.discard(self)
        if self.transport is not None:
            super().connection_lost(exc)

    def on_response_complete(self) -> None:
        self._stop_deadline()
        super().on_response_complete()
        if self.transport is not None and not self.transport.is_closing():
            self._start_deadline()

    def _start_deadline(self) -> None:
        self._stop_deadline()
        self._deadline = self.loop.call_later(control.REQUEST_DEADLINE_S, self._too_slow)

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        if self.transport is not None:
            self.transport.abort()


def build_app(actions: Actions) -> Starlette:
    """The routes of the control API."""

    async def status(_: Request) -> Response:
        reply = await run_in_threadpool(actions.status)
        return JSONResponse({name: getattr(reply, name) for name in _STATUS_FIELDS})

    async def process(request: Request) -> Response:
        body = await _body(request)
        limit, paths = process_fields(body)
        return await _run(actions.process, limit, paths, request_id_field(body))

    async def pause(request: Request) -> Response:
        return await _run(actions.set_paused, True, request_id_field(await _body(request)))

    async def resume(request: Request) -> Response:
        return await _run(actions.set_paused, False, request_id_field(await _body(request)))

    async def reprocess(request: Request) -> Response:
        body = await _body(request)
        return await _run(actions.reprocess, image_ids_field(body), request_id_field(body))

    async def corrections(request: Request) -> Response:
        body = await _body(request)
        return await _run(actions.correct, *correction_fields(body), request_id_field(body))

    async def backup(request: Request) -> Response:
        if request.method == "GET":
            return await _run(actions.backup_state)
        body = await _body(request)
        return await _run(actions.backup, backup_file_field(body), request_id_field(body))

    async def coverage(_: Request) -> Response:
        return await _run(actions.coverage)

    async def livez(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        reason = await run_in_threadpool(actions.not_ready)
        if reason is not None:
            raise RequestError("not_ready", reason, 503)
        return JSONResponse({"status": "ok"})

    async def metrics(_: Request) -> Response:
        return Response(
            await run_in_threadpool(actions.metrics), headers={"Content-Type": METRICS_TYPE}
        )

    app = Starlette(
        routes=[
            Route("/v1/status", status, methods=["GET"]),
            Route("/v1/process", process, methods=["POST"]),
            Route("/v1/pause", pause, methods=["POST"]),
            Route("/v1/resume", resume, methods=["POST"]),
            Route("/v1/reprocess", reprocess, methods=["POST"]),
            Route("/v1/corrections", corrections, methods=["POST"]),
            Route("/v1/backup", backup, methods=["GET", "POST"]),
            Route("/v1/coverage", coverage, methods=["GET"]),
            Route("/livez", livez, methods=["GET"]),
            Route("/readyz", readyz, methods=["GET"]),
            Route("/metrics", metrics, methods=["GET"]),
        ],
        exception_handlers={
            RequestError: _request_error,
            StoreError: _store_error,
            HTTPException: _http_error,
            Exception: _unexpected,
        },
    )
    app.router.redirect_slashes = False  # a redirect is no JSON, and leads where Host says
    return app


_STATUS_FIELDS = control.StatusReply.__slots__


async def _run(action: Callable[..., dict[str, Any]], *arguments: object) -> Response:
    return JSONResponse(await run_in_threadpool(action, *arguments))


async def _body(request: Request) -> dict[str, Any]:
    """The request's JSON object, of at most MAX_BODY_BYTES."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > control.MAX_BODY_BYTES:
            raise RequestError(
                "body_too_large", f"A body has at most {control.MAX_BODY_BYTES} bytes.", 413
            )
    return parse_object(bytes(raw))


async def _request_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)
    headers = {"Retry-After": "1"} if error.http_status == 503 else None
    return _error(error.http_status, error.code, error.message, headers)


async def _store_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, StoreError)
    return _error(503, error.code, error.message, {"Retry-After": "1"})


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: "unknown_path", 405: "wrong_method"}.get(error.status_code, "http_error")
    return _error(error.status_code, code, f"{error.detail}. See ocr_contract/control.py.")


async def _unexpected(_: Request, error: Exception) -> Response:
    return _error(500, "internal", f"The service failed on this request ({type(error).__name__}).")


def _error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)
