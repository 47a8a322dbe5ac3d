"""Many files that vanish at once are held back; a few are not, nor are renamed ones."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from polling import Clock
from watcher_scene import Scene

from folder.disappearance import Disappearance
from records.id_set import IdSet


def filled(scene: Scene, count: int) -> list[Path]:
    files = [scene.write(f"d/{number}.png") for number in range(count)]
    scene.look(2)
    scene.read_all()
    return files


def missing(scene: Scene) -> int:
    return list(scene.statuses().values()).count("missing")


def code(scene: Scene) -> str | None:
    return None if scene.watcher.warning is None else scene.watcher.warning.code


def test_many_at_once_are_missing_only_after_the_grace_period(scene: Scene) -> None:
    files = filled(scene, 40)
    before = scene.row()
    for file in files[:11]:
        file.unlink()
    scene.look(2)
    assert code(scene) == "many_files_gone"
    assert scene.watcher.warning is not None
    assert scene.watcher.warning.message.startswith("11 files of the image folder")
    scene.clock.now += 290
    scene.look()
    assert scene.row() == before
    scene.clock.now += 10
    scene.look()
    assert missing(scene) == 11
    scene.look()
    assert code(scene) is None


def test_what_comes_back_in_time_was_never_missing(scene: Scene, tmp_path: Path) -> None:
    filled(scene, 30)
    scene.write("other.png")
    scene.look(2)
    scene.read_all()
    before = scene.row()
    os.rename(scene.root / "d", tmp_path / "unmounted")
    scene.look(20)
    assert code(scene) == "many_files_gone"
    os.rename(tmp_path / "unmounted", scene.root / "d")
    scene.look(2)
    assert code(scene) is None
    assert scene.row() == before
    shutil.rmtree(scene.root / "d")
    scene.look(2)
    assert missing(scene) == 0, "the grace period begins anew"


@pytest.mark.parametrize(("known", "gone"), [(40, 10), (100, 20)])
def test_a_few_are_missing_at_the_second_look(scene: Scene, known: int, gone: int) -> None:
    for file in filled(scene, known)[:gone]:
        file.unlink()
    scene.look(2)
    assert missing(scene) == gone
    assert code(scene) is None


def test_a_renamed_folder_is_no_disappearance(scene: Scene) -> None:
    filled(scene, 30)
    os.rename(scene.root / "d", scene.root / "e")
    for _ in range(4):
        scene.look()
        assert code(scene) is None
    assert missing(scene) == 0
    assert all(name.startswith("e/") for name in scene.statuses())


@given(
    looks=st.lists(st.sets(st.integers(0, 29)), max_size=30),
    grace_s=st.sampled_from([0.0, 3.0, 1e9]),
)
def test_only_what_two_looks_missed_counts(looks: list[set[int]], grace_s: float) -> None:
    clock = Clock()
    rule = Disappearance(grace_s, clock)
    before: set[int] = set()
    for look in looks:
        gone = set(rule.gone(IdSet(look), 30))
        assert gone <= look & before
        if gone:
            assert len(gone) <= 10 or grace_s < 1e9
        assert (rule.held_back > 0) == (not gone and len(look & before) > 10)
        before = look
        clock.now += 1
