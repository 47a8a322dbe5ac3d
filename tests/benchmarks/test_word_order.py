"""Words in order: how a page of known words is scored, and where they come from."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import accuracy_tables
import suites
from accuracy_figures import figures_of
from contestants import OURS
from drawing import layouts
from project import ToolError
from suites import Item
from word_order import WordOrder, hocr_text, longest_common, together, word_order

HOCR = """<span class='ocr_line'><span class='ocrx_word' title='bbox 1 2 3 4'>A&amp;B</span>
<span class="ocrx_word" title="bbox 5 2 9 4"><strong>two</strong></span></span>"""


def table_of(some: list[int], others: list[int]) -> int:
    """By the textbook."""
    row = [0] * (len(others) + 1)
    for a in some:
        above = row[:]
        for place, b in enumerate(others, 1):
            row[place] = above[place - 1] + 1 if a == b else max(above[place], row[place - 1])
    return row[-1]


small = st.lists(st.integers(0, 4), max_size=12)


@given(small, small)
def test_the_longest_common_subsequence(some: list[int], others: list[int]) -> None:
    words = [[str(number) for number in side] for side in (some, others)]
    assert longest_common(*words) == table_of(some, others)


def test_words_in_order_of_all_and_of_those_read() -> None:
    found = word_order("c a b X", "a b c d")
    assert found == WordOrder(known=4, read=3, in_order=2)
    assert (found.share, found.share_of_read) == (0.5, pytest.approx(2 / 3))
    assert together([found, found]) == WordOrder(8, 6, 4)
    assert together([]) == WordOrder(0, 0, 0)


def test_an_hocr_file_is_a_truth(tmp_path: Path) -> None:
    Image.new("L", (3, 2)).save(tmp_path / "page.png")
    (tmp_path / "page.hocr").write_text(HOCR, encoding="utf-8")
    (tmp_path / "other.png").write_bytes(b"")
    assert hocr_text(tmp_path / "page.hocr").split() == ["A&B", "two"]
    (item,) = suites.laid_out([str(tmp_path)], tmp_path)
    assert (item.path.name, item.known) == ("page.png", "A&B\ntwo")


def test_a_folder_without_any_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="hocr"):
        suites.laid_out([str(tmp_path)], tmp_path)


def test_there_are_many_layouts_of_many_kinds() -> None:
    recipes = layouts.recipes()
    assert len({recipe.file_name for recipe in recipes}) == 68
    assert len({recipe.kind for recipe in recipes}) >= 30
    first = recipes[0].draw()
    assert first.lines == recipes[0].draw().lines
    assert first.image.tobytes() == recipes[0].draw().image.tobytes()


def test_the_tables_show_the_order_of_all_words_and_of_those_read() -> None:
    items = [Item(Path("a.png"), "kind", "a b c d")]
    figures = figures_of("layout", items, {Path("a.png"): "c a b X"})
    assert figures.headline == 0.5
    shown = accuracy_tables.everything({OURS: {"layout": figures}}, None)
    assert "layout: words in order" in shown
    assert "0.5000" in shown
    assert "0.6667" in shown
    raw = accuracy_tables.raw({OURS: {"layout": figures}}, None)
    assert raw["suites"][OURS]["layout"]["order"] == {"known": 4, "read": 3, "in_order": 2}
