"""What lies in the data folder is named in one place."""

import ast

import fetch_models
from ocr_contract import data_folder
from ocr_settings import Settings
from project import ROOT

WORDS = {"backups", "languages", "run"}  # mean other things, too


def test_nobody_else_spells_the_names() -> None:
    names = {value for name, value in vars(data_folder).items() if name.isupper()} - WORDS
    spelled = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for folder in ("contract/ocr_contract", "ocr", "flask")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path.name != "data_folder.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in names
    ]
    assert len(names) >= 6
    assert spelled == []


def test_setup_puts_the_models_where_the_service_looks() -> None:
    """`tools/` runs before `contract/` is on the path, so it spells the name itself."""
    settings = Settings()
    assert fetch_models.models_folder_of(settings.data_folder) == settings.models_folder
