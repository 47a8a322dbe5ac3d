"""Whether the truth is among the first three readings of words that were misread.

    make alternatives IMAGES=folder

Each image needs a CSV of its text beside it (`misread_words`). A word is misread when its line is
wrong (`line_truth`) and the word is none of those that were read there; case does not count. Faults
in the known text count as misread words, too. What was offered and searched for, but is not on the
page, is counted as well: of the words that stand on any of the pages.
"""

import argparse
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from decoding.documents import decode_pages
from engines.inference import choose, load_models
from line_truth import is_right_at, plain
from machine_limits import usable_cpus
from misread_words import box_of, covers, known_lines, lay_beside
from models import resolve
from ocr_contract.search.other_readings import other_words
from ocr_contract.text_folding import fold
from ocr_settings import load
from page_records import Line
from project import main_guard
from reading.engine import PageEngine
from scoring import images_with_truth
from service_folders import models_folder

_WORD = re.compile(r"[^\W_]+")
_SEARCHED = 3
"""The least length of a word that search looks for in other readings."""


class Misread(NamedTuple):
    """A known word that was not read, and whether another reading of its line has it."""

    word: str
    read: str
    is_offered: bool


def main() -> int:
    parser = argparse.ArgumentParser(description="Truth among the readings of misread words.")
    parser.add_argument("--images", type=Path, required=True, help="folder of images and CSVs")
    options = parser.parse_args()
    settings = load(os.environ)
    models = load_models(
        choose(settings, usable_cpus()), resolve(models_folder(), "small"), settings
    )
    engine = PageEngine(models, detection_side=settings.detection_side, orientation=True)
    found: list[Misread] = []
    on_page: dict[str, set[str]] = {}
    offered: dict[str, set[str]] = {}
    for image in images_with_truth(options.images):
        (page,) = decode_pages(image.read_bytes(), 1e9)
        lines = engine.read(page.pixels).lines
        found += [each for line in lines for each in misread(image, line)]
        on_page[image.name] = set(words("\n".join(line.text for line in known_lines(image))))
        read = set(words("\n".join(line.text for line in lines)))
        offered[image.name] = {
            word for line in lines for place in line.alternatives
            for word in other_words(place, line.text)
        } - read  # fmt: skip
    for each in found:
        if not each.is_offered:
            print(f"{each.word}: {each.read}")
    known = {word for there in on_page.values() for word in there if len(word) >= _SEARCHED}
    right = sum(len(offered[name] & on_page[name]) for name in on_page)
    wrong = sum(len(offered[name] & known - on_page[name]) for name in on_page)
    hits = sum(each.is_offered for each in found)
    print(f"\nThe truth is among the first three readings of {hits} of {len(found)} misread words "
          f"({hits / max(len(found), 1):.1%}).")  # fmt: skip
    print(f"Search finds {right} words by them that stand on their page, and {wrong} that do not.")
    return 0


def misread(image: Path, line: Line) -> Iterator[Misread]:
    """The misread words of a line."""
    known, box = list(known_lines(image)), box_of(line.polygon)
    if is_right_at(line.text, box, known) in (None, True):
        return
    read = plain(line.text).upper()
    near = (plain(each.text).upper() for each in known if covers(each.box, box))
    truth = min(near, key=lambda text: lay_beside(text, read)[0])
    here = _WORD.findall(read)
    others = {
        word
        for place in line.alternatives
        for text in place.applied(line.text)
        for word in _WORD.findall(plain(text).upper())
    }
    for word in _WORD.findall(truth):
        is_like = any(lay_beside(word, each)[0] < len(word) for each in here)
        if word not in here and is_like:  # else nothing of it was read in this line
            yield Misread(word, line.text, word in others)


def words(text: str) -> list[str]:
    """Folded, as search has them."""
    return _WORD.findall(fold(text))


if __name__ == "__main__":
    sys.exit(main_guard(main))
