"""The control API over any `Endpoint`: bodies in, replies and errors out.

The wire is described in `ocr_contract.control`; what there is to ask stands in `control_endpoints`.
"""

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from control.control_requests import parse_object
from control.export_reply import ExportReply, Exports
from ocr_contract import control
from ocr_contract.error_codes import ErrorCode
from ocr_contract.export import remote_files
from ocr_contract.replies import Reply
from ocr_errors import NotNowError, RequestError, StoreError, TooLargeError

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclasses.dataclass(frozen=True, slots=True)
class Endpoint:
    """One request that can be made."""

    method: str
    path: str
    answer: Callable[[dict[str, Any]], Reply]
    """Takes the body's object (empty without a body), checks its fields, and may block a moment."""


class Health(Protocol):
    """What a supervisor and a monitoring system ask."""

    def not_ready(self) -> str | None: ...
    def metrics(self) -> bytes: ...


def build_app(
    endpoints: Iterable[Endpoint], health: Health, exports: Exports | None = None
) -> Starlette:
    """The application that answers `endpoints`, /v1/export, /livez, /readyz and /metrics."""

    async def livez(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        reason = await run_in_threadpool(health.not_ready)
        if reason is not None:
            raise NotNowError(ErrorCode.NOT_READY, reason)
        return JSONResponse({"status": "ok"})

    async def metrics(_: Request) -> Response:
        return Response(
            await run_in_threadpool(health.metrics), headers={"Content-Type": METRICS_TYPE}
        )

    app = Starlette(
        routes=[
            *map(_route, endpoints),
            *([] if exports is None else [_export_route(exports)]),
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


def _route(endpoint: Endpoint) -> Route:
    async def handle(request: Request) -> Response:
        body = await _body(request) if request.method == "POST" else {}
        reply = await run_in_threadpool(endpoint.answer, body)
        return JSONResponse(reply.to_json())

    return Route(endpoint.path, handle, methods=[endpoint.method])


def _export_route(exports: Exports) -> Route:
    async def handle(request: Request) -> ExportReply:
        return exports.reply(await _body(request))

    return Route(remote_files.PATH, handle, methods=["POST"])


async def _body(request: Request) -> dict[str, Any]:
    """The request's JSON object, of at most MAX_BODY_BYTES."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > control.MAX_BODY_BYTES:
            raise TooLargeError(
                ErrorCode.BODY_TOO_LARGE, f"A body has at most {control.MAX_BODY_BYTES} bytes."
            )
    return parse_object(bytes(raw))


async def _request_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)
    headers = {"Retry-After": "1"} if isinstance(error, NotNowError) else None
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
