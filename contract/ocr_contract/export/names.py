"""Names of exported files: the source's own, safe on every system, and none of them twice."""

import hashlib
import re
import unicodedata
from urllib.parse import quote

_MAX_PART_BYTES = 180
_FORBIDDEN = re.compile(
    r'[\x00-\x1f\x7f<>:"|?*\\\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]'
)
"""By Windows, and what would make a name read otherwise than it is."""
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(?=\.|\Z)", re.IGNORECASE)
_FILTER_BITS = 1 << 24
_HASHES = 4


def file_name(source_name: str, suffix: str) -> str:
    """The name alone, without folders, for one file."""
    return _with_suffix(safe_path(source_name).rpartition("/")[2], suffix)


def content_disposition(name: str) -> str:
    """The header's value with which a browser keeps a file under that name (RFC 6266)."""
    plain = "".join(char if " " <= char <= "~" and char not in '"\\%' else "_" for char in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def safe_path(name: str) -> str:
    """A path below a folder, with strokes, that every system accepts and that leads nowhere."""
    parts = [_safe_part(part) for part in name.split("/") if part not in ("", ".", "..")]
    return "/".join(parts) or "_"


class UniqueNames:
    """Gives names out, each once, letters of either case being the same, and so an é of one sign
    and one of two: on Windows and on a Mac one of the files would take the other's place.

    Of a million names only two megabytes are kept: a name that may have been given out before,
    once in some thousands without having been, gets the image's number.
    """

    def __init__(self) -> None:
        self._seen = bytearray(_FILTER_BITS // 8)

    def take(self, source_name: str, image_id: int, suffix: str) -> str:
        """The path for that image's file."""
        path = safe_path(source_name)
        name = _with_suffix(path, suffix)
        number = 1
        while not self._is_new(name):
            tag = f" ({image_id})" if number == 1 else f" ({image_id}-{number})"
            name = _with_suffix(path + tag, suffix)
            number += 1
        return name

    def _is_new(self, name: str) -> bool:
        alike = unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())
        digest = hashlib.blake2b(alike.encode("utf-8", "replace"), digest_size=16)
        is_new = False
        for start in range(0, 4 * _HASHES, 4):
            bit = int.from_bytes(digest.digest()[start : start + 4], "big") % _FILTER_BITS
            if not self._seen[bit >> 3] & 1 << (bit & 7):
                is_new = True
                self._seen[bit >> 3] |= 1 << (bit & 7)
        return is_new


def _with_suffix(path: str, suffix: str) -> str:
    return path if path.lower().endswith(suffix) else path + suffix


def _safe_part(part: str) -> str:
    safe = _FORBIDDEN.sub("_", part).rstrip(". ")
    safe = _RESERVED.sub(r"_\1", safe, count=1) if _RESERVED.match(safe) else safe
    raw = safe.encode("utf-8")
    if len(raw) > _MAX_PART_BYTES:  # its end says what kind of file it is
        half = _MAX_PART_BYTES // 2
        safe = raw[:half].decode("utf-8", "ignore") + "…" + raw[-half:].decode("utf-8", "ignore")
    return safe or "_"
