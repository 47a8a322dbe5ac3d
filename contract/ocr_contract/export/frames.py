"""What comes of an export, file by file, and how it travels from the process that makes it.

    Begun(image 17) data data … Ended          a file
    Begun(image 18) Failed(code, message)      one that could not be made; the rest goes on
    Waiting                                    nothing yet, but it is worked on

On the wire each is a frame: its kind, one byte; the payload's length, four bytes; the payload.
"""

import dataclasses
import json
import struct
from collections.abc import Callable, Iterator

MAX_PAYLOAD_BYTES = 1 << 20
DATA_BYTES = 64 * 1024
_HEAD = struct.Struct(">cI")


@dataclasses.dataclass(frozen=True, slots=True)
class Begun:
    """The file of that image begins."""

    image_id: int


@dataclasses.dataclass(frozen=True, slots=True)
class Ended:
    """It is complete."""


@dataclasses.dataclass(frozen=True, slots=True)
class Failed:
    """It cannot be made, or not to its end."""

    code: str
    message: str


@dataclasses.dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody is at work."""


def unmade(name: str, reason: str) -> str:
    """The sentence about a file that could not be made."""
    return f"{name} could not be exported ({reason}). The text is safe in the database."


Event = Begun | bytes | Ended | Failed | Waiting


class FrameError(Exception):
    """What came is no frame, or it ended in the middle."""


def encoded(event: Event) -> bytes:
    """The event's frame."""
    if isinstance(event, bytes):
        return _HEAD.pack(b"D", len(event)) + event
    if isinstance(event, Begun):
        return _framed(b"B", {"image": event.image_id})
    if isinstance(event, Failed):
        return _framed(b"F", {"code": event.code, "message": event.message})
    return _HEAD.pack(b"E" if isinstance(event, Ended) else b"W", 0)


def decoded(read: Callable[[int], bytes]) -> Iterator[Event]:
    """The events that `read` brings, up to its end.

    Raises:
        FrameError: see there.
    """
    while head := _exactly(read, _HEAD.size, may_end=True):
        kind, length = _HEAD.unpack(head)
        if length > MAX_PAYLOAD_BYTES:
            raise FrameError("a frame that is too long")
        yield _event(kind, _exactly(read, length))


def _event(kind: bytes, payload: bytes) -> Event:
    if kind == b"D":
        return payload
    if kind == b"E":
        return Ended()
    if kind == b"W":
        return Waiting()
    try:
        value = json.loads(payload)
        if kind == b"B":
            return Begun(int(value["image"]))
        if kind == b"F":
            return Failed(str(value["code"]), str(value["message"]))
    except (ValueError, KeyError, TypeError) as error:
        raise FrameError("a frame that cannot be read") from error
    raise FrameError(f"a frame of an unknown kind: {kind!r}")


def _framed(kind: bytes, value: dict[str, object]) -> bytes:
    payload = json.dumps(value).encode()
    return _HEAD.pack(kind, len(payload)) + payload


def _exactly(read: Callable[[int], bytes], count: int, *, may_end: bool = False) -> bytes:
    found = bytearray()
    while len(found) < count:
        piece = read(count - len(found))
        if not piece:
            if may_end and not found:
                return b""
            raise FrameError("the end came in the middle of a frame")
        found += piece
    return bytes(found)
