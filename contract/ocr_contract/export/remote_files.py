"""The files of the formats that ocr_service's export process makes, asked for over its socket.

POST /v1/export   {"format": name, "image_ids": [int], "machine": bool, "page"?: int}
                  -> frames (see `frames`), for as long as it takes; or an error, as everywhere
"""

import contextlib
import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ocr_contract.control import Connect, ControlError, ServiceUnreachable, decode_reply
from ocr_contract.error_codes import ErrorCode
from ocr_contract.export.frames import Event, FrameError, decoded

PATH = "/v1/export"
MAX_IMAGE_IDS = 2000
"""Asked for at a time; a zip asks for the next ones when these are there."""
_CONNECT_S = 5.0
_SILENCE_S = 60.0
"""The process says every few seconds that it is at work."""
_BUSY_RETRY_S = 1.0
_BUSY_S = 600.0


class _Connection(http.client.HTTPConnection):
    def __init__(self, made: socket.socket) -> None:
        super().__init__("ocr")
        self.sock = made


def events(
    socket_path: Path, connect: Connect | None, name: str, ids: Sequence[int], *, machine: bool,
    page: int | None = None,
) -> Iterator[Event]:  # fmt: skip
    """The files of these images.

    Raises:
        ServiceUnreachable: nobody answers, or the answer broke off.
        ControlError: it was refused.
    """
    order: dict[str, object] = {"format": name, "image_ids": list(ids), "machine": machine}
    if page is not None:
        order["page"] = page
    try:
        with contextlib.closing(_Connection(_connected(socket_path, connect))) as connection:
            connection.request("POST", PATH, json.dumps(order), {"Connection": "close"})
            response = connection.getresponse()
            if response.status != http.client.OK:
                decode_reply(response.read(64 * 1024), response.status)
                raise ControlError(ErrorCode.BAD_REPLY, "ocr_service sent no files.")
            yield from decoded(response.read)
    except (OSError, http.client.HTTPException, FrameError) as error:
        raise ServiceUnreachable(
            ErrorCode.UNREACHABLE,
            f"ocr_service did not send the files to their end ({type(error).__name__}). It makes "
            "this format: try again when it runs.",
        ) from error


def patiently(ask: Callable[[], Iterator[Event]]) -> Iterator[Event]:
    """What `ask` brings, asked for again while all hands are busy."""
    ends_at = time.monotonic() + _BUSY_S
    while True:
        try:
            yield from ask()
        except ControlError as error:
            if error.code != ErrorCode.BUSY or time.monotonic() > ends_at:
                raise
            time.sleep(_BUSY_RETRY_S)
        else:
            return


def _connected(socket_path: Path, connect: Connect | None) -> socket.socket:
    if connect is not None:
        made = connect(_CONNECT_S)
    else:
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        made.settimeout(_CONNECT_S)
        try:
            made.connect(str(socket_path))
        except OSError:
            made.close()
            raise
    made.settimeout(_SILENCE_S)
    return made
