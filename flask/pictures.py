"""Sends pictures that ocr_service has made. Nothing is decoded, and nothing outside their folder
is sent: names come from the database, but a damaged one must not become a way out.
"""

import hashlib
import os
import stat
from pathlib import Path

from flask import Response, send_file

from addresses import url_for
from site_context import current_site
from web_errors import NotFoundError

_MIMETYPES = {".jpg": "image/jpeg", ".webp": "image/webp", ".png": "image/png"}
_GONE = "There is no such picture."


def send(folder: Path, name: str | None, *, immutable: bool) -> Response:
    """The picture `name` below `folder`.

    `immutable`: the address changes whenever the picture does, so a browser need not ask again.

    Raises:
        NotFoundError: no such regular file inside the folder, or not of a kind that we send.
    """
    if not name or "\0" in name:
        raise NotFoundError(_GONE)
    try:
        root = folder.resolve(strict=True)
        path = (root / name).resolve(strict=True)
        status = path.stat()
    except (OSError, RuntimeError):  # RuntimeError: a loop of links
        raise NotFoundError(_GONE) from None
    mimetype = _MIMETYPES.get(path.suffix.lower())
    if mimetype is None or not path.is_relative_to(root) or not stat.S_ISREG(status.st_mode):
        raise NotFoundError(_GONE)
    try:
        response = send_file(
            path, mimetype=mimetype, conditional=True, etag=_etag(name, status), max_age=0
        )
    except OSError:
        raise NotFoundError(_GONE) from None
    response.headers["Cache-Control"] = (
        "private, max-age=31536000, immutable" if immutable else "private, no-cache"
    )
    return response


def url(kind: str, image_id: int, page_number: int, file_name: str) -> str:
    """The address of a "preview" or "thumbnail"; it changes when the picture does."""
    mark = version(current_site().previews, file_name)
    return f"{url_for(f'images.{kind}', image_id=image_id, page_number=page_number)}?v={mark}"


def version(folder: Path, name: str) -> str:
    """A mark for the address of a picture: another one as soon as the file is another one.

    The name alone is not enough: it is made from the source image, and reading that again may
    turn the page another way round.
    """
    try:
        return _etag(name, os.stat(f"{folder}/{name}"))[:12]  # noqa: PTH116  for each row of a list
    except (OSError, ValueError):
        return "none"


def _etag(name: str, status: os.stat_result) -> str:
    """What tells apart two pictures, also of the same name."""
    identity = f"{name}\0{status.st_size}\0{status.st_mtime_ns}\0{status.st_ino}"
    return hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:32]
