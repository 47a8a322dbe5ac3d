"""What takes the room in the database, by table and index, and how it is told."""

import json
from pathlib import Path

import apsw
import pytest
from database_fixtures import World
from reader_process import ServiceProcess

import ocrctl
from records.database import Database
from safekeeping import database_sizes

TEXTS = 40


def filled(data: Path) -> Path:
    """A database with some texts; returns its file, closed and without a log to be read."""
    world = World(data)
    for number in range(TEXTS):
        world.put(b"%d.png" % number, f"words of file {number} " * 50)
    world.read_all()
    world.close()
    return data / "ocr_data.db"


def test_the_parts_make_up_the_file(tmp_path: Path) -> None:
    database = filled(tmp_path)
    found = database_sizes.measure(database, limit_s=60)
    assert found.is_complete
    assert found.pages == TEXTS
    assert found.total_bytes == database.stat().st_size
    assert sum(part.size_bytes or 0 for part in found.parts) == found.total_bytes
    assert found.bytes_a_page == found.total_bytes / TEXTS


def test_each_table_and_index_is_counted_by_itself(tmp_path: Path) -> None:
    """Beside a count of every page's owner, without the grouping."""
    database = filled(tmp_path)
    connection = apsw.Connection(str(database))
    trees = dict(
        connection.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name").fetchall()
    )
    connection.close()
    found = {
        part.title: part.size_bytes for part in database_sizes.measure(database, limit_s=60).parts
    }
    assert found["lines with their places"] == trees["lines"]
    assert found["lines with their places, their indexes"] == (
        trees["sqlite_autoindex_lines_1"] + trees["lines_doubtful"]
    )
    assert found["files, their indexes"] == sum(
        size
        for name, size in trees.items()
        if name.startswith(("images_", "sqlite_autoindex_images"))
        and not name.startswith("images_fts")
    )
    assert found["search index"] == sum(
        size for name, size in trees.items() if name.startswith(("pages_fts_", "images_fts_"))
    )


def test_a_table_that_is_not_known_keeps_its_name(tmp_path: Path) -> None:
    database = filled(tmp_path)
    connection = apsw.Connection(str(database))
    connection.execute("CREATE TABLE novelty (a); CREATE VIRTUAL TABLE strange USING fts5 (b)")
    connection.close()
    titles = [part.title for part in database_sizes.measure(database, limit_s=60).parts]
    assert {"novelty", "strange"} < set(titles)
    assert not any(title.startswith("strange_") for title in titles)


def test_it_ends_when_the_time_is_over_and_says_what_it_left(tmp_path: Path) -> None:
    database = filled(tmp_path)
    connection = apsw.Connection(str(database))
    connection.execute(
        "CREATE TABLE big AS WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n "
        "WHERE x < 20000) SELECT x, hex(randomblob(200)) FROM n"
    )
    connection.close()
    found = database_sizes.measure(database, limit_s=0.0)
    assert not found.is_complete
    assert ("big", None) in [(part.name, part.size_bytes) for part in found.parts]
    assert found.total_bytes == database.stat().st_size
    assert database_sizes.sentence(found).endswith("What takes the room: ocrctl doctor --sizes")
    assert "? " in database_sizes.table(found)
    assert database_sizes.measure(database, limit_s=60).is_complete


def test_an_empty_database(tmp_path: Path) -> None:
    Database(tmp_path / "ocr_data.db").close()
    found = database_sizes.measure(tmp_path / "ocr_data.db", limit_s=60)
    assert (found.pages, found.bytes_a_page) == (0, None)
    assert "bytes each" not in database_sizes.sentence(found)
    assert "in all" in database_sizes.table(found)


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_the_doctor_tells_it(
    service: ServiceProcess,
    options: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OCR_IMAGE_FOLDER", str(service.images))
    filled(service.data)
    doctor = ["--data", str(service.data), "doctor", *options]
    ocrctl.main(doctor)
    assert f"for {TEXTS} pages" in capsys.readouterr().out
    ocrctl.main([*doctor, "--sizes"])
    said = capsys.readouterr().out
    if options:
        (size,) = [row for row in json.loads(said) if row["check"] == "size"]
        parts = {part["name"] for part in size["sizes"]["parts"]}
        assert {"images", "pages", "lines"} <= parts
    else:
        assert "search index" in said.rpartition("a page")[2]


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_the_doctor_without_a_database_or_with_a_broken_one(
    service: ServiceProcess,
    options: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OCR_IMAGE_FOLDER", str(service.images))
    doctor = ["--data", str(service.data), "doctor", "--sizes", *options]
    ocrctl.main(doctor)
    assert "There is none yet" in capsys.readouterr().out
    (service.data / "ocr_data.db").write_text("no database " * 999)
    assert ocrctl.main(doctor) == 1
    assert "ocrctl restore" in capsys.readouterr().out
