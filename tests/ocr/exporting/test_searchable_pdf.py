"""Exported PDFs: the picture as it was, the words where they stand, and viewers find them.

pdftotext is poppler's, PDFium is what Chromium shows PDFs with.
"""

import io
import re
import subprocess
from pathlib import Path
from typing import Any

import img2pdf
import numpy as np
import pikepdf
import pikepdf.pdfa
import pypdfium2 as pdfium
import pytest
from export_making import made, whole
from export_scene import SIZE, Box, ExportScene, encoded, picture
from PIL import Image, ImageOps

from exporting import searchable_pdf
from ocr_contract.export.frames import Failed
from ocr_contract.word_boxes import to_text

MARK: Box = (100, 100, 700, 160)
LINES = [("Hello wide World", MARK), ("Total 12,50", (100, 1200, 500, 1240))]
Bounds = tuple[float, float, float, float]


def exported(scene: ExportScene, image_id: int, page: int | None = None) -> bytes:
    return whole(made(scene, "pdf", [image_id], page=page))


def failure(scene: ExportScene, image_id: int) -> Failed:
    (failed,) = (event for event in made(scene, "pdf", [image_id]) if isinstance(event, Failed))
    return failed


def words(content: bytes, size: tuple[int, int] = SIZE) -> list[tuple[str, Bounds]]:
    """The words of the first page, by poppler, with their boxes in the page's pixels."""
    said = subprocess.run(
        ["pdftotext", "-bbox", "-", "-"], input=content, capture_output=True, check=True
    ).stdout.decode()
    width, height = map(float, re.findall(r'page width="([\d.]+)" height="([\d.]+)"', said)[0])
    scale = size[0] / width, size[1] / height
    return [
        (text, tuple(float(n) * scale[i % 2] for i, n in enumerate(box)))  # type: ignore[misc]
        for *box, text in re.findall(
            r'xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">(.*?)</word>',
            said.split("</page>")[0],
        )
    ]


def red_mark(content: bytes, size: tuple[int, int] = SIZE) -> Box:
    """Where the mark is shown on the first page, in pixels."""
    with pdfium.PdfDocument(content) as document:
        page = document[0]
        shown = page.render(scale=size[0] / page.get_size()[0]).to_numpy().astype(int)
    down, across = np.nonzero((shown[..., 2] > 200) & (shown[..., 0] < 90))
    return int(across.min()), int(down.min()), int(across.max()) + 1, int(down.max()) + 1


def close(found: Any, wanted: Any, by: float = 2.0) -> bool:
    return all(abs(a - b) <= by for a, b in zip(found, wanted, strict=True))


def images(content: bytes) -> list[tuple[bytes, str]]:
    """What each picture is stored as, and in which form."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return [
            (image.read_raw_bytes(), repr(image.Filter))
            for page in pdf.pages
            for image in page.get_images().values()
        ]


def test_a_jpeg_goes_through_and_its_words_are_where_they_stand(scene: ExportScene) -> None:
    content = picture(dpi=(200, 200))
    pdf_file = exported(scene, scene.add("a.jpg", LINES, content=content))
    assert images(pdf_file)[0][0] == content
    assert len(pdf_file) <= 1.05 * len(content) + 4_000
    found = words(pdf_file)
    assert [text for text, _ in found] == ["Hello", "wide", "World", "Total", "12,50"]
    assert close((*found[0][1][:2], *found[2][1][2:]), MARK)
    assert close((*found[3][1][:2], *found[4][1][2:]), LINES[1][1])
    with pikepdf.open(io.BytesIO(pdf_file)) as pdf:
        assert pdf.check_pdf_syntax() == []
        assert float(pdf.pages[0].mediabox[2]) == pytest.approx(1000 / 200 * 72, abs=0.01)
        assert pikepdf.pdfa.check(pdf, "2b").findings == []


def test_a_word_without_a_width_of_its_own_is_in_the_text(scene: ExportScene) -> None:
    """A page that says "3 (3%)" was found by "(3%)" alone."""
    image_id = scene.add("a.jpg", [("3 (3%)", LINES[1][1])], content=picture())
    scene.connection.execute("UPDATE lines SET words = ?", (to_text([40, 40, 300, 1000]),))
    assert [text for text, _ in words(exported(scene, image_id))] == ["3", "(3%)"]


def test_qpdf_finds_nothing_wrong(scene: ExportScene, tmp_path: Path) -> None:
    for form in ("JPEG", "PNG", "WEBP"):
        content = exported(scene, scene.add(f"a.{form}", LINES, content=picture(form)))
        (tmp_path / "a.pdf").write_bytes(content)
        checked = subprocess.run(
            ["qpdf", "--check", tmp_path / "a.pdf"], capture_output=True, check=False
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_jpeg_pages_of_a_tiff_go_through_as_jpeg(scene: ExportScene, tmp_path: Path) -> None:
    plain, made_file = tmp_path / "plain.tif", tmp_path / "made.tif"
    first = Image.open(io.BytesIO(picture("PNG", mark=MARK)))
    plain.write_bytes(encoded(first, "TIFF", save_all=True, append_images=[first], dpi=(200, 200)))
    subprocess.run(["tiffcp", "-c", "jpeg:90", "-r", "16", plain, made_file], check=True)
    content = made_file.read_bytes()
    image_id = scene.add("a.tif", LINES, content=content)
    scene.add_page(image_id, LINES, number=2)
    pdf_file = exported(scene, image_id)
    assert ["DCTDecode" in form for _, form in images(pdf_file)] == [True, True]
    assert close(red_mark(pdf_file), MARK, 8)
    assert len(pdf_file) <= 1.05 * len(content) + 4_000
    with pikepdf.open(io.BytesIO(pdf_file)) as pdf:
        assert float(pdf.pages[1].mediabox[2]) == pytest.approx(1000 / 200 * 72, abs=0.01)


def test_pages_go_out_as_they_are_made(scene: ExportScene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document of any length is not kept in memory until its end."""
    noise = Image.effect_noise((400, 400), 60)
    content = encoded(noise, "TIFF", save_all=True, append_images=[noise] * 39,
                      compression="jpeg", quality=90)  # fmt: skip
    image_id = scene.add("a.tif", LINES, content=content)
    for number in range(2, 41):
        scene.add_page(image_id, LINES, number=number)
    sent: list[Any] = []
    sent_before: list[int] = []
    put_page = searchable_pdf._put_page

    def counting(*args: Any) -> int:
        sent_before.append(sum(len(each) for each in sent if isinstance(each, bytes)))
        return put_page(*args)

    monkeypatch.setattr(searchable_pdf, "_put_page", counting)
    sent = made(scene, "pdf", [image_id], into=sent)
    assert len(pikepdf.open(io.BytesIO(whole(sent))).pages) == 40
    assert sent_before[39] > 0.9 * len(content) - 2 * 64 * 1024 > 500_000


def test_viewers_find_words_of_every_script(scene: ExportScene) -> None:
    lines = [
        ("שלום עולם 2024", (300, 500, 900, 560)), ("مرحبا بالعالم", (300, 600, 900, 660)),
        ("日本語の文章です", (900, 700, 950, 1300)), ("naïve Ελλάδα Привет", (50, 900, 800, 950)),
    ]  # fmt: skip
    pdf_file = exported(scene, scene.add("a.jpg", lines, content=picture()))
    with pdfium.PdfDocument(pdf_file) as document:
        layer = document[0].get_textpage()
        for text, _ in lines:
            assert layer.search(text).get_next() is not None, text
    plain = subprocess.run(["pdftotext", "-", "-"], input=pdf_file, capture_output=True, check=True)
    for text in ("שלום עולם", "مرحبا بالعالم", "日本語の文章です", "Ελλάδα"):
        assert text in plain.stdout.decode()
    (column,) = (box for text, box in words(pdf_file) if text.startswith("日本"))
    assert close(column, lines[2][1]), "it runs down"


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_turned_picture_stands_upright_under_its_words(
    scene: ExportScene, orientation: int
) -> None:
    exif = Image.Exif()
    exif[0x112] = orientation
    upright = Image.open(io.BytesIO(picture("PNG", mark=MARK)))
    undone = {6: 8, 8: 6}.get(orientation, orientation)  # the others undo themselves
    turned = Image.Exif()
    turned[0x112] = undone
    lying = ImageOps.exif_transpose(Image.open(io.BytesIO(encoded(upright, "PNG", exif=turned))))
    content = encoded(lying, "JPEG", exif=exif, quality=95)
    pdf_file = exported(scene, scene.add("a.jpg", LINES, content=content))
    assert images(pdf_file)[0][0] == content
    assert close(red_mark(pdf_file), MARK, 8)
    assert close(words(pdf_file)[0][1][:2], MARK[:2])


@pytest.mark.parametrize("rotation", [90, 180, 270])
@pytest.mark.parametrize("form", ["jpg", "pdf"])
def test_a_page_that_was_turned_for_reading(scene: ExportScene, rotation: int, form: str) -> None:
    """Upright after so many degrees against the clock; of a PDF the page stays as it lies."""
    upright = Image.open(io.BytesIO(picture("PNG", mark=MARK)))
    lying = encoded(upright.rotate(-rotation, expand=True), "JPEG", dpi=(200, 200), quality=95)
    if form == "jpg":
        pdf_file = exported(scene, scene.add("a.jpg", LINES, content=lying, rotation=rotation))
        assert close(red_mark(pdf_file), MARK, 8)
        assert close(words(pdf_file)[0][1][:2], MARK[:2])
        return
    content = img2pdf.convert(lying)
    pdf_file = exported(scene, scene.add("a.pdf", LINES, content=content, rotation=rotation))
    size = SIZE if rotation == 180 else SIZE[::-1]
    over = dict(words(pdf_file, size))["Hello"]
    shown = red_mark(pdf_file, size)
    assert shown[0] - 3 <= over[0] and over[2] <= shown[2] + 3
    assert shown[1] - 3 <= over[1] and over[3] <= shown[3] + 3


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_pdf_stays_as_it_is_under_its_words(scene: ExportScene, turn: int) -> None:
    """Its /Rotate, a visible part that begins elsewhere, and inherited attributes are heeded."""
    upright = Image.open(io.BytesIO(picture("PNG", mark=MARK)))
    lying = encoded(upright.rotate(turn, expand=True), "JPEG", dpi=(200, 200), quality=95)
    source = pikepdf.open(io.BytesIO(img2pdf.convert(lying)))
    leaf = source.pages[0]
    left, bottom, right, top = map(float, leaf.mediabox)
    source.Root.Pages.MediaBox = [left - 50, bottom - 30, right + 9, top + 70]
    source.Root.Pages.CropBox = [left, bottom, right, top]
    source.Root.Pages.Rotate = turn
    del leaf.obj.MediaBox
    out = io.BytesIO()
    source.save(out)
    content = out.getvalue()
    pdf_file = exported(scene, scene.add("a.pdf", LINES, content=content))
    assert len(pdf_file) <= 1.05 * len(content) + 4_000
    assert images(pdf_file) == images(content)
    assert close(red_mark(pdf_file), MARK, 8)
    with pdfium.PdfDocument(pdf_file) as document:
        page = document[0]
        index, count = page.get_textpage().search("Hello").get_next()
        boxes = [page.get_textpage().get_charbox(index + i) for i in range(count)]
        bitmap = page.render(scale=SIZE[0] / page.get_size()[0])
        place = bitmap.get_posconv(page).to_bitmap
        corners = [place(*box[i : i + 2]) for box in boxes for i in (0, 2)]
    assert close((min(x for x, _ in corners), min(y for _, y in corners)), MARK[:2], 3)


def test_what_a_pdf_says_itself_is_not_said_twice(scene: ExportScene) -> None:
    first = exported(scene, scene.add("a.jpg", LINES, content=picture()))
    lines = [*LINES, ("A stamp", (50, 600, 300, 650))]
    image_id = scene.add(
        "a.pdf", lines, content=first, embedded_text="Hello wide\nWorld total 12,50"
    )
    second = [text for text, _ in words(exported(scene, image_id))]
    assert sorted(second) == sorted(["Hello", "wide", "World", "Total", "12,50", "A", "stamp"])


def test_every_page_of_a_fax_goes_through(scene: ExportScene) -> None:
    sheets = [
        Image.open(io.BytesIO(picture("PNG", mark=(100 * n, 100, 700, 160)))).convert("1")
        for n in range(1, 4)
    ]
    content = encoded(
        sheets[0], "TIFF", save_all=True, append_images=sheets[1:], compression="group4",
        dpi=(200, 200), strip_size=1 << 30,
    )  # fmt: skip
    image_id = scene.add("fax.tif", LINES, content=content)
    for number in (2, 3):
        scene.add_page(image_id, [(f"page{number}", MARK)], number=number)
    pdf_file = exported(scene, image_id)
    found = images(pdf_file)
    assert len(found) == 3
    assert all("CCITTFaxDecode" in form for _, form in found)
    assert found[1][0] in content
    assert "page3" in words(exported(scene, image_id, page=3))[0][0]
    assert len(pikepdf.open(io.BytesIO(exported(scene, image_id, page=3))).pages) == 1


@pytest.mark.parametrize(
    ("form", "options", "filters"),
    [("PNG", {}, "FlateDecode"), ("JPEG2000", {}, "JPXDecode"),
     ("WEBP", {"lossless": True}, "FlateDecode"), ("GIF", {}, "FlateDecode"),
     ("BMP", {}, "FlateDecode")],
)  # fmt: skip
def test_other_forms_lose_nothing(
    scene: ExportScene, form: str, options: dict[str, Any], filters: str
) -> None:
    content = picture(form, mark=MARK, **options)
    pdf_file = exported(scene, scene.add(f"a.{form.lower()}", LINES, content=content))
    assert filters in images(pdf_file)[0][1]
    assert close(red_mark(pdf_file), MARK, 8)
    if form == "PNG":
        assert len(pdf_file) <= 1.05 * len(content) + 4_000


def test_a_damaged_picture_is_shown_as_far_as_it_goes(scene: ExportScene) -> None:
    content = picture("PNG", mark=MARK)
    pdf_file = exported(scene, scene.add("a.png", LINES, content=content[:-200]))
    assert [text for text, _ in words(pdf_file)][:1] == ["Hello"]


def test_an_original_that_is_gone_or_another_one_is_said_so(scene: ExportScene) -> None:
    image_id = scene.add("a.jpg", LINES, content=picture())
    (scene.images / "a.jpg").write_bytes(picture(mark=MARK))
    assert failure(scene, image_id).code == "original_changed"
    (scene.images / "a.jpg").unlink()
    failed = failure(scene, image_id)
    assert failed.code == "original_missing" and failed.message.startswith("a.jpg: The original")


@pytest.mark.parametrize("text", ["a\x00b\x1f", "x" * 10_000, "\ufffe\uffff", "=1+1", "\u202eevil"])
def test_no_text_breaks_it(scene: ExportScene, text: str) -> None:
    pdf_file = exported(scene, scene.add("a.jpg", [(text, MARK)], content=picture()))
    with pikepdf.open(io.BytesIO(pdf_file)) as pdf:
        assert pdf.check_pdf_syntax() == []


def test_an_encrypted_pdf_is_said_so(scene: ExportScene, tmp_path: Path) -> None:
    pdf = pikepdf.open(io.BytesIO(img2pdf.convert(picture())))
    out = io.BytesIO()
    pdf.save(out, encryption=pikepdf.Encryption(owner="a", user="b"))
    failed = failure(scene, scene.add("a.pdf", LINES, content=out.getvalue()))
    assert failed.code == "encrypted"
