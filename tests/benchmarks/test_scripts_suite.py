"""The suite `scripts` of `make accuracy`: what it draws, and how it is scored."""

import math
import os
import random
import sys
from pathlib import Path

import pytest

import scripts_suite
from contestants import OURS, Contestant
from drawing import sample_languages, script_lines
from kept_readings import KeptReadings
from peer_process import run_peer
from project import ROOT, ToolError
from runs import Run
from scripts_suite import WITH_LANGUAGES, error_rate, judge, table
from service_reading import Reading
from suites import Item


@pytest.mark.parametrize(
    ("read", "known", "share"),
    [
        ("Цена 5", "Це на\n5", 0.0),
        ("Цена", "Сена", 0.25),
        ("", "Цена", 1.0),
        ("ЦенаЦена", "Цена", 1.0),
        ("e\u0301t\u00e9", "été", 0.0),
    ],
)
def test_characters_count_and_blanks_do_not(read: str, known: str, share: float) -> None:
    assert error_rate(read, known) == share


def page(code: str, known: str, number: int = 0) -> Item:
    return Item(Path(f"{code}-{number}.png"), code, known)


def test_each_language_has_its_marks_and_every_contestants_errors() -> None:
    pages = [page("rus", "Цена"), page("rus", "Дом", 1), page("eng", "Price")]
    texts = {
        OURS: {pages[0].path: "LleHa", pages[1].path: "Дом", pages[2].path: "Price"},
        "tesseract": {pages[0].path: "Цена", pages[1].path: "Дом"},
    }
    marked = {pages[0].path: [True], pages[1].path: [True, False], pages[2].path: [False]}
    found = {each.language.code: each for each in judge(pages, texts, marked)}
    russian, english = found["rus"], found["eng"]
    assert (russian.lines, russian.marked) == (3, 2)
    assert russian.errors[OURS] == pytest.approx((5 / 4 + 0) / 2)
    assert russian.errors["tesseract"] == 0
    assert (english.lines, english.marked, english.errors[OURS]) == (1, 0, 0.0)
    assert math.isnan(english.errors["tesseract"])
    text = table([russian, english])
    assert "Marked: 2 of 3 lines in other scripts (66.7%), 0 of 1 lines that the models" in text
    assert next(row for row in text.splitlines() if "English" in row).rstrip(" |").endswith("-")


def test_ours_is_read_twice_with_the_data_that_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where data cannot be fetched it goes on with what is there."""
    monkeypatch.setattr(scripts_suite, "languages_folder", lambda: tmp_path)

    def no_network(*_: object) -> list[str]:
        raise ToolError("apt-get could not fetch.", 3)

    monkeypatch.setattr(scripts_suite.fetch_languages, "ensure", no_network)
    monkeypatch.setattr(
        scripts_suite.language_choice,
        "data_problem",
        lambda _, code: None if code in {"rus", "ell"} else "missing",
    )
    assert scripts_suite.available() == ["rus", "ell"]
    started: list[dict[str, str]] = []

    class Service:
        def __init__(self, environ: dict[str, str]) -> None:
            started.append(environ)
            self.data = tmp_path / str(len(started))
            self.data.mkdir()

        def __enter__(self) -> "Service":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def wait_until_ready(self) -> None:
            pass

    asked: list[int] = []

    def read_all(_: Service, __: str, paths: list[Path]) -> dict[Path, Reading]:
        asked.append(len(started))
        return {path: Reading("done", None, f"by {len(started)}", 0) for path in paths}

    monkeypatch.setattr(scripts_suite, "RunningService", Service)
    monkeypatch.setattr(scripts_suite, "read_all", read_all)
    monkeypatch.setattr(scripts_suite, "marks", lambda *_: {drawn.path: [True]})
    drawn = page("rus", "Цена")._replace(path=tmp_path / "rus.png")
    drawn.path.write_bytes(b"png")
    for turn in (1, 2):
        kept = KeptReadings(tmp_path / "kept", "code", 60)
        texts, marked = scripts_suite.read_by_us([drawn], "small", ["rus", "ell"], kept)
        assert texts == {OURS: {drawn.path: "by 1"}, WITH_LANGUAGES: {drawn.path: "by 2"}}, turn
        assert marked == {drawn.path: [True]}
    assert asked == [1, 2], "the second turn has all that it needs"
    assert [each.get("OCR_LANGUAGES") for each in started[:2]] == [None, "rus+ell"]
    assert (tmp_path / "2" / "languages").resolve() == tmp_path


def test_a_page_that_a_peer_cannot_read_is_asked_once_and_has_no_text(tmp_path: Path) -> None:
    paths = [tmp_path / "rus.png", tmp_path / "broken.png"]
    for path in paths:
        path.write_bytes(path.name.encode())
    runs: list[list[Path]] = []

    def run(images: list[Path]) -> Run:
        runs.append(images)
        return Run(texts={paths[0]: "Цена"}, seconds=1, start_s=None, peak_mb=1, detail="")

    for _ in range(2):
        kept = KeptReadings(tmp_path / "kept", "code", 60)
        peer = Contestant("tesseract", "eng", run)
        assert scripts_suite.read_by_peer(peer, paths, kept) == {paths[0]: "Цена"}
    assert runs == [paths]
    assert scripts_suite.read_by_peer(peer, paths) == {paths[0]: "Цена"}


def test_tesseract_is_told_a_pages_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "tesseract"
    program.write_text('#!/bin/sh\necho "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    job = {
        "models": "",
        "model": "eng",
        "images": ["russian.png", "english.png"],
        "languages": {"russian.png": "rus"},
        "languages_folder": "data",
    }
    command = [sys.executable, str(ROOT / "benchmarks" / "peers" / "read_with_tesseract.py")]
    texts = run_peer(command, job).texts
    assert texts[Path("russian.png")].strip() == "russian.png stdout -l rus --tessdata-dir data"
    assert texts[Path("english.png")].strip() == "english.png stdout"


def test_every_language_is_drawn_clean_and_scanned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scripts_suite, "PAGES", 1)
    monkeypatch.setattr(sample_languages, "EVERY", sample_languages.EVERY[:2])
    found = scripts_suite.items(tmp_path)
    assert [item.path.name for item in found] == [
        *("rus-clean-0.png", "rus-scanned-0.png", "ukr-clean-0.png", "ukr-scanned-0.png")
    ]
    assert all(item.path.is_file() for item in found)
    assert {item.known for item in found if item.kind == "rus"} == {
        "\n".join(sample_languages.EVERY[0].lines)
    }


def test_every_typeface_can_write_its_languages_lines() -> None:
    """A box in place of a letter is no text: Noto's Hebrew typefaces have no comma."""
    for language in sample_languages.EVERY:
        for place in language.faces:
            assert not script_lines.missing_letters(place, "".join(language.lines)), (
                language.code,
                place,
            )
    hebrew = next(each for each in sample_languages.EVERY if each.code == "heb")
    with pytest.raises(script_lines.MissingLettersError, match=","):
        one = hebrew._replace(faces=hebrew.faces[:1])
        script_lines.page(one, random.Random(1), ["א, ב"], clean=True)
