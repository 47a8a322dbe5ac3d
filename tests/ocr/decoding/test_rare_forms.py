"""HEIC, AVIF, JPEG 2000 and PNM, animations and documents' pages in every form of TIFF."""

import io
import struct
import time
from typing import Any

import heic_files
import image_files
import numpy as np
import pytest
import tiff_files
from PIL import Image, ImageChops, ImageOps

from decoding import tiff_directory
from decoding.decode import DecodedPage
from decoding.documents import Limits, decode_pages, open_document
from ocr_errors import ImageError

SCENE = image_files.scene()


def page(content: bytes, max_pixels: float = 0) -> DecodedPage:
    return next(decode_pages(content, max_pixels))


def looks_like_the_scene(found: DecodedPage) -> None:
    wanted = np.asarray(SCENE.convert("L"), dtype=int)
    assert found.pixels.shape == (40, 60, 3)
    assert np.abs(found.pixels.mean(axis=2) - wanted).mean() < 30
    assert (found.pixels[5, 5] < 40).all() and (found.pixels[20, 30] > 215).all()


@pytest.mark.parametrize(
    "content",
    [
        image_files.saved(SCENE, "AVIF", quality=95),
        image_files.saved(SCENE, "JPEG2000"),
        image_files.saved(SCENE, "JPEG2000", no_jp2=True),
        image_files.saved(SCENE.convert("L"), "JPEG2000"),
        image_files.saved(SCENE, "PPM"),
        image_files.saved(SCENE.convert("L"), "PPM"),
        image_files.saved(SCENE.convert("L").point(lambda v: 255 * (v > 127)).convert("1"), "PPM"),
        heic_files.PLAIN,
        heic_files.TURNED,
    ],
)  # fmt: skip
def test_each_shows_what_it_holds(content: bytes) -> None:
    found = page(content)
    looks_like_the_scene(found)
    assert found.warnings == ()


def test_a_telephone_says_how_it_was_held() -> None:
    assert page(heic_files.TURNED).told_upright
    assert not page(heic_files.PLAIN).told_upright


@pytest.mark.parametrize("content", [heic_files.PLAIN, image_files.saved(SCENE, "AVIF"),
                                     image_files.saved(SCENE, "JPEG2000")])  # fmt: skip
def test_what_is_cut_or_too_large_says_so(content: bytes) -> None:
    for share in (0.2, 0.6, 0.95):
        try:
            page(content[: int(len(content) * share)])
        except ImageError as error:
            assert error.code in {"damaged_image", "not_an_image"}
    with pytest.raises(ImageError) as caught:
        page(content, max_pixels=1000)
    assert caught.value.code == "too_many_pixels"


def test_a_heic_that_claims_to_be_huge_is_refused_before_it_is_decoded() -> None:
    """Its header says 30,000 × 30,000."""
    at = heic_files.PLAIN.index(b"ispe") + 8
    huge = heic_files.PLAIN[:at] + struct.pack(">II", 30_000, 30_000) + heic_files.PLAIN[at + 8 :]
    with pytest.raises(ImageError) as caught:
        page(huge)
    assert caught.value.code in {"too_many_pixels", "damaged_image"}


def test_of_an_animation_the_first_that_shows_something_and_a_word_of_it() -> None:
    other = Image.new("RGB", SCENE.size, "white")
    for form in ("GIF", "WEBP", "PNG", "AVIF"):
        content = image_files.saved(SCENE, form, save_all=True, append_images=[other])
        found = page(content)
        assert [warning.code for warning in found.warnings] == ["first_frame_only"], form
        assert found.pixels[5, 5].max() < 60 < found.pixels[20, 30].min(), form


def mpo(*more: Image.Image) -> bytes:
    return image_files.saved(SCENE.copy(), "MPO", save_all=True, append_images=[*more])


def test_a_camera_s_second_picture_is_no_matter() -> None:
    """The other eye's view, a preview, a map of light."""
    other_eye = ImageChops.offset(SCENE, 1, 0)
    for more in (SCENE.copy(), other_eye, SCENE.resize((30, 20)), SCENE.convert("L")):
        assert page(mpo(more)).warnings == ()


def test_an_mpo_with_another_page_says_that_one_was_read() -> None:
    found = page(mpo(SCENE.copy(), ImageOps.flip(SCENE)))
    assert [warning.code for warning in found.warnings] == ["first_frame_only"]
    looks_like_the_scene(found)


WAYS: dict[str, dict[str, Any]] = {
    "none": {"compression": None},
    "lzw": {"compression": "tiff_lzw"},
    "deflate": {"compression": "tiff_adobe_deflate"},
    "old deflate": {"compression": "tiff_deflate"},
    "packbits": {"compression": "packbits"},
    "jpeg": {"compression": "jpeg", "quality": 95},
    "zstd": {"compression": "zstd"},
    "lzma": {"compression": "lzma"},
    "bigtiff": {"big_tiff": True},
}
FAX = ("group3", "group4", "tiff_ccitt")


@pytest.mark.parametrize("way", WAYS)
def test_every_page_of_every_compression(way: str) -> None:
    options = WAYS[way]
    grey = SCENE.convert("L")
    content = image_files.saved(SCENE, "TIFF", save_all=True, append_images=[grey, SCENE],
                                **options)  # fmt: skip
    pages = list(decode_pages(content, 0))
    assert len(pages) == 3
    for found in pages:
        looks_like_the_scene(found)
        assert found.warnings == ()


@pytest.mark.parametrize("way", FAX)
def test_every_page_of_a_fax(way: str) -> None:
    black = SCENE.convert("L").point(lambda value: 255 * (value > 127)).convert("1")
    white = Image.new("1", (60, 40), 1)
    content = image_files.saved(black, "TIFF", save_all=True, append_images=[white, black],
                                compression=way)  # fmt: skip
    first, second, third = decode_pages(content, 0)
    looks_like_the_scene(first)
    looks_like_the_scene(third)
    assert second.pixels.min() == 255


@pytest.mark.parametrize(
    ("dpi", "shape"),
    [
        ((204, 98), (83, 60)),
        ((204, 196), (40, 60)),
        ((98, 204), (40, 125)),
        ((1, 900), (40, 60)),
    ],
)
def test_a_fax_gets_its_true_shape(dpi: tuple[int, int], shape: tuple[int, int]) -> None:
    """Also where the ratio is no fax's, but a wrong entry."""
    content = image_files.saved(SCENE.convert("1"), "TIFF", compression="group4", dpi=dpi)
    assert page(content).pixels.shape[:2] == shape


def chained(*kinds: int, loop: bool = False) -> bytes:
    """A TIFF of pictures with these NewSubfileType, each 60 wide and 10, 11, … high."""
    content = bytearray(b"II*\x00" + struct.pack("<I", 8))
    for index, kind in enumerate(kinds):
        height = 10 + index
        at = len(content)
        tags = {254: kind, 256: 60, 257: height, 258: 8, 259: 1, 262: 1, 277: 1, 278: height,
                279: 60 * height, 273: 0}  # fmt: skip
        tags[273] = at + 2 + 12 * len(tags) + 4
        following = tags[273] + 60 * height
        if index == len(kinds) - 1:
            following = 8 if loop else 0
        content += tiff_files.directory(tags, at, following=following) + b"\xff" * 60 * height
    return bytes(content)


def heights(content: bytes) -> list[int]:
    return [found.pixels.shape[0] for found in decode_pages(content, 0)]


def test_thumbnails_and_masks_are_no_pages() -> None:
    assert heights(chained(0, 1, 2, 4, 2)) == [10, 12, 14]
    assert heights(chained(1, 1)) == [11], "where all say so, the largest is shown"


def test_a_loop_of_directories_ends() -> None:
    assert heights(chained(2, 2, 2, loop=True)) == [10, 11, 12]


def test_pictures_below_pictures_without_end_end() -> None:
    """Each of 3,000 small pictures says that all of them lie below it."""
    count, size = 3_000, 2 + 12 * 4 + 4
    places = [8 + size * number for number in range(count)]
    below = 8 + size * count
    content = b"II*\0" + struct.pack("<I", 8)
    content += b"".join(
        struct.pack("<H", 4)
        + struct.pack("<12I", *(n for tag, many, value in (
            (254, 1, 1), (256, 1, 10), (257, 1, 10), (330, count, below),
        ) for n in (tag | 4 << 16, many, value)))
        + struct.pack("<I", places[(number + 1) % count])
        for number in range(count)
    ) + struct.pack(f"<{count}I", *places)  # fmt: skip
    begun = time.process_time()
    assert len(tiff_directory.pages(content, 5_000).places) == 1
    assert time.process_time() - begun < 3


def test_a_list_that_breaks_off_keeps_what_was_before() -> None:
    content = chained(2, 2, 2)
    document = open_document(content[: content.rindex(struct.pack("<HHII", 254, 4, 1, 2)) + 20],
                             Limits())  # fmt: skip
    assert document.page_count == 2
    assert [warning.code for warning in document.warnings] == ["pages_left_out"]


def test_every_page_of_a_form_that_pillow_does_not_read() -> None:
    """Whose parts are found by their places in the file."""
    deep = Image.fromarray(np.asarray(SCENE.convert("L"), dtype=np.uint16) * 257)
    turned = Image.fromarray(np.asarray(deep)[::-1].copy())
    content = image_files.saved(deep, "TIFF", save_all=True, append_images=[turned, deep, turned])
    pages = list(decode_pages(content, 0))
    assert len(pages) == 4
    looks_like_the_scene(pages[2])
    for number in (1, 3):
        flipped = DecodedPage(pages[number].pixels[::-1])
        looks_like_the_scene(flipped)


def test_a_page_of_a_large_file_is_decoded_from_its_own_bytes() -> None:
    """Of a thousand pages each would else be decoded from a copy of all."""
    pages = [Image.effect_noise((400, 300), 90) for _ in range(20)]
    content = image_files.saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    found = tiff_directory.pages(content, 100)
    alone = tiff_directory.written(*tiff_directory.alone(content, found.read(content, 7)))
    assert len(alone) < len(content) / 10
    with Image.open(io.BytesIO(alone)) as image:
        assert np.array_equal(np.asarray(image), np.asarray(pages[6]))
