"""The formats that need no library: what they say, and that nothing in them is run or broken."""

import csv
import io
import json

import pytest
from export_scene import ExportScene

from ocr_contract.export import light_files
from ocr_contract.export.frames import Begun, Ended, Failed
from ocr_contract.export.records import sources

HOSTILE = ("=1+1", "+1", "-1", "@a", "\tx", "\rx", "＝1")


def exported(scene: ExportScene, image_id: int, name: str, *, machine: bool = False) -> str:
    with scene.connect() as connect:
        found = sources(connect(), [image_id])
        events = list(light_files.events(connect, found, name, machine=machine))
    assert events[0] == Begun(image_id) and events[-1] == Ended()
    return b"".join(event for event in events if isinstance(event, bytes)).decode()


def test_text_has_pages_corrections_or_the_machines_words(scene: ExportScene) -> None:
    image_id = scene.add("a.tif", [("one", (0, 0, 50, 20)), ("tvvo", (0, 30, 50, 50))])
    scene.add_page(image_id, [("three", (0, 0, 50, 20))], number=2)
    scene.correct(image_id, 2, "two")
    assert exported(scene, image_id, "txt") == "one\ntwo\fthree\n"
    assert exported(scene, image_id, "txt", machine=True) == "one\ntvvo\fthree\n"


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_is_a_formula(scene: ExportScene, text: str) -> None:
    image_id = scene.add(f"{text}.jpg", [(text, (10, 20, 110, 50))])
    content = exported(scene, image_id, "csv").removeprefix("\ufeff")
    (row,) = csv.DictReader(io.StringIO(content, newline=""))
    assert row["text"] == "'" + text
    assert row["file"] == f"'{text}.jpg"
    assert [row[side] for side in ("left", "top", "right", "bottom")] == ["10", "20", "110", "50"]


def test_json_has_words_with_their_places(scene: ExportScene) -> None:
    image_id = scene.add("a.jpg", [("wide World", (0, 0, 100, 20))])
    value = json.loads(exported(scene, image_id, "json"))
    (line,) = value["pages"][0]["lines"]
    assert [word["text"] for word in line["words"]] == ["wide", "World"]
    assert line["words"][1]["polygon"][1] == [100.0, 0.0]
    scene.correct(image_id, 1, "wide world")
    (line,) = json.loads(exported(scene, image_id, "json"))["pages"][0]["lines"]
    assert (line["text"], line["machine_text"]) == ("wide world", "wide World")
    (line,) = json.loads(exported(scene, image_id, "jsonl", machine=True))["lines"]
    assert (line["text"], line["machine_text"]) == ("wide World", None)


def test_markdown_means_nothing_but_itself(scene: ExportScene) -> None:
    lines = ["# no title", "1. no list", "*no* `code` <b> [a](b)", "a | b"]
    image_id = scene.add("a.jpg", [(t, (0, 30 * i, 90, 30 * i + 20)) for i, t in enumerate(lines)])
    assert exported(scene, image_id, "md").split("\n\n")[:4] == [
        "\\# no title", "1\\. no list", "\\*no\\* \\`code\\` \\<b\\> \\[a\\](b)", "a \\| b",
    ]  # fmt: skip


def test_lines_of_a_paragraph_become_one_with_whole_words(scene: ExportScene) -> None:
    image_id = scene.add("a.jpg", [("it was recog-", (0, 0, 90, 20)), ("nised.", (0, 30, 90, 50))])
    scene.connection.execute("UPDATE lines SET paragraph = 1")
    assert exported(scene, image_id, "md") == "it was recognised.\n\n"


def test_a_row_that_nobody_could_have_written_fails_alone(scene: ExportScene) -> None:
    bad = scene.add("bad.jpg", [("a", (0, 0, 9, 9))])
    scene.connection.execute("UPDATE lines SET text = x'ff'")
    good = scene.add("good.jpg", [("b", (0, 0, 9, 9))])
    scene.connection.execute("UPDATE lines SET polygon = '[1]' WHERE text = 'b'")
    with scene.connect() as connect:
        found = sources(connect(), [bad, good])
        events = list(light_files.events(connect, found, "json", machine=False))
    (failed,) = (event for event in events if isinstance(event, Failed))
    assert failed.code == "export_failed" and failed.message.startswith("bad.jpg could not be")
    assert events.index(failed) < events.index(Begun(good))
    assert events[-1] == Ended(), "an unreadable polygon costs no text"


def test_many_images_become_one_table(scene: ExportScene) -> None:
    ids = [scene.add(f"{n}.jpg", [(f"text {n}", (0, 0, 9, 9))]) for n in range(3)]
    with scene.connect() as connect:
        pieces = light_files.joined(connect, sources(connect(), ids), "csv", machine=False)
        rows = list(csv.reader(io.StringIO(b"".join(pieces).decode("utf-8-sig"), newline="")))
    assert [row[4] for row in rows] == ["text", "text 0", "text 1", "text 2"]
