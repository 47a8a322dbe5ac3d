"""ALTO, PAGE and hOCR: as their official schemas want them, with words where they stand."""

import io
import json
import re
import zipfile
from typing import Any

import official_schemas
import pytest
from export_making import made, whole
from export_scene import ExportScene
from lxml import etree

ALTO = {"a": "http://www.loc.gov/standards/alto/ns-v4#"}
PAGE = {"p": "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"}
XHTML = {"h": "http://www.w3.org/1999/xhtml"}
HOSTILE = ["a\x00\x0bb", "<b>&amp;\"'", "\ufffe\uffff", "x" * 10_000, "]]>", "\x85\u2028"]
LINES = [("wide World", (100, 100, 300, 130)), ("Total 12", (100, 200, 300, 230))]


def checked(content: bytes) -> Any:
    found = etree.fromstring(content)
    official_schemas.check(found)
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
    found = checked(whole(made(scene, "alto", [image_id])))
    assert found.findtext(".//a:fileName", namespaces=ALTO) == "a & b.jpg"
    assert len(found.findall(".//a:Page", ALTO)) == 2
    words = found.findall(".//a:String", ALTO)
    assert [word.get("CONTENT") for word in words] == ["wide", "world", "Total", "12"]
    first, second = words[:2]
    assert (first.get("HPOS"), first.get("VPOS"), first.get("HEIGHT")) == ("100", "100", "30")
    assert int(second.get("HPOS")) + int(second.get("WIDTH")) == 300
    assert [line.get("CS") for line in found.findall(".//a:TextLine", ALTO)] == ["true", None]
    machine = checked(whole(made(scene, "alto", [image_id], machine=True)))
    assert machine.findall(".//a:String", ALTO)[1].get("CONTENT") == "World"


def test_page_has_lines_words_tables_and_an_order(scene: ExportScene) -> None:
    image_id = scene.add("a.jpg", LINES)
    add_table(scene, [[0, 0, 1, 2, "Total 12", None, [2]], [1, 1, 1, 1, "", None, []]])
    found = checked(whole(made(scene, "page", [image_id])))
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
        checked(archive.read(name))
    alone = checked(whole(made(scene, "page", [image_id], page=2)))
    assert alone.findtext(".//p:Word//p:Unicode", namespaces=PAGE) == "three"


def test_hocr_is_read_back(scene: ExportScene) -> None:
    image_id = scene.add('a";<b>.jpg', LINES)
    found = etree.fromstring(whole(made(scene, "hocr", [image_id])))
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
    content = whole(made(scene, name, [image_id]))
    found = etree.fromstring(content)
    if name != "hocr":
        official_schemas.check(found)
    assert b"x" * 10_000 in content


def test_a_page_without_lines_is_a_page(scene: ExportScene) -> None:
    image_id = scene.add("a.jpg")
    checked(whole(made(scene, "alto", [image_id])))
    checked(whole(made(scene, "page", [image_id])))


def test_every_kind_of_line_follows_the_schemas(scene: ExportScene) -> None:
    """Slanting, running up, off the page, corrected, of no known place."""
    lines = [(f"line {n} two", (10, 40 * n, 900, 40 * n + 30)) for n in range(6)]
    image_id = scene.add("a.jpg", lines)
    polygons = {
        1: [[10, 10], [900, 60], [898, 90], [8, 40]],
        2: [[20, 900], [20, 100], [60, 100], [60, 900]],
        3: [[900, 10], [10, 10], [10, 40], [900, 40]],
        4: [[-50, -20], [2000, 5], [2000, 50], [-50, 20]],
        5: [[300, 100], [300, 500], [260, 500], [260, 100]],
    }
    for number, polygon in polygons.items():
        scene.connection.execute(
            "UPDATE lines SET polygon = ? WHERE number = ?", (json.dumps(polygon), number)
        )
    scene.correct(image_id, 6, "another text of five words")
    alto = checked(whole(made(scene, "alto", [image_id])))
    page = checked(whole(made(scene, "page", [image_id])))
    for words in (alto.findall(".//a:String", ALTO), page.findall(".//p:Word", PAGE)):
        assert len(words) == 3 * 5 + 5
    boxes = [
        tuple(int(word.get(each)) for each in ("HPOS", "VPOS", "WIDTH", "HEIGHT"))
        for word in alto.findall(".//a:String", ALTO)
    ]
    assert all(x >= 0 and y >= 0 and x + w <= 1000 and y + h <= 1400 for x, y, w, h in boxes)
    slanting = alto.findall(".//a:TextLine", ALTO)[0].findall("a:String", ALTO)[2]
    (points,) = slanting.findall("a:Shape/a:Polygon", ALTO)
    assert points.get("POINTS").split()[1] == "900,60"
