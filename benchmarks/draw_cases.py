"""Draws pictures with known text into a folder: NAME.png and, beside it, its text in NAME.png.txt.

$ python benchmarks/draw_cases.py OUT [--kinds sudoku chart …] [--what cases|sizes|print|layout]
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from PIL import Image

import setup_fonts
from drawing import cases, layouts, prints, sizes
from drawing.recipe import Recipe
from project import EXIT_BAD_ARGUMENTS, ToolError, main_guard, say

SETS: dict[str, Callable[[], list[Recipe]]] = {
    "cases": cases.recipes,
    "sizes": lambda: [cell.recipe for cell in sizes.cells()],
    "print": prints.recipes,
    "layout": layouts.recipes,
}
_COLOURS = 64


def main() -> int:
    parser = argparse.ArgumentParser(description="Draw pictures with known text.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kinds", nargs="+", default=(), help="only these kinds of cases")
    parser.add_argument("--what", choices=SETS, default="cases", help="which set")
    options = parser.parse_args()
    setup_fonts.main()
    chosen = [one for one in SETS[options.what]() if one.kind in (options.kinds or [one.kind])]
    if not chosen:
        kinds = sorted({recipe.kind for recipe in SETS[options.what]()})
        raise ToolError(f"No such kind; there are: {', '.join(kinds)}", EXIT_BAD_ARGUMENTS)
    write(chosen, options.folder)
    say(f"{len(chosen)} pictures in {options.folder}")
    return 0


class Written(NamedTuple):
    """A file and what is known of it; the picture itself is no longer in memory."""

    path: Path
    kind: str
    text: str
    tells_up: bool


def write(chosen: list[Recipe], folder: Path) -> list[Written]:
    """Draw them into the folder; returns what stands in which file."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for recipe in chosen:
        drawing = recipe.draw()
        path = folder / recipe.file_name
        save(drawing.image, path)
        path.with_name(path.name + ".txt").write_text(
            drawing.text + "\n" * bool(drawing.text), encoding="utf-8"
        )
        made.append(Written(path, recipe.kind, drawing.text, drawing.tells_up))
    return made


def save(image: Image.Image, path: Path) -> None:
    """As PNG; colours are reduced to 64, which halves the file and is not seen on a drawing."""
    if image.mode == "RGB":
        image = image.quantize(_COLOURS)
    image.save(path, compress_level=6)


if __name__ == "__main__":
    sys.exit(main_guard(main))
