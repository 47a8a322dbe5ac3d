"""Pieces are kept once, found by their hash, and never half there."""

import hashlib
import os
import random
import zlib
from pathlib import Path

import pytest

from records.chunk_store import CHUNK_BYTES, ChunkStore, DamagedChunkError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> None:
    """As `locked` makes it."""
    (tmp_path / "chunks").mkdir()


def test_the_same_is_kept_once(tmp_path: Path) -> None:
    store = ChunkStore(tmp_path)
    data = os.urandom(CHUNK_BYTES)
    name = store.put(data)
    added = store.added_bytes
    assert name == hashlib.sha256(data).hexdigest()
    assert added >= CHUNK_BYTES
    assert store.put(data) == name
    store.settle()
    again = ChunkStore(tmp_path)
    assert again.put(data) == name
    assert again.added_bytes == 0
    assert (store.added_bytes, again.sizes()) == (added, {name: added})
    assert again.get(name) == data


def test_it_has_no_name_before_it_is_settled(tmp_path: Path) -> None:
    store = ChunkStore(tmp_path)
    name = store.put(b"text")
    with pytest.raises(DamagedChunkError, match="is missing"):
        store.get(name)
    assert ChunkStore(tmp_path).sizes() == {}
    store.settle()
    assert store.get(name) == b"text"
    assert list(ChunkStore(tmp_path).sizes()) == [name]


def test_many_are_settled_as_they_come(tmp_path: Path) -> None:
    store = ChunkStore(tmp_path)
    names = [store.put(b"%d" % number) for number in range(300)]
    settled = ChunkStore(tmp_path).sizes()
    assert 0 < len(settled) < 300
    store.settle()
    assert set(ChunkStore(tmp_path).sizes()) == set(names)


def test_one_that_would_unpack_to_more_than_a_piece_is_damaged(tmp_path: Path) -> None:
    store = ChunkStore(tmp_path)
    bomb = zlib.compress(bytes(100 << 20))
    name = hashlib.sha256(bytes(100 << 20)).hexdigest()
    path = tmp_path / "chunks" / name[:2] / name
    path.parent.mkdir(parents=True)
    path.write_bytes(bomb)
    with pytest.raises(DamagedChunkError, match="is damaged"):
        store.get(name)


@pytest.mark.parametrize("size", [1, 1000, CHUNK_BYTES])
def test_damage_is_told_wherever_it_is(tmp_path: Path, size: int) -> None:
    """But for bits that only fill the last byte before zlib's own sum."""
    data = random.Random(size).randbytes(size)
    store = ChunkStore(tmp_path)
    name = store.put(data)
    store.settle()
    path = tmp_path / "chunks" / name[:2] / name
    whole = path.read_bytes()
    untold = set()
    for at in {*range(0, len(whole), len(whole) // 50 + 1), *range(len(whole) - 8, len(whole))}:
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        try:
            assert store.get(name) == data
            untold.add(at)
        except DamagedChunkError:
            pass
    assert untold <= {len(whole) - 5}


def test_what_is_discarded_can_be_put_again(tmp_path: Path) -> None:
    store = ChunkStore(tmp_path)
    name = store.put(b"text")
    store.settle()
    store.discard(name)
    assert store.put(b"text") == name
    store.settle()
    assert store.get(name) == b"text"


def test_sweeping_leaves_what_is_used_and_strangers_beside_it(tmp_path: Path) -> None:
    store = ChunkStore(tmp_path)
    kept, unused = store.put(b"kept"), store.put(b"unused")
    store.settle()
    store.put(b"half")
    (tmp_path / "chunks" / "notes.txt").touch()
    assert store.sweep({kept}) >= 4096
    files = {path.name for path in (tmp_path / "chunks").rglob("*") if path.is_file()}
    assert files == {kept, "notes.txt"}
    assert unused not in store.sizes()
