"""Files that end too soon: what is there is shown, what is missing is white and said."""

import io
import random
import re

import image_files
import numpy as np
import pytest
import tiff_files
from PIL import Image, ImageDraw, TiffImagePlugin

from decoding import decode, jpeg_checks
from decoding.decode import DecodedPage
from decoding.documents import decode_pages

SIZE = (400, 600)


def page() -> Image.Image:
    """Rows of ink from top to bottom on slightly uneven paper."""
    chance = np.random.default_rng(1)
    paper = np.asarray(chance.integers(236, 250, (SIZE[1], SIZE[0], 3)), dtype=np.uint8)
    image = Image.fromarray(paper)
    draw = ImageDraw.Draw(image)
    for top in range(10, SIZE[1] - 10, 24):
        for left in range(12, SIZE[0] - 20, 18):
            draw.rectangle((left, top, left + 9, top + 11), fill=(20, 20, 20))
    return image


def made(kind: str) -> bytes:
    image = page()
    options = {
        "JPEG": {"quality": 90},
        "JPEG 4:4:4": {"quality": 90, "subsampling": 0},
        "JPEG grey": {"quality": 90},
        "JPEG CMYK": {"quality": 90},
        "PNG": {},
        "GIF": {"interlace": False},
        "BMP": {},
        "TIFF": {},
        "TIFF LZW": {"compression": "tiff_lzw"},
        "TIFF 16 bits": {},
        "WEBP": {"quality": 80},
        "WEBP lossless": {"lossless": True},
    }[kind]
    if kind == "GIF":
        image = image.quantize(16)
    elif kind in {"JPEG grey", "TIFF 16 bits"}:
        image = image.convert("L")
    elif kind == "JPEG CMYK":
        image = image.convert("CMYK")
    if kind == "TIFF 16 bits":
        image = Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    if kind == "TIFF":  # its directory first, or cutting would take that
        options = {"compression": "packbits"}
    return image_files.saved(image, kind.split()[0], **options)


KINDS = ["JPEG", "JPEG 4:4:4", "JPEG grey", "JPEG CMYK", "PNG", "GIF", "BMP", "WEBP"]


def shown(content: bytes) -> DecodedPage:
    (decoded,) = decode_pages(content, 0)
    return decoded


def percent(decoded: DecodedPage) -> int:
    (doubt,) = decoded.warnings
    assert doubt.code == "picture_incomplete"
    assert doubt.message.endswith(".")
    found = re.match(r"(\d+|Less than 1) % of the picture are missing at its (\w+)", doubt.message)
    assert found, doubt.message
    return 0 if found[1].startswith("Less") else int(found[1])


@pytest.mark.parametrize("share", [0.99, 0.9, 0.5])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_there_is_shown_and_the_rest_is_white(kind: str, share: float) -> None:
    content = made(kind)
    whole = shown(content).pixels.astype(int)
    cut = shown(content[: int(len(content) * share)])
    missing = percent(cut)
    assert cut.pixels.shape == whole.shape
    assert abs(missing - 100 * (1 - share)) <= 20
    pixels = cut.pixels.astype(int)
    lost = round(missing / 100 * SIZE[1])
    rows = slice(lost + 20, None) if kind == "BMP" else slice(0, max(SIZE[1] - lost - 40, 1))
    assert np.abs(pixels[rows] - whole[rows]).max() <= 8
    if lost > 30:
        bare = pixels[: lost - 20] if kind == "BMP" else pixels[SIZE[1] - lost + 20 :]
        assert bare.min() == 255


@pytest.mark.parametrize("kind", ["TIFF", "TIFF LZW", "TIFF 16 bits"])
def test_a_tiff_whose_pixels_end_too_soon(kind: str) -> None:
    """Its directory stands in front of them, or all would be lost."""
    content = directory_first(made(kind))
    whole = shown(content).pixels.astype(int)
    cut = shown(content[: len(content) * 6 // 10])
    missing = percent(cut)
    assert 20 <= missing <= 60
    kept = SIZE[1] * (100 - missing) // 100 - 5
    assert np.abs(cut.pixels[:kept].astype(int) - whole[:kept]).max() <= 2
    assert cut.pixels[-50:].min() == 255


def directory_first(content: bytes) -> bytes:
    with Image.open(io.BytesIO(content)) as image:
        assert isinstance(image, TiffImagePlugin.TiffImageFile)
        wanted = {256, 257, 258, 259, 262, 277, 278, 317}
        tags = {tag: value for tag, value in image.tag_v2.items() if tag in wanted}
        counts = image.tag_v2[279]
        places = list(zip(image.tag_v2[273], counts, strict=True))
    strips = b"".join(content[at : at + count] for at, count in places)
    length = len(tiff_files.directory({**tags, 273: counts, 279: counts}, 8))
    starts = [8 + length + sum(counts[:number]) for number in range(len(counts))]
    head = tiff_files.directory({**tags, 273: starts, 279: counts}, 8)
    return b"II*\x00\x08\x00\x00\x00" + head + strips


def trailer(size: int) -> bytes:
    """What a phone appends: numbers, names, whole files."""
    chance = random.Random(5)
    return b"\x00\x00\x01\x0a\x0e\x00\x00\x00Image_UTC_Data1700000000000" + bytes(
        chance.randrange(256) for _ in range(size)
    )


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("subsampling", [0, 2])
@pytest.mark.parametrize(
    "end",
    [b"", b"\xff", b"\xff\xd9", b"\xff\xd9" + trailer(5000), trailer(5000), trailer(90_000),
     trailer(10) + b"\xff\xd8\xff\xe0" + trailer(2000)],
)  # fmt: skip
def test_a_jpeg_where_only_the_end_is_missing_is_whole(
    progressive: bool, subsampling: int, end: bytes
) -> None:
    """Also with a trailer after it or in its place: nothing is missing, so nothing is said."""
    content = image_files.saved(
        page(), "JPEG", quality=90, progressive=progressive, subsampling=subsampling
    )
    whole = shown(content)
    cut = shown(content[:-2] + end)
    assert (cut.pixels == whole.pixels).all()
    assert cut.warnings == ()


@pytest.mark.parametrize("share", [0.98, 0.7, 0.4])
def test_a_progressive_jpeg_is_less_sharp(share: float) -> None:
    content = image_files.saved(page(), "JPEG", quality=90, progressive=True)
    cut = shown(content[: int(len(content) * share)])
    (doubt,) = cut.warnings
    assert doubt.code == "picture_incomplete"
    assert "less sharp" in doubt.message
    whole = shown(content).pixels.astype(int)
    assert np.abs(cut.pixels.astype(int) - whole).mean() < 12


def test_a_progressive_jpeg_of_a_part_of_its_first_scan() -> None:
    content = image_files.saved(page(), "JPEG", quality=90, progressive=True)
    scans = [match.start() for match in re.finditer(b"\xff\xda", content)]
    cut = shown(content[: scans[0] + (scans[1] - scans[0]) // 2])
    assert 20 <= percent(cut) <= 80
    assert cut.pixels[-40:].min() == 255


def test_an_interlaced_png_is_filled_from_its_coarser_passes() -> None:
    picture = page()
    content = adam7(np.asarray(picture))
    assert (shown(content).pixels[:, :, ::-1] == np.asarray(picture)).all()
    cut = shown(content[: int(len(content) * 0.7)])
    assert "less sharp" in cut.warnings[0].message
    assert (cut.pixels[:, :, ::-1][::8, ::8] == np.asarray(picture)[::8, ::8]).all()
    ink = (cut.pixels.max(axis=2) < 100).mean()
    assert abs(ink - (np.asarray(picture).max(axis=2) < 100).mean()) < 0.05


def adam7(pixels: np.ndarray) -> bytes:  # type: ignore[type-arg]
    """An interlaced PNG (PNG specification, 8.2)."""
    import zlib

    rows = b""
    for top, left, down, across in ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4),
                                    (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)):  # fmt: skip
        rows += b"".join(b"\x00" + row.tobytes() for row in pixels[top::down, left::across])
    content = image_files.png(pixels.shape[1], pixels.shape[0], 8, 2, zlib.compress(rows, 1))
    header = content[16:28] + b"\x01"
    return content[:8] + image_files.chunk(b"IHDR", header) + content[33:]


@pytest.mark.parametrize(("orientation", "side"), [(1, "bottom"), (3, "top"), (6, "left"),
                                                   (8, "right")])  # fmt: skip
def test_the_side_is_that_of_the_upright_picture(orientation: int, side: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = image_files.saved(page(), "JPEG", quality=90, exif=exif)
    cut = shown(content[: len(content) * 3 // 4])
    assert f"at its {side}:" in cut.warnings[0].message


def test_a_png_that_is_broken_in_the_middle() -> None:
    content = bytearray(image_files.saved(page(), "PNG"))
    at = len(content) // 2
    content[at : at + 4] = b"\x00\xff\x00\xff"
    broken = shown(bytes(content))
    assert percent(broken) > 5


def test_a_jpeg_without_any_row_is_damaged() -> None:
    content = made("JPEG")
    start = content.index(b"\xff\xda")
    for end in (start, start + 5, 30):
        with pytest.raises(Exception, match="damaged"):
            list(decode_pages(content[:end], 0))


def test_cut_files_beside_whole_ones() -> None:
    """A lenient decoder changes nothing for the strict ones of other threads."""
    from concurrent.futures import ThreadPoolExecutor

    content = made("JPEG")
    cut = content[: len(content) // 2]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(shown, [content, cut] * 12))
    assert [len(decoded.warnings) for decoded in found] == [0, 1] * 12


def test_an_arithmetic_coded_jpeg_is_read_whatever_its_length() -> None:
    """Any bytes are arithmetic code: noise, with a restart after each block, is a picture."""
    grey = image_files.saved(Image.new("L", (600, 600), 200), "JPEG")
    parts, at = [b"\xff\xd8\xff\xdd\x00\x04\x00\x01"], 2
    while grey[at + 1] != 0xDA:
        length = int.from_bytes(grey[at + 2 : at + 4], "big") + 2
        if grey[at + 1] != 0xC4:
            parts.append(grey[at : at + length].replace(b"\xff\xc0", b"\xff\xc9"))
        at += length
    parts.append(grey[at : at + int.from_bytes(grey[at + 2 : at + 4], "big") + 2])
    chance = random.Random(3)
    for number in range(75 * 75):
        parts.append(chance.randbytes(40).replace(b"\xff", b"\x7f"))
        parts.append(bytes([0xFF, 0xD0 + number % 8]))
    decoded = shown(b"".join([*parts[:-1], b"\xff\xd9"]))
    assert decoded.pixels.shape == (600, 600, 3)
    assert decoded.pixels.std() > 5
    assert decoded.warnings == ()


@pytest.mark.parametrize("kind", ["JPEG", "JPEG 4:4:4", "JPEG grey", "JPEG CMYK"])
def test_a_jpeg_that_is_damaged_inside_says_so(kind: str) -> None:
    """Decoders show it without a word: behind the damage each block stands somewhere else."""
    content = made(kind)
    middle, lost = len(content) // 2, len(content) // 20
    before, hit, behind = (
        content[:middle],
        content[middle : middle + lost],
        content[middle + lost :],
    )
    for damaged in (before + behind, before + hit + hit + behind, before + bytes(lost) + behind):
        (doubt,) = shown(damaged).warnings
        assert doubt.code == "picture_incomplete"
        assert "damaged inside" in doubt.message
        padded = shown(damaged[:-2] + b"\xff" + damaged[-2:])
        assert padded.warnings == (doubt,), "a byte that belongs to the marker hides no damage"
    assert shown(content).warnings == ()


@pytest.mark.parametrize(
    "options", [{"restart_marker_blocks": 4}, {"optimize": True}, {"progressive": True}], ids=str
)
def test_a_sound_jpeg_of_every_kind_is_not_called_damaged(options: dict[str, bool | int]) -> None:
    for side in (7, 16, 33, 200):
        image = page().crop((0, 0, side, side))
        for part in (image, Image.new("RGB", (side, 3 * side), "white")):
            content = image_files.saved(part, "JPEG", quality=60, **options)
            expected = shown(content).pixels
            for padding in (b"", b"\xff", b"\xff" * 300, bytes(300), bytes(300) + b"\xff"):
                padded = shown(content[:-2] + padding + content[-2:] + bytes(500))
                assert padded.warnings == ()
                assert np.array_equal(padded.pixels, expected)


def test_a_check_that_fails_costs_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jpeg_checks, "_FOLLOWS", b"\xff\x5a")
    content = made("JPEG")
    with pytest.raises(OSError, match="broken data stream"):
        decode._watched_jpeg(content, 1e9)
    assert shown(content).warnings == ()
