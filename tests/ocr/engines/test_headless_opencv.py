"""PaddleX finds the OpenCV that it asks for by name, and only when nothing else answers."""

import importlib.metadata
import subprocess
import sys

import pytest

from engines import headless_opencv
from engines.headless_opencv import ASKED_FOR, INSTALLED, answer_for_opencv
from project import ROOT


def meta_path_after(monkeypatch: pytest.MonkeyPatch, there: set[str]) -> list[object]:
    monkeypatch.setattr(sys, "meta_path", [])
    monkeypatch.setattr(headless_opencv, "_is_there", there.__contains__)
    answer_for_opencv()
    return sys.meta_path


def test_it_answers_only_for_the_headless_build(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(meta_path_after(monkeypatch, {INSTALLED})) == 1
    assert meta_path_after(monkeypatch, {INSTALLED, ASKED_FOR}) == []
    assert meta_path_after(monkeypatch, set()) == []


def test_the_version_is_that_of_what_is_installed_and_nothing_else_changes() -> None:
    program = (
        "import importlib.metadata as m, sys; sys.path.insert(0, sys.argv[1])\n"
        "from engines.headless_opencv import answer_for_opencv\n"
        "before = sorted(d.name for d in m.distributions())\n"
        "answer_for_opencv(); answer_for_opencv()\n"
        "assert before == sorted(d.name for d in m.distributions())\n"
        "print(m.version('opencv-contrib-python'))\n"
        "try: m.version('opencv-of-nobody')\n"
        "except m.PackageNotFoundError: print('none')\n"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program, str(ROOT / "ocr")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert printed.split() == [importlib.metadata.version(INSTALLED), "none"]
