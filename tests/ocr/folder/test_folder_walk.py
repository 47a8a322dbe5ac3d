"""A walk gives each file once, in the database's order, however deep it lies."""

import os
import tempfile
from pathlib import Path

import pytest
from database_fixtures import World
from folder_trees import deep_file, resource_use
from hypothesis import given
from hypothesis import strategies as st
from watcher_scene import Scene, Walked

from folder import folder_walk
from folder.folder_coverage import FolderCoverage
from folder.side_by_side import differences, side_by_side
from records import folder_rows
from records.catalogue import Catalogue, path_exists

PARTS = st.sampled_from(
    [b"a", b"a.png", b"a b", b"a!", b"a0", b"A", b"b", b"\xc3\xa9", b"\xff", b"z"]
)
"""Bytes below and above the slash, which stands between a folder's name and what lies in it."""
PATHS = st.lists(st.lists(PARTS, min_size=1, max_size=3).map(b"/".join), max_size=12)


def make(root: Path, paths: list[bytes]) -> set[bytes]:
    """Files there, as far as none is in the way of another."""
    made = set()
    for path in paths:
        file = os.path.join(os.fsencode(root), path)
        try:
            os.makedirs(os.path.dirname(file), exist_ok=True)
            with open(file, "wb"):
                made.add(path)
        except OSError:
            continue
    return made


@given(paths=PATHS, rows=PATHS, together=st.integers(1, 4))
def test_side_by_side_is_what_sets_would_say(
    paths: list[bytes], rows: list[bytes], together: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(folder_walk, "TOGETHER", together)
        patch.setattr(folder_rows, "ROWS_TOGETHER", together)
        patch.setattr("folder.side_by_side.ROWS_TOGETHER", together)
        (root := Path(folder) / "images").mkdir()
        on_disk = make(root, paths)
        assert Walked(root).order == sorted(on_disk)
        world = World(Path(folder))
        try:
            for path in {*rows}:
                world.put(path, path.hex())
            in_order = world.rows("SELECT path FROM images ORDER BY path")
            seen: list[bytes] = []
            read: list[bytes] = []
            for part in side_by_side(
                folder_walk.FolderWalk(root).blocks(), world.catalogue.rows.standings
            ):
                ours, theirs = [file[0] for file in part.files], [row.path for row in part.rows]
                assert part.after < min(ours + theirs)
                bounds = (min(ours + theirs), max(ours + theirs))
                assert max(seen + read, default=b"") < bounds[0], "the parts overlap"
                assert len(ours) <= together
                assert len(theirs) <= together
                seen += ours
                read += theirs
        finally:
            world.close()
    assert seen == sorted(on_disk)
    assert read == [row[0] for row in in_order] == sorted({*rows})


SORTED = st.dictionaries(st.binary(max_size=2), st.integers(0, 1), max_size=8).map(
    lambda entries: sorted(entries.items())
)


@given(files=SORTED, rows=SORTED, stretch=st.integers(1, 4), equal=st.sampled_from([0, 1, 3, 4, 9]))
def test_differences_are_what_dicts_would_say(
    files: list[tuple[bytes, int]], rows: list[tuple[bytes, int]], stretch: int, equal: int
) -> None:
    both = [(b"m%d" % number, 0) for number in range(equal)]
    files, rows = (sorted({**dict(some), **dict(both)}.items()) for some in (files, rows))
    beside, known = dict(files), dict(rows)
    expected = [
        (
            (path, beside[path]) if path in beside else None,
            (path, known[path]) if path in known else None,
        )
        for path in sorted({*beside, *known})
        if beside.get(path) != known.get(path)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("folder.side_by_side._STRETCH", stretch)
        assert sorted(differences(files, rows), key=_path) == expected


def _path(pair: tuple[tuple[bytes, int] | None, tuple[bytes, int] | None]) -> bytes:
    return (pair[0] or pair[1] or (b"",))[0]


def test_a_path_that_is_longer_than_the_kernel_takes(scene: Scene) -> None:
    """It is read as any other, and keeps nothing else from being noticed."""
    scene.write("a.png")
    scene.write("gone.png")
    path = deep_file(scene.root, depth=25, name=b"n" * 200)
    assert len(path) > 4096
    scene.look(2)
    assert scene.watcher.warning is None
    assert set(scene.statuses().values()) == {"pending"}
    assert len(scene.statuses()) == 3
    (scene.root / "gone.png").unlink()
    scene.look(2)
    assert scene.statuses()["gone.png"] == "missing"
    catalogue = Catalogue(scene.database, exists=path_exists(scene.root))
    counted = FolderCoverage(scene.root, catalogue, found_by=dict).count()
    assert (counted.files, counted.complete, counted.missing) == (2, True, 1)
    os.rename(scene.root / ("n" * 200), scene.root / ("m" * 200))
    scene.look(3)
    assert sorted(scene.statuses().values()) == ["missing", "pending", "pending"]


def test_folders_without_end_take_few_descriptors(tmp_path: Path) -> None:
    """Each level has files before and after the next one."""
    path = deep_file(tmp_path, depth=300, name=b"m", beside=(b"a.png", b"z.png"))
    with resource_use() as used:
        walked = Walked(tmp_path)
    assert walked.problem is None
    assert len(walked.order) == 2 * 300 + 1
    assert walked.order == sorted(walked.order)
    assert path in walked.files
    assert used.most_descriptors <= 64 + 3
    assert used.left_open == 0


def test_a_walk_that_is_given_up_closes_what_it_opened(tmp_path: Path) -> None:
    deep_file(tmp_path, depth=100, name=b"m", beside=(b"a.png",))
    with resource_use() as used:
        blocks = folder_walk.FolderWalk(tmp_path).blocks()
        next(blocks)
        blocks.close()
    assert used.left_open == 0


def test_a_folder_that_becomes_a_link_is_not_followed(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its parent's listing and its turn."""
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "b.png").write_bytes(b"x")
    folder = scene.write("sub/a.png").parent
    real = os.open

    def swapping(path: str | bytes, *args: int, **kwargs: int) -> int:
        if path == b"sub":
            folder.rename(tmp_path / "moved")
            folder.symlink_to(secret)
        return real(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", swapping)
    walked = Walked(scene.root)
    assert (walked.order, walked.problem) == ([], None)
