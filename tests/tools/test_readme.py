"""README says what the code does: every setting, every command, every file it names."""

import re

import ocr_settings
import web_settings
from ocr_contract.setting_fields import table
from project import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_setting_is_in_the_table_word_for_word() -> None:
    settings = [
        *table(ocr_settings.Settings),
        *table(web_settings.WebSettings),
    ]
    expected = [
        f"| `{name}` | {default} | {unit} | {text} |" for name, default, unit, text in settings
    ]
    assert re.findall(r"^\| `(?:OCR|WEB)_.*$", README, re.MULTILINE) == expected


def test_every_make_target_it_names_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z]+)\b", README, re.MULTILINE)) <= targets


def test_every_file_it_names_exists() -> None:
    # What run time makes, below data/ and test-results/, is not there in a fresh clone.
    folders = "ocr|flask|contract|docs|benchmarks|tests"
    named = re.findall(rf"(?<![\w/])((?:{folders})/[\w./-]+[\w/])", README)
    assert len(named) > 10
    assert [path for path in named if not (ROOT / path).exists()] == []
