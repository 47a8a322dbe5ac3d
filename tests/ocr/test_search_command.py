"""ocrctl search: the page's search in a terminal, without the service."""

import json
import sqlite3
from pathlib import Path

import apsw
import pytest

import ocrctl
from ocr_contract.data_folder import DATABASE_NAME
from ocr_contract.schema import SCHEMA_VERSION, schema_sql
from ocr_errors import EXIT_BAD_ARGUMENTS, EXIT_NO_ACCESS, EXIT_OTHER
from records import search_index


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with five images, one of them in Greek capitals with an escape sequence."""
    connection = sqlite3.connect(tmp_path / DATABASE_NAME, isolation_level=None)
    connection.executescript(schema_sql())
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    for number in range(1, 6):
        name = "evil\x1b[2J.png" if number == 5 else f"box/scan {number}.png"
        connection.execute(
            "INSERT INTO images (id, path, name, size_bytes, mtime_ns, ctime_ns, inode, status, "
            "found_at, updated_at) VALUES (?, ?, ?, 1, 1, 1, 1, 'done', '2026-01-31', '')",
            (number, str(number).encode(), name),
        )
        connection.execute(
            "INSERT INTO pages (image_id, number, width, height, text, line_count) "
            "VALUES (?, 1, 1, 1, ?, 1)",
            (number, f"Un Café\nnumber {number}"),
        )
    connection.close()
    return tmp_path


def ask(data: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = ocrctl.main(["--data", str(data), "search", *words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_hits_for_people(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ask(data, capsys, "cafe -number OR name:scan after:yesterday --limit=2")
    assert (code, out) == (0, "")
    assert err.startswith("0 images; read as: “cafe”")
    assert "“after:yesterday” was searched as text" in err
    code, out, err = ask(data, capsys, "--limit", "2", "cafe", "number")
    assert out.splitlines() == [
        "       5  evil?[2J.png",
        "          Un Café number 5",
        "       4  box/scan 4.png",
        "          Un Café number 4",
    ]
    assert err == "5 images; read as: “cafe” and “number”\n"


def test_a_hit_on_a_later_page_names_it(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    connection = sqlite3.connect(data / DATABASE_NAME)
    connection.execute(
        "INSERT INTO pages (image_id, number, width, height, text, line_count) "
        "VALUES (2, 2, 1, 1, 'a needle', 1)"
    )
    connection.commit()
    connection.close()
    assert ask(data, capsys, "needle")[1].splitlines() == [
        "       2  box/scan 2.png, page 2",
        "          a needle",
    ]
    (hit,) = json.loads(ask(data, capsys, "--json", "needle")[1])["images"]
    assert (hit["page_number"], hit["snippet"]) == (2, "a needle")


def test_all_hits_for_programs(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ask(data, capsys, "--json", "--all", "folder:box -3")
    value = json.loads(out)
    assert (code, err) == (0, "")
    assert [image["id"] for image in value["images"]] == [4, 2, 1]
    assert value["images"][0] == {
        "id": 4, "name": "box/scan 4.png", "status": "done", "found_at": "2026-01-31",
        "duplicate_of": None, "page_number": None, "snippet": None,
    }  # fmt: skip
    del value["images"]
    assert value == {
        "count": 3, "count_is_exact": True, "complete": True, "notes": [], "index_percent": 100,
        "read_as": "in the folder “box”, without “3”", "similar": None,
    }  # fmt: skip
    assert json.loads(ask(data, capsys, "--json", "nothing")[1])["images"] == []


def test_where_little_is_found_what_may_have_been_misread(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    connection = apsw.Connection(str(data / DATABASE_NAME))
    with connection:
        search_index.index_some(connection, 100)
    connection.close()
    code, out, err = ask(data, capsys, "nurnber", "3")
    assert (code, out) == (0, "       3  box/scan 3.png  (read there: number)\n")
    assert err.startswith("0 images")
    value = json.loads(ask(data, capsys, "--json", "nurnber 3")[1])
    assert value["images"] == []
    assert [(hit["id"], hit["read"], hit["snippet"]) for hit in value["similar"]["images"]] == [
        (3, "number", "Un Café number 3")
    ]
    assert json.loads(ask(data, capsys, "--json", "number")[1])["similar"] is None


@pytest.mark.parametrize(
    ("words", "read_as"),
    [
        (["-draft"], "without “draft”"),
        (["number", "-3", "OR", "-4"], "“number” and (without “3” or without “4”)"),
        (["--json", "-draft", "--limit", "3"], "without “draft”"),
        (["--", "--json"], "“--json”"),
    ],
)
def test_a_word_that_is_not_wanted_is_no_option(
    data: Path, capsys: pytest.CaptureFixture[str], words: list[str], read_as: str
) -> None:
    """`-draft` alone was "the following arguments are required: QUERY"."""
    code, out, err = ask(data, capsys, *words)
    assert code == 0 and read_as in (json.loads(out)["read_as"] if words[0] == "--json" else err)


def test_what_cannot_be_searched(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(data, capsys, "x" * 201)[::2] == (
        EXIT_OTHER,
        "ocrctl: The search text has 201 characters; at most 200 are searched.\n",
    )
    assert ask(data, capsys, " ")[0] == EXIT_OTHER
    assert "at least 1" in ask(data, capsys, "cafe", "--limit", "0")[2]
    with pytest.raises(SystemExit) as ended:
        ask(data, capsys, "--limit", "many", "x")
    assert ended.value.code == EXIT_BAD_ARGUMENTS
    code, _out, err = ask(data / "nowhere", capsys, "cafe")
    assert code == EXIT_NO_ACCESS and "cannot be read" in err
