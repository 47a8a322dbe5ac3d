"""`make scale`: its archive, its arithmetic, and one small run of it all but for the peers."""

import contextlib
import itertools
import json
import sqlite3
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from polling import wait_until

import scale
import scale_beside
import scale_changes
import scale_place
import scale_requests
import scale_steps
import scale_writers
from ocr_contract import schema
from project import ROOT
from records.opening import MIGRATIONS
from result_files import write_results
from scale_archive import BOX, LINES, RARE, RARE_PAGES, Archive
from scale_figures import Row, by_what, exponent, percentile_95, timed_row
from scale_place import Place
from scale_requests import Question
from scale_tables import missed, step_table
from source_files import FileStat

PAGES = 600


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    made = Place(tmp_path_factory.mktemp("scale"), None, PAGES)
    assert made.make() is not None
    return made


@contextlib.contextmanager
def opened(place: Place) -> Iterator[sqlite3.Connection]:
    uri = f"{(place.folders.data / 'ocr_data.db').as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
        yield connection


def test_the_same_archive_each_time() -> None:
    one, other = Archive(PAGES), Archive(PAGES)
    assert list(one.scans(5, 60)) == list(other.scans(5, 60))
    assert one.lines(one.scan(7)) == other.lines(other.scan(7))
    assert one.lines(one.scan(7)) != one.lines(one.scan(8))


def test_words_come_in_zipfs_proportions() -> None:
    """The word of rank 10 about ten times as often as that of rank 100."""
    archive = Archive(2000)
    words = [
        word
        for scan in archive.scans(0, 400)
        for line in archive.lines(scan)[0]
        for word in line.split()
    ]
    often, seldom = (
        sum(words.count(word) for word in archive.vocabulary[rank : rank + 5]) for rank in (10, 120)
    )
    assert 5 < often / seldom < 20


def test_what_is_searched_is_there_as_often_as_is_said() -> None:
    archive = Archive(PAGES)
    texts = [
        "\n".join(archive.lines(scan)[0])
        for scan in archive.scans(0, PAGES)
        if scan.original == scan.number
    ]
    for word in archive.rare:
        assert sum(word in text for text in texts) == RARE_PAGES
    for word in archive.nowhere:
        assert not any(word in text for text in texts)
    assert len(archive.common) == len(archive.rare) == len(archive.nowhere) == RARE
    assert sum("上" in text or "发" in text for text in texts) > PAGES / 60


def test_the_database_holds_the_archive(place: Place) -> None:
    scans = list(place.archive.scans(0, PAGES))
    with opened(place) as database:
        rows = {
            path: (status, duplicate, found_at)
            for path, status, duplicate, found_at in database.execute(
                "SELECT path, status, duplicate_of, found_at FROM images"
            )
        }
        assert {path: row[0] for path, row in rows.items()} == {
            scan.path: scan.fate for scan in scans
        }
        assert {row[0] for row in rows.values()} == {"done", "failed", "ignored", "missing"}
        assert sum(row[1] is not None for row in rows.values()) == sum(
            scan.original != scan.number for scan in scans
        )
        assert {path: row[2] for path, row in rows.items()} == {
            scan.path: scan.at for scan in scans
        }
        texts = dict(database.execute("SELECT name, text FROM page_texts"))
        for scan in scans[:30]:
            if scan.fate == "done":
                assert texts[scan.path.decode()].split("\n") == place.archive.lines(scan)[0]
        lines = database.execute("SELECT count(*) FROM lines").fetchone()[0]
        assert lines == LINES * len(
            {scan.original for scan in scans if scan.fate == "done"}
            | {scan.number for scan in scans if scan.fate == "missing"}
        )


def test_the_database_knows_the_files_as_they_are(place: Place) -> None:
    """Or the first look would read them all again."""
    with opened(place) as database:
        rows = database.execute(
            "SELECT path, size_bytes, mtime_ns, ctime_ns, inode FROM images "
            "WHERE status <> 'missing'"
        ).fetchall()
    assert len(rows) > PAGES - 10
    for path, *stat in rows:
        file = place.folders.images / path.decode()
        assert FileStat(*stat) == FileStat.of(file.lstat())


def test_it_is_made_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert place.make() is None
    monkeypatch.setattr(schema, "schema_sql", lambda: "another schema")
    monkeypatch.setattr(scale_place, "write_current", lambda *_: None)
    other = Place(place.folder.parent / "other", None, 10)
    assert other.make() is not None
    assert other.make() is None


def test_a_database_of_the_old_version(tmp_path: Path) -> None:
    scale_writers.write_old(tmp_path / "old.db", Archive(BOX))
    with contextlib.closing(sqlite3.connect(tmp_path / "old.db")) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (scale_writers.OLD_VERSION,)
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        counts = dict(database.execute("SELECT status, count(*) FROM images GROUP BY status"))
        assert counts == {"done": 987, "failed": 10, "ignored": 1, "missing": 2}
        word = Archive(BOX).rare[0]
        found = database.execute("SELECT count(*) FROM pages_fts WHERE pages_fts MATCH ?", [word])
        assert found.fetchone()[0] >= RARE_PAGES
    assert min(MIGRATIONS) < scale_writers.OLD_VERSION <= schema.SCHEMA_VERSION


def test_each_size_keeps_its_figures(tmp_path: Path) -> None:
    place = Place(tmp_path, None, 10)
    place.folder.mkdir()
    rows = [timed_row("a", [1.0, 2.0], at_most=3), Row("b", None, note="why")]
    place.remember("search", rows, 0.25)
    place.remember("look", rows[:1], 0.5)
    assert Place(tmp_path, None, 10).remembered("search") == (rows, 0.25)
    assert place.remembered("start") is None
    with place.own_folder("step") as folder:
        (folder / "file").touch()
    assert not folder.exists()


@pytest.mark.parametrize(("count", "rank"), [(1, 1), (20, 19), (40, 38), (100, 95)])
def test_the_95th_percentile(count: int, rank: int) -> None:
    assert percentile_95([float(at) for at in range(count, 0, -1)]) == rank


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 2.0])
def test_the_exponent_is_found(power: float) -> None:
    rows = {pages: Row("a", 3 * pages**power) for pages in (10_000, 100_000, 1_000_000)}
    assert exponent(rows) == pytest.approx(power)


def test_an_exponent_needs_two_sizes_at_which_something_is_known() -> None:
    assert exponent({10: Row("a", 1.0)}) is None
    assert exponent({10: Row("a", 1.0), 100: Row("a", None)}) is None
    assert exponent({10: Row("a", 1.0, grows=False), 100: Row("a", 2.0, grows=False)}) is None


def test_a_row_is_missed_by_its_value_or_by_what_was_not_answered() -> None:
    assert timed_row("a", [1.0], at_most=1).reached is True
    assert timed_row("a", [1.1], at_most=1).reached is False
    assert timed_row("a", [0.1], at_most=1, failures="1 of 1 were not answered").reached is False
    assert Row("a", 5.0, at_least=6).reached is False
    assert Row("a", 5.0).reached is None
    assert timed_row("a", [], at_most=1).reached is None


def test_the_table_says_where_it_is_missed() -> None:
    rows = {
        10_000: [timed_row("list", [1.0, 2.0], at_most=50), Row("memory", 30.0, "MB")],
        100_000: [
            timed_row("list", [10.0, 70.0], at_most=50),
            Row("memory", None, "MB", note="not there"),
        ],
    }
    text = step_table("requests", rows)
    line = next(line for line in text.splitlines() if line.startswith("| list"))
    cells = [cell.strip() for cell in line.split("|")]
    assert cells[3:5] == ["1.50 / 2.00", "40.0 / 70.0"]
    assert cells[6:8] == ["≤ 50", "missed at 100,000"]
    assert "- memory, 100,000 pages: not there." in text
    assert missed(rows) == ["list at 100,000 pages: 40.0 / 70.0 ms, wanted ≤ 50"]
    assert list(by_what(rows)) == ["list", "memory"]


class Site:
    """Answers as web_service would, with so many hits."""

    def __init__(self, status: int, hits: int) -> None:
        self.status = status
        self.hits = hits
        self.asked: list[str] = []

    def visit(self, path: str) -> tuple[int, bytes]:
        self.asked.append(path)
        return self.status, json.dumps({"images": [{}] * self.hits}).encode()


@pytest.mark.parametrize(
    ("status", "hits", "words"),
    [
        (200, 4, ""),
        (200, 3, "3 images found where there are 4 to 8"),
        (503, 4, "0 images found where there are 4 to 8; 5 of 5 were not answered"),
    ],
)
def test_a_quick_answer_that_is_wrong_is_no_good_one(status: int, hits: int, words: str) -> None:
    site = Site(status, hits)
    question = Question("a", ["/?q=a", "/?q=b"], 50.0, hits=(4, 8))
    row = scale_requests.ask(site, question, 5, 60.0)  # type: ignore[arg-type]
    assert row.failures == words
    assert site.asked[-5:] == ["/?q=a", "/?q=b", "/?q=a", "/?q=b", "/?q=a"]


def test_what_a_version_does_not_have_is_no_failure() -> None:
    question = Question("facets", ["/f"], 150.0, optional=True)
    row = scale_requests.ask(Site(404, 0), question, 5, 60.0)  # type: ignore[arg-type]
    assert (row.reached, row.note) == (None, "not there in this version")


def test_every_question_is_there_and_asks_with_words_that_exist() -> None:
    archive = Archive(PAGES)
    asked = {question.what: question.paths for question in scale_requests.questions(archive)}
    assert len(asked) == len(scale_requests.questions(archive))
    for what in ("list, failed", "one image", "search, two letters", "search, a file's name",
                 "search, a common word in a folder", "first facets", "API, status"):  # fmt: skip
        assert asked[what], what
    phrase = asked["search, a phrase that occurs once"]
    assert len(set(phrase)) > 10


@pytest.mark.timeout(600)
def test_a_small_run(
    place: Place,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Both real services, every step but the slow ones and the peer's; figures say nothing here."""
    steps = ["search", "start", "look", "size", "backup", "writer"]
    monkeypatch.setattr(scale, "ROOT", tmp_path)
    monkeypatch.setattr(scale, "write_results", partial(write_results, folder=tmp_path))
    for module, name in (
        (scale_steps, "REPEAT"),
        (scale_steps, "STARTS"),
        (scale_changes, "ROUNDS"),
    ):
        monkeypatch.setattr(module, name, 1)
    work = f"--work={place.folder.parent}"
    arguments = [f"--pages={PAGES}", work, "--keep", f"--only={','.join(steps)}"]
    monkeypatch.setattr(sys, "argv", ["scale.py", *arguments])
    assert scale.main() == 0
    said = capsys.readouterr().out
    (file,) = tmp_path.glob("*.json")
    found = json.loads(file.read_text())
    assert [name for name in found if name in scale.STEPS] == steps
    rows = {
        row["what"]: row
        for row in itertools.chain.from_iterable(found[step]["rows"][str(PAGES)] for step in steps)
    }
    assert rows["list, all"]["failures"] == ""
    assert rows["search, a rare word"]["failures"] == ""
    assert rows["start of ocr_service after kill -9"]["value"] > 0
    assert rows["look, processor time"]["value"] >= 0
    assert rows["lines with their places"]["value"] > 100
    assert rows["backup, the second"]["value"] > 0
    assert rows["writer, 16 pages a commit"]["value"] > 0
    assert file.with_suffix(".md").read_text().splitlines()[-1] in said


def test_what_a_backup_costs_is_told_within_each_round() -> None:
    """The machine became twice as fast in the second round; that is no backup's merit."""
    speeds = {"alone": [1.0, 2.0, 2.0], "alone again": [1.1, 2.0, 2.0], "beside": [0.5, 1.9, 1.9]}
    rows = {row.what: row for row in scale_beside._rows(speeds, 0.2)}
    assert rows["reading beside"].value == 1.9
    assert rows["the second time alone, of the first"].value == 1.0
    assert rows["beside a backup, of alone"].value == 0.95
    assert rows["beside a backup, of alone"].reached


def test_a_backup_goes_on_only_while_it_is_to(place: Place, tmp_path: Path) -> None:
    database = place.folders.data / "ocr_data.db"
    with scale_beside._Backup(database, tmp_path) as backup:
        assert not list(tmp_path.glob("*.backup")), "it is stopped"
        with backup.going_on():
            wait_until(lambda: list(tmp_path.glob("1.backup")), deadline_s=60.0)
            backup._process.wait(60)
        assert backup._process.returncode == 0


def test_a_step_that_breaks_takes_no_other_along_and_is_measured_by_the_next_run(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    broken = True

    def breaks(_: Place) -> list[Row]:
        if broken:
            raise ValueError
        return [Row("a", 1.0)]

    def works(_: Place) -> list[Row]:
        done.append("works")
        return [Row("b", 2.0)]

    monkeypatch.setattr(scale, "STEPS", {"breaks": ("breaks", breaks), "works": ("works", works)})
    monkeypatch.setattr(scale, "ROOT", tmp_path)
    monkeypatch.setattr(scale, "write_results", partial(write_results, folder=tmp_path))
    arguments = [f"--pages={PAGES}", f"--work={place.folder.parent}", "--keep"]
    monkeypatch.setattr(sys, "argv", ["scale.py", *arguments])
    assert scale.main() == 1
    assert place.remembered("breaks") is None
    broken = False
    assert scale.main() == 0
    assert done == ["works"], "it was measured before"
    (first, second) = sorted(tmp_path.glob("*.json"))
    found = json.loads(second.read_text() if second.stem.endswith("-2") else first.read_text())
    assert {"breaks", "works"} <= set(found)


def test_a_step_that_does_not_exist_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["scale.py", "--only=search,nothing"])
    with pytest.raises(SystemExit):
        scale.main()
    assert "no 'nothing'; there are search, " in capsys.readouterr().err


def test_datasette_is_pinned_by_its_hashes() -> None:
    pinned = (ROOT / "benchmarks" / "peers" / "datasette.txt").read_text()
    assert pinned.count("--hash=sha256:") > pinned.count("==") > 10
