"""Sound files of rare forms are read, or said to be of a form that cannot be read: not damaged."""

import struct
import zlib
from typing import Any

import image_files
import numpy as np
import pytest
import tiff_files
from image_files import scene
from PIL import Image, ImageOps
from tiff_files import grey, tiff

from decoding.documents import decode_pages
from decoding.pixels import Pixels
from ocr_errors import ImageError

ORDERS = ["<", ">"]


def decoded(content: bytes, *doubts: str) -> Pixels:
    (page,) = decode_pages(content, 0)
    assert tuple(warning.code for warning in page.warnings) == doubts
    return page.pixels


def shows_the_bar(pixels: Pixels) -> None:
    assert pixels.shape == (40, 60, 3)
    assert pixels[8, 20].max() < 40
    assert pixels[20, 30].min() > 215
    assert pixels[30, 5].min() > 215


def shows_the_scene(pixels: Pixels) -> None:
    shows_the_bar(pixels)
    blue, green, red = pixels[32, 48].astype(int)
    assert red > 170
    assert max(blue, green) < 70


def unsupported(content: bytes) -> None:
    with pytest.raises(ImageError) as caught:
        list(decode_pages(content, 0))
    assert caught.value.code == "unsupported_form"
    assert "damaged" not in caught.value.message


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("white_is_zero", [False, True])
@pytest.mark.parametrize("kind", ["u1", "u2", "u4", "i2", "i4", "f2", "f4", "f8"])
def test_grey_tiffs_of_every_number_type(order: str, white_is_zero: bool, kind: str) -> None:
    full = 1.0 if kind[0] == "f" else float(np.iinfo(kind).max)
    values = grey(full)
    stored = (full - values if white_is_zero else values).astype(kind)
    shows_the_bar(decoded(tiff(stored, 0 if white_is_zero else 1, order)))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("bits", [9, 10, 12, 14])
def test_fewer_bits_than_their_place_has(order: str, bits: int) -> None:
    """10 bits in 16, as cameras and scanners have them: no dark page."""
    values = grey(2**bits - 1).astype("u2")
    assert decoded(tiff(values, 1, order))[20, 30].min() == 255
    rgb = np.repeat(values[:, :, None], 3, axis=2)
    assert decoded(tiff(rgb, 2, order))[20, 30].min() == 255


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_samples_that_are_packed(bits: int) -> None:
    values = grey(2**bits - 1).astype(int)
    loose = (values[:, :, None] >> np.arange(bits)[::-1] & 1).astype(np.uint8)
    rows = np.packbits(loose.reshape(40, -1), axis=1).tobytes()
    for order in ORDERS:
        shows_the_bar(decoded(tiff(rows, 1, order, size=(60, 40), tags={258: bits, 277: 1})))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("kind", ["u1", "u2"])
@pytest.mark.parametrize("extra", [1, 2])
@pytest.mark.parametrize("colours", [1, 3])
def test_alpha_of_both_kinds(order: str, kind: str, extra: int, colours: int) -> None:
    """Black ink on nothing; 1: the colours are multiplied by it."""
    full = np.iinfo(kind).max
    values = np.zeros((40, 60, colours + 1), dtype=kind)
    values[4:12, 4:40, colours] = full
    shows_the_bar(decoded(tiff(values, 1 if colours == 1 else 2, order, tags={338: extra})))


@pytest.mark.parametrize("kind", ["u1", "u2"])
def test_associated_alpha_is_divided_out(kind: str) -> None:
    """Half of white paper, multiplied: shown on white it is white, not grey."""
    full = int(np.iinfo(kind).max)
    values = np.full((40, 60, 4), full // 2, dtype=kind)
    pixels = decoded(tiff(values, 2, tags={338: 1}))
    assert pixels.min() > 250


@pytest.mark.parametrize("order", ORDERS)
def test_planes_predictors_and_deflate(order: str) -> None:
    rgb = np.asarray(scene()).astype("u2") * 257
    planes = np.ascontiguousarray(rgb.transpose(2, 0, 1)).astype(f"{order}u2")
    strips = planes.tobytes()
    size = len(strips) // 3
    content = tiff(strips, 2, order, size=(60, 40), tags={
        258: (16, 16, 16), 277: 3, 284: 2, 273: [8, 8 + size, 8 + 2 * size], 279: [size] * 3,
    })  # fmt: skip
    shows_the_scene(decoded(content))
    change = np.diff(rgb, axis=1, prepend=np.zeros((40, 1, 3), dtype="u2")).astype(f"{order}u2")
    packed = zlib.compress(change.tobytes())
    tags = {258: (16, 16, 16), 277: 3, 259: 8, 317: 2, 279: len(packed)}
    shows_the_scene(decoded(tiff(packed, 2, order, size=(60, 40), tags=tags)))


def test_a_float_predictor() -> None:
    """Adobe's technical note 3: the bytes of a row by significance, each as a difference."""
    values = grey(1.0).astype(">f4")
    bytes_ = values.view(np.uint8).reshape(40, 60, 4).transpose(0, 2, 1).reshape(40, 240)
    change = np.diff(bytes_, axis=1, prepend=np.zeros((40, 1), dtype=np.uint8))
    packed = zlib.compress(change.astype(np.uint8).tobytes())
    tags = {258: 32, 277: 1, 339: 3, 259: 8, 317: 3, 279: len(packed)}
    shows_the_bar(decoded(tiff(packed, 1, size=(60, 40), tags=tags)))


@pytest.mark.parametrize("order", ORDERS)
def test_tiles_of_16_bits(order: str) -> None:
    padded = np.zeros((64, 96), dtype=f"{order}u2")
    padded[:40, :60] = grey(65535)
    tiles = [padded[top : top + 32, left : left + 32].tobytes()
             for top in (0, 32) for left in (0, 32, 64)][:2] \
        + [padded[32:64, left : left + 32].tobytes() for left in (0, 32)]  # fmt: skip
    size = len(tiles[0])
    tags = {258: 16, 277: 1, 322: 32, 323: 32, 324: [8 + size * number for number in range(4)],
            325: [size] * 4}  # fmt: skip
    shows_the_bar(decoded(tiff(b"".join(tiles), 1, order, size=(60, 40), tags=tags)))


def of_pictures(parts: list[bytes], compression: int, rows: int) -> bytes:
    padded = [part + b"\x00" * (len(part) % 2) for part in parts]
    starts = [8 + sum(map(len, padded[:number])) for number in range(len(parts))]
    tags = {258: (8, 8, 8), 277: 3, 259: compression, 278: rows, 273: starts,
            279: [len(part) for part in parts]}  # fmt: skip
    return tiff(b"".join(padded), 2, size=(60, 40), tags=tags)


@pytest.mark.parametrize(("compression", "form", "options"), [
    (50001, "WEBP", {"lossless": True}), (34712, "JPEG2000", {"no_jp2": True}),
    (33005, "JPEG2000", {"no_jp2": True}), (34892, "JPEG", {"quality": 95}),
])  # fmt: skip
def test_tiffs_whose_strips_are_pictures(
    compression: int, form: str, options: dict[str, Any]
) -> None:
    whole = scene()
    halves = [whole.crop((0, 0, 60, 24)), whole.crop((0, 24, 60, 40))]
    parts = [image_files.saved(half, form, **options) for half in halves]
    shows_the_scene(decoded(of_pictures(parts, compression, 24)))


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("where", ["tag", "strip"])
def test_old_style_jpeg_in_tiff(mode: str, where: str) -> None:
    jpeg = image_files.saved(scene().convert(mode), "JPEG", quality=95)
    samples = len(mode)
    tags: tiff_files.Tags = {258: (8,) * samples, 277: samples, 259: 6}
    if where == "tag":
        tags |= {513: 8, 514: len(jpeg)}
    shows_the_bar(decoded(tiff(jpeg, 1 if mode == "L" else 6, size=(60, 40), tags=tags)))


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("where", ["tag", "strip"])
def test_every_page_of_old_style_jpeg(mode: str, where: str) -> None:
    samples = len(mode)
    content = b"II*\x00\0\0\0\0"
    link = 4
    for image in (scene(), ImageOps.flip(scene())):
        jpeg = image_files.saved(image.convert(mode), "JPEG", quality=95)
        jpeg += b"\0" * (len(jpeg) % 2)
        start, at = len(content), len(content) + len(jpeg)
        tags: tiff_files.Tags = {
            256: 60, 257: 40, 258: (8,) * samples, 259: 6, 262: 1 if mode == "L" else 6,
            273: start, 277: samples, 278: 40, 279: len(jpeg),
        }  # fmt: skip
        if where == "tag":
            tags |= {513: start, 514: len(jpeg)}
        content = content[:link] + struct.pack("<I", at) + content[link + 4 :]
        content += jpeg + tiff_files.directory(tags, at)
        link = at + 2 + 12 * len(tags)
    first, second = decode_pages(content, 0)
    shows_the_bar(first.pixels)
    shows_the_bar(second.pixels[::-1])


@pytest.mark.parametrize("tag", [{254: 1}, {255: 2}])
@pytest.mark.parametrize("order", ORDERS)
def test_a_thumbnail_in_front_is_not_the_page(tag: tiff_files.Tags, order: str) -> None:
    small = tiff_files.grey(255).astype("u1")[::4, ::4]
    first = tiff(small, 1, order, tags=tag)
    whole = np.asarray(scene())
    start = len(first)
    tags: tiff_files.Tags = {256: 60, 257: 40, 258: (8, 8, 8), 259: 1, 262: 2, 273: start,
                             277: 3, 278: 40, 279: whole.size}  # fmt: skip
    at = start + whole.size
    second = tiff_files.directory(tags, at, order)
    joined = tiff(small, 1, order, tags=tag, following=at)
    shows_the_scene(decoded(joined + whole.tobytes() + second))
    below = tiff(small, 1, order, tags=tag | {330: at + 12})
    assert len(below) == start + 12
    tags[273] = start + 12
    second = tiff_files.directory(tags, at + 12, order)
    shows_the_scene(decoded(below + whole.tobytes() + second))


def test_a_thumbnail_alone_is_better_than_nothing() -> None:
    shows_the_bar(decoded(tiff(grey(255).astype("u1"), 1, tags={254: 1})))


def test_lab_and_cmyk_of_16_bits() -> None:
    lab = np.zeros((40, 60, 3), dtype="u2")
    lab[:, :, 0] = grey(65535)
    shows_the_bar(decoded(tiff(lab, 8)))
    cmyk = np.zeros((40, 60, 4), dtype="u2")
    cmyk[:, :, 3] = 65535 - grey(65535)
    shows_the_bar(decoded(tiff(cmyk, 5)))


def test_a_tiff_of_an_unknown_compression_or_colour_is_unsupported() -> None:
    values = grey(255).astype("u1")
    unsupported(tiff(values, 1, tags={259: 34661}))
    unsupported(tiff(values.astype("u2"), 32803))


def test_jpegs_of_12_bits_are_unsupported() -> None:
    content = image_files.files()["jpeg"]
    at = content.index(b"\xff\xc0") + 4
    unsupported(content[:at] + b"\x0c" + content[at + 1 :])


def bmp(bits: int, masks: tuple[int, ...], *, top_down: bool, header: int = 56) -> bytes:
    """The scene with those masks of red, green, blue and alpha; alpha stays empty."""
    rgb = np.asarray(scene()).astype(np.uint32)
    values = np.zeros((40, 60), dtype=np.uint32)
    for channel, mask in enumerate(masks[:3]):
        shift = (mask & -mask).bit_length() - 1
        values |= (rgb[:, :, channel] * (mask >> shift) // 255) << shift
    rows = values if top_down else values[::-1]
    data = rows.astype(f"<u{bits // 8}").tobytes()
    height = -40 if top_down else 40
    info = struct.pack("<IiiHHIIiiII", header, 60, height, 1, bits, 3, len(data), 0, 0, 0, 0)
    info += struct.pack("<4I", *masks)[: 16 if header == 56 else 12]
    return b"BM" + struct.pack("<IHHI", 14 + len(info) + len(data), 0, 0, 14 + len(info)) \
        + info + data  # fmt: skip


@pytest.mark.parametrize("top_down", [False, True])
@pytest.mark.parametrize("header", [40, 56])
@pytest.mark.parametrize(("bits", "masks"), [
    (16, (0xF00, 0xF0, 0xF, 0xF000)), (16, (0x1F, 0x7E0, 0xF800, 0)),
    (32, (0x3FF00000, 0xFFC00, 0x3FF, 0xC0000000)), (16, (0xF800, 0x7E0, 0x1F, 0)),
])  # fmt: skip
def test_bmps_of_any_masks(bits: int, masks: tuple[int, ...], header: int, top_down: bool) -> None:
    shows_the_scene(decoded(bmp(bits, masks, top_down=top_down, header=header)))


@pytest.mark.parametrize(("form", "compression"), [("JPEG", 4), ("PNG", 5)])
def test_bmps_that_hold_a_picture(form: str, compression: int) -> None:
    data = image_files.saved(scene(), form)
    info = struct.pack("<IiiHHIIiiII", 40, 60, 40, 1, 0, compression, len(data), 0, 0, 0, 0)
    content = b"BM" + struct.pack("<IHHI", 54 + len(data), 0, 0, 54) + info + data
    shows_the_scene(decoded(content))


def test_16_bit_grey_png_with_a_transparent_colour() -> None:
    values = grey(1000).astype(">u2")
    rows = b"".join(b"\x00" + row.tobytes() for row in np.where(values, 0, 500).astype(">u2"))
    content = image_files.png(60, 40, 16, 0, zlib.compress(rows))
    hidden = image_files.chunk(b"tRNS", struct.pack(">H", 0))
    pixels = decoded(content[:33] + hidden + content[33:])
    assert pixels[20, 30].min() == 255
    assert pixels[8, 20].max() < 255


def test_nothing_but_transparency_shows_what_lies_below() -> None:
    image = scene().convert("RGBA")
    image.putalpha(0)
    for form in ("PNG", "TIFF"):
        (page,) = decode_pages(image_files.saved(image, form), 0)
        shows_the_scene(page.pixels)
        assert [doubt.code for doubt in page.warnings] == ["all_transparent"]


@pytest.mark.parametrize("other", [(255, 255, 255), (230, 230, 90)])
def test_dark_and_light_ink_on_nothing_are_both_seen(other: tuple[int, int, int]) -> None:
    image = Image.new("RGBA", (60, 40), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (4, 4, 40, 12))
    image.paste((*other, 255), (4, 20, 40, 28))
    pixels = decoded(image_files.saved(image, "PNG")).astype(int)
    paper = pixels[15, 50]
    assert np.abs(pixels[8, 20] - paper).max() >= 80
    assert np.abs(pixels[24, 20] - paper).max() >= 80


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP"])
@pytest.mark.parametrize("blank", ["white", "transparent"])
def test_the_first_frame_that_shows_something(form: str, blank: str) -> None:
    first = Image.new("RGBA", (60, 40), "white" if blank == "white" else (0, 0, 0, 0))
    frames = [first.copy(), scene().convert("RGBA")]
    options: dict[str, Any] = {"lossless": True} if form == "WEBP" else {}
    content = image_files.saved(
        first, form, save_all=True, append_images=frames, duration=100, **options
    )
    shows_the_scene(decoded(content, "first_frame_only"))


def test_an_animation_of_blank_frames_is_blank() -> None:
    frame = Image.new("RGB", (60, 40), "white")
    other = Image.new("RGB", (60, 40), (250, 250, 250))
    content = image_files.saved(frame, "GIF", save_all=True, append_images=[other], duration=50)
    assert decoded(content, "first_frame_only").min() >= 250


def test_a_side_beyond_what_opencv_warps() -> None:
    strip = image_files.png(40_000, 20, 8, 0, zlib.compress((b"\x00" + b"\xf0" * 40_000) * 20))
    assert decoded(strip).shape == (20, 40_000, 3)
