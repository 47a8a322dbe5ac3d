"""OCR_LANGUAGES: what it may say, and that what it names is there and the right thing."""

import functools
import re
from pathlib import Path

import pytest

import language_choice
from engines.text_recognition import read_characters
from language_choice import Choice, parse, read_by_tesseract, resolve
from models import sha256_of
from ocr_errors import ModelError
from ocr_settings import load
from project import ROOT
from service_folders import models_folder

LETTERS = {
    "Afrikaans": "êëéîïôû", "Albanian": "çë", "Basque": "ñ", "Bosnian": "čćđšž",
    "Breton": "êñù", "Catalan": "àçèéíïòóúü·", "Croatian": "čćđšž", "Czech": "áčďéěíňóřšťúůýž",
    "Danish": "æøå", "Dutch": "ëïéè", "English": "", "Esperanto": "ĉĝĥĵŝŭ", "Estonian": "äõöüšž",
    "Faroese": "áðíóúýæø", "Finnish": "äöå", "French": "àâæçéèêëîïôœùûüÿ", "Galician": "áéíñóú",
    "German": "äöüß", "Hungarian": "áéíóöőúüű", "Icelandic": "áðéíóúýþæö", "Indonesian": "",
    "Irish": "áéíóú", "Italian": "àèéìòù", "Kurdish": "çêîşû", "Latvian": "āčēģīķļņšūž",
    "Lithuanian": "ąčęėįšųūž", "Luxembourgish": "äëé", "Malay": "", "Maltese": "ċġħżàèìòù",
    "Norwegian": "æøå", "Occitan": "àáçèéíïòóú", "Polish": "ąćęłńóśźż",
    "Portuguese": "ãáàâçéêíõóôúü", "Romanian": "ăâîșț", "Scottish Gaelic": "àèìòù",
    "Slovak": "áäčďéíĺľňóôŕšťúýž", "Slovenian": "čšž", "Spanish": "áéíñóúü¿", "Swahili": "",
    "Swedish": "åäö", "Tagalog": "ñ", "Turkish": "çğıİöşü", "Welsh": "âêîôûŵŷ",
}  # fmt: skip
"""Beside a to z."""


@functools.cache
def characters(model: str) -> frozenset[str]:
    return frozenset(read_characters(models_folder() / f"PP-OCRv6_{model}_rec"))


def other_scripts_in_readme() -> str:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return text.partition("### Other scripts\n")[2].partition("\n## ")[0]


def test_readme_names_the_languages_whose_letters_the_models_know() -> None:
    said = " ".join(other_scripts_in_readme().split())
    (names,) = re.findall(r"and these languages: (.*?) \(`OCR_MODEL=tiny`", said)
    assert re.split(r", | and ", names) == sorted(LETTERS)
    for name, letters in LETTERS.items():
        both = letters + letters.upper().replace("SS", "")
        assert set(both) <= characters("small"), name
        if name != "Romanian":
            assert set(both) <= characters("tiny"), name
    (missing,) = re.findall(r"The marks (.*?) are in neither", said)
    assert not set(missing.split()) & (characters("small") | characters("tiny"))
    assert not set("șț") & characters("tiny")


def test_readme_counts_what_can_be_fetched() -> None:
    said = " ".join(other_scripts_in_readme().split())
    (count, names) = re.findall(r"There are (\d+): `make languages` lists them, (.*?) among", said)[
        0
    ]
    assert int(count) == len(language_choice.pins())
    known = {pin.name for pin in language_choice.pins().values()}
    assert set(re.split(r", | and ", names)) <= known


@pytest.mark.parametrize("text", ["rus+ell", "ell, rus", " rus ell+", "rus+ell+rus"])
def test_languages_may_be_joined_in_any_way(text: str) -> None:
    assert parse(text) == (Choice("ell"), Choice("rus"))


def test_a_model_may_read_a_language() -> None:
    choices = parse("rus=eslav_PP-OCRv5_mobile_rec+ell")
    assert choices == (Choice("ell"), Choice("rus", "eslav_PP-OCRv5_mobile_rec"))
    assert read_by_tesseract(choices) == ["ell"]


@pytest.mark.parametrize("text", ["", "  ", "+"])
def test_no_language_is_none(text: str) -> None:
    assert parse(text) == ()


@pytest.mark.parametrize("text", ["russian", "RUS", "rus=", "=model", "ru"])
def test_what_is_no_language_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="languages of three letters"):
        parse(text)


def test_an_unknown_language_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match=r"amh ara .* ukr"):
        parse("xxx")
    assert parse("xxx=folder") == (Choice("xxx", "folder"),)


def test_the_setting_is_written_as_it_is_read() -> None:
    settings = load({"OCR_LANGUAGES": "rus=some_rec+ell"})
    assert parse(",".join(map(str, settings.languages))) == settings.languages


def test_a_language_without_data_names_the_command(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "languages"
    with pytest.raises(ModelError) as error:
        resolve(parse("rus+ell"), folder, tmp_path)
    assert error.value.code == "language_missing"
    assert f'make languages LANGS="ell rus" DATA={tmp_path / "data"}' in error.value.message


def test_other_data_are_refused(tmp_path: Path) -> None:
    (tmp_path / "rus.traineddata").write_bytes(b"0" * language_choice.pins()["rus"].size_bytes)
    with pytest.raises(ModelError, match="SHA-256 differs"):
        resolve(parse("rus"), tmp_path, tmp_path)


def test_a_model_is_taken_from_its_folder() -> None:
    name = "PP-OCRv6_tiny_rec"
    (language,) = resolve(parse(f"eng={name}"), Path("none"), models_folder())
    assert language.model is not None
    assert language.model.sha256 == sha256_of(models_folder() / name / "inference.onnx")
    assert language.name == "eng"
    assert not language_choice.is_unknown_version(language.model)


def test_other_weights_of_a_known_model_are_noticed(tmp_path: Path) -> None:
    name = "eslav_PP-OCRv5_mobile_rec"
    folder = tmp_path / name
    folder.mkdir()
    (folder / "inference.yml").touch()
    (folder / "inference.onnx").write_bytes(b"other")
    (language,) = resolve(parse(f"rus={name}"), tmp_path, tmp_path)
    assert language.model is not None
    assert language_choice.is_unknown_version(language.model)
