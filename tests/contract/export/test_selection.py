"""What an export holds: some, what a search finds, what is in a state, or everything."""

import pytest
from export_scene import ExportScene

from ocr_contract.export import selection
from ocr_contract.export.records import pages, sources
from ocr_contract.export.selection import LeftOut, Selection
from ocr_contract.search import language


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "BLOCK_IMAGES", 2)


def names(scene: ExportScene, wanted: Selection) -> list[str]:
    with scene.connect() as connect:
        blocks = list(wanted.blocks(connect, limit_s=5.0, left_out=LeftOut()))
    assert all(0 < len(block) <= 2 for block in blocks)
    return [source.name for block in blocks for source in block]


def test_what_was_not_read_is_passed_over(scene: ExportScene) -> None:
    for number in range(5):
        scene.add(f"n{number}", [("cat", (0, 0, 9, 9))])
    scene.add("bad", status="failed")
    scene.add("n6", [("dog", (0, 0, 9, 9))])
    assert names(scene, Selection()) == [*(f"n{number}" for number in range(5)), "n6"]
    assert names(scene, Selection(ids=(7, 3, 6, 99))) == ["n6", "n2"]
    assert names(scene, Selection(statuses=("failed",))) == []


def test_a_search_brings_all_that_it_finds(scene: ExportScene) -> None:
    for number in range(5):
        scene.add(f"n{number}", [("a cat" if number != 2 else "a dog", (0, 0, 9, 9))])
    query = language.parse("cat")
    assert query is not None
    assert names(scene, Selection(tree=query.tree)) == ["n4", "n3", "n1", "n0"]


def test_a_copy_has_the_originals_pages(scene: ExportScene) -> None:
    first = scene.add("first", [("cat", (0, 0, 9, 9))])
    copy = scene.add("copy", status="pending")
    scene.connection.execute("UPDATE images SET duplicate_of = ? WHERE id = ?", (first, copy))
    with scene.connect() as connect:
        (source,) = sources(connect(), [copy])
        assert [page.text for page in pages(connect, source)] == ["cat"]


def test_a_long_document_is_read_in_portions(
    scene: ExportScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ocr_contract.export.records._PORTION", 2)
    image_id = scene.add("a.pdf", [("1", (0, 0, 9, 9))])
    for number in (2, 3, 4, 5):
        scene.add_page(image_id, [(str(number), (0, 0, 9, 9))], number=number)
    with scene.connect() as connect:
        (source,) = sources(connect(), [image_id])
        assert [page.text for page in pages(connect, source)] == ["1", "2", "3", "4", "5"]
        assert [page.text for page in pages(connect, source, number=4)] == ["4"]


def test_a_search_that_cannot_go_on_is_no_short_export(scene: ExportScene) -> None:
    """It ended as if there were no more hits."""
    scene.add("a", [("cat", (0, 0, 9, 9))])
    query = language.parse("cat")
    assert query is not None
    with scene.connect() as connect, pytest.raises(selection.SearchCutError):
        list(Selection(tree=query.tree).blocks(connect, limit_s=0.0, left_out=LeftOut()))


def test_what_is_left_out_is_told(scene: ExportScene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A zip of three ticked images held two files, and nothing said so."""
    scene.add("a", [("cat", (0, 0, 9, 9))])
    scene.add("torn", status="failed")
    scene.connection.execute("UPDATE images SET error = 'It ends\ntoo soon.' WHERE name = 'torn'")
    scene.add("next", status="pending")
    scene.add("notes.txt", status="ignored")

    def note(wanted: Selection) -> str | None:
        left_out = LeftOut()
        with scene.connect() as connect:
            list(wanted.blocks(connect, limit_s=5.0, left_out=left_out))
        return left_out.note()

    unread = ["torn: It ends too soon.", "next: It waits to be read."]
    head = "Nothing was read of {} that this export is about:"
    assert note(Selection(ids=(1,))) is None
    assert note(Selection()) == "\n".join([head.format("2 images"), "", *unread, ""])
    named = ["notes.txt: ignored", "There is no image number 99.", *unread]
    assert note(Selection(ids=(99, 4, 3, 2, 1))) == "\n".join(
        [head.format("4 images"), "", *named, ""]
    )
    monkeypatch.setattr(selection, "MOST_TOLD", 1)
    assert (note(Selection()) or "").endswith("torn: It ends too soon.\nand 1 more\n")
