"""One image that kills, hangs or fills the export process fails alone."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from export_scene import ExportScene, picture
from polling import wait_until

import export_child
from export_child import order
from export_children import events
from machine_limits import is_running
from ocr_contract.export.frames import Begun, Ended, Event, Failed

PROGRAM = """
import json, os, sys, time
from ocr_contract.export.frames import Begun, Ended, encoded
wanted = json.loads(sys.stdin.buffer.readline())
open(os.environ["PIDS"], "a").write(f"{os.getpid()}\\n")
out = sys.stdout.buffer
for image_id in wanted["image_ids"]:
    if image_id == 4:
        continue  # it does not exist
    out.write(encoded(Begun(image_id)) + encoded(b"data"))
    out.flush()
    if image_id == 2: os.kill(os.getpid(), 9)
    if image_id == 3: time.sleep(600)
    if image_id == 5: out.write(b"nonsense of a library"); out.flush(); time.sleep(600)
    if image_id == 6: sys.exit(0)
    out.write(encoded(Ended()))
    out.flush()
"""


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sequence[str]:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    monkeypatch.setenv("PIDS", str(tmp_path / "pids"))
    monkeypatch.setattr(export_child, "_SILENCE_S", 0.5)
    return (sys.executable, str(program))


def outcomes(sent: Sequence[Event]) -> list[tuple[int, str]]:
    """Image and "done", or why not."""
    found: list[tuple[int, str]] = []
    current = 0
    for event in sent:
        if isinstance(event, Begun):
            current = event.image_id
        elif isinstance(event, Ended):
            found.append((current, "done"))
        elif isinstance(event, Failed):
            found.append((current, event.code))
    return found


def test_the_others_go_on(
    export_scene: ExportScene, command: Sequence[str], tmp_path: Path
) -> None:
    wanted = order(export_scene.settings, "pdf", [1, 2, 3, 4, 5, 6, 7], machine=False)
    assert outcomes(list(events(wanted, command))) == [
        (1, "done"), *((image_id, "export_failed") for image_id in (2, 3, 5, 6)), (7, "done"),
    ]  # fmt: skip
    pids = [int(line) for line in (tmp_path / "pids").read_text().split()]
    assert len(pids) == 5
    assert not any(map(is_running, pids))


def test_who_died_over_an_image_that_was_not_named_is_asked_again_carefully(
    export_scene: ExportScene, tmp_path: Path
) -> None:
    program = tmp_path / "together.py"
    program.write_text("""
import json, os, sys
from ocr_contract.export.frames import Begun, Ended, encoded
wanted = json.loads(sys.stdin.buffer.readline())
held = b""
for image_id in wanted["image_ids"]:
    held += encoded(Begun(image_id))
    if wanted["careful"]:
        sys.stdout.buffer.write(held); sys.stdout.buffer.flush(); held = b""
    if image_id == 4: os._exit(1)
    held += encoded(Ended())
sys.stdout.buffer.write(held)
""")
    whole = order(export_scene.settings, "alto", [1, 3, 4, 5], machine=False)
    assert outcomes(list(events(whole, (sys.executable, str(program))))) == [
        (1, "done"), (3, "done"), (4, "export_failed"), (5, "done"),
    ]  # fmt: skip


def test_who_leaves_ends_the_process(
    export_scene: ExportScene, command: Sequence[str], tmp_path: Path
) -> None:
    sent = events(order(export_scene.settings, "pdf", [3], machine=False), command)
    assert next(sent) == Begun(3)
    sent.close()
    (pid,) = map(int, (tmp_path / "pids").read_text().split())
    wait_until(lambda: not is_running(pid), "the end of the process")


def test_a_program_that_cannot_start_is_no_endless_loop(export_scene: ExportScene) -> None:
    wanted = order(export_scene.settings, "pdf", [1, 2], machine=False)
    sent = list(events(wanted, (sys.executable, "-c", "import sys; sys.exit(3)")))
    assert outcomes(sent) == [(1, "export_failed"), (2, "export_failed")]


def test_the_real_process_makes_files_within_its_memory(export_scene: ExportScene) -> None:
    """The second picture says that it has 289 million pixels; the third is made."""
    line = [("Hello", (100, 100, 300, 130))]
    bomb = picture("PNG").replace(
        (1000).to_bytes(4, "big") + (1400).to_bytes(4, "big"),
        (17_000).to_bytes(4, "big") * 2, 1,
    )  # fmt: skip
    ids = [
        export_scene.add(name, line, content=content)
        for name, content in (("a.jpg", picture()), ("b.bmp", bomb), ("c.jpg", picture()))
    ]
    unread = export_scene.add("d.jpg", status="failed")
    sent = list(events(order(export_scene.settings, "pdf", [*ids, unread, 99], machine=False)))
    found = dict(outcomes(sent))
    assert (found[ids[0]], found[ids[2]], found[unread]) == ("done", "done", "nothing_to_export")
    assert 99 not in found
    pdf = b"".join(event for event in sent if isinstance(event, bytes))
    assert pdf.startswith(b"%PDF-")
