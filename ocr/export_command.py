"""`ocrctl export`: the texts as files, in a folder, in a zip or joined in one file.

It reads the database itself, and has what needs a library or the original made by the same process
as ocr_service has, so it works whether or not the service runs. A file that cannot be made is told
of on stderr; the others are made.
"""

import argparse
import contextlib
import os
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

import export_child
import export_children
from ocr_contract.error_codes import ErrorCode
from ocr_contract.export import light_files
from ocr_contract.export.formats import FORMATS, Format
from ocr_contract.export.frames import Begun, Ended, Event, Failed
from ocr_contract.export.names import UniqueNames
from ocr_contract.export.reading import ExportReading
from ocr_contract.export.records import Source
from ocr_contract.export.selection import LeftOut, SearchCutError, Selection, images
from ocr_contract.export.zips import zipped
from ocr_contract.schema import SchemaError
from ocr_contract.search import language
from ocr_errors import EXIT_BAD_INPUT, OcrError, StoreError
from ocr_settings import Settings

_QUERY_LIMIT_S = 30.0


def add_parser(commands: "argparse._SubParsersAction[Any]") -> None:
    """The arguments of the command."""
    export = commands.add_parser("export", help="texts as files: PDF, ALTO, Word, tables, …")
    export.add_argument("--format", required=True, choices=tuple(FORMATS), help="of the files")
    which = export.add_mutually_exclusive_group()
    which.add_argument("--query", default="", help="only what this search finds")
    which.add_argument("--ids", nargs="+", type=int, metavar="IMAGE_ID", help="only these images")
    export.add_argument("--machine", action="store_true", help="without people's corrections")
    export.add_argument(
        "--to", required=True, type=Path, metavar="FOLDER|FILE",
        help="a folder; or a file: NAME.zip of any format, one for all of txt, csv and jsonl; "
        "--to=-.zip is standard output",
    )  # fmt: skip


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Make the files; returns the exit code."""
    wanted = FORMATS[options.format]
    _spare_images(options.to, settings)
    try:
        with ExportReading(settings.database, query_limit_s=_QUERY_LIMIT_S) as connect:
            export = _Export(connect, settings, wanted, options.machine, _selection(options))
            return export.run(options.to)
    except SearchCutError as error:
        raise OcrError(ErrorCode.TOO_SLOW, "The search took too long; narrow it.") from error
    except SchemaError as error:
        raise StoreError(ErrorCode.DATABASE_VERSION, str(error)) from error
    except sqlite3.Error as error:
        message = f"The database {settings.database} cannot be read ({error})."
        raise StoreError(ErrorCode.DATABASE_NOT_READY, message) from error


def _spare_images(target: Path, settings: Settings) -> None:
    """Files have their sources' names: a PDF would take the place of what it was made of."""
    if target.stem == "-":
        return  # standard output
    place, folder = target.resolve(), settings.image_folder.resolve()
    if place.is_relative_to(folder) and not place.is_relative_to(settings.data_folder.resolve()):
        raise OcrError(
            ErrorCode.BAD_PARAMETER,
            f"{target} lies in the image folder {settings.image_folder}, which is only ever read: "
            "originals of the same name would be replaced, and what is new there read. Name "
            "another place.",
        )


def _selection(options: argparse.Namespace) -> Selection:
    if options.ids:
        return Selection(ids=tuple(options.ids))
    try:
        query = language.parse(options.query)
    except language.QueryTooLongError as error:
        raise OcrError(ErrorCode.QUERY_TOO_LONG, str(error)) from None
    return Selection(tree=query.tree if query else None)


class _Export:
    """One export, with its progress."""

    def __init__(
        self, connect: ExportReading, settings: Settings, wanted: Format, machine: bool,
        selection: Selection,
    ) -> None:  # fmt: skip
        self._connect = connect
        self._settings = settings
        self._format = wanted
        self._machine = machine
        self._selection = selection
        self._in_hand: dict[int, Source] = {}
        self._left_out = LeftOut()
        self._failed = 0
        self._made = 0
        self._console = Console(stderr=True)

    def run(self, target: Path) -> int:
        """All files; returns the exit code."""
        total = self._selection.count(self._connect(), limit_s=_QUERY_LIMIT_S)
        columns = (
            TextColumn("exporting"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        )  # fmt: skip
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task("exporting", total=total)
            self._write(target, lambda: progress.advance(task))
            progress.update(task, total=self._made + self._failed)
        unmade = f", {self._failed:,} could not be made" if self._failed else ""
        left = self._left_out
        unread = f", {left.count:,} left out: nothing was read of them" if left.count else ""
        sys.stderr.write(f"{images(self._made)} in {target}{unmade}{unread}\n")
        if left.count and self._selection.ids is not None:
            sys.stderr.write(f"{left.note()}")
            return EXIT_BAD_INPUT
        return EXIT_BAD_INPUT if self._failed else 0

    def _write(self, target: Path, advance: Callable[[], None]) -> None:
        is_file = not target.is_dir() and target.suffix.lower() == ".zip"
        if is_file:
            with _new_file(target) as out:
                for piece in zipped(
                    self._events(advance), self._source, self._format, self._left_out
                ):
                    out.write(piece)
        elif not target.is_dir() and target.suffix.lower() == self._format.suffix:
            self._join(target, advance)
        else:
            self._fill(target, advance)

    def _join(self, target: Path, advance: Callable[[], None]) -> None:
        if self._format.name not in light_files.JOINABLE:
            joinable = ", ".join(light_files.JOINABLE)
            raise OcrError(
                ErrorCode.BAD_PARAMETER,
                f"One file of many images can be of: {joinable}. Name a folder, or a zip.",
            )
        sources = self._counted(advance)
        with _new_file(target) as out:
            for piece in light_files.joined(
                self._connect, sources, self._format.name, machine=self._machine
            ):
                out.write(piece)

    def _counted(self, advance: Callable[[], None]) -> Iterator[Source]:
        for block in self._blocks():
            for source in block:
                yield source
                self._made += 1
                advance()

    def _fill(self, folder: Path, advance: Callable[[], None]) -> None:
        names = UniqueNames()
        with contextlib.ExitStack() as stack:
            out: BinaryIO | None = None
            for event in self._events(advance):
                if isinstance(event, Begun):
                    source = self._source(event.image_id)
                    suffix = self._format.suffix_for(source.page_count)
                    name = names.take(source.name, source.id, suffix)
                elif isinstance(event, bytes):
                    out = out or stack.enter_context(_new_file(folder / name))
                    out.write(event)
                elif isinstance(event, Ended):
                    out or stack.enter_context(_new_file(folder / name))
                    stack.close()
                    out = None
                elif isinstance(event, Failed):
                    stack.pop_all().__exit__(OcrError, OcrError(event.code, event.message), None)
                    out = None

    def _source(self, image_id: int) -> Source:
        return self._in_hand[image_id]

    def _blocks(self) -> Iterable[list[Source]]:
        return self._selection.blocks(
            self._connect, limit_s=_QUERY_LIMIT_S, left_out=self._left_out
        )

    def _events(self, advance: Callable[[], None]) -> Iterator[Event]:
        for block in self._blocks():
            self._in_hand = {source.id: source for source in block}
            for event in self._of(block):
                yield event
                if isinstance(event, Ended):
                    self._made += 1
                    advance()
                elif isinstance(event, Failed):
                    self._failed += 1
                    self._console.print(event.message, markup=False, highlight=False)
                    advance()

    def _of(self, block: list[Source]) -> Iterator[Event]:
        name = self._format.name
        if self._format.is_light:
            return light_files.events(self._connect, block, name, machine=self._machine)
        ids = [source.id for source in block]
        order = export_child.order(self._settings, name, ids, machine=self._machine)
        return export_children.events(order)


@contextlib.contextmanager
def _new_file(path: Path) -> Iterator[BinaryIO]:
    """The file at `path`, there only when it is whole; what stood there before stays until then.
    "-.zip" and the like are standard output."""
    if path.stem == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name[:100]}.{os.getpid()}.part")
    try:
        with unfinished.open("wb") as out:
            yield out
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
