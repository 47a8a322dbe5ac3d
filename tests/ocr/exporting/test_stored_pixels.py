"""Pictures of forms that PDF does not know: about as large as they were, and as they looked."""

import io
from typing import Any

import cv2
import numpy as np
import pikepdf
import pypdfium2 as pdfium
import pytest
import tiff_files
from export_making import made, whole
from export_scene import ExportScene, encoded
from PIL import Image, ImageDraw, ImageFilter

from decoding import documents
from exporting import stored_pixels
from exporting.embedded_picture import Pictures

LINES = [("Hello", (20, 20, 200, 60))]
AROUND = 3_500


def photo(size: tuple[int, int] = (500, 700)) -> Image.Image:
    """Grain, light that falls off, and print."""
    light = Image.linear_gradient("L").resize(size).convert("RGB")
    image = Image.blend(light, Image.effect_noise(size, 30).convert("RGB"), 0.3)
    draw = ImageDraw.Draw(image)
    for row in range(5, size[1], 60):
        draw.text((9, row), f"line {row} of a page " * 3, fill=(20, row % 200, 0))
    return image.filter(ImageFilter.GaussianBlur(0.7))


def exported(scene: ExportScene, name: str, content: bytes) -> bytes:
    return whole(made(scene, "pdf", [scene.add(name, LINES, content=content)]))


def image_of(pdf_file: bytes) -> tuple[str, bytes]:
    with pikepdf.open(io.BytesIO(pdf_file)) as pdf:
        (image,) = pdf.pages[0].get_images().values()
        return str(image.Filter), image.read_raw_bytes()


def shown(pdf_file: bytes, width: int) -> Any:
    with pdfium.PdfDocument(pdf_file) as document:
        page = document[0]
        return page.render(scale=width / page.get_size()[0]).to_numpy()[..., :3]


def decoded(content: bytes) -> Any:
    return documents.open_document(content, documents.Limits()).decode(1).pixels


@pytest.mark.parametrize(("form", "options"), [
    ("WEBP", {"quality": 80}), ("WEBP", {"quality": 80, "exif": b"Exif\0\0MM"}),
    ("AVIF", {"quality": 80, "speed": 9}),
])  # fmt: skip
def test_what_was_kept_with_loss_stays_as_large_and_looks_the_same(
    scene: ExportScene, form: str, options: dict[str, Any]
) -> None:
    content = encoded(photo(), form, **options)
    pdf_file = exported(scene, f"a.{form.lower()}", content)
    assert image_of(pdf_file)[0] == "/JPXDecode"
    assert len(pdf_file) <= 1.05 * len(content) + AROUND
    assert cv2.PSNR(decoded(content), shown(pdf_file, 500)) >= stored_pixels.LEAST_DB - 1
    with pikepdf.open(io.BytesIO(pdf_file)) as pdf, pdf.open_metadata() as metadata:
        assert "second time, as JPEG 2000" in metadata["dc:description"]
        assert metadata["pdfaid:part"] == "2"


def test_a_small_source_gets_the_room_that_its_look_needs() -> None:
    pixels = np.asarray(photo())
    near = stored_pixels.stored(pixels, 2_000, is_lossy=True)
    assert near.decibels is not None and near.decibels >= stored_pixels.LEAST_DB
    whole_size = len(stored_pixels.lossless(pixels, 0))
    assert 2_000 < len(near.content) < whole_size


def test_an_animation_lends_its_frame_no_more_than_is_seen() -> None:
    near = stored_pixels.stored(np.asarray(photo()), 10_000_000, is_lossy=True)
    assert len(near.content) < 500_000


def test_without_memory_for_the_encoder_it_takes_small_tiles_and_then_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []

    def failing(_image: Image.Image, tile: int = 0, **_: Any) -> bytes:
        asked.append(tile)
        raise OSError("broken data stream when writing image file")

    monkeypatch.setattr(stored_pixels, "_jpeg2000", failing)
    pixels = np.asarray(photo((300, 200)))
    kept = stored_pixels.stored(pixels, 9_000, is_lossy=True)
    assert kept.decibels is None and kept.content.startswith(b"\x89PNG")
    assert asked[0] > asked[1] > 0


def flat(colours: int) -> Any:
    """A page with so many colours."""
    ramp = np.arange(120 * 90) % colours
    return np.stack([ramp % 7 * 30, ramp * 90 // max(colours, 1), ramp % 251], axis=-1).reshape(
        120, 90, 3
    ).astype(np.uint8)  # fmt: skip


def black_and_white() -> Any:
    return np.where(np.asarray(photo((300, 200)).convert("L")) > 90, np.uint8(255), np.uint8(0))


@pytest.mark.parametrize(("pixels", "starts"), [
    (np.repeat(black_and_white()[..., None], 3, axis=2), b"II*\0"), (flat(200), b"\x89PNG"),
    (flat(5_000), b"\x89PNG"), (np.asarray(photo((300, 200)).convert("L").convert("RGB")), b""),
], ids=["black and white", "few colours", "many", "grey"])  # fmt: skip
def test_nothing_is_lost_of_what_was_kept_whole(pixels: Any, starts: bytes) -> None:
    for enough in (0, 1e9):
        content = stored_pixels.lossless(pixels, enough)
        with Image.open(io.BytesIO(content)) as image:
            assert (np.asarray(image.convert("RGB"))[..., ::-1] == pixels).all()
    assert content.startswith(starts)


def test_a_lossless_webp_and_a_gif_lose_nothing(scene: ExportScene) -> None:
    image = photo((300, 200))
    gif = encoded(image.quantize(200), "GIF")
    for name, content in (("a.webp", encoded(image, "WEBP", lossless=True)), ("a.gif", gif)):
        pdf_file = exported(scene, name, content)
        assert (shown(pdf_file, 300) == decoded(content)).all()
        with pikepdf.open(io.BytesIO(pdf_file)) as pdf, pdf.open_metadata() as metadata:
            assert "dc:description" not in metadata
    assert len(pdf_file) <= 1.05 * len(gif) + AROUND


@pytest.mark.parametrize("compression", ["tiff_lzw", "lzma", "zstd"])
def test_a_tiff_s_pixels_take_no_more_than_they_did(scene: ExportScene, compression: str) -> None:
    content = encoded(photo(), "TIFF", compression=compression, dpi=(100, 90))
    pdf_file = exported(scene, "a.tif", content)
    assert len(pdf_file) <= 1.05 * len(content) + AROUND
    with pikepdf.open(io.BytesIO(pdf_file)) as pdf:
        assert [float(side) for side in pdf.pages[0].mediabox[2:]] == pytest.approx([360, 560])


def test_white_letters_on_nothing_are_seen(scene: ExportScene) -> None:
    image = Image.new("RGBA", (400, 300), (255, 255, 255, 0))
    ImageDraw.Draw(image).rectangle((50, 50, 300, 90), fill=(255, 255, 255, 255))
    pdf_file = exported(scene, "a.png", encoded(image, "PNG"))
    assert np.ptp(shown(pdf_file, 400)) > 100


@pytest.mark.parametrize("where", ["tag", "strip"])
def test_a_tiff_s_old_jpeg_goes_through(where: str) -> None:
    jpeg = encoded(photo((60, 40)), "JPEG")
    tags: tiff_files.Tags = {258: (8, 8, 8), 277: 3, 259: 6}
    if where == "tag":
        tags |= {513: 8, 514: len(jpeg)}
    picture = Pictures(
        tiff_files.tiff(jpeg, 6, size=(60, 40), tags=tags), documents.Limits()
    ).page(1)  # fmt: skip
    (image,) = picture.pdf.pages[0].get_images().values()
    assert image.read_raw_bytes() == jpeg and picture.decibels is None
