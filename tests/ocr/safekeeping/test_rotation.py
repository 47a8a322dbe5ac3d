"""Which backups stay, of both forms together, and what is left behind by none."""

import os
from pathlib import Path

import pytest
from backup_fixtures import PLENTY, back_up, grow, pieces, timed

from records.chunk_store import ChunkStore
from records.chunked_copy import used
from records.database_copy import checksum_file
from safekeeping import rotation


@pytest.fixture
def data(tmp_path: Path) -> Path:
    grow(tmp_path, "a.png")
    return tmp_path


def whole(data: Path, day: int, size_bytes: int) -> Path:
    """As the version before wrote it."""
    path = data / "backups" / timed(day, ".db")
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(os.urandom(size_bytes))
    checksum_file(path).touch()
    return path


def left(data: Path) -> list[str]:
    return [path.name for path in rotation.timed(data / "backups")]


def test_both_forms_are_counted_together(data: Path) -> None:
    for day in (1, 2, 3):
        whole(data, day, 1000)
    back_up(data, 4, keep=3)
    assert left(data) == [timed(2, ".db"), timed(3, ".db"), timed(4)]
    assert not checksum_file(data / "backups" / timed(1, ".db")).exists()


def test_within_the_share_the_oldest_give_way_and_the_newest_stays(data: Path) -> None:
    whole(data, 1, 2_000_000)
    whole(data, 2, 2_000_000)
    made = back_up(data, 3, limit_bytes=3_000_000)
    assert left(data) == [timed(2, ".db"), timed(3)]
    assert made.kept == 2
    assert 2_000_000 < made.all_bytes < 3_000_000
    back_up(data, 4, limit_bytes=1)
    assert left(data) == [timed(4)]
    assert pieces(data) == used(data / "backups")


def test_shared_pieces_count_once(data: Path) -> None:
    first = back_up(data, 1)
    for day in range(2, 8):
        back_up(data, day, limit_bytes=first.all_bytes * 2)
    assert len(left(data)) == 7
    need = rotation.need(data / "backups")
    assert need.backups == 7
    assert need.size_bytes < first.all_bytes + 20_000
    assert need.one_more_bytes == 0


def test_what_a_person_named_is_not_touched(data: Path) -> None:
    back_up(data, 1)
    mine = data / "backups" / "before-the-move.backup"
    (data / "backups" / timed(1)).rename(mine)
    needed = used(data / "backups")
    grow(data, "b.png")
    back_up(data, 2, keep=1)
    assert mine.exists()
    assert needed <= pieces(data)


def test_what_a_killed_one_left_is_cleared_away(data: Path) -> None:
    folder = data / "backups"
    whole(data, 1, 10)
    rests = [f".{timed(2)}.partial", f".{timed(2, '.db')}.partial", f".{timed(2)}.sha256.partial"]
    theirs = [".mine.db.partial", "notes.txt"]
    for name in rests + theirs:
        (folder / name).touch()
    (folder / "chunks" / "ab").mkdir(parents=True)
    (folder / "chunks" / "ab" / ".abc.partial").touch()
    (folder / "chunks" / "ab" / ("ab" * 32)).touch()
    back_up(data, 3)
    assert not any((folder / name).exists() for name in rests)
    assert all((folder / name).exists() for name in theirs)
    assert pieces(data) == used(folder)


def test_no_folder_yet(tmp_path: Path) -> None:
    assert rotation.need(tmp_path / "backups") == rotation.Need(0, 0, None)
    assert ChunkStore(tmp_path / "backups").sizes() == {}
    assert 0 < rotation.limit_bytes(tmp_path, 10) < rotation.limit_bytes(tmp_path, 100) < PLENTY * 9
