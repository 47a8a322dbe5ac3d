"""What `make accuracy` reads: suites of files with their known text.

receipts   photographs with a CSV of their text beside each (IMAGES=folder)
print      36 drawn office pages
cases      drawn pictures by kind, or folders of KIND--NAME files with their text in ….txt
sizes      drawn pages and screenshots of every letter height
layout     68 drawn pages whose words have an order, and folders of images with hOCR files beside
calibration  drawn pages as bad scanners give them: does each line's doubt keep its word?
tables     drawn tables with known structure, and folders with a tables.jsonl (`tables_suite`)
scripts    drawn lines in 20 languages, marked, and read with languages set up (`scripts_suite`)
positions  receipts, print, cases and layout again, lying: in the three wrong positions, drawn ones
           in one of them; upright also the sizes
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import draw_cases
from drawing import cases, layouts, prints, sizes, worn
from drawing.recipe import Recipe
from drawing.tells_up import tells_up
from project import EXIT_BAD_INPUT, ToolError
from scoring import IMAGE_SUFFIXES, images_with_truth, truth_of
from word_order import hocr_text

CALIBRATION = "calibration"
NAMES = (
    *("receipts", "print", "cases", "positions", "sizes", "layout", CALIBRATION, "tables"),
    "scripts",
)
_WORN_FIRST = 20_000
"""Other pages than those that the doubt was fitted to (`calibration_lines`)."""
DRAWN = "drawn"
"""Stands for the project's own cases where a folder is asked for."""


class Item(NamedTuple):
    """One file and what is known of it."""

    path: Path
    kind: str
    known: str
    tells_up: bool = True
    """Whether a person who sees it turned is told by its text which side is up."""
    is_drawn: bool = False
    """Not a file that somebody gave, but one of the project's own."""


def receipts(folder: Path) -> list[Item]:
    """SystemExit when there are none."""
    return [Item(path, "receipts", truth_of(path)) for path in images_with_truth(folder)]


def printed(folder: Path) -> list[Item]:
    """The print suite, drawn into the folder."""
    return _drawn(prints.recipes(), folder)


def sized(folder: Path) -> list[Item]:
    """The sizes suite, drawn into the folder; in the order of `sizes.cells`."""
    return _drawn([cell.recipe for cell in sizes.cells()], folder)


def worn_pages(folder: Path) -> list[Item]:
    """The calibration suite, drawn into the folder."""
    return _drawn(worn.recipes(_WORN_FIRST), folder)


def all_cases(sources: Sequence[str], folder: Path) -> list[Item]:
    """The cases of each source: DRAWN, or a folder that holds some.

    Raises:
        ToolError: a folder without cases.
    """
    found: list[Item] = []
    for source in sources:
        here = _drawn(cases.recipes(), folder) if source == DRAWN else _stored(Path(source))
        if not here:
            raise ToolError(
                f"{source} holds no KIND--NAME file with its text in ….txt.", EXIT_BAD_INPUT
            )
        found += here
    return found


def laid_out(sources: Sequence[str], folder: Path) -> list[Item]:
    """The layout suite of each source: DRAWN, or a folder of images with NAME.hocr beside them.

    Raises:
        ToolError: a folder without any.
    """
    found: list[Item] = []
    for source in sources:
        if source == DRAWN:
            here = _drawn(layouts.recipes(), folder)
        else:
            here = [
                Item(path, "real page", hocr_text(path.with_suffix(".hocr")))
                for path in sorted(Path(source).iterdir())
                if path.suffix.lower() in IMAGE_SUFFIXES and path.with_suffix(".hocr").is_file()
            ]
        if not here:
            raise ToolError(f"{source} holds no image with its .hocr beside it.", EXIT_BAD_INPUT)
        found += here
    return found


def _drawn(recipes: list[Recipe], folder: Path) -> list[Item]:
    return [Item(*written, is_drawn=True) for written in draw_cases.write(recipes, folder)]


def _stored(folder: Path) -> list[Item]:
    found = []
    for path in sorted(folder.iterdir()):
        text = path.with_name(path.name + ".txt")
        if "--" in path.name and path.suffix.lower() in IMAGE_SUFFIXES and text.is_file():
            known = text.read_text(encoding="utf-8")
            found.append(Item(path, path.name.split("--", 1)[0], known, tells_up(known)))
    return found
