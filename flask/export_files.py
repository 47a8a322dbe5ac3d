"""Files for visitors: those of the light formats made here, the others by ocr_service's side.

What is asked for is checked before the first byte goes out; after it an answer can only break off.
"""

import functools
import itertools
import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import exports
import queries
from ocr_contract.control import ControlError, ServiceUnreachable
from ocr_contract.data_folder import SOCKET_PATH
from ocr_contract.error_codes import ErrorCode
from ocr_contract.export import light_files, remote_files
from ocr_contract.export.formats import Format
from ocr_contract.export.frames import Ended, Event, Failed
from ocr_contract.export.reading import ExportReading
from ocr_contract.export.records import Source, has_page, sources
from ocr_contract.export.selection import LeftOut, SearchCutError, Selection, images
from ocr_contract.export.zips import zipped
from ocr_contract.schema import SchemaError
from reader_door import way_to_the_reader
from searches import SEARCH_SHARE
from site_context import Site
from web_errors import ExportError, NotFoundError, TooSlowError, WebError, from_database

_Found = TypeVar("_Found")

logger = logging.getLogger("web_service")


class ExportFiles:
    """What one visitor takes away. For one thread; `close` it."""

    def __init__(self, site: Site, wanted: Format, *, machine: bool) -> None:
        self._site = site
        self._format = wanted
        self._machine = machine
        self._limit_s = site.settings.query_limit_s
        self._connect = ExportReading(site.database, query_limit_s=self._limit_s)

    def close(self) -> None:
        """Nothing more is read."""
        self._connect.close()

    def one(self, image_id: int, page: int | None) -> tuple[Source, Iterator[bytes]]:
        """The image, and the file's content.

        Raises:
            WebError: there is no such image, or the file cannot be made.
        """
        found = self._safely(lambda: sources(self._connect(), [image_id]))
        if not found:
            raise NotFoundError(f"There is no image number {image_id}.")
        if not found[0].page_count:
            raise NotFoundError(
                "Nothing was read of this image yet.", code=ErrorCode.NOTHING_TO_EXPORT
            )
        if page is not None and not self._safely(lambda: has_page(self._connect(), found[0], page)):
            raise NotFoundError(f"Image number {image_id} has no page {page}, or none yet.")
        events = self._events(found, page)
        first = self._safely(lambda: _first_of_file(events))
        if isinstance(first, Failed):
            raise ExportError(first.message, code=first.code)
        return found[0], self._guarded(_content(first, events))

    def zip(self, selection: Selection) -> Iterator[bytes]:
        """All their files as a zip.

        Raises:
            WebError: there are none.
        """
        left_out = LeftOut()
        limit_s = self._limit_s * SEARCH_SHARE
        blocks = selection.blocks(self._connect, limit_s=limit_s, left_out=left_out)
        first = self._safely(lambda: next(blocks, None))
        if first is None:
            why = f": nothing was read of {images(left_out.count)}" if left_out.count else ""
            raise NotFoundError(
                f"There is nothing to export{why}.", code=ErrorCode.NOTHING_TO_EXPORT
            )
        return self._guarded(self._zip_of(first, blocks, left_out))

    def table(self, selection: Selection) -> Iterator[bytes]:
        """All their texts as one table, a row each, also for those that could not be read.

        Raises:
            WebError: the database cannot be read, or the search takes too long.
        """
        blocks = selection.id_blocks(self._connect, limit_s=self._limit_s * SEARCH_SHARE)
        first = self._safely(lambda: next(blocks, ()))
        pieces = exports.csv_pieces(
            itertools.chain([first], blocks),
            lambda image_id: queries.export_row(self._connect(), image_id),
        )
        return self._guarded(piece.encode("utf-8", "replace") for piece in pieces)

    def _zip_of(
        self, first: list[Source], blocks: Iterable[list[Source]], left_out: LeftOut
    ) -> Iterator[bytes]:
        in_hand: dict[int, Source] = {}

        def every() -> Iterator[Event]:
            for block in itertools.chain([first], blocks):
                in_hand.clear()
                in_hand.update((source.id, source) for source in block)
                ask = functools.partial(self._events, block, None)
                yield from remote_files.patiently(ask)

        yield from zipped(every(), in_hand.__getitem__, self._format, left_out)

    def _events(self, block: list[Source], page: int | None) -> Iterator[Event]:
        name = self._format.name
        if self._format.is_light:
            return light_files.events(self._connect, block, name, machine=self._machine, page=page)
        path = self._site.settings.data_folder / SOCKET_PATH
        ids = [source.id for source in block]
        return remote_files.events(
            path, way_to_the_reader(), name, ids, machine=self._machine, page=page
        )

    def _safely(self, ask: Callable[[], _Found]) -> _Found:
        try:
            return ask()
        except (sqlite3.Error, SchemaError) as error:
            raise from_database(error, self._site.database) from error
        except SearchCutError as error:
            raise TooSlowError("The search took too long for an export.") from error
        except ControlError as error:
            raise _unmade(error) from error

    def _guarded(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """The pieces; what breaks off is told to the log, and to the visitor by its missing end."""
        try:
            yield from pieces
        except (sqlite3.Error, SchemaError, ControlError, SearchCutError) as error:
            logger.warning("an export broke off: %s", error or "the search took too long")
            raise
        finally:
            self.close()


def _unmade(error: ControlError) -> WebError:
    if isinstance(error, ServiceUnreachable):
        return ExportError(
            "This format is made by ocr_service, which does not answer now. Try again when it "
            "runs; text, Markdown, CSV and JSON can be had meanwhile.",
            code=error.code, http_status=503,
        )  # fmt: skip
    return ExportError(error.message, code=error.code, http_status=error.http_status or 503)


def _first_of_file(events: Iterator[Event]) -> bytes | Ended | Failed:
    for event in events:
        if isinstance(event, bytes | Ended | Failed):
            return event
    return Ended()


def _content(first: bytes | Ended, events: Iterator[Event]) -> Iterator[bytes]:
    if isinstance(first, Ended):
        return
    yield first
    for event in events:
        if isinstance(event, bytes):
            yield event
        elif isinstance(event, Failed):
            raise ControlError(event.code, event.message)
