"""Every kind of page in four positions: upright ones stay, turned ones are put upright.

A kind of which single characters are all there is stays as it lies unless the page classifier can
tell, and is left out of the turned ones.
"""

import random

import pytest
from real_pages import load_models

import fetch_languages
import language_choice
from drawing import cases, sample_languages
from drawing.script_lines import page
from engines.inference import Inference
from languages.loading import load
from reading.engine import PageEngine
from service_folders import models_folder

_TOO_LARGE = {"many-cells", "big-page", "screen-cells", "small-print", "spreadsheet", "tall-scroll",
              "wide-strip", "long-line"}  # fmt: skip
_WITHOUT_TEXT = {"no-text"}
_WITHOUT_RUNNING_TEXT = {
    *("single-character", "tight-crop", "sudoku", "keypad", "letters-apart", "bingo"),
    *("digit-column", "multiplication", "crossword", "sign", "accents", "vertical"),
}


def recipes() -> list[cases.Recipe]:
    """The first of each kind, and every table, chart and grid: those were turned once."""
    turned_once = {
        *("chart", "turned-heads", "margin-note", "slip", "sudoku", "keypad", "league-table"),
        *("rating-form", "duty-roster", "scoreboard", "digit-column", "calendar", "vertical"),
    }
    first: dict[str, cases.Recipe] = {}
    for recipe in cases.recipes():
        first.setdefault(recipe.kind, recipe)
    chosen = [*first.values(), *cases.recipes(turned_once)]
    left_out = _TOO_LARGE | _WITHOUT_TEXT
    return list({r.file_name: r for r in chosen if r.kind not in left_out}.values())


@pytest.fixture(scope="module")
def engine() -> PageEngine:
    return PageEngine(load_models(), detection_side=1120, orientation=True)


@pytest.fixture(scope="module")
def with_languages() -> PageEngine:
    folder = fetch_languages.folder_of(models_folder().parent.parent)
    fetch_languages.ensure(folder, ["ara", "ell", "rus"])
    names = language_choice.parse("ara+ell+rus")
    found = language_choice.resolve(names, folder, models_folder())
    second = load(found, Inference("openvino", "cpu", "f32", 1), threads=2)
    return PageEngine(load_models(), detection_side=1120, orientation=True, second=second)


@pytest.mark.parametrize("recipe", recipes(), ids=lambda recipe: recipe.file_name)
def test_an_upright_page_stays(engine: PageEngine, recipe: cases.Recipe) -> None:
    assert engine.read(cases.pixels(recipe.draw().image)).rotation == 0


@pytest.mark.parametrize(
    "recipe",
    [r for r in recipes() if r.kind not in _WITHOUT_RUNNING_TEXT],
    ids=lambda recipe: recipe.file_name,
)
def test_a_turned_page_is_put_upright(engine: PageEngine, recipe: cases.Recipe) -> None:
    page = cases.pixels(recipe.draw().image)
    found = [engine.read(cases.turned(page, degrees)).rotation for degrees in (90, 180, 270)]
    assert found == [90, 180, 270]


@pytest.mark.parametrize(("code", "turn"), [("ell", 0), ("ell", 180), ("ara", 270)])
def test_a_page_in_a_language_that_is_set_up_is_put_upright(
    with_languages: PageEngine, code: str, turn: int
) -> None:
    (language,) = (each for each in sample_languages.EVERY if each.code == code)
    drawing = page(language, random.Random(code), [*language.lines[:5]], clean=False)
    standing = cases.pixels(drawing.image)
    assert with_languages.read(cases.turned(standing, turn)).rotation == turn
