"""Backups by pieces: only what is new is stored, and none is ever half there."""

import os
import subprocess
import sys
from pathlib import Path

import apsw
import pytest
from backup_fixtures import back_up, grow, images_in, piece, pieces, timed
from database_fixtures import World, damage

from ocr_errors import ConflictError, StoreError
from project import ROOT
from records import chunked_copy
from records.chunk_store import ChunkStore
from records.chunked_copy import read_manifest, used
from records.database_copy import checksum_file, newest_good, sha256_of, verify
from safekeeping.backup_work import make


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A stopped service's folder with one image."""
    folder = tmp_path / "data"
    folder.mkdir()
    grow(folder, "a.png")
    return folder


def test_it_comes_back_as_it_was(data: Path, tmp_path: Path) -> None:
    made = back_up(data, 1)
    path = data / "backups" / timed(1)
    assert (made.images, made.pages) == (1, 1)
    assert made.sha256 == sha256_of(path)
    assert checksum_file(path).read_text() == f"{made.sha256}  {path.name}\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert {(piece(data, name).stat().st_mode & 0o777) for name in pieces(data)} == {0o640}
    assert images_in(path, tmp_path) == 1
    restored = tmp_path / "restored" / "ocr_data.db"
    assert restored.stat().st_size == made.size_bytes
    assert restored.read_bytes()[18:20] == b"\1\1", "whole without a write-ahead log"
    old, new = (apsw.Connection(str(file)) for file in (data / "ocr_data.db", restored))
    for table in ("images", "pages", "lines", "service_state"):
        rows = f"SELECT * FROM {table} ORDER BY 1"
        assert new.execute(rows).fetchall() == old.execute(rows).fetchall()
    old.close()
    new.close()


def test_what_did_not_change_is_not_stored_again(data: Path) -> None:
    grow(data, "much.png", rows=120)
    first = back_up(data, 1)
    again = back_up(data, 2)
    assert first.added_bytes > 300_000
    assert again.added_bytes == 0
    inodes = {name: piece(data, name).stat().st_ino for name in pieces(data)}
    grow(data, "b.png", rows=1)
    third = back_up(data, 3)
    assert 0 < third.added_bytes < first.added_bytes / 2
    assert {name: piece(data, name).stat().st_ino for name in inodes} == inodes
    assert third.kept == 3
    assert third.all_bytes < first.added_bytes + third.added_bytes + 50_000


def test_rotation_leaves_the_pieces_that_others_use(data: Path, tmp_path: Path) -> None:
    back_up(data, 1)
    old = pieces(data)
    grow(data, "b.png", rows=1)
    back_up(data, 2, keep=1)
    left = pieces(data)
    assert left & old, "what both had"
    assert old - left, "what only the old one had is gone"
    assert left == used(data / "backups")
    assert images_in(data / "backups" / timed(2), tmp_path) == 2
    assert not (data / "backups" / timed(1)).exists()


def test_a_writer_goes_on_and_the_backup_is_of_one_moment(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunked_copy, "_STEP_PAGES", 2)
    world = World(data)
    written = 0

    def write() -> None:
        nonlocal written
        with world.database.transaction() as connection:
            for key in ("one", "two"):  # both or none
                connection.execute(
                    "INSERT INTO service_state VALUES (?, '1')", (f"{key}{written}",)
                )
        written += 1

    make(data / "ocr_data.db", data / "backups" / timed(1), keep=1, limit_bytes=1, between=write)
    world.check()
    world.close()
    assert written > 50
    images_in(data / "backups" / timed(1), tmp_path)
    reader = apsw.Connection(str(tmp_path / "restored" / "ocr_data.db"))
    keys = {row[0] for row in reader.execute("SELECT key FROM service_state WHERE key < 'two~'")}
    reader.close()
    ones = {key[3:] for key in keys if key.startswith("one")}
    assert ones == {key[3:] for key in keys if key.startswith("two")}
    assert len(ones) < written


@pytest.mark.parametrize("how", ["damaged", "cut", "missing", "of another"])
def test_a_broken_piece_is_found_and_the_next_backup_mends_it(
    data: Path, tmp_path: Path, how: str
) -> None:
    back_up(data, 1)
    path = data / "backups" / timed(1)
    names = read_manifest(path).chunks
    broken = piece(data, names[2])
    sound = broken.read_bytes()
    if how == "missing":
        broken.unlink()
    elif how == "cut":
        broken.write_bytes(sound[: len(sound) // 2])
    elif how == "damaged":
        broken.write_bytes(sound[:1000] + bytes([sound[1000] ^ 255]) + sound[1001:])
    else:
        broken.write_bytes(piece(data, names[3]).read_bytes())
    for complain in (verify, lambda backup: images_in(backup, tmp_path)):
        with pytest.raises(StoreError) as caught:
            complain(path)
        assert caught.value.code == "checksum_differs"
        assert names[2] in caught.value.message
    assert newest_good(data / "backups") is None
    assert not (tmp_path / "restored" / "ocr_data.db").exists()
    back_up(data, 2)
    verify(path)
    assert images_in(path, tmp_path) == 1


def test_a_damaged_list_is_found_and_no_piece_is_thrown_away_for_it(data: Path) -> None:
    back_up(data, 1)
    path = data / "backups" / timed(1)
    whole = path.read_bytes()
    before = pieces(data)
    grow(data, "b.png", rows=1)
    for spoilt in (whole[:-70], b"{}", whole.replace(b'"images": 1', b'"images": "1"')):
        path.write_bytes(spoilt)
        with pytest.raises(StoreError) as caught:
            verify(path)
        assert caught.value.code == "checksum_differs"
        checksum_file(path).unlink()
        with pytest.raises(StoreError) as caught:
            verify(path)
        assert caught.value.code == "not_a_backup"
        back_up(data, 2)
        assert newest_good(data / "backups") == data / "backups" / timed(2)
        assert before <= pieces(data), "a person may still mend it"
        path.write_bytes(whole)
        verify(path)
        checksum_file(path).write_text(f"{sha256_of(path)}  {path.name}\n")


def test_a_damaged_database_takes_no_backups_place(data: Path) -> None:
    back_up(data, 1)
    before = pieces(data)
    grow(data, "b.png")
    damage(data / "ocr_data.db")
    with pytest.raises(StoreError) as caught:
        back_up(data, 2, keep=1)
    assert caught.value.code == "database_damaged"
    assert pieces(data) == before
    verify(data / "backups" / timed(1))


def test_two_at_once_are_refused(data: Path) -> None:
    store = ChunkStore(data / "backups")
    with store.locked(), pytest.raises(ConflictError, match="Another backup"):
        back_up(data, 1)
    back_up(data, 1)


def test_giving_up_leaves_nothing(data: Path) -> None:
    calls = 0

    def give_up() -> None:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(
            data / "ocr_data.db", data / "backups" / timed(1), keep=1, limit_bytes=1,
            between=give_up,
        )  # fmt: skip
    assert calls == 4
    assert pieces(data) == set()
    assert [path.name for path in (data / "backups").iterdir()] == ["chunks"]


@pytest.mark.parametrize("how", ["kill", "full"])
def test_broken_off_anywhere_there_is_always_a_whole_one(
    data: Path, tmp_path: Path, how: str
) -> None:
    back_up(data, 1)
    grow(data, "b.png", rows=8)
    data.rename(tmp_path / "template")
    tests = ROOT / "tests" / "ocr"
    roots = [ROOT / "contract", ROOT / "ocr", tests, tests / "safekeeping"]
    done = subprocess.run(
        [sys.executable, tests / "safekeeping" / "broken_backups.py", how, tmp_path],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, roots))},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 15
