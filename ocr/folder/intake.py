"""Finished files become rows: hash, first bytes, size; then new, changed, renamed or duplicate.

Nothing is decoded here, and no file is hashed whose stat says that it was hashed before, under
another name (decision 25). A file whose first bytes are those of no image format is told apart
by its name: `photo.png` that holds text is a failure that someone should see, `notes.txt`
was never meant to be read.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import file_kinds
from folder_rights import ImageRights
from ocr_contract.error_codes import ErrorCode
from ocr_errors import ImageError
from own_data import NOTHING, OwnData
from records.catalogue import Catalogue
from records.database import Database
from source_files import FileStat, fingerprint, lstat_below

_BOXES = (b"PK\x03\x04", b"PK\x05\x06", b"Rar!", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b")
_MAIL_SUFFIXES = (b".eml", b".msg", b".mbox")
_SLICE_S = 0.5
"""Rows are committed at least so often while many files are hashed, so that reading can begin."""
_MOST_TOGETHER = 500
"""Rows in one transaction, however quickly the files are dealt with."""

Finished = tuple[bytes, FileStat]
"""A path below the image folder and its stat when it was found finished."""


class Intake:
    """Takes finished files into the catalogue."""

    def __init__(
        self,
        root: Path,
        database: Database,
        catalogue: Catalogue,
        *,
        max_bytes: int,
        own: OwnData = NOTHING,
        rights: ImageRights | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._root = root
        self._database = database
        self._catalogue = catalogue
        self._max_bytes = max_bytes
        self._own = own
        self._rights = rights
        self._clock = clock

    def take(self, files: Iterable[Finished]) -> tuple[int, dict[bytes, FileStat]]:
        """Register the first of `files`, for about half a second.

        Returns how many were dealt with, and the stat of those that were registered. A file that
        is being written to, or is gone, is dealt with but not registered: the next look sees it
        again.
        """
        until = self._clock() + _SLICE_S
        checked: list[tuple[bytes, FileStat, str | ImageError]] = []
        for path, stat in files:
            checked.append((path, stat, self._check(path, stat)))
            if self._clock() > until or len(checked) == _MOST_TOGETHER:
                break
        taken = {}
        with self._database.transaction():
            for path, stat, finding in checked:
                if isinstance(finding, str):
                    self._catalogue.register(path, stat, finding)
                elif finding.code in {ErrorCode.CHANGED_WHILE_READ, ErrorCode.FILE_VANISHED}:
                    continue
                else:
                    self._catalogue.refuse(path, stat, finding)
                taken[path] = stat
        return len(checked), taken

    def _check(self, path: bytes, stat: FileStat) -> str | ImageError:
        """The file's SHA-256, or why it is not read."""
        try:
            if stat.size_bytes > self._max_bytes:
                raise ImageError(
                    ErrorCode.TOO_MANY_BYTES,
                    f"The file has {stat.size_bytes / 1e6:.1f} MB; {self._max_bytes / 1e6:g} are "
                    "allowed. Make it smaller, or raise OCR_MAX_FILE_MB.",
                )
            known = self._catalogue.content_of(stat)
            if known is not None and self._is_still(path, stat):
                return known
            read_stat, sha256, head = fingerprint(
                self._root, path, self._max_bytes, is_own=self._own.has
            )
            if read_stat != stat:  # found finished, but written to once more since
                raise ImageError(
                    ErrorCode.CHANGED_WHILE_READ, "The file changed; it is looked at again."
                )
            check_signature(path, head)
        except ImageError as error:
            return self._with_remedy(error)
        return sha256

    def _is_still(self, path: bytes, stat: FileStat) -> bool:
        with contextlib.suppress(OSError):
            return FileStat.of(lstat_below(self._root, path)) == stat
        return False

    def _with_remedy(self, error: ImageError) -> ImageError:
        """A file that this user may not read: the command says it for all of the folder."""
        cause = error.__cause__
        remedy = self._rights.remedy(cause) if self._rights and isinstance(cause, OSError) else ""
        if error.code != ErrorCode.UNREADABLE or not remedy:
            return error
        reason = f"The file cannot be read by user {os.geteuid()}, as whom the service runs."
        return ImageError(error.code, f"{reason}{remedy}")


def check_signature(path: bytes, head: bytes) -> None:
    """Raise ImageError unless `head`, a file's first bytes, begin an image.

    What passes may still be no image: the worker finds out.
    """
    if file_kinds.is_read(head):
        return
    suffix = path[path.rfind(b".") :].lower() if b"." in path else b""
    if suffix in file_kinds.SUFFIXES:
        raise ImageError(
            ErrorCode.NOT_AN_IMAGE,
            f"This is no {file_kinds.NAMES}, whatever its name says. Convert it to one of these.",
        )
    if head.startswith(_BOXES) or suffix in _MAIL_SUFFIXES:
        what = "a mail" if suffix in _MAIL_SUFFIXES else "an archive"
        raise ImageError(
            ErrorCode.UNSUPPORTED_FORMAT,
            f"This is {what}: what is packed in it is not looked for. Unpack it, and put the "
            "images or documents here.",
            ignored=True,
        )
    raise ImageError(
        ErrorCode.UNSUPPORTED_FORMAT,
        f"This is nothing in a format that is read ({file_kinds.NAMES}).",
        ignored=True,
    )
