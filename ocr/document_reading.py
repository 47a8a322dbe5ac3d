"""What the worker makes of one batch: files opened, their pages decoded, read, shown and sent.

An image of one page is answered with the batch. The pages of a document are sent as they come, each
by a thread of its own, and no more of them are decoded at a time than there are hands, whatever the
document's length. One answer covers a portion: the service may then pause, replace a worker that
has grown, or let the rest wait; the next portion goes on where this one stood.
"""

import collections
import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import cv2

import page_progress
from decoding.decode import DecodedPage
from decoding.documents import Document, Limits, open_document
from decoding.pixels import Pixels
from image_warnings import ImageWarning
from machine_limits import is_lack_of_memory
from ocr_errors import ImageError
from ocr_settings import Settings
from page_records import DocumentState, Line, Page, PageTable
from pages_in_hand import PagesInHand
from reading import text_layer
from reading.engine import Engine
from reading.heap import Heap
from reading.previews import Previews
from reading.read_page import ReadPage
from reading.tables.table_finder import TableFinder
from source_files import read_bytes
from worker_link import worker_log
from worker_link import worker_protocol as protocol

_PIXELS_IN_HAND = 10e6
"""Of all pages together, for each lane: two pages of A4 at 300 dots an inch for two lanes."""
PORTION = 50
"""So many pages of a document are read for one answer: opening a large file again for each portion
costs nothing beside them, and a person who pauses waits for no more."""
_TABLES_UNREAD = ImageWarning(
    "tables_unread",
    "The text was read, but not which of it stands in tables. Have the image read again; if that "
    "fails, too, report it with the service's log.",
)
Tell = Callable[[dict[str, Any]], None]
"""Sends a message about the batch in work."""
Say = Callable[[], None]
"""Tells that a page goes on (`page_progress.told`); one for all pages of an image."""

log = logging.getLogger("worker")


class Reader:
    """Reads batches with one engine."""

    def __init__(
        self, settings: Settings, engine: Engine, previews: Previews, hands: int,
        tables: TableFinder | None = None, *, lanes: int = 2,
    ) -> None:  # fmt: skip
        """`hands`: so many pages are decoded and read at a time, fewer where they are large for so
        many `lanes`; without `tables` none is found."""
        self._settings = settings
        self._engine = engine
        self._previews = previews
        self._tables = tables
        self._hands = hands
        self._images = ThreadPoolExecutor(hands, "image")
        self._pages = ThreadPoolExecutor(hands, "page")
        self._in_hand = PagesInHand(hands, lanes * _PIXELS_IN_HAND)
        self._heap = Heap()

    def read_batch(self, message: dict[str, Any], tell: Tell) -> dict[str, Any]:
        """Answer one batch message; `tell` is called after each image and page, and while one
        takes long."""
        started = time.monotonic()

        def read(image: dict[str, Any]) -> dict[str, Any]:
            with worker_log.about(image_id=image["id"], batch_id=message["batch"]):
                result = self._read_image(image, tell)
                self._heap.image_done()
                tell({"type": "progress"})
                return result

        results = [self._images.submit(read, image) for image in message["images"]]
        return {
            "type": "batch",
            "batch": message["batch"],
            "images": [result.result() for result in results],
            "seconds": time.monotonic() - started,
        }

    def _read_image(self, image: dict[str, Any], tell: Tell) -> dict[str, Any]:
        """The result for one image of a batch message."""
        sha256 = None
        say = page_progress.as_one(lambda: tell({"type": "progress"}))
        try:
            with page_progress.told(say):
                content, sha256 = read_bytes(
                    self._settings.image_folder,
                    os.fsencode(image["path"]),
                    int(self._settings.max_file_mb * 1e6),
                )
                document = open_document(content, self._limits)
            with contextlib.closing(document):
                if document.page_count == 1 and not document.warnings:
                    page = self._read_page(document, 1, image["id"], sha256, say)
                    pages = [protocol.page_to_json(page)]
                    return {"id": image["id"], "sha256": sha256, "pages": pages}
                return self._read_document(document, image, sha256, tell, say)
        except ImageError as error:
            return _failed(image, sha256, error)
        except MemoryError:
            return _failed(image, sha256, _out_of_memory())

    @property
    def _limits(self) -> Limits:
        settings = self._settings
        return Limits(settings.max_megapixels * 1e6, settings.max_pages, settings.pdf_dpi)

    def _read_document(
        self, document: Document, image: dict[str, Any], sha256: str, tell: Tell, say: Say
    ) -> dict[str, Any]:
        """The next portion of a document; its pages are told one by one."""
        done = set(image.get("done", ())) if image.get("sha256") == sha256 else set()
        due = [number for number in range(1, document.page_count + 1) if number not in done]
        is_careful = image.get("careful", False)
        is_short = False

        def read(number: int) -> bool:
            """False where it has to wait for memory."""
            found: dict[str, Any]
            with worker_log.about(image_id=image["id"]):
                if is_careful:  # should the worker end, it was this one
                    tell({"type": "progress", "page": number})
                try:
                    page = self._read_page(document, number, image["id"], sha256, say)
                    found = {"page": protocol.page_to_json(page)}
                except (ImageError, MemoryError) as error:
                    told = error if isinstance(error, ImageError) else _out_of_memory()
                    if told.code == "out_of_memory" and not is_careful:
                        return False
                    found = {"error": protocol.error_to_json(told)}
            self._heap.image_done()
            tell({"type": "page", "id": image["id"], "sha256": sha256, "number": number,
                  "pages": document.page_count} | found)  # fmt: skip
            return True

        if is_careful:
            for number in due[:PORTION]:
                read(number)
        else:
            is_short = not all(list(self._side_by_side(read, due[:PORTION])))
        state = DocumentState(document.page_count, is_short, document.warnings)
        told = protocol.document_to_json(state)
        return {"id": image["id"], "sha256": sha256, "document": told}

    def _side_by_side(self, read: Callable[[int], bool], numbers: list[int]) -> Iterator[bool]:
        """`read` for each number in the threads of pages, as many as there are hands."""
        waiting: collections.deque[Future[bool]] = collections.deque()
        for number in numbers:
            if len(waiting) >= self._hands:
                yield waiting.popleft().result()
            waiting.append(self._pages.submit(read, number))
        for future in waiting:
            yield future.result()

    def _read_page(
        self, document: Document, number: int, image_id: int, sha256: str, say: Say
    ) -> Page:
        """One page, in the thread that calls; waits for a free hand."""
        with (
            self._in_hand.one() as tell_pixels,
            page_progress.told(say),
        ):
            started = time.monotonic()
            decoded = document.decode(number)
            pixels = decoded.pixels.shape[0] * decoded.pixels.shape[1]
            tell_pixels(pixels)
            self._heap.page_decoded(pixels)
            page = self._from_layer(decoded, image_id) or self._recognise(decoded, image_id)
            tables, doubts = self._find_tables(page, image_id)
            seconds = time.monotonic() - started
            preview, thumbnail = self._show(page, sha256, number, image_id)
            height, width = page.pixels.shape[:2]
            warnings = (*decoded.warnings, *page.warnings, *doubts)
        return Page(
            width, height, page.rotation, page.lines, preview, thumbnail, seconds, warnings,
            decoded.embedded_text, tables,
        )  # fmt: skip

    def _find_tables(
        self, page: ReadPage, image_id: int
    ) -> tuple[tuple[PageTable, ...], tuple[ImageWarning, ...]]:
        """A page's tables; its text is worth having without them."""
        try:
            found = self._tables.find(page.pixels, page.lines) if self._tables else ()
        except Exception as error:
            if is_lack_of_memory(error):
                raise _out_of_memory() from error
            log.exception("image %d: finding tables failed", image_id)
            return (), (_TABLES_UNREAD,)
        return found, ()

    def _from_layer(self, page: DecodedPage, image_id: int) -> ReadPage | None:
        """What a sound text layer says, where that is preferred."""
        if self._settings.pdf_text != "prefer" or not page.runs:
            return None

        def read(pixels: Pixels) -> tuple[Line, ...]:
            return self._recognise(DecodedPage(pixels, told_upright=True), image_id).lines

        lines = text_layer.trusted(page.pixels, page.runs, read)
        return None if lines is None else ReadPage(page.pixels, 0, lines)

    def _recognise(self, page: DecodedPage, image_id: int) -> ReadPage:
        try:
            return self._engine.read(page.pixels, told_upright=page.told_upright)
        except Exception as error:
            if is_lack_of_memory(error):
                raise _out_of_memory() from error
            log.exception("image %d: the engine failed", image_id)
            raise ImageError(
                "engine_failed",
                f"The text recognition failed on this image ({type(error).__name__}).",
            ) from error

    def _show(
        self, page: ReadPage, sha256: str, number: int, image_id: int
    ) -> tuple[str | None, str | None]:
        """Preview and thumbnail; None where they could not be written."""
        try:
            shown = self._previews.write(page.pixels, sha256, number, page.rotation)
            self._previews.show_newest(page.pixels, page.lines)
        except (OSError, MemoryError, cv2.error) as error:  # the text matters more than its picture
            log.warning("image %d: no preview could be written: %s", image_id, error)
            return None, None
        return shown


def _failed(image: dict[str, Any], sha256: str | None, error: ImageError) -> dict[str, Any]:
    """The result for an image that could not be read."""
    return {"id": image["id"], "sha256": sha256, "error": protocol.error_to_json(error)}


def _out_of_memory() -> ImageError:
    return ImageError(
        "out_of_memory",
        "There is not enough memory to read the image. Give the service more or make the image "
        "smaller, then ask for it to be read again.",
    )
