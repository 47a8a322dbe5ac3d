"""One connection to the control socket, with the bounds that keep it from hurting the others."""

import asyncio
import json
from typing import ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

from ocr_contract import control
from ocr_contract.error_codes import ErrorCode

_LINGER_S = 1.0
"""How long a refused client has to read why; closing at once would break its pipe as it asks."""
_MAX_LINGERING = 64


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
    "503 Service Unavailable",
    ErrorCode.BUSY,
    "Too many connections at once; try again.",
    "Retry-After: 1",
)
_NO_HTTP = _refusal(
    "400 Bad Request", ErrorCode.BAD_HTTP, "This is no HTTP request. See ocr_contract/control.py."
)


class BoundedProtocol(H11Protocol):
    """uvicorn's connection, with two bounds that it lacks.

    Its keep-alive timeout begins after the first reply only, and its limit of concurrency
    lets connections pile up that never send a request. A connection over the limit is told so
    and never reaches uvicorn: its `transport` stays None.
    """

    _deadline: asyncio.TimerHandle | None = None
    _lingering: ClassVar[set["BoundedProtocol"]] = set()

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
        if self.transport is not None and not self._answers_at_length():
            self.transport.abort()

    def _answers_at_length(self) -> bool:
        """Whether the request came in time and its answer, which may take long, has begun."""
        cycle = self.cycle
        return (
            cycle is not None
            and cycle.response_started
            and cycle.scope["path"] in control.LONG_PATHS
        )
