"""The routes of the control API: what happens on each request, and how errors are told.

The wire is described in `ocr_contract.control`; the fields are checked in `control_requests`.
"""

from collections.abc import Callable
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from control_requests import (
    backup_file_field,
    correction_fields,
    image_ids_field,
    parse_object,
    process_fields,
    request_id_field,
)
from ocr_contract import control
from ocr_contract.error_codes import ErrorCode
from ocr_errors import RequestError, StoreError

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_STATUS_FIELDS = control.StatusReply.__slots__


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
            raise RequestError(ErrorCode.NOT_READY, reason, 503)
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


async def _run(action: Callable[..., dict[str, Any]], *arguments: object) -> Response:
    return JSONResponse(await run_in_threadpool(action, *arguments))


async def _body(request: Request) -> dict[str, Any]:
    """The request's JSON object, of at most MAX_BODY_BYTES."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > control.MAX_BODY_BYTES:
            raise RequestError(
                ErrorCode.BODY_TOO_LARGE, f"A body has at most {control.MAX_BODY_BYTES} bytes.", 413
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
    code = {404: ErrorCode.UNKNOWN_PATH, 405: ErrorCode.WRONG_METHOD}.get(
        error.status_code, ErrorCode.HTTP_ERROR
    )
    return _error(error.status_code, code, f"{error.detail}. See ocr_contract/control.py.")


async def _unexpected(_: Request, error: Exception) -> Response:
    return _error(
        500, ErrorCode.INTERNAL, f"The service failed on this request ({type(error).__name__})."
    )


def _error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)
