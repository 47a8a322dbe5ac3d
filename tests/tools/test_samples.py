"""The samples: there, small, of several kinds, and with the lines that are written on them."""

import json
from pathlib import Path

import pytest
from PIL import Image, ImageFont

import render_samples
import sample_canvas
from project import ROOT, ToolError

SAMPLES = ROOT / "samples"
TRUTH: dict[str, list[str]] = json.loads(
    (SAMPLES.parent / "tests" / "samples_truth.json").read_text(encoding="utf-8")
)


def test_every_sample_has_its_truth() -> None:
    images = {path.name for path in SAMPLES.iterdir()}
    assert images == set(TRUTH) == set(render_samples.PAGES)
    assert all(len(lines) >= 4 and all(lines) for lines in TRUTH.values())


def test_the_samples_are_small_and_mixed() -> None:
    files = [SAMPLES / name for name in TRUTH]
    assert 8 <= len(files) <= 10
    assert sum(file.stat().st_size for file in files) < 600_000
    assert {file.suffix for file in files} == {".png", ".jpg", ".webp"}


def test_the_samples_hold_what_they_are_there_for() -> None:
    text = "".join(line for lines in TRUTH.values() for line in lines)
    assert any("\u4e00" <= sign <= "\u9fff" for sign in text), "Chinese"
    assert any("\u3040" <= sign <= "\u309f" for sign in text), "Japanese"
    assert set("äöüßéèêñçã") <= set(text)
    with Image.open(SAMPLES / "quote-transparent.png") as image:
        assert image.mode == "RGBA"
        assert image.getpixel((0, 0)) == (0, 0, 0, 0)
    with Image.open(SAMPLES / "notice-turned-90.jpg") as image:
        assert image.height > image.width


@pytest.mark.parametrize("name", sorted(TRUTH))
def test_the_truth_is_what_would_be_drawn(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # The words do not depend on the fonts, which only machines that draw need to have.
    any_font = ImageFont.load_default(20)
    monkeypatch.setattr(sample_canvas, "font", lambda style, size: any_font)
    canvas = render_samples.PAGES[name]()
    assert canvas.lines == TRUTH[name]
    with Image.open(SAMPLES / name) as image:
        assert image.size == canvas.image.size


@pytest.mark.parametrize(
    ("folder", "package"), [("_NOTO", "fonts-noto-cjk"), ("_DEJAVU", "fonts-dejavu-core")]
)
def test_a_missing_font_names_its_package(
    folder: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample_canvas, folder, tmp_path)
    monkeypatch.setitem(sample_canvas.FONTS, "gone", (tmp_path / "gone.ttf", 0))
    with pytest.raises(ToolError, match=f"apt install {package}$"):
        sample_canvas.font("gone", 20)
