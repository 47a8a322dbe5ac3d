"""ocrctl export: into a folder, a zip or one file."""

import csv
import io
import zipfile
from pathlib import Path

import pytest
from export_scene import ExportScene, picture

import ocrctl
from ocr_errors import EXIT_BAD_ARGUMENTS, EXIT_BAD_INPUT, EXIT_OTHER

LINE = [("cat and dog", (100, 100, 300, 130))]


@pytest.fixture
def scene(export_scene: ExportScene, monkeypatch: pytest.MonkeyPatch) -> ExportScene:
    monkeypatch.setenv("OCR_IMAGE_FOLDER", str(export_scene.images))
    monkeypatch.setenv("OCR_DATA_FOLDER", str(export_scene.data))
    return export_scene


def export(*arguments: str) -> int:
    return ocrctl.main(["export", *arguments])


def test_a_folder_gets_a_file_for_each_image(
    scene: ExportScene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.add("box/a.jpg", LINE)
    scene.add("box/A.JPG", [("only a bird", (0, 0, 9, 9))])
    scene.correct(1, 1, "cat and dogs")
    assert export("--format", "txt", "--to", str(tmp_path / "out")) == 0
    found = {path.name: path.read_text() for path in (tmp_path / "out" / "box").iterdir()}
    assert found == {"a.jpg.txt": "cat and dogs\n", "A.JPG (2).txt": "only a bird\n"}
    assert "2 images" in capsys.readouterr().err
    assert export("--format", "txt", "--machine", "--ids", "1", "--to", str(tmp_path / "out")) == 0
    assert (tmp_path / "out" / "box" / "a.jpg.txt").read_text() == "cat and dog\n"


def test_a_search_goes_into_a_zip(scene: ExportScene, tmp_path: Path) -> None:
    for number in range(3):
        scene.add(f"{number}.jpg", LINE if number != 1 else [("bird", (0, 0, 9, 9))])
    target = tmp_path / "hits.zip"
    assert export("--format", "jsonl", "--query", "cat", "--to", str(target)) == 0
    archive = zipfile.ZipFile(target)
    assert archive.testzip() is None
    assert sorted(archive.namelist()) == ["0.jpg.jsonl", "2.jpg.jsonl"]


def test_it_goes_to_standard_output_for_whoever_passes_it_on(
    scene: ExportScene, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    scene.add("a.jpg", LINE)
    assert export("--format", "txt", "--to=-.zip") == 0
    archive = zipfile.ZipFile(io.BytesIO(capfdbinary.readouterr().out))
    assert archive.read("a.jpg.txt") == b"cat and dog\n"


def test_all_go_into_one_table(scene: ExportScene, tmp_path: Path) -> None:
    for number in range(3):
        scene.add(f"{number}.jpg", LINE)
    target = tmp_path / "all.csv"
    assert export("--format", "csv", "--to", str(target)) == 0
    with target.open(encoding="utf-8-sig", newline="") as file:
        assert [row["file"] for row in csv.DictReader(file)] == ["0.jpg", "1.jpg", "2.jpg"]
    assert export("--format", "md", "--to", str(tmp_path / "all.md")) == EXIT_OTHER


def test_what_fails_is_told_and_leaves_no_half_file(
    scene: ExportScene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.add("gone.jpg", LINE)
    scene.add("a.jpg", LINE, content=picture())
    out = tmp_path / "out"
    out.mkdir()
    (out / "gone.jpg.pdf").write_text("old")
    assert export("--format", "pdf", "--to", str(out)) == EXIT_BAD_INPUT
    assert sorted(path.name for path in out.iterdir()) == ["a.jpg.pdf", "gone.jpg.pdf"]
    assert (out / "gone.jpg.pdf").read_text() == "old", "it stays until a new one is whole"
    said = " ".join(capsys.readouterr().err.split())
    assert "gone.jpg: The original cannot be opened" in said
    assert "1 image in" in said and "1 could not be made" in said


def test_what_was_asked_for_and_is_not_there_is_said(
    scene: ExportScene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It ended with 0 and "0 images"."""
    scene.add("a.jpg", LINE)
    scene.add("b.jpg", status="pending")
    out = str(tmp_path / "out")
    assert export("--format", "txt", "--ids", "1", "2", "9", "--to", out) == EXIT_BAD_INPUT
    said = capsys.readouterr().err
    assert "1 image in" in said and "2 left out: nothing was read of them" in said
    assert "b.jpg: It waits to be read.\nThere is no image number 9." in said
    assert export("--format", "txt", "--to", out) == 0
    with pytest.raises(SystemExit):
        export("--format", "txt", "--ids", "1", "--query", "a", "--to", out)


def test_no_original_is_written_over(
    scene: ExportScene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A PDF has its source's name, so the export took the place of what it was made of."""
    scene.add("a.txt", LINE)
    original = scene.images / "a.txt"
    original.write_text("mine")
    (tmp_path / "way").symlink_to(scene.images)
    for target in (scene.images, scene.images / "out", tmp_path / "way" / "all.zip"):
        assert export("--format", "txt", "--to", str(target)) == EXIT_OTHER
        assert "which is only ever read" in capsys.readouterr().err
    assert original.read_text() == "mine" and len(list(scene.images.iterdir())) == 1


def test_an_unknown_format_is_a_wrong_argument(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        export("--format", "odt", "--to", "x")
    assert ended.value.code == EXIT_BAD_ARGUMENTS
    assert "parquet" in capsys.readouterr().err
