"""How tables are scored, and that what is drawn has the structure that is said."""

import json
from pathlib import Path

import pytest

import tables_suite
from drawing import table_pages
from ocr_contract.page_tables import Table, TableCell
from project import ToolError
from suites import DRAWN, Item
from table_score import edit_distance, html_of, parsed, teds

ROW = "<tr><td></td><td></td></tr>"


@pytest.mark.parametrize(
    ("found", "known", "score"),
    [
        (f"<table>{ROW}{ROW}</table>", f"<table>{ROW}{ROW}</table>", 1),
        ("<table><tr><td>a<b>b</b></td><th>c</th></tr></table>", f"<table>{ROW}</table>", 1),
        (f"<table>{ROW}</table>", f"<table>{ROW}{ROW}</table>", 1 - 3 / 6),
        (f"<table>{ROW}{ROW}</table>", f"<table>{ROW}</table>", 1 - 3 / 6),
        (f"<table><tbody>{ROW}</tbody></table>", f"<table>{ROW}</table>", 1 - 1 / 4),
        ('<table><tr><td colspan="2"></td></tr></table>', f"<table>{ROW}</table>", 1 - 2 / 3),
        ('<table><tr><td rowspan="2"></td><td></td></tr></table>', f"<table>{ROW}</table>", 2 / 3),
        ("", f"<table>{ROW}</table>", 0),
        ("", "", 1),
        ("<table></table>", "<table></table>", 1),
    ],
)
def test_the_score_is_the_share_of_nodes_that_need_no_edit(
    found: str, known: str, score: float
) -> None:
    assert teds(found, known) == pytest.approx(score)


def test_a_row_in_the_middle_costs_its_nodes_and_no_more() -> None:
    rows = "".join(f'<tr><td colspan="{n}"></td></tr>' for n in range(2, 9))
    less = rows.replace('<tr><td colspan="5"></td></tr>', "")
    assert edit_distance(parsed(f"<table>{less}</table>"), parsed(f"<table>{rows}</table>")) == 2


def test_a_table_that_was_found_has_the_html_of_its_cells() -> None:
    cells = [TableCell(0, 0, 1, 2, "a", [], []), TableCell(1, 0, 1, 1, "b", [], []),
             TableCell(1, 1, 1, 1, "c", [], [])]  # fmt: skip
    known = f'<table><thead><tr><td colspan="2"></td></tr></thead><tbody>{ROW}</tbody></table>'
    assert teds(html_of(Table(1, 2, 2, 1, [], cells)), known) == 1


def test_a_missing_table_and_one_too_many_count_nothing() -> None:
    one = f"<table>{ROW}</table>"
    pages = [Item(Path(name), "kind", known) for name, known in
             (("a", one), ("b", one + one), ("c", one), ("d", ""))]  # fmt: skip
    found = {Path("a"): [one], Path("b"): [one], Path("c"): [one, one], Path("d"): [one]}
    scores = tables_suite.judge(pages, found)
    assert [score.score for score in scores] == [1, 0.5, 0.5, None]
    told = tables_suite.table(scores)
    assert "0.6667" in told and "d: 1 of 0 found" in told and "- a:" not in told


def test_a_folder_has_its_list_or_is_refused(tmp_path: Path) -> None:
    row = {
        "filename": "x.png",
        "html": {"structure": {"tokens": ["<tr>", "<td>", "</td>", "</tr>"]}},
    }
    (tmp_path / "tables.jsonl").write_text(json.dumps(row) + "\n")
    (item,) = tables_suite.items([str(tmp_path)], tmp_path)
    assert item.path == tmp_path / "x.png"
    assert item.known == "<table><tr><td></td></tr></table>"
    with pytest.raises(ToolError, match=r"tables\.jsonl"):
        tables_suite.items([str(tmp_path / "none")], tmp_path)


SLOW = ("large", "without", "on-a-page", "in-a-column")
QUICK = [recipe for recipe in table_pages.recipes() if recipe.kind not in SLOW]


def test_there_are_many_kinds_of_tables_and_pages_without() -> None:
    names = [(recipe.kind, recipe.name) for recipe in table_pages.recipes()]
    assert len(set(names)) == len(names)
    assert sum(kind != "without" for kind, _ in names) >= 25
    assert sum(kind == "without" for kind, _ in names) >= 10


def test_drawn_pages_become_files_with_what_is_known_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_pages, "recipes", lambda: QUICK[:2])
    items = tables_suite.items([DRAWN], tmp_path)
    assert [item.path.name for item in items] == ["framed--amounts.png", "framed--words.png"]
    assert all(item.path.stat().st_size > 0 for item in items)
    assert [item.known.count("<tr>") for item in items] == [9, 7]


@pytest.mark.parametrize("recipe", QUICK, ids=lambda recipe: f"{recipe.kind}-{recipe.name}")
def test_the_rows_of_a_drawn_table_are_all_as_wide(recipe: table_pages.TableRecipe) -> None:
    (html,) = recipe.draw().tables
    taken: set[tuple[int, int]] = set()
    rows = [row for part in parsed(html).children for row in part.children]
    for y, row in enumerate(rows):
        x = 0
        for cell in row.children:
            while (y, x) in taken:
                x += 1
            _, columns, down = cell.label
            taken |= {(y + j, x + i) for j in range(down) for i in range(columns)}
    assert len({max(x for y, x in taken if y == number) for number in range(len(rows))}) == 1
    assert max(y for y, _ in taken) == len(rows) - 1
