"""ALTO, PAGE and hOCR: as their schemas want them, with words where they stand."""

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from export_making import made, whole
from export_scene import ExportScene
from lxml import etree

HERE = Path(__file__).parent
ALTO = {"a": "http://www.loc.gov/standards/alto/ns-v4#"}
PAGE = {"p": "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"}
XHTML = {"h": "http://www.w3.org/1999/xhtml"}
HOSTILE = ["a\x00\x0bb", "<b>&amp;\"'", "\ufffe\uffff", "x" * 10_000, "]]>", "\x85\u2028"]
LINES = [("wide World", (100, 100, 300, 130)), ("Total 12", (100, 200, 300, 230))]


def tree(content: bytes, schema: str | None = None) -> Any:
    found = etree.fromstring(content)
    if schema:
        grammar = etree.RelaxNG(etree.parse(HERE / schema))
        assert grammar.validate(found), grammar.error_log
    return found


def add_table(scene: ExportScene, cells: list[Any]) -> None:
    polygon = json.dumps([[100, 200], [300, 200], [300, 230], [100, 230]])
    scene.connection.execute(
        "INSERT INTO page_tables (page_id, number, polygon, rows, columns, cells) "
        "VALUES (1, 1, ?, 2, 2, ?)", (polygon, json.dumps(cells)),
    )  # fmt: skip


def test_alto_has_every_word_in_its_place(scene: ExportScene) -> None:
    image_id = scene.add("a & b.jpg", LINES)
    scene.add_page(image_id, number=2)
    scene.correct(image_id, 1, "wide world")
    found = tree(whole(made(scene, "alto", [image_id])), "alto_4_part.rng")
    assert found.findtext(".//a:fileName", namespaces=ALTO) == "a & b.jpg"
    assert len(found.findall(".//a:Page", ALTO)) == 2
    words = found.findall(".//a:String", ALTO)
    assert [word.get("CONTENT") for word in words] == ["wide", "world", "Total", "12"]
    first, second = words[:2]
    assert (first.get("HPOS"), first.get("VPOS"), first.get("HEIGHT")) == ("100", "100", "30")
    assert int(second.get("HPOS")) + int(second.get("WIDTH")) == 300
    assert [line.get("CS") for line in found.findall(".//a:TextLine", ALTO)] == ["true", None]
    machine = tree(whole(made(scene, "alto", [image_id], machine=True)))
    assert machine.findall(".//a:String", ALTO)[1].get("CONTENT") == "World"


def test_page_has_lines_words_tables_and_an_order(scene: ExportScene) -> None:
    image_id = scene.add("a.jpg", LINES)
    add_table(scene, [[0, 0, 1, 2, "Total 12", None, [2]], [1, 1, 1, 1, "", None, []]])
    found = tree(whole(made(scene, "page", [image_id])), "page_2019_part.rng")
    refs = [ref.get("regionRef") for ref in found.findall(".//p:RegionRefIndexed", PAGE)]
    assert refs == ["r1", "t1"]
    texts = [each.text for each in found.findall(".//p:TextLine/p:TextEquiv/p:Unicode", PAGE)]
    assert texts == ["wide World", "Total 12"]
    role = found.find(".//p:TableRegion//p:TableCellRole", PAGE)
    assert (role.get("rowIndex"), role.get("colSpan")) == ("0", "2")
    (word, *_) = found.findall(".//p:Word/p:Coords", PAGE)
    assert word.get("points").split()[0] == "100,100"


def test_a_documents_pages_are_files_of_their_own(scene: ExportScene) -> None:
    image_id = scene.add("box/a.pdf", LINES)
    scene.add_page(image_id, [("three", (0, 0, 9, 9))], number=2)
    archive = zipfile.ZipFile(io.BytesIO(whole(made(scene, "page", [image_id]))))
    assert archive.namelist() == ["a.pdf.00001.page.xml", "a.pdf.00002.page.xml"]
    for name in archive.namelist():
        tree(archive.read(name), "page_2019_part.rng")
    alone = tree(whole(made(scene, "page", [image_id], page=2)), "page_2019_part.rng")
    assert alone.findtext(".//p:Word//p:Unicode", namespaces=PAGE) == "three"


def test_hocr_is_read_back(scene: ExportScene) -> None:
    image_id = scene.add('a";<b>.jpg', LINES)
    found = tree(whole(made(scene, "hocr", [image_id])))
    (page,) = found.findall(".//h:div[@class='ocr_page']", XHTML)
    assert re.fullmatch(r'image "a\';<b>\.jpg"; bbox 0 0 1000 1400; ppageno 0', page.get("title"))
    lines = found.findall(".//h:span[@class='ocr_line']", XHTML)
    assert ["".join(line.itertext()) for line in lines] == ["wide World", "Total 12"]
    assert lines[1].get("title") == "bbox 100 200 300 230"
    word = lines[0].findall("h:span[@class='ocrx_word']", XHTML)[1]
    assert re.fullmatch(r"bbox \d+ 100 300 130; x_wconf 90", word.get("title"))


@pytest.mark.parametrize("name", ["alto", "page", "hocr"])
def test_no_text_and_no_polygon_breaks_them(scene: ExportScene, name: str) -> None:
    lines = [(text, (-5, 30 * n, 2000, 30 * n + 20)) for n, text in enumerate(HOSTILE)]
    image_id = scene.add(f"{''.join(HOSTILE[:3])}.jpg", lines)
    scene.connection.execute("UPDATE lines SET polygon = 'null' WHERE number = 2")
    scene.connection.execute("UPDATE lines SET polygon = '[[5, 5]]' WHERE number = 3")
    schema = {"alto": "alto_4_part.rng", "page": "page_2019_part.rng"}.get(name)
    content = whole(made(scene, name, [image_id]))
    tree(content, schema)
    assert b"x" * 10_000 in content


def test_a_page_without_lines_is_a_page(scene: ExportScene) -> None:
    image_id = scene.add("a.jpg")
    tree(whole(made(scene, "alto", [image_id])), "alto_4_part.rng")
    tree(whole(made(scene, "page", [image_id])), "page_2019_part.rng")
