"""Exports over the socket: the frames that the export process sends, handed on as they come.

A few at a time: each has a process, and those beside it that no other export has. Their end is the
client's: a process whose client is gone ends.
"""

import asyncio
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from export_child import COMMAND, Order, order
from export_children import count_for, portions
from ocr_contract.error_codes import ErrorCode
from ocr_contract.export import remote_files
from ocr_contract.export.formats import FORMATS
from ocr_contract.export.frames import encoded
from ocr_errors import NotNowError, RequestError
from ocr_settings import Settings

MOST_AT_ONCE = 2
_TAKEN_WITHIN_S = 60.0
"""Who takes nothing for so long does not get the rest."""


class Exports:
    """How many exports are made now. Belongs to the server's thread."""

    def __init__(self, settings: Settings, command: tuple[str, ...] = COMMAND) -> None:
        self._settings = settings
        self._command = command
        self._count = 0
        self._children = 0

    def reply(self, body: dict[str, Any]) -> "ExportReply":
        """The answer to a request with that body.

        Raises:
            RequestError: bad_format, bad_image_ids, bad_parameter, busy.
        """
        wanted = _order(self._settings, body)
        if self._count >= MOST_AT_ONCE:
            raise NotNowError(
                ErrorCode.BUSY, "As many exports are being made as may be. Try again soon."
            )
        return ExportReply(self, wanted, self._command)

    def begin(self, wanted: Order) -> int:
        """One more; returns how many processes it has, those that others leave of what pays."""
        children = max(count_for(wanted) - self._children, 1)
        self._count += 1
        self._children += children
        return children

    def end(self, children: int) -> None:
        """One less, which had so many."""
        self._count -= 1
        self._children -= children


class ExportReply:
    """The response: an ASGI application."""

    def __init__(self, exports: Exports, wanted: Order, command: tuple[str, ...]) -> None:
        self._exports = exports
        self._wanted = wanted
        self._command = command

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the frames until the end, or until nobody takes them any more."""
        headers = [(b"content-type", b"application/octet-stream")]
        children = self._exports.begin(self._wanted)
        found = portions(self._wanted, children, self._command)
        frames = (b"".join(map(encoded, portion)) for portion in found)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            gone = asyncio.create_task(_disconnected(receive))
            try:
                while (frame := await run_in_threadpool(next, frames, b"")) and not gone.done():
                    body = {"type": "http.response.body", "body": frame, "more_body": True}
                    await asyncio.wait_for(send(body), _TAKEN_WITHIN_S)
                await send({"type": "http.response.body", "body": b""})
            finally:
                gone.cancel()
        finally:
            await run_in_threadpool(frames.close)
            await run_in_threadpool(found.close)
            self._exports.end(children)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _order(settings: Settings, body: dict[str, Any]) -> Order:
    name, ids, page = body.get("format"), body.get("image_ids"), body.get("page")
    machine = body.get("machine", False)
    if not isinstance(name, str) or name not in FORMATS or FORMATS[name].is_light:
        listed = ", ".join(each.name for each in FORMATS.values() if not each.is_light)
        raise RequestError(ErrorCode.BAD_FORMAT, f"format must be one of: {listed}.")
    if (
        not isinstance(ids, list)
        or not 1 <= len(ids) <= remote_files.MAX_IMAGE_IDS
        or not all(type(each) is int and 0 < each < 1 << 63 for each in ids)
    ):
        raise RequestError(
            ErrorCode.BAD_IMAGE_IDS,
            f"image_ids must be 1 to {remote_files.MAX_IMAGE_IDS} numbers of images.",
        )
    if type(machine) is not bool or not (page is None or (type(page) is int and page > 0)):
        raise RequestError(
            ErrorCode.BAD_PARAMETER, "machine must be true or false, and page a number from 1."
        )
    return order(settings, name, ids, machine=machine, page=page)
