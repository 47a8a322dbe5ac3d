"""Drawn pictures: the same for the same seed, and no word in the truth that is not to be seen."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import draw_cases
from drawing import cases, prints, sizes
from drawing.fonts import cap_height
from drawing.recipe import Recipe
from drawing.sheet import OutsideError, Sheet
from drawing.tells_up import tells_up

ALL = cases.recipes()
QUICK = [recipe for recipe in ALL if recipe.kind not in ("big-page", "small-print", "screen-cells",
                                                         "many-cells", "tall-scroll")]  # fmt: skip


def digest(image: Image.Image) -> str:
    return hashlib.sha256(image.tobytes()).hexdigest()


def test_there_are_enough_cases_of_enough_kinds_each_with_its_own_name() -> None:
    assert len(ALL) >= 120
    assert len({recipe.kind for recipe in ALL}) >= 25
    assert len({recipe.file_name for recipe in ALL}) == len(ALL)
    assert {recipe.kind for recipe in cases.recipes(["chart"])} == {"chart"}


def test_no_two_cases_are_the_same_picture() -> None:
    """The service would call the second a duplicate and not read it."""
    found: dict[str, str] = {}
    for recipe in QUICK:
        image = recipe.draw().image
        key = f"{image.size} {digest(image.convert('RGB'))}"
        assert key not in found, f"{recipe.file_name} is {found[key]}"
        found[key] = recipe.file_name


@pytest.mark.parametrize("kind", sorted({recipe.kind for recipe in QUICK}))
def test_a_seed_draws_the_same_picture_again(kind: str) -> None:
    recipe = cases.recipes([kind])[0]
    first, second = recipe.draw(), recipe.draw()
    assert first.lines == second.lines
    assert digest(first.image) == digest(second.image)


@pytest.mark.parametrize("recipe", QUICK, ids=lambda recipe: recipe.file_name)
def test_a_case_has_ink_where_it_has_text(recipe: Recipe) -> None:
    """Text outside the picture raises OutsideError while it is drawn."""
    drawing = recipe.draw()
    assert drawing.image.mode in ("L", "RGB")
    assert all(line == line.strip() and line for line in drawing.lines)
    low, high = drawing.image.convert("L").getextrema()
    assert isinstance(low, int)
    assert isinstance(high, int)
    if recipe.kind == "no-text":
        assert drawing.text == ""
        assert not drawing.tells_up
    else:
        assert drawing.text
        assert high - low >= 20, "letters stand out from their paper"


def test_text_that_leaves_the_picture_is_an_error() -> None:
    sheet = Sheet(100, 40)
    sheet.line((2, 30), "in", 20)
    with pytest.raises(OutsideError, match="outside"):
        sheet.line((80, 30), "outside", 20)
    with pytest.raises(OutsideError):
        sheet.turned((10, 20), "turned", 20, 90)


def test_a_grid_says_its_filled_cells_row_by_row() -> None:
    sheet = Sheet(200, 100)
    sheet.grid((0, 0), (50, 30), [["5", "", "7"], ["", "", ""], ["1", "2", ""]], 16)
    assert sheet.done().text == "5 7\n1 2"


def test_pixels_are_what_a_decoded_page_is() -> None:
    red = Image.new("RGB", (3, 2), "#ff0000")
    page = cases.pixels(red)
    assert page.shape == (2, 3, 3)
    assert page.dtype == np.uint8
    assert page[0, 0].tolist() == [0, 0, 255]


@pytest.mark.parametrize("rotation", cases.QUARTERS)
def test_a_turned_page_becomes_upright_by_its_rotation(rotation: int) -> None:
    page = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    stored = cases.turned(page, rotation)
    assert np.array_equal(np.rot90(stored, rotation // 90), page)


@pytest.mark.parametrize(
    ("text", "told"),
    [("", False), ("I", False), ("0 8", False), ("R", False), ("OK", False), ("Yes", True),
     ("12.50", False), ("14", False), ("14 Oct", True), ("3 1 4 2 3", True)],
)  # fmt: skip
def test_some_texts_have_no_upright(text: str, told: bool) -> None:
    assert tells_up(text) is told


def test_a_picture_whose_text_lies_has_no_upright() -> None:
    sheet = Sheet(400, 400)
    sheet.turned((50, 200), "Temperature", 20, 90)
    assert not sheet.done().tells_up
    sheet.turned((200, 300), "Price list", 20, 8)
    assert sheet.done().tells_up


def test_the_sizes_have_a_cell_for_every_height_and_resolution() -> None:
    cells = sizes.cells()
    assert len(cells) == 5 * 6 + 5 * 4
    by_place = {(cell.row, cell.column): cell for cell in cells}
    smallest = by_place["page 6 pt", "100 dpi"]
    assert (smallest.em_px, smallest.readable) == (8.3, False)
    assert by_place["page 8 pt", "100 dpi"].readable
    assert all(cell.readable for cell in cells if cell.row.startswith("screen"))
    assert all(cell.cap_px == cap_height("sans", cell.em_px) for cell in cells)


def test_a_page_of_a_size_is_a4_and_full_of_words() -> None:
    drawing = sizes.page(12, 100)
    assert drawing.image.size == (827, 1169)
    assert len(drawing.text.split()) > 400
    assert sizes.page(12, 100).lines == drawing.lines


def test_a_screenshot_has_the_width_of_its_cell() -> None:
    assert sizes.screenshot(1280, 26).image.size == (1280, 720)


@pytest.mark.parametrize("recipe", prints.recipes(), ids=lambda recipe: recipe.file_name)
def test_every_layout_of_the_prints_can_be_drawn(recipe: Recipe) -> None:
    drawing = recipe.draw()
    width, height = drawing.image.size
    assert height / width == pytest.approx(297 / 210, abs=0.002)
    assert len(drawing.text.split()) > 80


def test_files_hold_the_picture_and_its_text(tmp_path: Path) -> None:
    chosen = cases.recipes(["keypad", "scoreboard"])
    made = draw_cases.write(chosen, tmp_path / "new")
    assert len(made) == len(chosen)
    for recipe, written in zip(chosen, made, strict=True):
        drawing = recipe.draw()
        text = written.path.with_name(written.path.name + ".txt").read_text(encoding="utf-8")
        assert text.splitlines() == list(drawing.lines)
        assert written[1:] == (recipe.kind, drawing.text, drawing.tells_up)
        with Image.open(written.path) as image:
            assert image.size == drawing.image.size
