"""The export process at work: each image's file made by the module of its format, or its failure.

making → searchable_pdf, alto, page_xml, hocr, workbook, word_document, parquet_table
"""

import importlib
import io
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, cast

from exporting.task import ExportTask
from ocr_contract.error_codes import ErrorCode
from ocr_contract.export.formats import FORMATS
from ocr_contract.export.frames import DATA_BYTES, Begun, Ended, Event, Failed, unmade
from ocr_contract.export.reading import ExportReading
from ocr_contract.export.records import Page, Source, pages, sources
from ocr_errors import OcrError

_MODULES = {
    "pdf": "searchable_pdf", "alto": "alto", "page": "page_xml", "hocr": "hocr",
    "xlsx": "workbook", "docx": "word_document", "parquet": "parquet_table",
}  # fmt: skip
_QUERY_LIMIT_S = 60.0
Send = Callable[[Event], None]


class Maker(Protocol):
    """What each of these modules offers."""

    def write(
        self, task: ExportTask, source: Source, pages: Iterable[Page], target: "Outlet"
    ) -> None:
        """The whole file into `target`, which cannot be read and has no places to seek."""


class Outlet(io.RawIOBase):
    """A file that sends on what is written to it and keeps nothing."""

    def __init__(self, send: Send) -> None:
        super().__init__()
        self._send = send
        self._held = bytearray()
        self._at = 0

    def writable(self) -> bool:
        return True

    def write(self, content: object) -> int:
        raw = memoryview(cast(bytes, content)).cast("B")
        self._held += raw
        self._at += len(raw)
        if len(self._held) >= DATA_BYTES:
            self.send_all()
        return len(raw)

    def tell(self) -> int:
        return self._at

    def send_all(self) -> None:
        """What is held back."""
        for start in range(0, len(self._held), DATA_BYTES):
            self._send(bytes(self._held[start : start + DATA_BYTES]))
        self._held.clear()


def make(task: ExportTask, send: Send, beat: Callable[[], None]) -> None:
    """Send every image's file; `beat` is called with each page."""
    with ExportReading(task.database, query_limit_s=_QUERY_LIMIT_S) as connect:
        for source in sources(connect(), task.image_ids):
            send(Begun(source.id))
            send(_made(task, source, connect, Outlet(send), beat))


def _made(
    task: ExportTask, source: Source, connect: ExportReading, target: Outlet,
    beat: Callable[[], None],
) -> Ended | Failed:  # fmt: skip
    if task.format not in _MODULES:
        listed = ", ".join(FORMATS)
        return Failed(ErrorCode.BAD_FORMAT, f"There is no such format. There are: {listed}.")
    if not source.page_count:
        return Failed(ErrorCode.NOTHING_TO_EXPORT, f"Nothing was read of {source.name} yet.")
    try:
        maker = cast(Maker, importlib.import_module(f"exporting.{_MODULES[task.format]}"))
        found = pages(connect, source, machine=task.machine, number=task.page)
        maker.write(task, source, _beating(found, beat), target)
        target.send_all()
    except ImportError as error:
        return Failed(
            ErrorCode.EXPORT_NOT_INSTALLED,
            f"What makes {FORMATS[task.format].title} is not installed here ({error.name}). "
            "Install ocr_service's requirements.txt, or choose another format.",
        )
    except BrokenPipeError:
        raise
    except MemoryError:
        reason = "there is not enough memory for it"
        return Failed(ErrorCode.EXPORT_FAILED, unmade(source.name, reason))
    except OcrError as error:
        return Failed(error.code, f"{source.name}: {error.message}")
    except Exception as error:  # a library's, over hostile bytes: this image alone has failed
        said = "".join(char for char in str(error)[:150] if char.isprintable())
        reason = f"{type(error).__name__}: {said}" if said else type(error).__name__
        return Failed(ErrorCode.EXPORT_FAILED, unmade(source.name, reason))
    return Ended()


def _beating(found: Iterable[Page], beat: Callable[[], None]) -> Iterator[Page]:
    for page in found:
        beat()
        yield page
