"""The arrows of the design, read from the imports themselves.

contract  <-  ocr, flask        nothing between ocr and flask

What the folders of ocr/ may import of each other is in test_rooms.
"""

import ast
import collections
import subprocess
import sys
from pathlib import Path

import pytest

from project import ROOT

PATH_ROOTS = ("contract", "ocr", "flask", "tools")
NATIVE = (
    *("numpy", "cv2", "PIL", "shapely"),
    *("openvino", "onnxruntime", "paddle", "paddleocr", "paddlex"),
    *("pikepdf", "img2pdf", "lxml", "openpyxl", "docx", "arro3"),
)
ROOMS = sorted(path.parent.name for path in (ROOT / "ocr").glob("*/__init__.py"))
BEFORE_ANY_ENVIRONMENT = (
    *("project", "setup_env", "fetch_models", "run", "supervisor", "service_process"),
    *(
        "setup_chromium",
        "setup_fonts",
        "setup_document_tools",
        "setup_axe",
        "setup_pdfjs",
        "npm_packages",
        "lock",
        "models",
        "ocr_errors",
    ),
    *("fetch_languages", "language_choice"),
    *("vendor", "debian", "container_user", "setup_docker", "image_build", "prune"),
    *("bundle", "bundle_files", "bundle_images", "processors", "sbom", "signing"),
)


def modules(root: str) -> dict[str, Path]:
    """Dotted name to file, for the modules of one path root and of its packages."""
    folder = ROOT / root
    files = sorted([*folder.glob("*.py"), *folder.glob("*/*.py"), *folder.glob("*/*/*.py")])
    return {
        ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__"): path
        for path in files
    }


def imports(path: Path) -> set[str]:
    """The modules that a file imports anywhere, except for type checking only.

    `from a.b import c` counts as `a.b` and as `a.b.c`: which of them is a module, who asks knows.
    """
    found: set[str] = set()
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            waiting.extend(node.orelse)
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            assert node.module
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        waiting.extend(ast.iter_child_nodes(node))
    return found


def tops(path: Path) -> set[str]:
    """The top-level names of what a file imports."""
    return {name.partition(".")[0] for name in imports(path)}


ALL = {name: path for root in PATH_ROOTS for name, path in modules(root).items()}


def test_imports_are_found_wherever_they_stand(tmp_path: Path) -> None:
    file = tmp_path / "some.py"
    file.write_text(
        "import a.b, c\nfrom d.e import f\ndef g():\n    import h\n"
        "if TYPE_CHECKING:\n    import i\nelse:\n    import j\n"
        "try:\n    import k\nexcept ImportError:\n    from l import m\n"
    )
    assert imports(file) == {"a.b", "c", "d.e", "d.e.f", "h", "j", "k", "l", "l.m"}
    assert tops(file) == {"a", "c", "d", "h", "j", "k", "l"}


def test_module_names_are_unique_and_shadow_nothing() -> None:
    names = [
        name.rpartition(".")[2]
        for root in PATH_ROOTS
        if root != "contract"  # its modules are always called by its name
        for name in modules(root)
        if name != "gunicorn.conf"
    ]
    # pytest puts every test folder on the path, so a helper there can shadow a module, too.
    names += [path.stem for path in (ROOT / "benchmarks").rglob("*.py")]
    names += [path.stem for path in (ROOT / "tests").rglob("*.py") if path.stem != "conftest"]
    assert [name for name, count in collections.Counter(names).items() if count > 1] == []
    assert not set(names) & set(sys.stdlib_module_names)
    assert "flask" not in names


@pytest.mark.parametrize("root", ["contract", "ocr", "flask", "tools", "tests"])
def test_path_roots_are_no_packages(root: str) -> None:
    assert not (ROOT / root / "__init__.py").exists()
    packages = {path.parent.name for path in (ROOT / root).rglob("__init__.py")}
    wanted = {
        "contract": {"ocr_contract", "search", "export"},
        "ocr": {*ROOMS, "layout", "tables"},
    }
    assert packages == wanted.get(root, set())


def test_flask_is_the_library() -> None:
    code = "import flask; print(flask.__file__)"
    path = ":".join(str(ROOT / root) for root in PATH_ROOTS)
    for folder in (ROOT / "flask", ROOT / "tools"):
        file = subprocess.run(
            [sys.executable, "-c", code],
            cwd=folder,
            env={"PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert "site-packages" in file


def test_the_contract_needs_the_standard_library_only() -> None:
    files = list((ROOT / "contract" / "ocr_contract").glob("*.py"))
    assert files
    for file in files:
        assert tops(file) <= {*sys.stdlib_module_names, "ocr_contract"}, file


@pytest.mark.parametrize(("one", "other"), [("ocr", "flask"), ("flask", "ocr")])
def test_no_arrow_between_the_services(one: str, other: str) -> None:
    assert modules(one)
    for file in modules(one).values():
        assert not tops(file) & {name.partition(".")[0] for name in modules(other)}, file
        assert not tops(file) & set(modules("tools")), file


def test_the_web_service_decodes_no_image() -> None:
    for file in modules("flask").values():
        assert not tops(file) & {*NATIVE, "apsw"}, file


@pytest.mark.parametrize("name", BEFORE_ANY_ENVIRONMENT)
def test_set_up_needs_the_standard_library_only(name: str) -> None:
    assert tops(ALL[name]) <= {
        *sys.stdlib_module_names,
        *BEFORE_ANY_ENVIRONMENT,
        "ocr_contract",
    }


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_module_says_what_it_owns(name: str) -> None:
    assert ast.get_docstring(ast.parse(ALL[name].read_text(encoding="utf-8")))
