"""A PDF that is written object by object while it is made, and keeps only where each one stands.

pikepdf makes the objects; it can write them only all at once, when those of a thousand pages would
have to be in memory. ISO 32000-1, 7.5: objects in any order, then the table of their places.
"""

import hashlib
import zlib
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import cast

from pikepdf import Array, Dictionary, Name, Object, Stream

from exporting.making import Outlet

_HEAD = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
_LEAST_DEFLATED = 100
_LEVEL = 6


class PdfStream:
    """Objects are numbered from 1 in the order in which they are asked for."""

    def __init__(self, target: Outlet) -> None:
        self._target = target
        self._places: list[int] = []
        self._at = 0
        self._digest = hashlib.sha256()
        self._send(_HEAD)

    def number(self) -> int:
        """For an object that is written later."""
        self._places.append(0)
        return len(self._places)

    def put(self, number: int, body: bytes) -> None:
        """That object."""
        self._places[number - 1] = self._at
        self._send(b"%d 0 obj\n%b\nendobj\n" % (number, body))

    def put_stream(self, content: bytes) -> int:
        """A stream of content, deflated; its number."""
        number = self.number()
        packed = zlib.compress(content, _LEVEL)
        head = b"<< /Length %d /Filter /FlateDecode >>" % len(packed)
        self.put(number, head + b"\nstream\n" + packed + b"\nendstream")
        return number

    def put_object(self, value: Object, known: dict[tuple[int, int], int]) -> int:
        """An object of a PDF in memory with all that it refers to; `known` are those of that PDF
        that have a number already."""
        first = known.setdefault(value.objgen, 0) or self.number()
        known[value.objgen] = first
        copy = _Copy(self.number, known, [(first, value)])
        while copy.waiting:
            number, found = copy.waiting.pop()
            self.put(number, copy.text(found, is_own=True))
        return first

    def finish(self, root: int) -> None:
        """The table and the end; nothing comes after."""
        start, count = self._at, len(self._places) + 1
        rows = [b"0000000000 65535 f \n", *(b"%010d 00000 n \n" % at for at in self._places)]
        name = self._digest.hexdigest()[:32].encode()
        self._send(b"xref\n0 %d\n" % count)
        self._send(b"".join(rows))
        self._send(
            b"trailer\n<< /Size %d /Root %d 0 R /ID [<%b> <%b>] >>\nstartxref\n%d\n%%%%EOF\n"
            % (count, root, name, name, start)
        )

    def _send(self, content: bytes) -> None:
        self._digest.update(content)
        self._at += len(content)
        self._target.write(content)


class _Copy:
    """Writes the objects of one PDF down. No closures: they would keep it in memory for a while."""

    def __init__(
        self, number: Callable[[], int], known: dict[tuple[int, int], int],
        waiting: list[tuple[int, Object]],
    ) -> None:  # fmt: skip
        self._number = number
        self._known = known
        self.waiting = waiting

    def text(self, found: object, *, is_own: bool = False) -> bytes:
        """The object; `is_own`: itself, and not a reference to it."""
        if not isinstance(found, Object):
            return _scalar(found)
        if found.is_indirect and not is_own:
            return b"%d 0 R" % self._numbered(found)
        if isinstance(found, Stream):
            return self._stream(found)
        if isinstance(found, Dictionary):
            return self._entries(cast(Mapping[str, object], found))
        if isinstance(found, Array):
            return b"[" + b" ".join([self.text(each) for each in found]) + b"]"
        return found.unparse()

    def _numbered(self, found: Object) -> int:
        if found.objgen not in self._known:
            self._known[found.objgen] = self._number()
            self.waiting.append((self._known[found.objgen], found))
        return self._known[found.objgen]

    def _entries(self, found: Mapping[str, object]) -> bytes:
        pairs = [Name(key).unparse() + b" " + self.text(each) for key, each in found.items()]
        return b"<< " + b" ".join(pairs) + b" >>"

    def _stream(self, found: Stream) -> bytes:
        raw = found.read_raw_bytes()
        head: dict[str, object] = dict(found.stream_dict.items())
        if Name.Filter not in found and Name.Type not in found and len(raw) >= _LEAST_DEFLATED:
            raw = zlib.compress(raw, _LEVEL)
            head["/Filter"] = Name.FlateDecode
        head["/Length"] = len(raw)
        return self._entries(head) + b"\nstream\n" + raw + b"\nendstream"


def _scalar(value: object) -> bytes:
    if value is None:
        return b"null"
    if isinstance(value, bool):
        return b"true" if value else b"false"
    return f"{value:f}".encode() if isinstance(value, Decimal) else str(value).encode()
