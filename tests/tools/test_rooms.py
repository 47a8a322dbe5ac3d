"""The folders of ocr/: what each may import of the others, and where native code may be.

The arrows are those of docs/decisions/0015, no more and no fewer.
"""

import ast
import importlib.machinery
import re
import sys
from pathlib import Path

import pytest
from test_architecture import NATIVE, ROOMS, imports, modules, tops

from project import ROOT

RECORD = ROOT / "docs" / "decisions" / "0015-the-house-has-rooms.md"
WITH_NATIVE_CODE = {
    "worker",
    "document_reading",
    "decoding",
    "reading",
    "engines",
    "languages",
    "export_process",
    "exporting",
}
OURS = modules("ocr")


def allowed() -> dict[str, set[str]]:
    """The record's table: a folder or program, and what it may import of the others."""
    rows = re.findall(
        r"^\| `(\w+)` \| ([^|]*) \|", RECORD.read_text(encoding="utf-8"), re.MULTILINE
    )
    return {name: set(re.findall(r"`(\w+)`", targets)) for name, targets in rows}


def home(module: str) -> str:
    """The folder that it lies in; of a module that lies in none, its own name."""
    return module.partition(".")[0]


def arrows() -> dict[str, set[str]]:
    """What stands in the imports."""
    found: dict[str, set[str]] = {}
    for module, path in OURS.items():
        targets = {home(name) for name in imports(path) if home(name) in allowed()}
        found.setdefault(home(module), set()).update(targets - {home(module)})
    return found


def test_every_arrow_is_in_the_record_and_every_one_there_is_used() -> None:
    assert set(ROOMS) <= set(allowed())
    assert {name: found for name, found in arrows().items() if name in allowed()} == allowed()


def test_what_all_share_imports_no_folder() -> None:
    shared = {name: found for name, found in arrows().items() if name not in allowed()}
    assert len(shared) > 5
    assert {name: found for name, found in shared.items() if found} == {}


def test_no_two_folders_import_each_other() -> None:
    left = dict(allowed())
    while free := [name for name, targets in left.items() if not targets & set(left)]:
        for name in free:
            del left[name]
    assert left == {}, "these go round in a circle"


def test_of_decoding_only_the_type_of_pixels_is_taken() -> None:
    taken = {
        name
        for module, path in OURS.items()
        if home(module) in {"engines", "reading", "languages"}
        for name in imports(path)
        if home(name) == "decoding"
    }
    assert taken == {"decoding.pixels", "decoding.pixels.Pixels"}


@pytest.mark.parametrize("module", sorted(OURS))
def test_native_code_is_in_the_worker_only(module: str) -> None:
    """What the service's process loads ends at the worker, which is started by its path."""
    names = tops(OURS[module])
    assert not names & {"worker", "export_process"}
    if home(module) not in WITH_NATIVE_CODE:
        assert not names & {*NATIVE, *WITH_NATIVE_CODE}


@pytest.mark.parametrize("room", ROOMS)
def test_a_folder_says_what_it_is_and_loads_nothing(room: str) -> None:
    tree = ast.parse((ROOT / "ocr" / room / "__init__.py").read_text(encoding="utf-8"))
    assert len(tree.body) == 1
    text = ast.get_docstring(tree)
    assert text is not None
    assert 3 <= len(text.splitlines()) <= 6


@pytest.mark.parametrize("room", ROOMS)
def test_nothing_installed_has_its_name(room: str) -> None:
    """Whichever comes first on the path would hide the other."""
    others = [path for path in sys.path if not Path(path).resolve().is_relative_to(ROOT)]
    others += [path for path in sys.path if "site-packages" in path]
    assert importlib.machinery.PathFinder.find_spec("numpy", others)
    assert importlib.machinery.PathFinder.find_spec(room, others) is None
    assert room not in sys.stdlib_module_names


@pytest.mark.parametrize("room", ROOMS)
def test_the_image_has_every_folder(room: str) -> None:
    text = (ROOT / "ocr" / "Dockerfile").read_text(encoding="utf-8")
    assert f"\nCOPY ocr/{room}/ /opt/app/ocr/{room}/\n" in text
