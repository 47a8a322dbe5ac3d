"""The measurement of a very large folder, with a small one."""

from pathlib import Path

import pytest

import large_folder


def test_every_row_is_right_in_the_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "big"
    assert large_folder.main([str(folder), "30"]) == 0
    looks = capsys.readouterr().out.splitlines()
    assert len(looks) == 9
    assert all("s of processor time" in line for line in looks)
    assert not folder.exists()


def test_a_row_that_is_wrong_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_folder.Bench, "look", lambda *_, **__: None)
    assert large_folder.main([str(tmp_path / "big"), "3"]) == 1
