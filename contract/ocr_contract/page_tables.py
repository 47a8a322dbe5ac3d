"""Tables of a page as readers want them: from the rows of page_tables, with corrections put in.

A cell keeps the text that stood in it when the page was read, and the numbers of its lines. What a
person corrected since takes that text's place. A line that runs over several cells is divided
again: the words of the correction go where the machine's words went that they stand for.

Standard library only.
"""

import collections
import dataclasses
import difflib
import json
from collections.abc import Mapping, Sequence
from typing import Any

Corrections = Mapping[int, tuple[str, str]]
"""Of each corrected line by its number: the machine's text, the person's."""


@dataclasses.dataclass(frozen=True, slots=True)
class TableCell:
    """One cell, as it is found, stored and read; rows and columns count from 0."""

    row: int
    column: int
    rowspan: int
    colspan: int
    text: str
    polygon: Sequence[Sequence[float]]
    """Of its text, in page pixels."""
    lines: Sequence[int]
    """Numbers of the lines that stand in it, from 1; one may stand in several cells in parts."""


@dataclasses.dataclass(frozen=True, slots=True)
class Table:
    """One table of a page."""

    number: int
    """From 1 on its page."""
    rows: int
    columns: int
    header_rows: int
    """So many rows at the top are headings."""
    polygon: list[list[float]]
    cells: list[TableCell]
    """Row by row."""

    def row(self, number: int) -> list[TableCell]:
        """The cells that begin in this row, from the left."""
        return [cell for cell in self.cells if cell.row == number]

    def texts(self) -> list[list[str]]:
        """A text for each place; one that a cell of several places covers has none but the
        first."""
        found = [[""] * self.columns for _ in range(self.rows)]
        for cell in self.cells:
            found[cell.row][cell.column] = cell.text
        return found


def table_of(row: Mapping[str, Any], corrections: Corrections, machine: Mapping[int, str]) -> Table:
    """A row of page_tables; `machine` has the texts of the page's lines by their numbers."""
    cells = [TableCell(*cell) for cell in json.loads(row["cells"])]
    if any(number in corrections for cell in cells for number in cell.lines):
        cells = _corrected(cells, corrections, machine)
    return Table(
        row["number"], row["rows"], row["columns"], row["header_rows"],
        json.loads(row["polygon"]), cells,
    )  # fmt: skip


def _corrected(
    cells: Sequence[TableCell], corrections: Corrections, machine: Mapping[int, str]
) -> list[TableCell]:
    counts = collections.Counter(number for cell in cells for number in cell.lines)
    shared = {number for number, count in counts.items() if count > 1}
    parts = {number: _parts(number, cells, shared, corrections, machine) for number in shared}
    found = []
    for place, cell in enumerate(cells):
        if any(number in corrections for number in cell.lines):
            texts = [
                parts[number].get(place)
                if number in shared
                else _shown(number, corrections, machine)
                for number in cell.lines
            ]
            if None not in texts:
                cell = dataclasses.replace(cell, text=" ".join(filter(None, texts)))
        found.append(cell)
    return found


def _shown(number: int, corrections: Corrections, machine: Mapping[int, str]) -> str | None:
    return corrections[number][1] if number in corrections else machine.get(number)


def _parts(
    number: int,
    cells: Sequence[TableCell],
    shared: set[int],
    corrections: Corrections,
    machine: Mapping[int, str],
) -> dict[int, str]:
    """What of a line stands in which cell, by the cells' places; nothing where that is not known
    any more."""
    owners = [place for place, cell in enumerate(cells) if number in cell.lines]
    sizes = []
    for place in owners:
        others = [other for other in cells[place].lines if other != number]
        if any(other in shared or other not in machine for other in others):
            return {}
        known = sum(len(machine[other].split()) for other in others)
        sizes.append(len(cells[place].text.split()) - known)
    words = machine.get(number, "").split()
    if sum(sizes) != len(words) or min(sizes) < 0:
        return {}
    shown = corrections[number][1].split() if number in corrections else words
    begin = end = 0
    found = {}
    for place, size in zip(owners, sizes, strict=True):
        end += size
        found[place] = " ".join(shown[_moved(begin, words, shown) : _moved(end, words, shown)])
        begin = end
    return found


def _moved(cut: int, words: Sequence[str], shown: Sequence[str]) -> int:
    """Where a cut between words is after they were corrected."""
    if cut == len(words):
        return len(shown)
    blocks = difflib.SequenceMatcher(None, words, shown, autojunk=False).get_opcodes()
    for _, start, stop, new_start, new_stop in blocks:
        if start <= cut < stop:
            return min(new_start + (cut - start), new_stop)
    return 0
