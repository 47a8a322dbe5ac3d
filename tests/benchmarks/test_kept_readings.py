"""A long run of the accuracy suites in turns: what one turn has read the next does not read."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from kept_readings import KeptReadings, TurnOver, code_and_settings
from project import ToolError
from service_reading import Reading


def files(folder: Path, count: int) -> list[Path]:
    paths = [folder / f"{number}.png" for number in range(count)]
    for path in paths:
        path.write_bytes(path.name.encode())
    return paths


class Reader:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, prefix: str, paths: Sequence[Path]) -> dict[Path, Reading]:
        self.asked += [path.name for path in paths]
        return {path: Reading("done", None, f"text of {path.name}", 90) for path in paths}


def test_a_turn_reads_what_the_turns_before_it_left(tmp_path: Path) -> None:
    paths = files(tmp_path, 20)
    first, second = Reader(), Reader()
    KeptReadings(tmp_path / "kept", "code", 60).read(first, "cases", paths[:17])
    found = KeptReadings(tmp_path / "kept", "code", 60).read(second, "cases", paths)
    assert (len(first.asked), second.asked) == (17, ["17.png", "18.png", "19.png"])
    assert [found[path].text for path in paths] == [f"text of {path.name}" for path in paths]
    assert found[paths[0]].rotation == 90


def test_a_file_that_was_drawn_anew_is_read_anew(tmp_path: Path) -> None:
    (path,) = files(tmp_path, 1)
    reader = Reader()
    KeptReadings(tmp_path / "kept", "code", 60).read(reader, "cases", [path])
    path.write_bytes(b"another")
    KeptReadings(tmp_path / "kept", "code", 60).read(reader, "cases", [path])
    assert reader.asked == ["0.png", "0.png"]


def test_a_turn_ends_when_its_time_is_over(tmp_path: Path) -> None:
    paths, reader = files(tmp_path, 3), Reader()
    with pytest.raises(TurnOver, match="3 of 3"):
        KeptReadings(tmp_path / "kept", "code", -1).read(reader, "cases", paths)
    assert reader.asked == []


def test_readings_of_other_code_are_refused(tmp_path: Path) -> None:
    KeptReadings(tmp_path / "kept", "code", 60)
    with pytest.raises(ToolError, match="name another folder"):
        KeptReadings(tmp_path / "kept", "other code", 60)


def test_settings_tell_readings_apart() -> None:
    plain = code_and_settings({"HOME": "/root"})
    assert plain == code_and_settings({"HOME": "/home"})
    assert plain != code_and_settings({"OCR_PROFILE": "fast"})


def test_two_readers_of_one_file_are_kept_apart(tmp_path: Path) -> None:
    (path,) = files(tmp_path, 1)
    kept = KeptReadings(tmp_path / "kept", "code", 60)
    ours, theirs = Reader(), Reader()
    kept.of("rus+ell").read(ours, "scripts", [path])
    kept.of("tesseract").read(theirs, "scripts", [path])
    KeptReadings(tmp_path / "kept", "code", 60).of("tesseract").read(theirs, "scripts", [path])
    assert (ours.asked, theirs.asked) == (["0.png"], ["0.png"])


def test_the_turn_of_another_reader_ends_with_the_first_ones(tmp_path: Path) -> None:
    paths, reader = files(tmp_path, 3), Reader()
    with pytest.raises(TurnOver, match="3 of 3"):
        KeptReadings(tmp_path / "kept", "code", -1).of("tesseract").read(reader, "scripts", paths)
