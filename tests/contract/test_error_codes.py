"""The list of codes is whole: every code that the source uses is in it, and docs explain each."""

import ast
import re
from collections.abc import Iterator

from ocr_contract.error_codes import ErrorCode
from project import ROOT

SOURCES = {
    path.relative_to(ROOT): path.read_text(encoding="utf-8")
    for folder in ("contract/ocr_contract", "ocr", "flask")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if path.name != "error_codes.py"
}
PAGE = (ROOT / "docs" / "error-codes.md").read_text(encoding="utf-8")
RAISED = re.compile(r"(Error|Warning|Unreachable)$|^_?(refusal|error|warn)$")
LIKE_A_CODE = re.compile(r"[a-z]+(_[a-z]+)*")


def codes_in(source: str) -> Iterator[str]:
    """What is given as a code to an error or a warning, literally or by its name here."""
    for node in ast.walk(ast.parse(source)):
        values: list[ast.expr] = []
        if isinstance(node, ast.Call):
            if RAISED.search(ast.unparse(node.func).rpartition(".")[2]):
                values += node.args[:1]
            values += [keyword.value for keyword in node.keywords if keyword.arg == "code"]
        elif (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "code") or (
            isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "code" and node.value
        ):
            values.append(node.value)
        for value in values:
            branches = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
            for branch in branches:
                if isinstance(branch, ast.Constant) and isinstance(branch.value, str):
                    if LIKE_A_CODE.fullmatch(branch.value):
                        yield branch.value
                elif ast.unparse(branch).startswith("ErrorCode."):
                    yield ErrorCode[ast.unparse(branch).removeprefix("ErrorCode.")]


def test_the_walk_finds_codes_wherever_they_stand() -> None:
    source = (
        "raise some.SomeError('one_code', f'A sentence {x}.')\n"
        "self._warn('two_code' if x else ErrorCode.BUSY, 'text')\n"
        "class A:\n    code: str = 'four_code'\n"
        "AnError('A sentence.', code=ErrorCode.COUNTING)\n"
        "print('no_code')\n"
    )
    assert set(codes_in(source)) == {"one_code", "two_code", "busy", "four_code", "counting"}


def test_every_code_that_is_used_is_in_the_list() -> None:
    used = {(code, str(path)) for path, text in SOURCES.items() for code in codes_in(text)}
    notices = {"not_queued", "selection_not_queued", "line_gone"}  # of the page, and no errors
    unknown = {(c, p) for c, p in used if ErrorCode.known(c) is None and c not in notices}
    # An exception of Python's own takes no code.
    wire = "ocr/worker_link/worker_protocol.py"
    unknown -= {(c, wire) for c in ("code", "number", "polygon", "rotation", "text")}
    assert len(used) > 70, "the walk has lost its way"
    assert unknown == set()


def test_every_code_in_the_list_is_used() -> None:
    text = "".join(SOURCES.values())
    unused = [
        code.value
        for code in ErrorCode
        if f'"{code}"' not in text and f"ErrorCode.{code.name}" not in text
    ]
    assert unused == []


def test_the_page_explains_every_code_in_the_same_order() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)
    assert [row[0] for row in rows] == [code.value for code in ErrorCode]
    assert all(cell.endswith(".") for _, *cells in rows for cell in cells)


def test_the_page_has_the_same_sections() -> None:
    source = (ROOT / "contract" / "ocr_contract" / "error_codes.py").read_text(encoding="utf-8")
    assert re.findall(r"^## (.*)$", PAGE, re.MULTILINE) == re.findall(r"^    # (.*)$", source, re.M)


def test_what_came_from_another_version_is_no_member() -> None:
    assert ErrorCode.known("symlink") is ErrorCode.SYMLINK
    assert ErrorCode.known("of_the_future") is None
