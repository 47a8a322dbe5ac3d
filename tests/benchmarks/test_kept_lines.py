"""Lines kept for a calibration that is made in turns."""

from pathlib import Path

import pytest

from kept_lines import KeptLines
from kept_readings import TurnOver, code_and_settings
from project import ROOT, ToolError


def unread() -> list[tuple[str, float]]:
    """What a document that is kept must not need."""
    raise AssertionError("read again")


def test_a_document_is_read_in_one_turn_only(tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"
    first = KeptLines(file, "this code")
    assert first.of("worn/1", lambda: [("Süß", 0.25)]) == [("Süß", 0.25)]
    later = KeptLines(file, "this code")
    assert later.of("worn/1", unread) == [("Süß", 0.25)]


def test_a_document_without_lines_is_kept_too(tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"
    KeptLines(file, "this code").of("drawn/white", list)
    assert KeptLines(file, "this code").of("drawn/white", unread) == []


def test_a_turn_ends_before_the_next_document_and_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"
    KeptLines(file, "this code").of("worn/1", lambda: [("a", 0.1)])
    over = KeptLines(file, "this code", minutes=0)
    assert over.of("worn/1", unread) == [("a", 0.1)]
    with pytest.raises(TurnOver, match="1 documents are read, worn/2 is next"):
        over.of("worn/2", unread)


def test_lines_of_other_code_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"
    KeptLines(file, "this code")
    with pytest.raises(ToolError, match="name another file"):
        KeptLines(file, "other code")


def test_the_model_that_is_fitted_does_not_count_as_the_reader() -> None:
    model = ROOT / "ocr" / "reading" / "doubt_model.py"
    assert code_and_settings({}, without=(model,)) != code_and_settings({})
