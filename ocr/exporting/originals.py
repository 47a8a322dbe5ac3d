"""The file that an image was read from, opened again: only if it still is the one that was read."""

import os
from typing import BinaryIO

from exporting.task import ExportTask
from ocr_contract.error_codes import ErrorCode
from ocr_contract.export.records import Source
from ocr_errors import ImageError, OcrError
from source_files import FileStat, fingerprint, open_regular


def open_original(task: ExportTask, source: Source) -> BinaryIO:
    """The file, at its beginning; the caller closes it.

    Raises:
        OcrError: original_missing, original_changed.
    """
    try:
        known, sha256, _ = fingerprint(task.image_folder, source.path, task.max_bytes)
        if sha256 != source.sha256:
            raise _changed()
        descriptor = open_regular(task.image_folder, source.path)
    except ImageError as error:
        raise OcrError(
            ErrorCode.ORIGINAL_MISSING,
            f"The original cannot be opened, and this format holds its picture. {error.message}",
        ) from error
    if FileStat.of(os.fstat(descriptor)) != known:
        os.close(descriptor)
        raise _changed()
    return os.fdopen(descriptor, "rb")


def _changed() -> OcrError:
    return OcrError(
        ErrorCode.ORIGINAL_CHANGED,
        "The file is another one than was read, and the text would not fit it. Export it again "
        "when the new one was read.",
    )
