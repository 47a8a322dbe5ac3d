"""The files of the formats that need no library, made where they are asked for."""

import itertools
import sqlite3
from collections.abc import Callable, Iterable, Iterator

from ocr_contract.error_codes import ErrorCode
from ocr_contract.export import light
from ocr_contract.export.cells import COLUMNS
from ocr_contract.export.frames import DATA_BYTES, Begun, Ended, Event, Failed, unmade
from ocr_contract.export.records import Page, Source, pages

_DEFECTS = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)
"""What a row says that nobody could have written: of that image alone."""


def events(
    connect: Callable[[], sqlite3.Connection], sources: Iterable[Source], name: str, *,
    machine: bool, page: int | None = None,
) -> Iterator[Event]:  # fmt: skip
    """The files of these images in the format `name`. Raises sqlite3.Error, SchemaError."""
    for source in sources:
        yield Begun(source.id)
        found = pages(connect, source, machine=machine, lines=light.needs_lines(name), number=page)
        try:
            yield from _in_pieces(light.made(name, source, found))
        except _DEFECTS as error:
            yield Failed(ErrorCode.EXPORT_FAILED, unmade(source.name, type(error).__name__))
        else:
            yield Ended()


def joined(
    connect: Callable[[], sqlite3.Connection], sources: Iterable[Source], name: str, *,
    machine: bool,
) -> Iterator[bytes]:  # fmt: skip
    """One file of many images: txt, csv or jsonl. Raises sqlite3.Error, SchemaError."""
    head = light.BYTE_ORDER_MARK + light.csv_rows([COLUMNS]) if name == "csv" else ""
    yield head.encode()
    for source in sources:
        found: Iterable[Page] = pages(
            connect, source, machine=machine, lines=light.needs_lines(name)
        )
        pieces = light.made(name, source, found)
        if name == "csv":
            pieces = itertools.islice(pieces, 1, None)
        yield from _in_pieces(pieces)
        if name == "txt":
            yield b"\f"


JOINABLE = ("txt", "csv", "jsonl")
"""Formats of which one file can hold many images."""


def _in_pieces(parts: Iterator[bytes]) -> Iterator[bytes]:
    held = bytearray()
    for part in parts:
        held += part
        if len(held) >= DATA_BYTES:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)
