"""Several export processes: files in the order of the images, whatever becomes of a process."""

import contextlib
import dataclasses
import sys
from pathlib import Path

import pytest
from export_scene import ExportScene
from polling import wait_until

import export_children
from export_child import LEAST_MEMORY, Order, order
from export_children import count_for, portions
from machine_limits import is_running
from ocr_contract.export.frames import Begun, Ended, Event, Failed

PROGRAM = """
import json, os, sys
from ocr_contract.export.frames import Begun, Ended, encoded
wanted = json.loads(sys.stdin.buffer.readline())
open(os.environ["PIDS"], "a").write(f"{os.getpid()} {wanted['nice']} {wanted['memory_bytes']}\\n")
for image_id in wanted["image_ids"]:
    if image_id in (4, 5, 12): continue  # they do not exist
    sys.stdout.buffer.write(encoded(Begun(image_id)))
    sys.stdout.buffer.flush()
    if image_id == 3: os.kill(os.getpid(), 9)
    for _ in range(30 if image_id % 3 == 1 else 1):
        sys.stdout.buffer.write(encoded(b"%d" % image_id * 30_000))
    sys.stdout.buffer.write(encoded(Ended()))
    sys.stdout.buffer.flush()
"""


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    (tmp_path / "program.py").write_text(PROGRAM)
    monkeypatch.setenv("PIDS", str(tmp_path / "pids"))
    return (sys.executable, str(tmp_path / "program.py"))


def files(sent: list[Event]) -> list[tuple[int, int | str]]:
    """Each image with its file's size, or why there is none."""
    found: list[tuple[int, int | str]] = []
    size = 0
    for event in sent:
        if isinstance(event, Begun):
            current, size = event.image_id, 0
        elif isinstance(event, bytes):
            assert set(event.split(b"%d" % current)) == {b""}, "another image's data"
            size += len(event)
        elif isinstance(event, Ended):
            found.append((current, size))
        elif isinstance(event, Failed):
            found.append((current, event.code))
    return found


def processes(folder: Path) -> list[list[int]]:
    """Of each its number, niceness and memory."""
    return [list(map(int, line.split())) for line in (folder / "pids").read_text().splitlines()]


def test_files_keep_their_order_and_a_process_that_dies_costs_one(
    export_scene: ExportScene, command: tuple[str, str], tmp_path: Path
) -> None:
    """Some are larger than a pipe, some do not exist, one is asked for twice."""
    ids = [1, 2, 3, 4, 5, 6, 7, 2, 8, 12, 9, 10]
    wanted = order(export_scene.settings, "alto", ids, machine=False)
    with contextlib.closing(portions(wanted, 3, command)) as found:
        sent = [event for portion in found for event in portion]
    assert files(sent) == [
        (1, 900_000), (2, 30_000), (3, "export_failed"), (6, 30_000), (7, 900_000), (2, 30_000),
        (8, 30_000), (9, 30_000), (10, 1_800_000),
    ]  # fmt: skip
    made = processes(tmp_path)
    assert len(made) == 4
    assert not any(is_running(pid) for pid, _, _ in made)


def test_together_they_have_the_memory_and_the_weight_of_one(
    export_scene: ExportScene, command: tuple[str, str], tmp_path: Path
) -> None:
    one = order(export_scene.settings, "alto", range(6, 9), machine=False)
    with contextlib.closing(portions(one, 3, command)) as found:
        assert files([event for portion in found for event in portion]) == [
            (6, 30_000), (7, 900_000), (8, 30_000),
        ]  # fmt: skip
    made = processes(tmp_path)
    assert len(made) == 3
    assert sum(memory for _, _, memory in made) <= one.memory_bytes
    assert sum(1024 / 1.25**nice for _, nice, _ in made) <= 1.1 * 1024 / 1.25**one.nice


def test_who_leaves_ends_all_of_them(
    export_scene: ExportScene, command: tuple[str, str], tmp_path: Path
) -> None:
    wanted = order(export_scene.settings, "alto", [1] * 100, machine=False)
    with contextlib.closing(portions(wanted, 2, command)) as found:
        assert next(found)[0] == Begun(1)
        wait_until(lambda: len(processes(tmp_path)) == 2, "both processes")
    assert not any(is_running(pid) for pid, _, _ in processes(tmp_path))


@pytest.mark.parametrize(
    ("name", "images", "cpus", "memory", "count"),
    [("alto", 2000, 2, 4, 2), ("hocr", 2000, 16, 9, 4), ("page", 2000, 1, 4, 1),
     ("alto", 100, 2, 4, 1), ("alto", 2000, 2, 1.5, 1), ("pdf", 2000, 8, 9, 1)],
)  # fmt: skip
def test_as_many_as_pay(
    export_scene: ExportScene, monkeypatch: pytest.MonkeyPatch, name: str, images: int, cpus: int,
    memory: float, count: int,
) -> None:  # fmt: skip
    """`memory` in what a process needs at least."""
    monkeypatch.setattr(export_children, "usable_cpus", lambda: cpus)
    wanted: Order = dataclasses.replace(
        order(export_scene.settings, name, range(1, images + 1), machine=False),
        memory_bytes=int(memory * LEAST_MEMORY),
    )
    assert count_for(wanted) == count
