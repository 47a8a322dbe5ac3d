"""The fonts of the drawn pictures: used when they are there, else apt."""

from pathlib import Path

import pytest

import setup_fonts


def test_missing_packages_are_told_by_their_files(tmp_path: Path) -> None:
    assert setup_fonts.missing(tmp_path) == list(setup_fonts.FOLDERS)
    folder = tmp_path / setup_fonts.FOLDERS["fonts-liberation"]
    folder.mkdir(parents=True)
    (folder / "LiberationSans-Regular.ttf").touch()
    others = [name for name in setup_fonts.FOLDERS if name != "fonts-liberation"]
    assert setup_fonts.missing(tmp_path) == others


@pytest.mark.parametrize("packages", [[], ["fonts-noto-cjk"]])
def test_only_what_is_missing_is_installed(
    packages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(setup_fonts, "missing", lambda: packages)
    monkeypatch.setattr(setup_fonts.debian, "install", lambda names, why: asked.append(names))
    assert setup_fonts.main() == 0
    assert asked == ([packages] if packages else [])
