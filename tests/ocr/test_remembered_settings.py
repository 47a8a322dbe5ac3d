"""What the service was started with last, as ocrctl finds it."""

import json
from pathlib import Path

import pytest

import ocr_settings
from ocr_errors import SettingsError
from remembered_settings import recall, remember


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    return tmp_path


def started_with(data: Path, **environ: str) -> ocr_settings.Settings:
    settings = ocr_settings.load({"OCR_DATA_FOLDER": str(data), **environ})
    remember(settings)
    return settings


def test_all_comes_back_as_it_was(data: Path) -> None:
    folder = "/srv/two\nlines and \udcff"
    settings = started_with(
        data, OCR_IMAGE_FOLDER=folder, OCR_PROFILE="fast", OCR_LANGUAGES="ell+rus=folder"
    )
    assert recall(data, {}) == settings
    assert [path.name for path in (data / "run").iterdir()] == ["settings.json"]


def test_what_the_environment_says_comes_first(data: Path) -> None:
    started_with(data, OCR_IMAGE_FOLDER="/a", OCR_MODEL="tiny")
    found = recall(data, {"OCR_IMAGE_FOLDER": "/b", "OCR_MODEL": "  "})
    assert (str(found.image_folder), found.model) == ("/b", "tiny")
    with pytest.raises(SettingsError, match="OCR_PROFILE"):
        recall(data, {"OCR_PROFILE": "nonsense"})


def test_a_relative_folder_is_one_of_the_service(data: Path) -> None:
    started_with(data, OCR_IMAGE_FOLDER="samples")
    assert recall(data, {}).image_folder == Path.cwd() / "samples"


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", "\u00ff", '{"OCR_PROFILE": "of another version"}']
)
def test_what_cannot_be_read_is_as_if_it_were_not_there(data: Path, text: str) -> None:
    (data / "run" / "settings.json").write_text(text, encoding="utf-8")
    assert recall(data, {}) == ocr_settings.load({})


def test_settings_of_other_versions_are_left_out(data: Path) -> None:
    started_with(data, OCR_MODEL="tiny")
    path = data / "run" / "settings.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"OCR_OF_LATER": "1"}))
    assert recall(data, {}).model == "tiny"


def test_without_room_nothing_is_remembered(tmp_path: Path) -> None:
    started_with(tmp_path)  # there is no folder for it
    assert recall(tmp_path, {}) == ocr_settings.load({})
