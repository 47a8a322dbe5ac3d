"""Every kind of page: upright ones stay, turned ones are put upright.

Each is turned once here, and three times by `make accuracy SUITES=positions`.

A kind of which single characters are all there is stays as it lies unless the page classifier can
tell, and is left out of the turned ones.
"""

import itertools
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

TURNS = (180, 90, 270)
_TOO_LARGE = {"many-cells", "big-page", "screen-cells", "small-print", "spreadsheet", "tall-scroll",
              "wide-strip", "long-line"}  # fmt: skip
_WITHOUT_TEXT = {"no-text"}
_WITHOUT_RUNNING_TEXT = {
    *("single-character", "tight-crop", "sudoku", "keypad", "letters-apart", "bingo"),
    *("digit-column", "multiplication", "crossword", "sign", "accents", "vertical", "named-bars"),
    "axis-title",
}


def recipes() -> list[cases.Recipe]:
    """The first of each kind, and every table, chart and grid: those were turned once."""
    turned_once = {
        *(
            "chart",
            "axis-title",
            "named-bars",
            "turned-heads",
            "margin-note",
            "slip",
            "sudoku",
            "keypad",
            "league-table",
        ),
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
    ("recipe", "turn"),
    list(
        zip(
            [r for r in recipes() if r.kind not in _WITHOUT_RUNNING_TEXT],
            itertools.cycle(TURNS),
        )
    ),
    ids=lambda value: getattr(value, "file_name", value),
)
def test_a_turned_page_is_put_upright(engine: PageEngine, recipe: cases.Recipe, turn: int) -> None:
    page = cases.pixels(recipe.draw().image)
    assert engine.read(cases.turned(page, turn)).rotation == turn


@pytest.mark.parametrize(
    ("kind", "name", "turn"),
    [("named-bars", "up", 90), ("tight-crop", "Cancel-14-margin2", 90),
     ("axis-title", "below-a-head", 90), ("east-asian", "korean", 180)],
)  # fmt: skip
def test_what_looked_upright_is_put_upright(
    engine: PageEngine, kind: str, name: str, turn: int
) -> None:
    """Long names stand upright where their chart lies; a button is no page to the classifier; a
    head and an axis' title say different ways; of Hangul nothing is read."""
    (recipe,) = (each for each in cases.recipes({kind}) if each.name == name)
    page = cases.pixels(recipe.draw().image)
    assert engine.read(cases.turned(page, turn)).rotation == turn


@pytest.mark.parametrize("turn", [90, 270])
def test_digits_whose_lying_columns_are_found_as_rows_are_put_upright(
    engine: PageEngine, turn: int
) -> None:
    (recipe,) = (each for each in cases.recipes({"sudoku"}) if each.name == "six-by-six")
    page = cases.pixels(recipe.draw().image)
    assert engine.read(cases.turned(page, turn)).rotation == turn


@pytest.mark.parametrize(("code", "turn"), [("ell", 0), ("ell", 180), ("ara", 270)])
def test_a_page_in_a_language_that_is_set_up_is_put_upright(
    with_languages: PageEngine, code: str, turn: int
) -> None:
    (language,) = (each for each in sample_languages.EVERY if each.code == code)
    drawing = page(language, random.Random(code), [*language.lines[:5]], clean=False)
    standing = cases.pixels(drawing.image)
    assert with_languages.read(cases.turned(standing, turn)).rotation == turn


@pytest.mark.parametrize(
    ("code", "turn"), [("ell", 0), ("ell", 180), ("ell", 270), ("ara", 0), ("ara", 180)]
)
def test_a_page_in_a_language_that_is_not_set_up_is_put_upright(
    engine: PageEngine, code: str, turn: int
) -> None:
    """Of Greek the models know some letters, of Arabic the line along which its letters join
    shows; the page classifier alone sees upright Greek on its head."""
    (language,) = (each for each in sample_languages.EVERY if each.code == code)
    drawing = page(language, random.Random(code), [*language.lines[:5]], clean=True)
    standing = cases.pixels(drawing.image)
    assert engine.read(cases.turned(standing, turn)).rotation == turn


@pytest.mark.parametrize(
    ("words", "turn"),
    [("محمد أحمد علي", 0), ("محمد أحمد علي", 180), ("صيدلية", 180), ("محمد أحمد علي", 90)],
)
def test_a_few_arabic_words_are_put_upright(engine: PageEngine, words: str, turn: int) -> None:
    """Too short for lines of running text, or for the page classifier to be sure."""
    (language,) = (each for each in sample_languages.EVERY if each.code == "ara")
    drawing = page(language, random.Random(2), [words], clean=False)
    standing = cases.pixels(drawing.image)
    assert engine.read(cases.turned(standing, turn)).rotation == turn
