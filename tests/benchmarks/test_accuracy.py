"""`make accuracy`: how words, positions and suites are scored, without a service or a peer."""

import itertools
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

import accuracy
import accuracy_tables
import service_reading
import suites
from accuracy_figures import Outcome, SuiteFigures, figures_of
from contestants import OURS
from drawing import cases
from page_positions import as_they_are, judge, lay_down
from peer_process import PeerError, run_peer
from project import ROOT, ToolError
from service_reading import Reading, read_all
from suites import Item
from word_recall import invented, recall, unread

DOUBLE = Path(__file__).with_name("peer_double.py")


@pytest.mark.parametrize(
    ("read", "known", "share"),
    [
        ("Total 12.50", "Total 12.50", 1.0),
        ("12.50\nTotal", "Total 12.50", 1.0),
        ("total 12.50", "Total 12.50", 0.5),
        ("a", "a a", 0.5),
        ("a a a", "a a", 1.0),
        ("吾は猫", "吾輩は猫", 0.75),
        ("Cafe\u0301", "Café", 1.0),
        ("", "", 1.0),
        ("x", "", 0.0),
        ("", "x", 0.0),
    ],
)
def test_recall_counts_words_and_in_chinese_and_japanese_signs(
    read: str, known: str, share: float
) -> None:
    assert recall(read, known) == share


def test_the_difference_keeps_the_order_of_the_text() -> None:
    assert unread("two", "one two two three") == ["one", "two", "three"]
    assert invented("won two", "one two") == ["won"]


def item(path: Path, kind: str = "kind", known: str = "word", tells_up: bool = True) -> Item:
    return Item(path, kind, known, tells_up)


def test_a_file_without_a_text_counts_nothing_even_where_nothing_is_known() -> None:
    items = [item(Path("a")), item(Path("b")), item(Path("c"), known="")]
    figures = figures_of("cases", items, {Path("a"): "word"})
    assert [file.recall for file in figures.files] == [1.0, 0.0, 0.0]
    assert [file.read for file in figures.files] == [True, False, False]
    assert figures.good == 1
    assert figures.mean_recall == pytest.approx(1 / 3)


def test_kinds_are_means_of_their_files() -> None:
    items = [item(Path("a"), "one"), item(Path("b"), "one"), item(Path("c"), "two")]
    figures = figures_of("cases", items, {Path("a"): "word", Path("c"): "word", Path("b"): ""})
    assert figures.by_kind() == {"one": 0.5, "two": 1.0}


def test_receipts_and_print_are_compared_by_f1_the_others_by_recall() -> None:
    texts = {Path("a"): "WORD more"}
    assert figures_of("print", [item(Path("a"))], texts).headline == pytest.approx(2 / 3)
    assert figures_of("sizes", [item(Path("a"))], texts).headline == 0.0


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """Three by two pixels, red at the upper left."""
    image = Image.new("RGB", (3, 2), "#ffffff")
    image.putpixel((0, 0), (255, 0, 0))
    path = tmp_path / "page.png"
    image.save(path)
    return path


def test_a_file_is_laid_down_in_three_more_positions(page: Path, tmp_path: Path) -> None:
    found = lay_down([item(page)], tmp_path / "turned")
    assert [position.rotation for position in found] == [0, 90, 180, 270]
    assert found[0].path == page
    upright = cv2.imread(str(page))
    for position in found:
        stored = cv2.imread(str(position.path))
        assert np.array_equal(np.rot90(stored, position.rotation // 90), upright)


def test_drawn_files_lie_in_one_position_each_in_turn(page: Path, tmp_path: Path) -> None:
    drawn = item(page)._replace(is_drawn=True)
    found = lay_down([drawn, drawn, item(page), drawn], tmp_path / "turned")
    assert [position.rotation for position in found] == [0, 90, 0, 180, 0, 90, 180, 270, 0, 270]


def test_as_they_are_all_with_text_stand_upright(page: Path) -> None:
    found = as_they_are([item(page), item(page, known=" ")])
    assert [(position.path, position.rotation) for position in found] == [(page, 0)]


def test_what_has_no_upright_lies_only_as_it_is(page: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    blank = item(tmp_path / "blank.png", known="\n")
    found = lay_down([item(page, tells_up=False), item(broken), blank], tmp_path / "turned")
    assert [(position.path, position.rotation) for position in found] == [(page, 0), (broken, 0)]


def done(rotation: int) -> Reading:
    return Reading("done", None, "word", rotation)


def test_positions_are_judged_by_the_rotation_that_was_stored(page: Path, tmp_path: Path) -> None:
    upright, quarter, half, three = lay_down([item(page)], tmp_path / "turned")
    readings = {
        upright.path: done(180),
        quarter.path: done(90),
        half.path: done(0),
        three.path: Reading("failed", "damaged_image", "", None),
    }
    found = judge([upright, quarter, half, three], readings)
    assert (found.upright, found.lying, found.put_upright) == (1, 3, 1)
    assert found.wrongly_turned == ["page.png: 180 instead of 0"]
    assert found.left_lying == ["page.png.turned-180.png: 0 instead of 180",
                                "page.png.turned-270.png: not read"]  # fmt: skip


class FakeService:
    """Knows every file that is dropped after a while, all but one as done."""

    def __init__(self, looks: int = 2) -> None:
        self.names: list[str] = []
        self._looks = itertools.count()
        self._wanted = looks

    def drop_all(self, files: Iterable[tuple[str, Path]]) -> None:
        self.names += [name for name, _ in files]

    def check(self) -> None:
        pass

    def query(self, sql: str) -> list[tuple[object, ...]]:
        if "pages" not in sql:
            known = self.names if next(self._looks) >= self._wanted else self.names[:1]
            return [(name,) for name in known]
        rows: list[tuple[object, ...]] = [("elsewhere.png", "done", None, "other", 0)]
        for name in self.names:
            if "bad" in name:
                rows.append((name, "failed", "damaged_image", None, None))
            else:
                rows += [(name, "done", None, "one", 90), (name, "done", None, "two", 0)]
        return rows


def test_the_service_is_waited_for_and_its_pages_are_joined(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(service_reading, "_POLL_S", 0.0)
    service = FakeService()
    good, bad = Path("x/a.png"), Path("y/bad.png")
    found = read_all(service, "cases", [good, bad])  # type: ignore[arg-type]
    assert service.names == ["cases-0000-a.png", "cases-0001-bad.png"]
    assert found[good] == Reading("done", None, "one\ntwo", 90)
    assert found[bad] == Reading("failed", "damaged_image", "", None)


def test_a_service_that_does_no_more_is_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(service_reading, "_POLL_S", 0.0)
    service = FakeService(looks=1_000_000)
    read_all(service, "cases", [Path("a.png"), Path("b.png")], stalled_s=0.05)  # type: ignore[arg-type]
    assert "1 files were not read" in capsys.readouterr().err


def test_a_forgiving_peer_goes_on_after_a_file_that_it_cannot_read() -> None:
    job = {"models": "m", "model": "small", "images": ["odd.jpg", "b.jpg"]}
    command = [sys.executable, str(DOUBLE), "picky"]
    assert run_peer(command, {**job, "forgiving": True}).texts == {Path("b.jpg"): "b.jpg"}
    with pytest.raises(PeerError, match="odd"):
        run_peer(command, job)


def test_a_folder_of_cases_is_read_with_its_texts(tmp_path: Path) -> None:
    for name, text in (("kind--a.png", "A word"), ("kind--I.png", "I"), ("other.png", "x")):
        (tmp_path / name).write_bytes(b"")
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    (tmp_path / "kind--untold.png").write_bytes(b"")
    found = suites.all_cases([str(tmp_path)], tmp_path / "drawn")
    assert [(one.path.name, one.kind, one.known, one.tells_up) for one in found] == [
        ("kind--I.png", "kind", "I", False),
        ("kind--a.png", "kind", "A word", True),
    ]


def test_a_folder_without_cases_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="holds no KIND--NAME file"):
        suites.all_cases([str(tmp_path)], tmp_path / "drawn")


def test_drawn_cases_become_items_with_their_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = cases.recipes(["keypad"])
    monkeypatch.setattr(suites.cases, "recipes", lambda: few)
    found = suites.all_cases([suites.DRAWN], tmp_path)
    assert [one.path.name for one in found] == [recipe.file_name for recipe in few]
    assert all(one.path.is_file() and one.known for one in found)


def suite(name: str, text: str) -> SuiteFigures:
    return figures_of(name, [item(Path("kind--a.png"))], {Path("kind--a.png"): text})


def test_the_tables_set_all_side_by_side_and_say_what_failed() -> None:
    found: dict[str, dict[str, Outcome]] = {
        OURS: {"cases": suite("cases", "wort"), "print": suite("print", "word")},
        "other": {"cases": suite("cases", "word"), "print": "signal 9"},
    }
    positions = judge([], {})
    text = accuracy_tables.everything(found, positions)
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in text.splitlines()]
    assert ["print: F1 of words", "1", "1.0000", "failed"] in rows
    assert ["cases: mean recall", "1", "0.0000", "1.0000"] in rows
    assert ["kind", "1", "0.000", "1.000"] in rows
    assert ["positions: upright pages turned", "0", "0", "-"] in rows
    assert "other, print: failed, signal 9." in text
    assert accuracy_tables.is_behind(found, "other")
    assert not accuracy_tables.is_behind({OURS: found[OURS]}, "other")


def test_failures_show_what_differs_worst_first() -> None:
    text = accuracy_tables.failures({"cases": suite("cases", "wort")})
    assert text.splitlines() == ["1 files below 0.95:", "  0.00 kind--a.png", "       - word",
                                 "       + wort"]  # fmt: skip


def test_the_sizes_table_marks_letters_that_are_too_small_to_be_held_to_the_aim() -> None:
    items = [Item(Path(cell.recipe.file_name), "sizes", "word")
             for cell in accuracy_tables.sizes.cells()]  # fmt: skip
    texts = {one.path: "word" for one in items if "6pt-100dpi" not in one.path.name}
    found: dict[str, dict[str, Outcome]] = {OURS: {"sizes": figures_of("sizes", items, texts)}}
    text = accuracy_tables.everything(found, None)
    assert "0.000* (8.3/6)" in text
    assert "1.000 (11/8)" in text
    lowest = next(row for row in text.splitlines() if "lowest recall" in row)
    assert "1.000" in lowest, "the page below 11 px does not count"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--suites", "casses"], "no 'casses'"),
        (["--peers", "abbyy"], "no 'abbyy'"),
        (["--suites", "receipts"], "name their folder"),
    ],
)
def test_wrong_names_are_told(
    arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(sys, "argv", ["accuracy.py", *arguments])
    with pytest.raises(SystemExit):
        accuracy.main()
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "peers"),
    [([], None), (["PEERS="], ""), (["PEERS=tesseract"], "tesseract")],
)
def test_make_tells_an_empty_choice_of_peers_from_none(
    arguments: list[str], peers: str | None
) -> None:
    # The make that runs the tests hands its own variables on.
    of_make = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "PEERS"}
    environment = {name: value for name, value in os.environ.items() if name not in of_make}
    said = subprocess.run(
        ["make", "-n", "accuracy", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=True, env=environment,
    ).stdout  # fmt: skip
    assert ("--peers" in said) is (peers is not None)
