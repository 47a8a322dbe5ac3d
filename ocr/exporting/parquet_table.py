"""Parquet: a row for each line, typed, with the columns of the CSV (see `cells`)."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from arro3.core import Array, DataType, Field, RecordBatch, RecordBatchReader, Schema
from arro3.io import write_parquet

from exporting.allowed_text import allowed
from exporting.making import Outlet
from exporting.task import ExportTask
from ocr_contract.export.cells import COLUMNS, Row, row
from ocr_contract.export.records import Page, Source

_BATCH_ROWS = 5_000
_GROUP_ROWS = 50_000
_COMPRESSION = "zstd(3)"
_TYPES: dict[str, tuple[Any, bool]] = {
    "file": (DataType.utf8(), False), "page": (DataType.int32(), False),
    "line": (DataType.int32(), False), "paragraph": (DataType.int32(), True),
    "text": (DataType.utf8(), False), "corrected": (DataType.bool(), False),
    "confidence": (DataType.float64(), False), "doubt": (DataType.float64(), False),
    "left": (DataType.float64(), True), "top": (DataType.float64(), True),
    "right": (DataType.float64(), True), "bottom": (DataType.float64(), True),
}  # fmt: skip
"""Of each column, and whether a value may be missing."""
_SCHEMA = Schema([Field(name, _TYPES[name][0], nullable=_TYPES[name][1]) for name in COLUMNS])


def write(task: ExportTask, source: Source, pages: Iterable[Page], target: Outlet) -> None:
    """The table."""
    reader = RecordBatchReader.from_batches(_SCHEMA, _batches(source, pages))
    write_parquet(reader, target, compression=_COMPRESSION, max_row_group_size=_GROUP_ROWS)


def _batches(source: Source, pages: Iterable[Page]) -> Iterator[Any]:
    rows = (row(source, page, line) for page in pages for line in page.lines)
    while batch := list(islice(rows, _BATCH_ROWS)):
        yield RecordBatch.from_arrays([*_columns(batch)], schema=_SCHEMA)


def _columns(batch: list[Row]) -> Iterator[Any]:
    for name, values in zip(COLUMNS, zip(*batch, strict=True), strict=True):
        kind = _TYPES[name][0]
        if isinstance(values[0], str):
            yield Array([allowed(str(value)) for value in values], kind)
        else:
            yield Array(list(values), kind)
