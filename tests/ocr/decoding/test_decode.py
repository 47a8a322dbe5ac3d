"""Every colour model ends as what a person would see; every damaged file as ImageError."""

import io
import random
import resource
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import image_files
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin

from decoding import decode
from decoding.documents import decode_pages
from decoding.pixels import Pixels
from ocr_errors import ImageError

MAX_PIXELS = 50e6
FILES = image_files.files()
ORIENTATION = 0x0112
UNTURNED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How a camera held in that orientation stores an upright scene (EXIF 2.3, tag Orientation)."""


def decoded(content: bytes, max_pixels: float = MAX_PIXELS) -> Pixels:
    page = next(decode_pages(content, max_pixels))
    pixels = page.pixels
    assert pixels.dtype == np.uint8
    assert pixels.ndim == 3
    assert pixels.shape[2] == 3
    assert pixels.flags.c_contiguous
    return pixels


def refused(content: bytes, max_pixels: float = MAX_PIXELS) -> str:
    with pytest.raises(ImageError) as caught:
        list(decode_pages(content, max_pixels))
    assert caught.value.message.endswith(".")
    return caught.value.code


def shows_the_scene(pixels: Pixels, *, colour: bool = True) -> None:
    """Black bar, red bar (blue, green, red), white elsewhere."""
    assert pixels.shape == (40, 60, 3)
    assert pixels[8, 20].max() < 40
    assert pixels[20, 30].min() > 215
    assert pixels[20, 5].min() > 215
    blue, green, red = pixels[32, 48].astype(int)
    if colour:
        assert red > 170
        assert max(blue, green) < 70
    else:
        assert blue == green == red


@pytest.mark.parametrize("kind", FILES)
def test_every_format_and_mode_shows_what_it_holds(kind: str) -> None:
    """Of several pages or frames, the first."""
    shows_the_scene(decoded(FILES[kind]), colour=kind not in image_files.COLOURLESS)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", UNTURNED)
def test_exif_orientation(form: str, orientation: int) -> None:
    method = UNTURNED[orientation]
    stored = image_files.scene() if method is None else image_files.scene().transpose(method)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    options: dict[str, object] = {"exif": exif} if form != "TIFF" else {}
    if form == "TIFF":
        tags = TiffImagePlugin.ImageFileDirectory_v2()
        tags[ORIENTATION] = orientation
        options["tiffinfo"] = tags
    if form == "JPEG":
        options["quality"] = 95
    shows_the_scene(decoded(image_files.saved(stored, form, **options)))


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_is_none(orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    shows_the_scene(decoded(image_files.saved(image_files.scene(), "JPEG", exif=exif, quality=95)))


def test_exif_that_is_garbage_does_no_harm() -> None:
    content = image_files.saved(
        image_files.scene(), "JPEG", exif=b"Exif\x00\x00II*\x00" + b"\xff" * 60, quality=95
    )
    shows_the_scene(decoded(content))


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
@pytest.mark.parametrize("maximum", [255, 1023, 4095, 40_000, 65535])
def test_16_bit_grey_is_seen_in_full_contrast(form: str, maximum: int) -> None:
    """A scanner's 12 bits in 16 are no black page; neither is what it did not use up."""
    grey = np.asarray(image_files.scene().convert("L")).astype(np.float64) / 255
    deep = Image.fromarray((grey * maximum).astype(np.uint16))
    pixels = decoded(image_files.saved(deep, form))
    assert pixels[8, 20].max() < 5
    assert pixels[20, 30].min() > 60
    if maximum in (255, 4095, 65535):
        assert pixels[20, 30].min() == 255


def test_16_bit_white_text_on_black_stays_so() -> None:
    values = np.zeros((20, 40), dtype=np.uint16)
    values[5:10, 5:30] = 60_000
    pixels = decoded(image_files.saved(Image.fromarray(values), "PNG"))
    assert pixels[0, 0].max() == 0
    assert pixels[7, 10].min() > 200


def test_32_bit_and_negative_values_are_stretched() -> None:
    values = np.full((20, 40), 1_000_000, dtype=np.int32)
    values[5:10, 5:30] = -1_000_000
    pixels = decoded(image_files.saved(Image.fromarray(values), "TIFF"))
    assert pixels[0, 0].min() == 255
    assert pixels[7, 10].max() == 0


def test_floats_that_are_no_numbers() -> None:
    values = np.ones((20, 40), dtype=np.float32)
    values[0, 0], values[0, 1], values[5:10, 5:30] = np.nan, np.inf, 0
    pixels = decoded(image_files.saved(Image.fromarray(values), "TIFF"))
    assert pixels[15, 15].min() == 255
    assert pixels[7, 10].max() == 0


def test_16_bit_rgb_png() -> None:
    """Pillow cannot write it, scanners do."""
    scene = np.asarray(image_files.scene()).astype(">u2") * 257
    rows = b"".join(b"\x00" + row.tobytes() for row in scene)
    shows_the_scene(decoded(image_files.png(60, 40, 16, 2, zlib.compress(rows))))


def test_16_bit_grey_with_alpha_png() -> None:
    values = np.zeros((40, 60, 2), dtype=">u2")
    values[8:16, 8:40, 1] = 65535  # black, and visible only here
    rows = b"".join(b"\x00" + row.tobytes() for row in values)
    pixels = decoded(image_files.png(60, 40, 16, 4, zlib.compress(rows)))
    assert pixels[12, 20].max() == 0
    assert pixels[30, 30].min() == 255


def tiff(values: Pixels, photometric: int, sample_format: int = 1) -> bytes:
    """Uncompressed, one strip, written by hand: little endian samples as they stand in `values`."""
    height, width, samples = (*values.shape, 1)[:3]
    bits, size = values.itemsize * 8, values.nbytes
    tags = [(256, 3, 1, width), (257, 3, 1, height), (258, 3, samples, bits), (259, 3, 1, 1),
            (262, 3, 1, photometric), (273, 4, 1, 0), (277, 3, 1, samples), (278, 3, 1, height),
            (279, 4, 1, size), (339, 3, 1, sample_format)]  # fmt: skip
    after = 8 + 2 + 12 * len(tags) + 4
    values_of = {273: after + 6} | ({258: after} if samples > 2 else {})
    entries = b"".join(struct.pack("<HHII", t, f, n, values_of.get(t, v)) for t, f, n, v in tags)
    content = b"II*\x00\x08\x00\x00\x00" + struct.pack("<H", len(tags)) + entries + bytes(4)
    return content + struct.pack("<3H", bits, bits, bits) + values.tobytes()


def test_16_bit_rgb_tiff() -> None:
    """Pillow cannot write it, scanners do."""
    scene = np.asarray(image_files.scene()).astype("<u2") * 257
    shows_the_scene(decoded(tiff(scene, 2)))


@pytest.mark.parametrize("kind", ["<u1", "<u2", "12 bits in 16", "<f4"])
def test_a_tiff_whose_white_is_zero_is_no_negative(kind: str) -> None:
    """Photometric interpretation 0, as fax machines and X-ray scanners write it."""
    white_is_one = np.asarray(image_files.scene().convert("L")) / 255
    full = {"<u1": 255, "<u2": 65535, "<f4": 1.0}.get(kind, 4095)
    stored = ((1 - white_is_one) * full).astype(kind if kind.startswith("<") else "<u2")
    pixels = decoded(tiff(stored, 0, 3 if kind == "<f4" else 1))
    assert pixels[8, 20].max() < 40
    assert pixels[20, 30].min() > 215


def ink(colour: tuple[int, ...], mode: str) -> Image.Image:
    """Transparent, with an opaque bar."""
    image = Image.new(mode, (60, 40), (*colour, 0))
    image.paste((*colour, 255), (4, 4, 40, 12))
    return image


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize(("mode", "channels"), [("RGBA", 3), ("LA", 1)])
@pytest.mark.parametrize("level", [0, 255])
def test_text_on_nothing_stays_visible(form: str, mode: str, channels: int, level: int) -> None:
    """Black on white, and white on black: never white on white."""
    image = ink((level,) * channels, mode)
    if form == "WEBP":
        image = image.convert("RGBA")
    pixels = decoded(
        image_files.saved(image, form, **({"lossless": True} if form == "WEBP" else {}))
    )
    assert (pixels[8, 20] == level).all()
    assert (pixels[30, 30] == 255 - level).all()


def test_a_palette_with_a_transparent_colour() -> None:
    image = Image.new("P", (60, 40), 0)
    image.putpalette([0, 0, 0, 10, 10, 10])
    image.paste(1, (4, 4, 40, 12))
    for form in ("PNG", "GIF"):
        pixels = decoded(image_files.saved(image, form, transparency=0))
        assert pixels[8, 20].max() < 20, form
        assert pixels[30, 30].min() == 255, form


@pytest.mark.parametrize(("mode", "key"), [("L", 0), ("RGB", (0, 0, 0)), ("1", 0)])
def test_a_transparent_colour_without_palette(mode: str, key: object) -> None:
    image = Image.new(mode, (60, 40), 0)
    dark = {"L": 30, "RGB": (30, 30, 30), "1": 1}[mode]
    image.paste(dark, (4, 4, 40, 12))
    pixels = decoded(image_files.saved(image, "PNG", transparency=key))
    assert pixels[8, 20].max() != pixels[30, 30].max()


def test_white_paper_that_is_half_transparent_stays_white() -> None:
    """White all over is no white ink: the black text decides."""
    image = image_files.scene().convert("RGBA")
    image.putalpha(200)
    pixels = decoded(image_files.saved(image, "PNG"))
    assert pixels[20, 30].min() == 255
    assert pixels[8, 20].max() < 80


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><text>a</text></svg>",
        b"Just a text, named .png.",
        b"\x00" * 1000,
        b"",
        b"P9 2 2 255 " + b"\x00" * 12,
        b"8BPS\x00\x01" + b"\x00" * 100,
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
    ],
)
def test_what_is_no_image_of_the_list(content: bytes) -> None:
    """Also formats that Pillow reads but that are not on the list: EPS runs a program."""
    assert refused(content) == "not_an_image"


@pytest.mark.parametrize("form", ["ICO", "TGA", "PCX", "ICNS", "SGI", "DDS"])
def test_formats_off_the_list_are_refused(form: str) -> None:
    image = image_files.scene().resize((64, 64))
    try:
        content = image_files.saved(image, form)
    except (OSError, KeyError):
        content = b"off the list"  # this Pillow cannot write it
    assert refused(content) == "not_an_image"


@pytest.mark.parametrize("kind", FILES)
def test_a_truncated_file_is_a_picture_or_damaged(kind: str) -> None:
    """And a picture that is not the whole one says so."""
    content = FILES[kind]
    whole = decoded(content)
    for share in (0.1, 0.15, 0.25, 0.5, 0.75, 0.9, 0.99):
        try:
            page = next(decode_pages(content[: max(int(len(content) * share), 24)], MAX_PIXELS))
        except ImageError as error:
            assert error.code == "damaged_image"
            assert "<_io" not in error.message
        else:
            same = page.pixels.shape == whole.shape and (page.pixels == whole).all()
            assert same or [doubt.code for doubt in page.warnings] == ["picture_incomplete"]


MUTABLE = sorted(FILES.items())


def mutate(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice([1, 2, 5, 20])):
        at = chance.randrange(len(changed))
        match chance.randrange(4):
            case 0:
                changed[at] = chance.randrange(256)
            case 1:
                changed[at : at + 4] = chance.choice([b"\xff" * 4, bytes(4), b"\x7f\xff\xff\xff"])
            case 2:
                del changed[at : at + chance.randrange(1, 20)]
            case 3:
                changed[at:at] = changed[at // 2 : at // 2 + chance.randrange(1, 30)]
        changed = changed or bytearray(b"\x00")
    return bytes(changed)


@pytest.mark.parametrize("kind", FILES)
def test_mutated_files_are_pictures_or_image_errors(kind: str) -> None:
    chance = random.Random(kind)
    for _ in range(60):
        try:
            decoded(mutate(FILES[kind], chance), 1e6)
        except ImageError as error:
            assert error.code in {
                "damaged_image", "not_an_image", "too_many_pixels", "too_small", "out_of_memory",
                "unsupported_form",
            }  # fmt: skip


@given(st.sampled_from(MUTABLE), st.randoms(use_true_random=False))
def test_mutations_that_hypothesis_finds(named: tuple[str, bytes], chance: random.Random) -> None:
    try:
        decoded(mutate(named[1], chance), 1e6)
    except ImageError as error:
        error.message.encode()


@given(st.binary(max_size=200))
def test_any_bytes_after_any_signature(tail: bytes) -> None:
    for head in (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\x00", b"MM\x00*", b"BM", b"GIF89a",
                 b"RIFF\x20\x00\x00\x00WEBP"):  # fmt: skip
        try:
            decoded(head + tail, 1e6)
        except ImageError:
            continue


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    """20,000 × 20,000 in a few kilobytes: as pixels it would be 1.2 GB."""
    content = image_files.bomb(20_000)
    assert len(content) < 100_000
    tracemalloc.start()
    try:
        assert refused(content) == "too_many_pixels"
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000


def with_size(kind: str, width: int, height: int) -> bytes:
    """The header says so; the rest is as before."""
    content = bytearray(FILES[kind])
    match kind:
        case "bmp":
            content[18:26] = struct.pack("<ii", width, height)
        case "gif":
            content[6:10] = struct.pack("<HH", width, height)
        case "jpeg":
            at = content.index(b"\xff\xc0") + 5
            content[at : at + 4] = struct.pack(">HH", height, width)
        case "png":
            content[16:24] = struct.pack(">II", width, height)
            content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
        case "webp-lossless":
            at = content.index(b"VP8L") + 9
            packed = struct.unpack_from("<I", content, at)[0] >> 28 << 28
            struct.pack_into("<I", content, at, packed | (height - 1) << 14 | (width - 1))
    return bytes(content)


@pytest.mark.parametrize("kind", ["bmp", "gif", "jpeg", "png", "webp-lossless"])
def test_a_header_that_lies_about_the_size(kind: str) -> None:
    assert refused(with_size(kind, 16_000, 16_000)) == "too_many_pixels"


def test_a_gif_frame_larger_than_its_screen_counts() -> None:
    content = bytearray(FILES["gif"])
    at = content.index(b"\x2c") + 5  # the image descriptor's width and height
    content[at : at + 4] = struct.pack("<HH", 60_000, 60_000)
    assert refused(bytes(content)) == "too_many_pixels"


def test_the_limit_itself_is_allowed() -> None:
    assert decoded(FILES["png"], 60 * 40).shape == (40, 60, 3)
    assert refused(FILES["png"], 60 * 40 - 1) == "too_many_pixels"


def test_strips_without_room_for_text() -> None:
    strip = image_files.png(1, 50_000, 8, 0, zlib.compress(b"\x00\xff" * 50_000))
    assert refused(strip) == "too_small"
    strip = image_files.png(3, 50_000, 8, 0, zlib.compress(b"\x00\xff\xff\xff" * 50_000))
    assert decoded(strip).shape == (50_000, 3, 3)


def failing(error: BaseException) -> Callable[..., Image.Image]:
    def raising(*_: object, **__: object) -> Image.Image:
        raise error

    return raising


@pytest.mark.parametrize(
    "error",
    [OSError, SyntaxError, ValueError, ZeroDivisionError, FloatingPointError, RecursionError,
     UnicodeDecodeError("ascii", b"", 0, 1, ""), struct.error("short"), zlib.error, cv2.error,
     AssertionError, LookupError, BufferError, StopIteration, NotImplementedError],
)  # fmt: skip
def test_whatever_a_decoder_raises_is_damage(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Also what nobody thought of: the image ends, never the worker."""
    monkeypatch.setattr(decode, "to_bgr", failing(error))
    assert refused(FILES["jpeg"]) == "damaged_image"


@pytest.mark.parametrize("error", [MemoryError(), cv2.error("Insufficient memory")])
def test_no_memory_is_not_the_files_fault(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(decode, "to_bgr", failing(error))
    assert refused(FILES["jpeg"]) == "out_of_memory"


def test_pillow_warnings_stay_out_of_the_log(recwarn: pytest.WarningsRecorder) -> None:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    content = bytearray(image_files.saved(image_files.scene(), "TIFF", tiffinfo=tags))
    decoded(bytes(content))
    stream = io.BytesIO(FILES["mpo"])
    decoded(stream.getvalue()[:-10] + b"\x00" * 10)
    assert not recwarn.list


@pytest.mark.parametrize("kind", FILES)
def test_no_mutation_takes_more_memory_than_its_pixels(kind: str) -> None:
    """Lengths and sizes that lie: a million pixels allowed, half a gigabyte to do it in."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    chance = random.Random(kind + " again")
    resource.setrlimit(resource.RLIMIT_AS, (used + 500_000_000, before[1]))
    try:
        for _ in range(80):
            try:
                decoded(mutate(FILES[kind], chance), 1e6)
            except ImageError as error:
                assert error.code != "out_of_memory"
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
